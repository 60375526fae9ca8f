"""What was found in a file or a series, worded for the person who uploaded it."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

Severity = Literal["error", "choice", "notice"]

N_NAMED = 5
LONGEST_SHOWN = 60
REFUSE = "refuse"


@dataclass(frozen=True)
class Finding:
    """One thing that was found, and what can be done about it.

    Attributes
    ----------
    code
        Stable identifier, such as ``duplicates``; see docs/data-format.md.
    severity
        ``error`` cannot be used as it is; ``choice`` needs a decision of the user,
        or had one; ``notice`` changes nothing, or only what it says.
    message
        One or two plain sentences that name row and column. Texts from the file are
        cut and control characters in them shown as codes.
    column
        Name of the column exactly as in the file; None for the whole table.
    rows
        Line numbers in the file (the first line is 1) of the first five places.
    count
        Number of places.
    setting
        Name of the field of `SeriesSettings` that decides; None without a choice.
    choices
        Values of `setting` that resolve the finding.
    chosen
        The present value of `setting`; ``refuse`` or None while nothing was chosen.
    repair
        One sentence on what the chosen value does to the data; empty while nothing
        was chosen or nothing is changed.
    """

    code: str
    severity: Severity
    message: str
    column: str | None = None
    rows: tuple[int, ...] = ()
    count: int = 0
    setting: str | None = None
    choices: tuple[str, ...] = ()
    chosen: str | None = None
    repair: str = ""

    @property
    def is_blocking(self) -> bool:
        """Whether no series can be built before something changes."""
        if self.severity == "choice":
            return self.chosen is None or self.chosen == REFUSE
        return self.severity == "error"


def shown(text: object) -> str:
    r"""Quote a text from a file so that it can be shown safely.

    The text is cut at 60 characters; control, direction and invisible characters
    become codes.

    Examples
    --------
    >>> print(shown(f"a{chr(0)}b"))
    'a\x00b'
    """
    return f"'{legible(text)}'"


def legible(text: object) -> str:
    """Return a text as `shown` does, without the quotes; for names."""
    letters = str(text)
    safe = "".join(_code(letter) for letter in letters[:LONGEST_SHOWN])
    return f"{safe}…" if len(letters) > LONGEST_SHOWN else safe


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return ``1 row`` or ``12,000 rows``."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def listed(rows: Iterable[int], *, n_all: int) -> str:
    """Return ``row 7`` or ``rows 7, 9, 12, 13, 20 and 3 more``."""
    first = [str(row) for row in rows][:N_NAMED]
    word = "row" if n_all == 1 else "rows"
    more = f" and {n_all - len(first):,} more" if n_all > len(first) else ""
    return f"{word} {', '.join(first)}{more}"


def n_true(mask: np.ndarray) -> int:
    """Return the number of true entries of `mask`; a sum takes ten times as long."""
    return int(np.count_nonzero(mask))


def first_places(mask: np.ndarray) -> np.ndarray:
    """Return the positions of the first five true entries of `mask`."""
    return np.flatnonzero(mask)[:N_NAMED]


def _code(letter: str) -> str:
    if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        number = ord(letter)
        return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
    return letter
