"""Where a series came from, as the study keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Source:
    """Where the series came from and what was done to it, for the record.

    Attributes
    ----------
    file_name
        Name of the uploaded file; a label, never a path.
    reading
        How the file was read: delimiter, decimal mark, encoding and so on.
    time_columns
        Columns that make the time stamp; empty where rows are counted.
    frequency
        pandas offset alias of the step between rows; None where rows are counted.
    repairs
        One sentence for each thing that was changed, as shown to the user.
    categories
        For each text column that became 0/1 columns, its values in their order.
    filled_ahead
        Columns whose missing values were filled from later rows, and how many; None in
        studies of older versions, which did not note it.
    order_by
        Columns whose time stamps gave the order of rows that are counted since; empty
        where there were none, and in studies of older versions.
    several_series
        Why the table looks like several series in one; empty where it does not.
    """

    file_name: str
    reading: dict[str, str | bool | None] = field(default_factory=dict)
    time_columns: tuple[str, ...] = ()
    frequency: str | None = None
    repairs: tuple[str, ...] = ()
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    filled_ahead: dict[str, int] | None = None
    order_by: tuple[str, ...] = ()
    several_series: str = ""


def text_columns(categories: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the text column of the file behind each 0/1 column.

    Examples
    --------
    >>> text_columns({"valve": ("closed", "open")})
    {'valve=closed': 'valve', 'valve=open': 'valve'}
    """
    return {
        f"{column}={value}": column
        for column, values in categories.items()
        for value in values
    }
