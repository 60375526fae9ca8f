"""The folds of sequences and rows as they are drawn: each where the plan puts it."""

import numpy as np

from pages.components.setup.group_folds_chart import (
    MOST_DRAWN,
    count_groups,
    group_folds_figure,
    row_folds_figure,
    sample_fold_table,
)
from search.config import Task
from search.evaluation.group_splits import plan_samples
from search.evaluation.panel import Panel


def panel_of(n_groups: int, places: list[int] | None = None) -> Panel:
    """Return groups of two rows each."""
    labels = np.zeros(n_groups) if places is None else np.asarray(places, dtype=float)
    return Panel(
        np.zeros((2 * n_groups, 1)), ("x",), 0, 0, 0,
        first_rows=tuple(range(0, 2 * n_groups, 2)),
        group_names=tuple(f"g{k}" for k in range(n_groups)),
        labels=np.repeat(labels, 2)[:, None],
    )  # fmt: skip


IN_TIME = Task(1, 1, folds=2, kind="regression", group_order="time")


def cells(figure, name: str) -> list[list[int]]:
    """Return for each lane from above the columns that a part has."""
    for trace in figure.data:
        hover = trace.customdata
        if trace.type == "heatmap" and hover is not None and np.ndim(hover[0]) == 1:
            if str(hover[0][0]).endswith(f": {name}"):
                z = np.asarray(trace.z, dtype=float)
                return [np.flatnonzero(np.isfinite(row)).tolist() for row in z[::-1]]
    raise AssertionError(name)


def test_each_sequence_stands_in_its_part() -> None:
    """The folds of the example in `fold_groups`: six batches in time order."""
    panel = panel_of(6)
    figure = group_folds_figure(
        panel, plan_samples(panel, IN_TIME, first_origin=1), IN_TIME
    )
    assert cells(figure, "training") == [[0, 1, 2], [0, 1, 2, 3]]
    assert cells(figure, "validation") == [[3], [4]]
    assert cells(figure, "holdout") == [[5], [5]]


def test_sequences_without_order_are_sorted_by_class() -> None:
    task = Task(1, 2, folds=2, score="log_loss", kind="classification",
                classes=("down", "up"))  # fmt: skip
    panel = panel_of(8, [0, 1, 0, 1, 0, 1, 0, 1])
    plan = plan_samples(panel, task, first_origin=1)
    figure = group_folds_figure(panel, plan, task)
    strips = [t for t in figure.data if t.type == "heatmap" and len(t.z) == 1]
    drawn = [np.flatnonzero(np.isfinite(np.asarray(t.z[0], float))) for t in strips]
    assert [places.tolist() for places in drawn] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert [t.name for t in figure.data if t.name][:2] == ["down", "up"]
    counts = count_groups(panel, plan)
    assert (counts.n_groups, counts.n_held) == (8, 2)
    assert (counts.smallest, counts.largest) == (3, 3)


def test_of_very_many_sequences_some_are_drawn() -> None:
    panel = panel_of(3 * MOST_DRAWN)
    figure = group_folds_figure(
        panel, plan_samples(panel, IN_TIME, first_origin=1), IN_TIME
    )
    widths = {np.shape(t.z)[1] for t in figure.data if t.type == "heatmap"}
    assert widths == {MOST_DRAWN}


def test_rows_of_labels_are_bands_in_time() -> None:
    """Twelve rows, four held out, two folds: each judges a third of what is left."""
    task = Task(1, 4, folds=2, score="f1_error", kind="labelling", classes=("a", "b"),
                valid_size=2)  # fmt: skip
    labels = np.array([[0.0, 1.0] * 6]).T
    panel = Panel(np.zeros((12, 1)), ("x",), 0, 0, 0, labels=labels)
    figure = row_folds_figure(panel, plan_samples(panel, task, first_origin=1), task)
    bands = {kind: [(t.x[0], t.x[1]) for t in figure.data if t.legendgroup == kind]
             for kind in ("train", "valid", "holdout")}  # fmt: skip
    assert bands["valid"] == [(4, 6), (6, 8)]
    assert bands["train"] == [(0, 4), (0, 6)]
    assert bands["holdout"] == [(8, 12), (8, 12)]


def test_table_counts_sequences_and_windows() -> None:
    panel = panel_of(6)
    plan = plan_samples(panel, IN_TIME, first_origin=1)
    table = sample_fold_table(panel, plan, IN_TIME)
    assert table["Training sequences"].tolist() == [3, 4]
    assert "Training windows" not in table
    sliding = Task(1, 1, folds=2, kind="regression", group_order="time",
                   samples="sliding")  # fmt: skip
    plan = plan_samples(panel, sliding, first_origin=1)
    table = sample_fold_table(panel, plan, sliding)
    assert table["Training windows"].tolist() == [6, 8]


def test_names_of_sequences_are_inert() -> None:
    panel = panel_of(6)
    names = ("<b>x</b>", *panel.group_names[1:])
    panel = Panel(panel.values, panel.channels, 0, 0, 0, panel.first_rows, names,
                  panel.labels)  # fmt: skip
    figure = group_folds_figure(
        panel, plan_samples(panel, IN_TIME, first_origin=1), IN_TIME
    )
    heat = next(t for t in figure.data if t.type == "heatmap")
    assert "&lt;b&gt;x&lt;/b&gt;" in heat.customdata[0][0]
