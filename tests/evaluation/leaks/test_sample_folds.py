"""Folds of samples: each way in which training sees what is judged, and none."""

from dataclasses import replace

import numpy as np
import pytest

from search.config import Task
from search.evaluation.group_splits import plan_samples
from search.evaluation.leaks.repeats import audit_repeats
from search.evaluation.leaks.sample_folds import audit_samples
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan
from tests.evaluation.conftest import CLASSES, panel_of

SERIES = Task(3, 12, folds=2)
SEQUENCES = Task(1, 4, folds=2, kind="classification", **CLASSES)
TASKS = {
    "many series": SERIES,
    "sequences": SEQUENCES,
    "windows": replace(SEQUENCES, samples="sliding", stride=2),
    "rows": Task(1, 12, folds=2, kind="labelling", **CLASSES),
    "anomaly": Task(1, 10, folds=2, kind="anomaly", normal_rows=60),
    "autoencoder": Task(
        1, 10, folds=2, kind="anomaly", normal_rows=60, detector="autoencoder"
    ),
}


def case(name: str) -> tuple[Panel, SamplePlan]:
    task = TASKS[name]
    n_groups, size = (20, 15) if task.kind == "classification" else (3, 80)
    labels = None
    if task.kind == "classification":
        labels = np.repeat(np.arange(n_groups) % 2, size).astype(float)[:, None]
    elif task.kind == "labelling":
        n_groups, size = 1, 120
        labels = (np.arange(120) // 5 % 2).astype(float)[:, None]
    panel = panel_of(*[size] * n_groups, labels=labels)
    if task.kind == "labelling":
        panel = replace(panel, group_names=())
    return panel, plan_samples(panel, task, first_origin=5, seed=1)


def kinds(panel: Panel, plan: SamplePlan) -> list[str]:
    return [one.kind for one in audit_samples(panel, plan)]


@pytest.mark.parametrize("name", TASKS)
def test_folds_of_the_product_are_clean(name: str) -> None:
    assert kinds(*case(name)) == []


def test_a_gap_shorter_than_the_horizon_is_named_with_its_series() -> None:
    panel, plan = case("many series")
    fold = plan.folds[1]
    last = int(fold.training[panel.groups[fold.training] == 1].max())
    shown = np.sort(np.append(fold.training, last + 1))
    leaky = replace(plan, folds=(plan.folds[0], replace(fold, training=shown)))
    (found,) = audit_samples(panel, leaky)
    assert found.kind == "gap"
    assert "in fold 2 is too short of 'g1': it has to be 2 rows" in found.message


def test_training_after_what_is_judged_is_named() -> None:
    panel, plan = case("many series")
    fold = plan.folds[0]
    later = np.sort(np.append(fold.training, fold.validation[-1] + 5))
    leaky = replace(plan, folds=(replace(fold, training=later), plan.folds[1]))
    assert kinds(panel, leaky) == ["border"]


@pytest.mark.parametrize("name", TASKS)
def test_a_scaler_that_sees_the_holdout_is_named(name: str) -> None:
    panel, plan = case(name)
    leaky = replace(plan, final=replace(plan.final, rows=np.ones(panel.n_rows, bool)))
    assert kinds(panel, leaky) == ["scaler"]


def test_a_fold_that_touches_the_holdout_is_named() -> None:
    panel, plan = case("sequences")
    fold = plan.folds[0]
    shown = np.sort(np.append(fold.training, plan.final.validation[0]))
    leaky = replace(plan, folds=(replace(fold, training=shown), plan.folds[1]))
    assert kinds(panel, leaky) == ["holdout_border"]


@pytest.mark.parametrize("name", ["many series", "anomaly", "windows"])
def test_windows_that_cross_into_another_series_are_named(name: str) -> None:
    panel, plan = case(name)
    group = panel.groups[plan.final.validation[-1] - 1]
    early = panel.first_rows[group] + 2  # five rows are needed before it
    held = np.sort(np.append(plan.final.validation, early))
    rows = plan.final.rows & (panel.groups != group)
    training = plan.final.training[panel.groups[plan.final.training - 1] != group]
    final = replace(plan.final, validation=held, rows=rows, training=training)
    assert "group_border" in kinds(panel, replace(plan, final=final))
    blind = replace(plan.samples, group_starts=np.zeros(panel.n_rows, dtype=np.int64))
    assert "group_border" in kinds(panel, replace(plan, samples=blind))


def repeats(panel: Panel, plan: SamplePlan, name: str) -> list[str] | None:
    keeps = TASKS[name].kind == "classification"
    found = audit_repeats(panel, plan, keeps_groups=keeps)
    return None if found is None else [one.message for one in found]


def without_judged(name: str) -> int:
    """Return the first row of the last stretch that is judged in the holdout."""
    _, plan = case(name)
    return int(plan.samples.target_rows(plan.final.validation).max()) + 1 - 12


@pytest.mark.parametrize("name", TASKS)
def test_a_stretch_on_both_sides_of_the_holdout_is_named(name: str) -> None:
    panel, plan = case(name)
    assert repeats(panel, plan, name) == []
    row = without_judged(name)
    source = int(np.flatnonzero(plan.final.rows)[2])
    panel.values[row : row + 12] = panel.values[source : source + 12]
    found = repeats(panel, plan, name)
    assert found is not None
    assert "judged in the holdout, also stand" in found[0]


def test_sequences_cut_from_one_recording_are_named_in_their_fold() -> None:
    panel, plan = case("sequences")
    learned, judged = plan.folds[0].training[0], plan.folds[0].validation[0]
    panel.values[judged - 15 : judged - 2] = panel.values[learned - 13 : learned]
    one, other = (
        panel.group_names[panel.groups[stop - 1]] for stop in (judged, learned)
    )
    alone = replace(plan, folds=plan.folds[:1])
    (message,) = repeats(panel, alone, "sequences") or []
    assert f"rows from row 1 of '{one}' on, judged in fold 1" in message
    assert f"stand from row 3 of '{other}' on, which is learned from" in message


def test_groups_too_short_for_a_stretch_are_not_called_clean() -> None:
    labels = np.repeat(np.arange(20) % 2, 8).astype(float)[:, None]
    panel = panel_of(*[8] * 20, labels=labels)
    plan = plan_samples(panel, SEQUENCES, first_origin=5, seed=1)
    assert audit_repeats(panel, plan, keeps_groups=True) is None
