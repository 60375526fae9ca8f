"""New sequences and rows, read as the file of the study was."""

import numpy as np
import pytest

from search.config import Roles
from search.data.newer.groups import NewGroups, read_new_groups
from search.data.source import Source
from search.errors import SeriesError

READING: dict[str, str | bool | None] = {
    "format": "csv",
    "delimiter": ",",
    "decimal": ".",
}
ROLES = Roles(("what",), ("x", "y"), group="id")
SOURCE = Source("old.csv", reading=READING)
CLASSES = ("bad", "good")


def read(text: str, roles: Roles = ROLES, source: Source = SOURCE) -> NewGroups:
    return read_new_groups(
        text.encode(),
        name="new.csv",
        source=source,
        roles=roles,
        kind="classification",
        classes=CLASSES,
    )


def test_the_answer_may_be_absent() -> None:
    new = read("id,x,y\na,1,2\na,3,4\nb,5,6\n")
    assert new.known is None
    assert new.frame["id"].tolist() == ["a", "a", "b"]
    assert new.frame["y"].tolist() == [2, 4, 6]
    assert new.frame.index.tolist() == [0, 1, 0]


def test_answers_are_places_of_the_study_and_unknown_ones_are_not_compared() -> None:
    new = read("id,x,y,what\na,1,2,good\na,3,4,good\nb,5,6,new\nc,5,6,\n")
    assert new.known is not None
    np.testing.assert_array_equal(new.known[:, 0], [1, 1, np.nan, np.nan])
    assert "1 class that the study does not know, such as 'new'" in new.notes[0]


def test_rows_of_a_group_are_put_together_with_their_answers() -> None:
    new = read("id,x,y,what\na,1,2,bad\nb,5,6,good\na,3,4,bad\n")
    assert new.known is not None
    assert new.frame["x"].tolist() == [1, 3, 5]
    assert new.known[:, 0].tolist() == [0, 0, 1]


def test_a_wide_file_is_read_without_its_answer() -> None:
    source = Source("old.csv", reading={**READING, "shape": "wide"})
    roles = Roles(("what",), ("value",), group="sequence")
    new = read("t1,t2,t3,t4\n1,2,3,4\n5,6,7,8\n", roles, source)
    assert new.frame["value"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert new.frame["sequence"].nunique() == 2


def test_a_text_that_the_study_does_not_know_is_refused() -> None:
    source = Source("old.csv", reading=READING, categories={"y": ("hot", "cold")})
    roles = Roles(("what",), ("x", "y=hot", "y=cold"), group="id")
    new = read("id,x,y\na,1,hot\na,2,hot\n", roles, source)
    assert new.frame["y=hot"].tolist() == [1, 1]
    assert new.frame["y=cold"].tolist() == [0, 0]
    with pytest.raises(SeriesError, match="'warm'; the study knows 'hot', 'cold'"):
        read("id,x,y\na,1,hot\na,2,warm\n", roles, source)


def test_an_absent_column_is_named() -> None:
    with pytest.raises(SeriesError, match="has no column 'y'; it has 'id', 'x'"):
        read("id,x\na,1\n")


def test_missing_values_follow_the_rule_of_the_study() -> None:
    text = "id,x,y,what\na,1,2,bad\na,,4,bad\na,3,4,bad\n"
    with pytest.raises(SeriesError, match="Mend the file"):
        read(text)
    source = Source("old.csv", reading={**READING, "missing": "drop"})
    new = read(text, source=source)
    assert new.frame["x"].tolist() == [1, 3]
    assert new.known is not None
    assert len(new.known) == 2


def test_anomalies_are_what_is_not_called_normal() -> None:
    new = read_new_groups(
        b"x,fault\n1,ok\n2,ok\n3,leak\n4,break\n5,\n",
        name="new.csv",
        source=SOURCE,
        roles=Roles(("x",), label="fault"),
        kind="anomaly",
        classes=("ok", "leak"),
    )
    assert new.known is not None
    np.testing.assert_array_equal(new.known[:, 0], [0, 0, 1, 1, np.nan])
