"""What is drawn of groups before they are settled."""

import numpy as np
import pandas as pd

from search.config import Roles, Task
from search.data.groups.build import inspect_groups
from search.data.groups.members import ALL_ROWS
from search.data.groups.preview import (
    NORMAL,
    UNUSUAL,
    Preview,
    preview_frame,
    preview_groups,
)
from search.data.groups.settings import GroupSettings
from search.data.table import read_table

ROWS = b"id,v,kind\na,1,x\na,2,x\nb,3,y\nb,,y\nc,5,x\nc,6,x\n"


def preview(rows: bytes, settings: GroupSettings) -> Preview:
    table = read_table(rows, name="x.csv")
    return preview_groups(table, settings, inspect_groups(table, settings))


def test_values_and_classes_of_each_group_although_one_is_missing() -> None:
    roles = Roles(targets=("kind",), past_features=("v",), group="id")
    shown = preview(ROWS, GroupSettings(roles, target_kind="classes"))
    assert shown.names == ("a", "b", "c")
    assert shown.columns == ("v",)
    assert shown.values("a", "v").tolist() == [1, 2]
    assert np.isnan(shown.values("b", "v")[1])
    assert [shown.place_of(name) for name in shown.names] == [0, 1, 0]


def test_one_group_of_each_class_is_drawn_first() -> None:
    rows = b"id,v,kind\n" + b"".join(
        b"g%d,%d,%s\ng%d,%d,%s\n" % (k, k, kind, k, k + 1, kind)
        for k, kind in enumerate([b"x", b"x", b"x", b"y"])
    )
    roles = Roles(targets=("kind",), past_features=("v",), group="id")
    shown = preview(rows, GroupSettings(roles, target_kind="classes"))
    assert shown.first(3) == ("g0", "g3", "g1")


def test_rows_of_one_group_have_their_time() -> None:
    rows = b"time,v\n2024-01-01,1\n2024-01-02,2\n"
    settings = GroupSettings(Roles(targets=("v",)), time=("time",))
    shown = preview(rows, settings)
    assert [stamp.day for stamp in shown.index] == [1, 2]
    assert shown.place_of(shown.names[0]) is None


def test_rows_of_a_study_are_drawn_by_their_group() -> None:
    table = read_table(b"id,v\nb,1\na,2\na,3\n", name="x.csv")
    frame = table.frame.assign(v=table.numbers("v").values)
    shown = preview_frame(frame, Roles(targets=("v",), group="id"), Task(1, 1))
    assert shown.names == ("b", "a")
    assert shown.values("a", "v").tolist() == [2, 3]


def rows_of_two_groups() -> pd.DataFrame:
    return pd.DataFrame(
        {"y": [1.0, 1, 0], "v": [4.0, 5, 6], "id": ["b", "b", "a"], "odd": [0.0, 0, 1]}
    )


def test_the_answer_of_a_study_is_offered_behind_its_inputs() -> None:
    roles = Roles(targets=("y",), past_features=("v",), group="id")
    task = Task(horizon=1, holdout=1, kind="regression")
    assert preview_frame(rows_of_two_groups(), roles, task).columns == ("v", "y")


def test_classes_and_anomalies_of_a_study_are_known_row_by_row() -> None:
    frame = rows_of_two_groups()
    roles = Roles(targets=("y",), past_features=("v",))
    task = Task(horizon=1, holdout=1, kind="labelling", score="f1_error",
                classes=("no", "yes"))  # fmt: skip
    shown = preview_frame(frame, roles, task)
    assert (shown.columns, shown.row_places.tolist()) == (("v",), [1, 1, 0])
    task = Task(horizon=1, holdout=1, kind="anomaly")
    shown = preview_frame(frame, Roles(targets=("v",), label="odd"), task)
    assert shown.classes == (NORMAL, UNUSUAL)
    assert shown.row_places.tolist() == [0, 0, 1]
    assert shown.names == (ALL_ROWS,)
