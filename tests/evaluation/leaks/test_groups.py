"""Groups on both sides: each kind seen once, and none where none is."""

from dataclasses import replace

import numpy as np

from search.config import Task
from search.evaluation.group_splits import plan_samples
from search.evaluation.leaks.groups import audit_groups
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan
from tests.evaluation.conftest import CLASSES, panel_of

TASK = Task(1, 4, folds=2, kind="classification", **CLASSES)


def case() -> tuple[Panel, SamplePlan]:
    """Return 20 groups of 5 rows with two random columns and random classes."""
    random = np.random.default_rng(0)
    places = random.permutation(np.arange(20) % 2)
    labels = np.repeat(places, 5).astype(float)[:, None]
    panel = replace(
        panel_of(*[5] * 20, labels=labels),
        values=random.normal(size=(100, 2)),
        channels=("a", "b"),
    )
    return panel, plan_samples(panel, TASK, first_origin=5, seed=2)


def kinds(panel: Panel, plan: SamplePlan) -> list[tuple[str, str | None]]:
    return [(one.kind, one.column) for one in audit_groups(panel, plan)]


def test_nothing_is_said_of_random_groups() -> None:
    assert kinds(*case()) == []


def test_a_group_on_both_sides_is_named() -> None:
    panel, plan = case()
    fold = plan.folds[0]
    shown = np.sort(np.append(fold.training, fold.validation[0]))
    leaky = replace(plan, folds=(replace(fold, training=shown), plan.folds[1]))
    (found,) = audit_groups(panel, leaky)
    assert found.kind == "group_on_both_sides"
    name = panel.group_names[panel.groups[fold.validation[0] - 1]]
    assert f"1 groups are learned from and judged in fold 1 ('{name}')" in found.message


def test_a_copied_group_under_another_name_is_found_in_the_holdout() -> None:
    panel, plan = case()
    held, learned = plan.final.validation[0], plan.final.training[0]
    panel.values[held - 5 : held] = panel.values[learned - 5 : learned]
    assert ("group_twice", None) in kinds(panel, plan)
