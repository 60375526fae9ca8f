"""The command and the table of a report make the same study again, for any task."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from pages.components.downloads import SERIES_TIME, series_csv
from search.cli.arguments import parse_arguments
from search.cli.group_source import groups_from_options
from search.cli.reproduce import run_command, space_document
from search.cli.source import settings_from_groups
from search.config import TaskKind
from search.environment import Environment
from tests.pages.sample_factory import sample_study

KINDS: tuple[TaskKind, ...] = (
    "regression",
    "classification",
    "labelling",
    "anomaly",
    "forecasting",
)


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_of_the_report_makes_the_same_study(
    environment: Environment,
    kind: TaskKind,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = sample_study(environment, kind)
    settings = study.settings
    (tmp_path / "series.csv").write_bytes(series_csv(study))
    (tmp_path / "space.json").write_text(space_document(settings.space))
    monkeypatch.chdir(tmp_path)
    time_column = SERIES_TIME if settings.source.time_columns else None
    words = shlex.split(run_command(settings, time_column=time_column))
    options = parse_arguments(words[3:])
    found = groups_from_options(options)
    again = settings_from_groups(options, found)
    assert again == replace(settings, name=again.name, source=again.source)
    assert found.panel.n_rows == study.n_rows
