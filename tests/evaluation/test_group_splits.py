"""Folds of every task: stops by hand, messages, and what must hold for any plan."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from search.config import Task
from search.errors import ConfigError
from search.evaluation.group_folds import Grouped, confirm_group_folds, fold_groups
from search.evaluation.group_splits import confirm_samples, plan_samples
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan
from search.evaluation.splits import plan_splits
from tests.evaluation.conftest import CLASSES, panel_of


def labelled(sizes: list[int], places: list[int]) -> Panel:
    """Return groups of `sizes` rows whose rows all have the class `places`."""
    labels = np.repeat(np.asarray(places, dtype=float), sizes)[:, None]
    return panel_of(*sizes, labels=labels)


def one_series(n_rows: int, labels: np.ndarray | None = None) -> Panel:
    return replace(panel_of(n_rows, labels=labels), group_names=())


@st.composite
def forecasts(draw: st.DrawFn) -> tuple[int, int, Task]:
    horizon = draw(st.integers(1, 6))
    task = Task(
        horizon=horizon,
        holdout=horizon + draw(st.integers(0, 20)),
        folds=draw(st.integers(2, 5)),
        valid_size=draw(st.none() | st.integers(1, 9)),
    )
    return draw(st.integers(20, 150)), draw(st.integers(1, 30)), task


@given(forecasts())
def test_one_series_has_the_folds_of_a_split_plan(case: tuple[int, int, Task]) -> None:
    n_rows, first, task = case
    try:
        expected = plan_splits(n_rows, task, first_origin=first)
    except ConfigError as error:
        with pytest.raises(ConfigError, match=re.escape(str(error))):
            plan_samples(one_series(n_rows), task, first_origin=first)
        return
    plan = plan_samples(one_series(n_rows), task, first_origin=first)
    for fold, wanted in zip(plan.folds, expected.folds, strict=True):
        usable = plan.samples.usable(fold.training, first)
        assert usable.tolist() == list(range(first, wanted.train_stop))
        stretch = range(wanted.valid_start, wanted.valid_stop)
        assert fold.validation.tolist() == list(stretch)
        assert np.flatnonzero(fold.rows).tolist() == list(range(wanted.valid_start))
    held = range(expected.holdout_start, expected.holdout_stop)
    assert plan.final.validation.tolist() == list(held)
    learned = plan.samples.usable(plan.final.training, first)
    assert learned.tolist() == list(range(first, expected.refit_stop))
    assert plan.final.rows.sum() == expected.holdout_start


def test_many_series_are_cut_from_their_ends() -> None:
    """The shorter one has 8 rows: 1 held out, 2 folds of 2; the other lies 2 later."""
    task = Task(horizon=1, holdout=1, folds=2, valid_size=2)
    plan = plan_samples(panel_of(8, 10), task, first_origin=2)
    assert plan.folds[0].validation.tolist() == [3, 4, 13, 14]
    assert plan.folds[1].validation.tolist() == [5, 6, 15, 16]
    assert plan.final.validation.tolist() == [7, 17]
    usable = plan.samples.usable(plan.folds[0].training, 2)
    assert usable.tolist() == [2, 10, 11, 12]
    assert np.flatnonzero(plan.folds[0].rows).tolist() == [0, 1, 2, 8, 9, 10, 11, 12]


def test_many_series_name_the_one_that_is_too_short() -> None:
    task = Task(horizon=1, holdout=2, folds=2)
    message = r"Group 'g1', the shortest: Sequence length 4 .*fold 1 has 2 \(6 rows"
    with pytest.raises(ConfigError, match=message):
        plan_samples(panel_of(40, 6), task, first_origin=4)


def test_groups_in_time_order_are_split_forward() -> None:
    task = Task(1, 1, folds=2, kind="regression", group_order="time")
    panel = labelled([2, 2, 3, 2, 2, 2], [0, 0, 1, 1, 0, 1])
    plan = plan_samples(panel, task, first_origin=2)
    assert [fold.training.tolist() for fold in plan.folds] == [[2, 4, 7], [2, 4, 7, 9]]
    assert [fold.validation.tolist() for fold in plan.folds] == [[9], [11]]
    assert (plan.final.training.tolist(), plan.final.validation.tolist()) == (
        [2, 4, 7, 9, 11],
        [13],
    )
    assert np.flatnonzero(plan.folds[0].rows).tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_classes_keep_their_shares_in_folds_and_holdout() -> None:
    task = Task(1, 4, folds=3, kind="classification", **CLASSES)
    panel = labelled([2] * 16, [0] * 12 + [1] * 4)
    plan = plan_samples(panel, task, first_origin=2, seed=3)
    judged = [panel.targets[fold.validation - 1, 0] for fold in plan.folds]
    assert [(len(one), int(one.sum())) for one in judged] == [(4, 1)] * 3
    held = panel.targets[plan.final.validation - 1, 0]
    assert (len(held), int(held.sum())) == (4, 1)


def test_groups_of_a_test_file_are_the_holdout() -> None:
    task = Task(1, 0, folds=2, kind="regression", test_groups=("g1", "g4"))
    plan = plan_samples(labelled([2] * 6, [0] * 6), task, first_origin=2)
    assert plan.final.validation.tolist() == [4, 10]
    assert plan.final.training.tolist() == [2, 6, 8, 12]


def test_labels_of_one_series_are_split_forward_in_time() -> None:
    """Rows 0 to 9 in three parts of 3, the spare one learns; stops are one later."""
    task = Task(1, 2, folds=2, kind="labelling", **CLASSES)
    labels = np.asarray([0, 1] * 6, dtype=float)[:, None]
    plan = plan_samples(one_series(12, labels), task, first_origin=5)
    assert plan.folds[0].training.tolist() == [1, 2, 3, 4]
    assert plan.folds[0].validation.tolist() == [5, 6, 7]
    assert plan.folds[1].validation.tolist() == [8, 9, 10]
    assert plan.final.validation.tolist() == [11, 12]
    assert plan.folds[0].rows.sum() == 4
    assert plan.doubts == ()


def test_a_class_that_is_judged_and_never_learned_is_a_doubt() -> None:
    task = Task(1, 2, folds=2, kind="labelling", **CLASSES)
    labels = np.asarray([0.0] * 6 + [1.0] * 6)[:, None]
    plan = plan_samples(one_series(12, labels), task, first_origin=2)
    assert plan.doubts == (
        "Fold 1 is judged on samples of class 'b', and learns from none.",
    )


def test_anomalies_learn_from_normal_rows_only() -> None:
    """Of 12 normal rows the last 2 settle the threshold; rows 12 to 15 are judged."""
    task = Task(1, 2, folds=2, kind="anomaly", normal_rows=12, valid_size=2)
    plan = plan_samples(one_series(16), task, first_origin=3)
    usable = plan.samples.usable(plan.folds[0].training, 3)
    assert usable.tolist() == [3, 4, 5]
    assert [fold.validation.tolist() for fold in plan.folds] == [[6, 7], [8, 9]]
    assert plan.final.training.tolist() == list(range(1, 10))
    assert plan.calibration.tolist() == [10, 11]
    assert plan.final.validation.tolist() == [12, 13, 14, 15]
    assert plan.final.rows.sum() == 10


def test_anomalies_of_an_autoencoder_never_share_a_target() -> None:
    task = Task(1, 3, folds=2, kind="anomaly", detector="autoencoder", normal_rows=20)
    plan = plan_samples(one_series(24), task, first_origin=3)
    for split in (*plan.folds, plan.final):
        learned = set(plan.samples.target_rows(split.training).ravel().tolist())
        if split is not plan.final:
            judged = set(plan.samples.target_rows(split.validation).ravel().tolist())
            assert not learned & judged
        assert max(learned) < 17
    assert plan.calibration.tolist() == [20]
    assert plan.final.validation.tolist() == [21, 22, 23, 24]


def test_anomalies_begin_where_the_label_says_so() -> None:
    labels = np.asarray([0.0] * 10 + [1.0, 0.0, 1.0, 0.0])[:, None]
    panel = replace(one_series(14, labels), n_targets=1)
    task = Task(1, 0, folds=2, kind="anomaly")
    plan = plan_samples(panel, task, first_origin=2)
    assert plan.final.validation.tolist() == [10, 11, 12, 13]
    assert plan.calibration.tolist() == []
    assert "No normal rows are kept for the threshold" in plan.doubts[0]


@pytest.mark.parametrize(
    ("places", "chosen", "message"),
    [
        ([0] * 9 + [1] * 2, {"holdout": 1}, "Class 'b' has [12] groups .* 3 folds"),
        (
            [0, 1] * 2,
            {"holdout": 4},
            r"`holdout` \(4\) must leave groups .*there are 4",
        ),
        ([0, 1] * 2, {"holdout": 2}, "3 folds need 3 groups .* there are 2"),
        (
            [0, 1] * 2,
            {"holdout": 1, "group_order": "time"},
            "3 folds in time order need 4 groups .* there are 3",
        ),
        (
            [0, 1] * 6,
            {"holdout": 0, "test_groups": ("g1", "no")},
            "names 1 groups that are not there: 'no'",
        ),
        (
            [0, 1] * 6,
            {"holdout": 2, "samples": "sliding"},
            "12 groups are shorter .* 3 rows .*the shortest has 2",
        ),
    ],
)
def test_groups_that_cannot_be_split(
    places: list[int], chosen: dict[str, Any], message: str
) -> None:
    task = Task(
        **{"horizon": 1, "folds": 3, "kind": "classification"} | CLASSES | chosen
    )
    with pytest.raises(ConfigError, match=message):
        plan_samples(labelled([2] * len(places), places), task, first_origin=3)


def test_a_group_of_two_classes_is_refused() -> None:
    labels = np.asarray([0, 0, 0, 1, 1, 1], dtype=float)[:, None]
    task = Task(1, 1, folds=2, kind="classification", **CLASSES)
    message = r"Group 'g1' has more than one class \('a', then 'b' at position 3\)"
    with pytest.raises(ConfigError, match=message):
        plan_samples(panel_of(2, 2, 2, labels=labels), task, first_origin=2)


def test_a_label_that_is_no_class_is_refused() -> None:
    task = Task(1, 1, folds=2, kind="classification", **CLASSES)
    with pytest.raises(ConfigError, match=r"position 2 is 2; .* 2 `classes`, 0 to 1"):
        plan_samples(labelled([2, 2], [0, 2]), task, first_origin=2)


@given(
    places=st.lists(st.integers(0, 2), min_size=6, max_size=40),
    folds=st.integers(2, 5),
    order=st.sampled_from(["time", "none"]),
    kind=st.sampled_from(["classification", "labelling"]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=40, deadline=None)
def test_group_folds_are_those_of_scikit_learn(
    places: list[int], folds: int, order: str, kind: str, seed: int
) -> None:
    task = Task(
        1,
        1,
        folds=folds,
        kind=kind,  # type: ignore[arg-type]
        group_order=order,  # type: ignore[arg-type]
        classes=("a", "b", "c"),
        score="log_loss",
    )
    names = tuple(map(str, range(len(places))))
    classes = np.asarray(places) if kind == "classification" else None
    grouped = Grouped(names, classes)
    try:
        found = fold_groups(grouped, task, seed=seed)
    except ConfigError:
        assume(False)
        raise
    confirm_group_folds(found, grouped, task, seed=seed)


def test_confirm_group_folds_refuses_other_folds() -> None:
    task = Task(1, 1, folds=2, kind="regression")
    grouped = Grouped(tuple("abcdef"), None)
    found = fold_groups(grouped, task, seed=0)
    swapped = replace(found, validation=found.validation[::-1])
    with pytest.raises(RuntimeError, match="not those of scikit-learn"):
        confirm_group_folds(swapped, grouped, task, seed=0)


def test_confirm_samples_takes_every_kind() -> None:
    confirm_samples(one_series(40), Task(2, 4, folds=3), first_origin=4, seed=0)
    task = Task(1, 2, folds=2, kind="regression")
    confirm_samples(labelled([3] * 9, [0] * 9), task, first_origin=2, seed=5)


SPLIT_KINDS: list[dict[str, Any]] = [
    {"horizon": 2, "holdout": 3},
    {"kind": "regression", "holdout": 1},
    {"kind": "regression", "holdout": 1, "group_order": "time"},
    {"kind": "regression", "samples": "sliding", "stride": 2, "holdout": 1},
    {"kind": "labelling", "holdout": 1, **CLASSES},
    {"kind": "anomaly", "holdout": 1, "normal_rows": 20},
    {"kind": "anomaly", "holdout": 4, "normal_rows": 22, "detector": "autoencoder"},
]


@st.composite
def any_plans(draw: st.DrawFn) -> tuple[Panel, Task, SamplePlan]:
    chosen = draw(st.sampled_from(SPLIT_KINDS))
    task = Task(**{"horizon": 1, "folds": draw(st.integers(2, 4))} | chosen)
    sizes = draw(st.lists(st.integers(14, 40), min_size=1, max_size=7))
    labels = None
    if task.kind in ("regression", "labelling"):
        labels = np.random.default_rng(0).integers(0, 2, (sum(sizes), 1)).astype(float)
    panel = panel_of(*sizes, labels=labels)
    first = draw(st.integers(1, 4))
    try:
        plan = plan_samples(
            panel, task, first_origin=first, seed=draw(st.integers(0, 9))
        )
    except ConfigError:
        assume(False)
        raise
    return panel, task, plan


@given(any_plans())
@settings(max_examples=120, deadline=None)
def test_nothing_that_is_learned_from_is_judged(
    case: tuple[Panel, Task, SamplePlan],
) -> None:
    """No target, scaler row or whole group stands on both sides of any split."""
    panel, task, plan = case
    samples = plan.samples
    for split in (*plan.folds, plan.final):
        learned = np.unique(samples.target_rows(split.training))
        judged = np.unique(samples.target_rows(split.validation))
        if task.kind == "anomaly" and split is plan.final:
            judged = np.unique(samples.target_rows(plan.calibration))
        assert not np.intersect1d(learned, judged).size
        assert not split.rows[judged].any()
        assert split.rows[learned].all()
        if task.kind in ("regression", "labelling"):
            assert not np.isin(panel.groups[learned], panel.groups[judged]).any()


@given(any_plans())
@settings(max_examples=120, deadline=None)
def test_every_sample_is_judged_once_at_most(
    case: tuple[Panel, Task, SamplePlan],
) -> None:
    plan = case[2]
    judged = [fold.validation for fold in plan.folds]
    judged += [plan.calibration, plan.final.validation]
    together = np.concatenate(judged)
    assert len(np.unique(together)) == len(together)
    assert np.isin(together, plan.samples.stops).all()
    for fold in plan.folds:
        assert not np.isin(fold.training, plan.final.validation).any()
