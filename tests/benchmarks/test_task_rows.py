"""The protocols of the other tasks, checked on the numbers others computed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.support.places import DATA
from benchmarks.support.task_files import (
    FAULTS,
    N_STRETCHES,
    SENSORS,
    plant_stretches,
    plant_tests,
    valves,
)
from benchmarks.support.task_rows import accuracy, anomaly_f1, r_squared
from search.config import Task
from search.data.groups.build import build_groups
from search.data.groups.frame import group_frame
from search.data.groups.suggestion import suggest_group, suggest_tasks
from search.data.groups.testing import PART, with_test_table
from search.data.reading.shape import guess_shape, wide_options
from search.data.table import Table, read_table
from search.evaluation.baselines.sequences import sample_baselines
from search.evaluation.group_splits import plan_samples
from search.evaluation.panel import Panel, make_panel

PUBLIC = DATA / "classification"
has_data = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"there is no folder {DATA}"),
]


def read_public(path: Path) -> Table:
    """Read a file as the command line does: wide where it looks so."""
    content = path.read_bytes()
    table = read_table(content, name=path.name)
    guess = guess_shape(table)
    if guess.shape == "long":
        return table
    options = wide_options(table.options, guess)
    return read_table(content, name=path.name, options=options)


def official(train: str, test: str) -> tuple[Panel, Task]:
    """Return the sequences of both files, those of the second held out."""
    table, tests = (read_public(PUBLIC / name) for name in (train, test))
    group = suggest_group(table)
    assert group is not None
    (found,) = [one for one in suggest_tasks(table) if one.kind == "classification"]
    built = build_groups(
        with_test_table(table, tests, group=group),
        replace(found.settings, test_column=PART),
    )
    frame = group_frame(built.values, built.groups, built.roles)
    task = Task(
        horizon=1,
        holdout=0,
        kind="classification",
        classes=built.groups.classes,
        score="error_rate",
        test_groups=built.test_groups,
    )
    return make_panel(frame, built.roles, kind="classification"), task


def nearest_unscaled(windows: np.ndarray, n_train: int, labels: np.ndarray) -> float:
    """Return the accuracy of the nearest neighbour among the first `n_train`."""
    learned, judged = windows[:n_train], windows[n_train:]
    distances = ((judged[:, None] - learned[None]) ** 2).sum(axis=2)
    return float((labels[distances.argmin(axis=1)] == labels[n_train:]).mean())


@pytest.mark.parametrize(
    ("train", "test", "sizes", "nearest", "majority"),
    [
        (
            "ItalyPowerDemand_TRAIN.ts",
            "ItalyPowerDemand_TEST.ts",
            (67, 1_029, 24),
            0.955,
            0.501,
        ),
        (
            "SyntheticControl_TRAIN.txt",
            "SyntheticControl_TEST.txt",
            (300, 300, 60),
            0.880,
            1 / 6,
        ),
        ("BasicMotions_TRAIN.ts", "BasicMotions_TEST.ts", (40, 40, 100), 0.600, 0.25),
    ],
)
class TestOfficialSplits:
    pytestmark = has_data

    def test_nearest_neighbour_is_as_good_as_others_computed(
        self,
        train: str,
        test: str,
        sizes: Sequence[int],
        nearest: float,
        majority: float,
    ) -> None:
        panel, task = official(train, test)
        n_train, n_test, length = sizes
        assert panel.n_groups == n_train + n_test
        assert set(panel.group_sizes) == {length}
        plan = plan_samples(panel, task, first_origin=length)
        assert len(plan.final.training) == n_train
        assert len(plan.final.validation) == n_test
        ends = [*plan.final.training, *plan.final.validation]
        windows = np.stack([panel.values[end - length : end].ravel() for end in ends])
        labels = panel.targets[np.array(ends) - 1, 0]
        found = nearest_unscaled(windows, n_train, labels)
        assert found == pytest.approx(nearest, abs=1e-3)

    def test_baselines_of_the_program_hold_out_the_test_file(
        self,
        train: str,
        test: str,
        sizes: Sequence[int],
        nearest: float,
        majority: float,
    ) -> None:
        panel, task = official(train, test)
        plan = plan_samples(panel, task, first_origin=sizes[2])
        found = sample_baselines(
            panel, plan, task, sequence_length=sizes[2], names=("majority", "nearest")
        )
        actual = panel.targets[plan.final.validation - 1, 0]
        right = {
            name: (output.argmax(axis=1) == actual).mean()
            for name, output in found.holdout.items()
        }
        # Several channels are scaled first, which one channel does not feel.
        assert right["nearest"] == pytest.approx(
            nearest, abs=1e-3 if panel.n_channels == 1 else 0.03
        )
        assert right["majority"] == pytest.approx(majority, abs=3e-3)


class TestPlant:
    pytestmark = has_data

    def test_windows_of_the_plant_never_cross_files(self) -> None:
        learned, tests = plant_stretches(), plant_tests()
        sizes = learned.groupby("run", sort=False).size()
        assert len(sizes) == N_STRETCHES * len(FAULTS)
        assert set(sizes) == {96, 100}  # d00 has 500 rows, the others 480
        assert (learned.groupby("run")["state"].nunique() == 1).all()
        assert set(tests.groupby("run").size()) == {800}
        assert tests["state"].value_counts(normalize=True).max() == 0.2  # majority
        assert not set(learned["run"]) & set(tests["run"])
        # Rows follow each other as in the file, the transposed one too.
        normal = learned[learned["state"] == "normal"]
        level = normal["XMEAS(9)"]  # reactor temperature, held at 120.4 °C
        assert level.between(120.2, 120.6).all()
        assert list(learned.columns[:52]) == list(SENSORS)

    def test_valves_begin_with_rows_that_are_normal(self) -> None:
        table = valves()
        first = table.groupby("experiment").head(400)
        assert len(first) == 1_600
        assert not first["anomaly"].any()
        rest = table.drop(first.index)
        assert len(table) == 1_147 + 1_145 + 1_075 + 1_148
        assert rest["anomaly"].mean() == pytest.approx(0.55, abs=0.1)


def test_scores_of_predictions() -> None:
    classes = pd.DataFrame({"actual": ["a", "b", "b"], "predicted": ["a", "b", "a"]})
    assert accuracy(classes) == pytest.approx(2 / 3)
    values = pd.DataFrame({"actual": [1.0, 3.0], "predicted": [1.0, 2.0]})
    assert r_squared(values) == 0.5
    rows = pd.DataFrame({"label": [0, 0, 1, 1], "anomaly": [0, 1, 1, 0]})
    assert anomaly_f1(rows) == 0.5
