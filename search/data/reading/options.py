"""How a file is read: detected, shown to the user and open to correction."""

from dataclasses import asdict, dataclass
from typing import Literal

FileFormat = Literal["csv", "excel", "parquet", "ts", "zip"]
Shape = Literal["long", "wide"]

_OF_TEXT = ("encoding", "delimiter", "decimal", "thousands", "header", "skip_lines")
# What each format uses; the rest is not stored with a study.
_USED: dict[str, tuple[str, ...]] = {
    "csv": _OF_TEXT,
    "excel": ("header", "sheet"),
    "parquet": (),
    "ts": ("encoding",),
    "zip": _OF_TEXT,
}


@dataclass(frozen=True)
class ReadOptions:
    """How a file is read.

    Attributes
    ----------
    format
        ``csv`` stands for every delimited text, ``ts`` for the UCR/UEA text format of
        sequences, ``zip`` for an archive with one delimited text a sequence.
    encoding
        Python name, such as ``utf-8``, ``utf-8-sig``, ``utf-16``, ``cp1252``.
    delimiter
        One character; ``whitespace`` for columns aligned with blanks.
    decimal
        ``.`` or ``,``.
    thousands
        Mark between groups of three digits, or None.
    header
        Whether the first line holds the column names; otherwise the columns are
        called ``column 1``, ``column 2`` and so on.
    sheet
        Name of the Excel sheet; None is the first one.
    skip_lines
        Lines before the header that hold no data (comments, blank lines).
    shape
        ``long``: one row is one point in time. ``wide``: one row is one sequence, and
        numbered columns are its steps. Archives and ``ts`` files are ``long`` at once.
    label
        Column of a wide table that belongs to the sequence although its name is
        numbered; needed where the columns have no names of their own.
    """

    format: FileFormat = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."
    thousands: str | None = None
    header: bool = True
    sheet: str | None = None
    skip_lines: int = 0
    shape: Shape = "long"
    label: str | None = None

    def as_reading(self) -> dict[str, str | bool | None]:
        """Return the options as `search.study.settings.Source.reading` stores them.

        Left out are `skip_lines`, `shape` and `label` at their defaults, and what a
        format does not use.
        """
        reading: dict[str, str | bool | None] = {}
        for name, value in asdict(self).items():
            if name in {"shape", "label"}:
                if self.shape == "wide" and value is not None:
                    reading[name] = value
            elif name == "skip_lines":
                if value and name in _USED[self.format]:
                    reading[name] = str(value)
            elif name == "format" or name in _USED[self.format]:
                reading[name] = value
        return reading
