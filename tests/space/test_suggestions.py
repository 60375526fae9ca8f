"""Reasons for the suggested lines: their numbers are those of the data."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.config import Roles, Task, Training
from search.errors import ConfigError
from search.space.defaults import default_space, suggest_task
from search.space.lines import LIMITS, Line, Space
from search.space.suggestions import epochs_reason, opened_line, suggestions

ROLES = Roles(targets=("a",))


def reasons(n_rows: int, task: Task, roles: Roles = ROLES) -> dict[str, str]:
    space = default_space(n_rows, roles, task)
    found = suggestions(space, n_rows, roles, task)
    assert [one.line for one in found.values()] == list(space.lines)
    return {name: one.reason for name, one in found.items() if one.reason}


def test_searched_lines_have_a_reason_and_fixed_usual_values_need_none() -> None:
    task = suggest_task(2_000, horizon=24, season=24)
    found = reasons(2_000, task)
    space = default_space(2_000, ROLES, task)
    assert {line.name for line in space.lines if not line.is_fixed} <= set(found)
    assert "batch_size" in found
    assert not {"optimizer", "recurrent_dropout"} & set(found)


@pytest.mark.parametrize(
    ("season", "n_rows", "expected"),
    [
        (24, 2_000, "About half, one and two of the season of 24 rows."),
        (1, 2_000, "The series has no season that would set a length, so short"),
        (365, 4_000, "Windows of the whole season of 365 rows would cost more"),
    ],
)
def test_sequence_lengths_name_the_season(
    season: int, n_rows: int, expected: str
) -> None:
    task = suggest_task(n_rows, horizon=2, season=season)
    assert reasons(n_rows, task)["sequence_length"].startswith(expected)


def test_sequence_lengths_left_out_are_named_with_what_they_lack() -> None:
    """Windows of 48 rows leave 5 windows to train fold 1; 6 are needed."""
    task = Task(horizon=2, holdout=20, folds=5)
    assert reasons(100, task)["sequence_length"].endswith(
        "; 48 left out, because fewer than 6 training windows would remain in the "
        "first fold."
    )


def test_units_count_the_weights_and_the_windows() -> None:
    """An LSTM layer has 4 gates of units x (units + inputs + bias)."""
    roles = Roles(targets=("a",), past_features=("b",), calendar=("hour",))
    task = suggest_task(2_000, horizon=1, season=24)
    plan_windows = re.findall(r"[\d,]+", reasons(2_000, task, roles)["units"])
    assert plan_windows[:2] == ["128", f"{4 * 128 * (128 + 4 + 1):,}"]
    space = default_space(2_000, roles, task).with_line(Line("units", choices=(16,)))
    reason = suggestions(space, 2_000, roles, task)["units"].reason
    assert reason
    assert f"16 units has {4 * 16 * (16 + 4 + 1):,} weights" in reason
    assert "little" not in reason


def test_few_windows_are_told() -> None:
    task = suggest_task(144, horizon=12, season=12)
    assert "That is little" in reasons(144, task)["units"]
    assert "There are only" in reasons(144, task)["dropout"]


def test_a_season_that_cannot_be_subtracted_is_told() -> None:
    task = Task(horizon=2, holdout=40, season=365)
    assert "365 rows more before the first window" in reasons(400, task)["framing"]


def test_the_loss_of_the_score_is_named_first() -> None:
    task = Task(horizon=2, holdout=40, score="mae")
    assert "MAE, which absolute error fits" in reasons(2_000, task)["loss"]


def test_epochs_count_the_training_steps_and_say_if_they_are_few() -> None:
    task = Task(horizon=1, holdout=100, folds=5)
    space = default_space(1_000, ROLES, task)
    windows = space.first_origin(1)
    first = epochs_reason(Training(epochs=40), space, 1_000, ROLES, task)
    assert first
    n_windows, n_steps = (
        int(number.replace(",", "")) for number in re.findall(r"[\d,]{3,}", first)
    )
    assert n_steps == 40 * -(-n_windows // 32)
    assert n_windows < 900 - windows
    assert "That is few" in first
    assert "That is few" not in str(
        epochs_reason(Training(epochs=400), space, 1_000, ROLES, task)
    )


def test_without_folds_there_is_nothing_to_say() -> None:
    """The page then shows what is in conflict."""
    task = Task(horizon=10, holdout=90)
    space = default_space(100, ROLES, task)
    found = suggestions(space, 100, ROLES, task)
    assert {one.reason for one in found.values()} == {None}
    assert epochs_reason(Training(), space, 100, ROLES, task) is None


@pytest.mark.parametrize("name", LIMITS)
def test_an_opened_line_is_one_that_the_space_can_hold(name: str) -> None:
    task = suggest_task(2_000, horizon=24, season=24)
    space = default_space(2_000, ROLES, task)
    opened = opened_line(space[name])
    assert isinstance(space.with_line(opened), Space)
    if not space[name].is_fixed:
        assert opened == space[name]


@given(
    st.integers(60, 20_000),
    st.integers(1, 24),
    st.sampled_from([1, 2, 4, 7, 12, 24, 52, 168, 365]),
)
def test_reasons_are_whole_sentences(n_rows: int, horizon: int, season: int) -> None:
    try:
        task = suggest_task(n_rows, horizon=horizon, season=season)
    except ConfigError:
        return
    for name, reason in reasons(n_rows, task).items():
        assert reason[0].isupper(), (name, reason)
        assert reason.endswith("."), name
        assert "  " not in reason, name
