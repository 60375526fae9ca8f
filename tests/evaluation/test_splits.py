"""Folds and holdout: positions by hand, limits, and what must hold for any plan."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit

from search.config import Roles, Task
from search.errors import ConfigError
from search.evaluation.framing import FramingName, base_offsets, first_origin
from search.evaluation.splits import Fold, SplitPlan, confirm_folds, plan_splits
from search.evaluation.windows import gather_targets
from search.space.defaults import default_space


def ranges(plan: SplitPlan) -> list[tuple[int, int, int]]:
    return [(fold.train_stop, fold.valid_start, fold.valid_stop) for fold in plan.folds]


def test_plan_splits_one_step_ahead() -> None:
    """Origins 2 to 11 in four parts of 2; the spare ones train the first fold."""
    plan = plan_splits(14, Task(horizon=1, holdout=2, folds=3), first_origin=2)
    assert ranges(plan) == [(6, 6, 8), (8, 8, 10), (10, 10, 12)]
    assert (plan.holdout_start, plan.refit_stop, plan.holdout_stop) == (12, 12, 14)
    assert plan.largest_train == 10


def test_plan_splits_leaves_a_gap_of_horizon_less_one() -> None:
    """Origins 4 to 17 (rows before 20, horizon 3), validation of 14 // 3 = 4."""
    plan = plan_splits(26, Task(horizon=3, holdout=6, folds=2), first_origin=4)
    assert ranges(plan) == [(8, 10, 14), (12, 14, 18)]
    assert (plan.holdout_start, plan.refit_stop, plan.holdout_stop) == (20, 18, 24)


def test_plan_splits_with_validation_size_given() -> None:
    task = Task(horizon=2, holdout=4, folds=2, valid_size=2)
    plan = plan_splits(20, task, first_origin=3)
    assert ranges(plan) == [(10, 11, 13), (12, 13, 15)]


def test_fold_counts_windows() -> None:
    fold = Fold(train_stop=10, valid_start=12, valid_stop=15)
    assert (fold.n_train(4), fold.n_train(10), fold.n_train(11)) == (6, 0, 0)
    assert fold.n_valid == 3


def test_plan_splits_smallest_legal_series() -> None:
    """Three origins for two folds: one trains, each fold validates one."""
    plan = plan_splits(8, Task(horizon=1, holdout=1, folds=2), first_origin=4)
    assert ranges(plan) == [(5, 5, 6), (6, 6, 7)]
    assert plan.folds[0].n_train(4) == 1


@pytest.mark.case("T9", "one row too few")
def test_plan_splits_first_illegal_series() -> None:
    message = (
        r"Sequence length 4 \+ horizon 1 needs 5 rows before the first validation "
        r"target; fold 1 has 4 \(7 rows, 1 held out, 6 left for 2 folds\)"
    )
    with pytest.raises(ConfigError, match=message):
        plan_splits(7, Task(horizon=1, holdout=1, folds=2), first_origin=4)


def test_plan_splits_smallest_legal_series_with_validation_size() -> None:
    """One row less than this leaves the first fold no window (see the next test)."""
    task = Task(horizon=24, holdout=24, folds=2, valid_size=10)
    plan = plan_splits(96 + 24 + 2 * 10 + 23 + 24, task, first_origin=96)
    assert ranges(plan) == [(97, 120, 130), (107, 130, 140)]


@pytest.mark.case("T9", "window and horizon longer than the series")
def test_plan_splits_names_the_numbers_that_conflict() -> None:
    task = Task(horizon=24, holdout=24, folds=2, valid_size=10)
    message = (
        r"Sequence length 96 \+ horizon 24 needs 120 rows before the first validation "
        r"target; fold 1 has 119 \(186 rows, 24 held out, 162 left for 2 folds\)"
    )
    with pytest.raises(ConfigError, match=message):
        plan_splits(186, task, first_origin=96)


@pytest.mark.case("T9", "series shorter than its holdout")
@pytest.mark.parametrize("n_rows", [0, 1, 5, 30])
def test_plan_splits_refuses_a_series_shorter_than_its_holdout(n_rows: int) -> None:
    with pytest.raises(ConfigError, match=rf"\({n_rows} rows, 30 held out, 0 left"):
        plan_splits(n_rows, Task(horizon=2, holdout=30), first_origin=3)


@pytest.mark.parametrize("horizon", [1, 2, 5])
def test_plan_splits_agrees_with_time_series_split(horizon: int) -> None:
    task = Task(horizon=horizon, holdout=10, folds=4)
    plan = plan_splits(120, task, first_origin=7)
    origins = np.arange(7, 110 - horizon + 1)
    expected = TimeSeriesSplit(n_splits=4, gap=horizon - 1).split(origins)
    for fold, (train, valid) in zip(plan.folds, expected, strict=True):
        assert np.array_equal(np.arange(7, fold.train_stop), origins[train])
        stretch = np.arange(fold.valid_start, fold.valid_stop)
        assert np.array_equal(stretch, origins[valid])


@st.composite
def plans(draw: st.DrawFn) -> SplitPlan:
    horizon = draw(st.integers(1, 12))
    task = Task(
        horizon=horizon,
        holdout=horizon + draw(st.integers(0, 40)),
        folds=draw(st.integers(2, 6)),
        valid_size=draw(st.none() | st.integers(1, 20)),
    )
    n_rows, first = draw(st.integers(20, 400)), draw(st.integers(1, 60))
    try:
        return plan_splits(n_rows, task, first_origin=first)
    except ConfigError:
        assume(False)
        raise


@given(plans())
def test_folds_are_those_of_scikit_learn(plan: SplitPlan) -> None:
    confirm_folds(plan)


def test_confirm_folds_refuses_other_folds() -> None:
    plan = plan_splits(14, Task(horizon=1, holdout=2, folds=3), first_origin=2)
    moved = (Fold(5, 5, 7), *plan.folds[1:])
    with pytest.raises(RuntimeError, match="not those of scikit-learn"):
        confirm_folds(replace(plan, folds=moved))


@given(plans())
def test_plan_splits_keeps_training_targets_before_validation(plan: SplitPlan) -> None:
    for fold in plan.folds:
        last_training_target = fold.train_stop - 1 + plan.horizon - 1
        assert last_training_target < fold.valid_start
        assert fold.n_train(plan.first_origin) >= 1
        assert fold.n_valid >= 1


@given(plans())
def test_plan_splits_never_shows_the_holdout(plan: SplitPlan) -> None:
    last_target = max(fold.valid_stop for fold in plan.folds) - 1 + plan.horizon - 1
    assert last_target == plan.holdout_start - 1
    assert plan.refit_stop - 1 + plan.horizon - 1 == plan.holdout_start - 1
    assert plan.holdout_stop - 1 + plan.horizon - 1 == plan.n_rows - 1


@given(plans())
def test_plan_splits_validates_in_adjoining_stretches(plan: SplitPlan) -> None:
    stops = [fold.valid_stop for fold in plan.folds]
    assert [fold.valid_start for fold in plan.folds[1:]] == stops[:-1]
    assert len({fold.n_valid for fold in plan.folds}) == 1


@given(
    plan=plans(),
    length=st.integers(1, 60),
    framing=st.sampled_from(["none", "last_value", "seasonal"]),
    season=st.integers(1, 24),
)
def test_every_trial_is_scored_on_the_same_targets(
    plan: SplitPlan, length: int, framing: FramingName, season: int
) -> None:
    """A trial that is legal in the space can use every validation origin, whole."""
    first = first_origin(length, framing, season)
    assume(first <= plan.first_origin)
    rows = np.arange(float(plan.n_rows))[:, None]
    offsets = base_offsets(framing, horizon=plan.horizon, season=season)
    for fold in plan.folds:
        origins = np.arange(fold.valid_start, fold.valid_stop)
        assert origins[0] - length >= 0
        assert origins[0] + offsets.min() >= 0
        targets = gather_targets(rows, origins, horizon=plan.horizon)
        assert targets[0, 0, 0] == fold.valid_start
        assert targets[-1, -1, 0] == fold.valid_stop - 1 + plan.horizon - 1
        assert fold.n_train(first) >= fold.n_train(plan.first_origin) >= 1


def test_space_decides_the_first_origin_for_all_trials() -> None:
    """Sequence lengths 4, 8 and 16 and a season of 8: nothing before row 24."""
    task = Task(horizon=4, holdout=20, folds=3, season=8)
    space = default_space(300, Roles(targets=("y",)), task)
    assert space["sequence_length"].choices == (4, 8, 16)
    assert "seasonal" in space["framing"].choices
    assert space.first_origin(task.season) == 24
