"""An official test file beside the one to learn from, as one table."""

from dataclasses import replace

import numpy as np
import pandas as pd

from search.data.findings import shown
from search.data.groups.members import cell_names
from search.data.reading.origin import Origin
from search.data.table import Table
from search.errors import SeriesError

PART, TRAIN, TEST = "part of the data", "train", "test"


def with_test_table(table: Table, tests: Table, *, group: str) -> Table:
    """Return the rows of both, with a column that says to which part each belongs.

    Groups of the test file whose names come in both files are different ones and get
    the file before their name.

    Parameters
    ----------
    table, tests
        What is learned from, and what is only judged on.
    group
        Column that tells the groups apart, in both.

    Raises
    ------
    SeriesError
        If they do not have the same columns.
    """
    names = list(map(str, table.frame.columns))
    absent = [name for name in names if name not in tests.frame.columns]
    if absent:
        raise SeriesError(
            f"The test file {shown(tests.name)} has no column "
            f"{', '.join(map(shown, absent[:5]))}; it needs those of "
            f"{shown(table.name)}."
        )
    first, second = table.frame, tests.frame[names]
    known = set(cell_names(table, group).dropna())
    others = cell_names(tests, group)
    if known & set(others.dropna()):
        first = first.assign(**{group: cell_names(table, group).astype("str")})
        second = second.assign(**{group: [f"{TEST} {name}" for name in others]})
        second[group] = second[group].astype("str")
    marked = pd.concat(
        [first.assign(**{PART: TRAIN}), second.assign(**{PART: TEST})],
        ignore_index=True,
    )
    marked[PART] = marked[PART].astype("str")
    lines = [_lines(table), _lines(tests)]
    return replace(
        table,
        frame=marked,
        line_numbers=np.concatenate(lines),
        findings=tuple(dict.fromkeys([*table.findings, *tests.findings])),
        origin=_joined(table, tests),
    )


def _lines(table: Table) -> np.ndarray:
    return np.array(table.file_rows(np.arange(len(table.frame))), dtype=np.int64)


def _joined(table: Table, tests: Table) -> Origin:
    """Name the file of each row; of an archive the archive, not its member."""
    sizes = [len(table.frame), len(tests.frame)]
    return Origin(
        members=(table.name, tests.name), member_of=np.repeat(np.arange(2), sizes)
    )
