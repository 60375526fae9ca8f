"""The folds as they are drawn: each band where the plan puts it."""

import numpy as np
import pandas as pd

from pages.components.intake.series_chart import drawn_positions
from pages.components.setup.folds_chart import fold_table, folds_figure, place
from search.config import Task
from search.evaluation.splits import plan_splits

# 20 rows, 4 held out, 2 steps ahead, first origin 3: the folds of the example in
# search.evaluation.splits are (6, 7, 11) and (10, 11, 15).
PLAN = plan_splits(20, Task(horizon=2, holdout=4, folds=2), first_origin=3)
DAYS = pd.Series(
    np.arange(20.0), index=pd.date_range("2024-01-01", periods=20), name="flow"
)
ROWS = DAYS.reset_index(drop=True)


def bands(kind: str) -> list[tuple[int, int]]:
    traces = [t for t in folds_figure(ROWS, PLAN).data if t.legendgroup == kind]
    return [(int(trace.x[0]), int(trace.x[1])) for trace in traces]


def test_training_ends_before_the_gap() -> None:
    assert bands("train") == [(0, 6), (0, 10)]
    assert bands("gap") == [(6, 7), (10, 11)]


def test_validation_covers_its_last_targets() -> None:
    """The last validation origin is 10 and 14; its second step is one row later."""
    assert bands("valid") == [(7, 12), (11, 16)]


def test_holdout_is_shaded_to_the_end_of_the_last_row() -> None:
    shape = folds_figure(DAYS, PLAN).layout.shapes[0]
    assert pd.Timestamp(shape.x0) == pd.Timestamp("2024-01-17")
    assert pd.Timestamp(shape.x1) == pd.Timestamp("2024-01-21")


def test_one_step_ahead_has_no_gap() -> None:
    plan = plan_splits(20, Task(horizon=1, holdout=4, folds=2), first_origin=3)
    kinds = {trace.legendgroup for trace in folds_figure(ROWS, plan).data}
    assert "gap" not in kinds


def test_table_counts_windows() -> None:
    table = fold_table(PLAN, DAYS.index)
    assert table["Training windows"].tolist() == [3, 7]
    assert table["Validation windows"].tolist() == [4, 4]
    assert table["Validation from"].tolist() == ["08 Jan 2024", "12 Jan 2024"]
    assert table["Validation to"].tolist() == ["12 Jan 2024", "16 Jan 2024"]


def test_place_of_counted_rows_is_the_number() -> None:
    assert place(ROWS.index, 7) == "7"


def test_gap_interrupts_the_line() -> None:
    values = np.array([1.0, np.nan, np.nan, 2.0, 3.0])
    assert drawn_positions(values).tolist() == [0, 1, 3, 4]


def test_column_names_are_inert_in_the_chart() -> None:
    figure = folds_figure(DAYS.rename("<b>x</b>"), PLAN)
    assert figure.layout.yaxis.title.text == "&lt;b&gt;x&lt;/b&gt;"
