from pathlib import Path

import pytest

from search.cli.arguments import parse_arguments
from search.cli.source import build_from_options, settings_from_options
from search.errors import UserInputError
from search.study.settings import StudySettings


def settings_of(table: Path, *arguments: str) -> StudySettings:
    options = parse_arguments(["run", str(table), "--target", "load", *arguments])
    return settings_from_options(options, build_from_options(options))


def test_features_all_takes_every_other_column(table: Path) -> None:
    roles = settings_of(table, "--features", "all").roles
    assert roles.targets == ("load",)
    assert roles.past_features == ("flow, in",)


def test_a_column_whose_name_holds_a_comma_may_stand_alone(table: Path) -> None:
    roles = settings_of(table, "--known", "flow, in", "--features", "all").roles
    assert roles.known_features == ("flow, in",)
    assert roles.past_features == ()


def test_time_none_counts_rows(table: Path) -> None:
    settings = settings_of(table, "--time", "none")
    assert settings.source.time_columns == ()
    assert settings.source.frequency is None
    assert settings.roles.calendar == ()


def test_calendar_of_daily_rows(table: Path) -> None:
    """Four months of days show the week twice, and the year not once."""
    assert settings_of(table).roles.calendar == ("weekday",)
    assert settings_of(table, "--calendar", "none").roles.calendar == ()
    chosen = settings_of(table, "--calendar", "month,weekday")
    assert chosen.roles.calendar == ("weekday", "month")


def test_what_is_given_stays(table: Path) -> None:
    settings = settings_of(
        table,
        *("--horizon", "3", "--holdout", "9", "--folds", "4", "--season", "14"),
        *("--cells", "gru,rnn", "--trials", "7", "--timeout", "30", "--workers", "3"),
        *("--seed", "5", "--epochs", "8", "--patience", "0", "--pruner", "none"),
        *("--score", "mae"),
    )
    task, training = settings.task, settings.training
    assert (task.horizon, task.holdout, task.folds, task.season) == (3, 9, 4, 14)
    assert task.score == "mae"
    assert settings.space["cell"].choices == ("GRU", "SimpleRNN")
    assert (settings.budget.trials, settings.budget.seconds) == (7, 30.0)
    assert settings.workers == 3
    assert (training.seed, training.epochs, training.patience) == (5, 8, 0)
    assert training.pruner == "none"


def test_only_a_timeout_leaves_the_trials_open(table: Path) -> None:
    budget = settings_of(table, "--timeout", "30").budget
    assert (budget.trials, budget.seconds) == (None, 30.0)


def test_space_file_replaces_lines(table: Path) -> None:
    space = table.parent / "space.json"
    space.write_text('{"units": {"low": 8, "high": 16, "step": 8}, "layers": 1}')
    settings = settings_of(table, "--space", str(space), "--cells", "gru")
    assert settings.space["units"].values == (8, 16)
    assert settings.space["layers"].is_fixed
    assert settings.space.cells == ("GRU",)


def test_gaps_are_refused_until_a_rule_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "gap.csv"
    values = [str(step % 7) for step in range(120)]
    values[50] = ""
    days = [f"2024-{1 + step // 28:02d}-{1 + step % 28:02d}" for step in range(120)]
    lines = [f"{step},{value}" for step, value in enumerate(values)]
    path.write_text("\n".join(["row,load", *lines]) + "\n")
    assert len(days) == 120
    with pytest.raises(UserInputError, match="load"):
        settings_of(path, "--time", "none")
    filled = settings_of(path, "--time", "none", "--missing", "interpolate")
    assert filled.source.repairs
