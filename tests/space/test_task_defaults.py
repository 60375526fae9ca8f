"""What is chosen for a task where a person says nothing."""

import numpy as np
import pytest

from search.config import Task
from search.evaluation.group_splits import plan_samples
from search.evaluation.panel import Panel
from search.space.task_defaults import (
    SETTLING_WINDOWS,
    TaskWishes,
    suggest_sample_task,
    window_ladder,
)


def readings(n_rows: int) -> Panel:
    """One series of two sensors, both watched."""
    values = np.random.default_rng(1).normal(size=(n_rows, 2))
    return Panel(values, ("flow", "current"), 2, 0, 0)


def repeating(panel: Panel, n_normal: int) -> Task:
    wishes = TaskWishes("anomaly", detector="autoencoder", normal_rows=n_normal)
    return suggest_sample_task(panel, wishes)


@pytest.mark.parametrize(
    ("n_normal", "holdout", "lengths"),
    [(80, 27, [8]), (200, 40, [8, 16]), (400, 80, [8, 16, 32])],
)
def test_enough_windows_of_an_autoencoder_settle_the_threshold(
    n_normal: int, holdout: int, lengths: list[int]
) -> None:
    """With 32 rows kept for windows of 32 rows, one window had to settle it."""
    panel = readings(n_normal + 40)
    task = repeating(panel, n_normal)
    assert task.holdout == holdout
    assert window_ladder(panel, task) == lengths
    plan = plan_samples(panel, task, first_origin=lengths[-1])
    assert len(plan.calibration) >= SETTLING_WINDOWS
    assert plan.doubts == (
        "No column says which rows are anomalous, so nothing tells how well they are "
        "found.",
    )


def test_few_rows_that_settle_a_threshold_are_a_doubt() -> None:
    panel = readings(100)
    task = suggest_sample_task(panel, TaskWishes("anomaly", normal_rows=60))
    plan = plan_samples(panel, task, first_origin=4)
    assert plan.doubts[0] == (
        "Only 12 normal rows settle the threshold, so it is a matter of luck how many "
        "rows are called. Keep 20 or more for it."
    )
