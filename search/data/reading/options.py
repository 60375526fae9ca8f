"""How a file is read: detected, shown to the user and open to correction."""

from dataclasses import asdict, dataclass
from typing import Literal

FileFormat = Literal["csv", "excel", "parquet"]


@dataclass(frozen=True)
class ReadOptions:
    """How a file is read.

    Attributes
    ----------
    format
        ``csv`` stands for every delimited text.
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
    """

    format: FileFormat = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."
    thousands: str | None = None
    header: bool = True
    sheet: str | None = None
    skip_lines: int = 0

    def as_reading(self) -> dict[str, str | bool | None]:
        """Return the options as `search.study.settings.Source.reading` stores them.

        `skip_lines` is left out where it is 0, and what a format does not use.
        """
        of_csv = {"encoding", "delimiter", "decimal", "thousands", "skip_lines"}
        reading: dict[str, str | bool | None] = {}
        for name, value in asdict(self).items():
            is_unused = name in of_csv if self.format != "csv" else name == "sheet"
            if is_unused or (self.format == "parquet" and name in {"header", "sheet"}):
                continue
            if name == "skip_lines":
                if value:
                    reading[name] = str(value)
            else:
                reading[name] = value
        return reading
