"""The command of the report makes the same settings again."""

import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.cli.arguments import parse_arguments
from search.cli.reproduce import run_command, space_document
from search.cli.source import build_from_options, settings_from_options
from search.study.settings import StudySettings


def _settings(folder: Path, *options: str) -> StudySettings:
    arguments = parse_arguments(["run", str(folder / "series.csv"), *options])
    return settings_from_options(arguments, build_from_options(arguments))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = np.arange(24 * 30)
    table = pd.DataFrame(
        {
            "time": pd.date_range("2024-01-01", periods=len(rows), freq="h"),
            "load": np.sin(rows / 4) + 5,
            "plan": rows % 7.0,
            "inlet": np.cos(rows / 9),
        }
    )
    table.to_csv(tmp_path / "series.csv", index=False)
    return tmp_path


@pytest.mark.parametrize(
    "options",
    [
        ("--target", "load"),
        (
            *("--target", "load", "--features", "inlet", "--known", "plan"),
            *("--cells", "gru,rnn", "--horizon", "6", "--folds", "3"),
            *("--trials", "9", "--timeout", "600", "--workers", "1", "--seed", "4"),
            *("--epochs", "30", "--patience", "5", "--pruner", "median"),
            "--stop-early",
            *("--calendar", "hour", "--score", "mae", "--refits", "5"),
            *("--deliver", "average"),
            "--tensorboard",
            *(
                "--balance",
                "sampler",
            ),
        ),
    ],
)
def test_the_command_makes_the_same_settings(
    folder: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(folder, *options)
    (folder / "space.json").write_text(space_document(settings.space))
    monkeypatch.chdir(folder)
    words = shlex.split(run_command(settings, time_column="time"))
    assert words[:4] == ["python", "-m", "search", "run"]
    again = parse_arguments(words[3:])
    found = settings_from_options(again, build_from_options(again))
    assert found == settings
