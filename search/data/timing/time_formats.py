"""Which formats a time stamp can have, judged by its text."""

import re
from collections.abc import Sequence
from itertools import product

import numpy as np

ISO, EXCEL, PARTS = "iso", "excel", "parts"
# Microseconds in one unit of the number.
EPOCHS = {"epoch_s": 1e6, "epoch_ms": 1e3, "epoch_us": 1.0, "epoch_ns": 1e-3}

_ISO = re.compile(
    r"\d{4}-\d{2}(-\d{2}([T ]\d{2}(:?\d{2}(:?\d{2}([.,]\d+)?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?)?)?",
    re.IGNORECASE,
)
_DATES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d",)),
    (r"\d{4}\.\d{1,2}\.\d{1,2}", ("%Y.%m.%d",)),
    (r"\d{4}-\d{1,2}-\d{1,2}", ("%Y-%m-%d",)),
    (r"\d{4}/\d{1,2}", ("%Y/%m",)),
    (r"\d{4}-\d{1,2}", ("%Y-%m",)),
    (r"\d{1,2}/\d{4}", ("%m/%Y",)),
    (r"\d{1,2}\.\d{4}", ("%m.%Y",)),
    (r"\d{1,2}-\d{4}", ("%m-%Y",)),
    (r"\d{8}", ("%Y%m%d",)),
    *(
        (rf"\d{{1,2}}{re.escape(mark)}\d{{1,2}}{re.escape(mark)}\d{{{digits}}}",
         (f"%d{mark}%m{mark}%{year}", f"%m{mark}%d{mark}%{year}"))
        for mark, (digits, year) in product("/.-", ((4, "Y"), (2, "y")))
    ),
    *(
        (rf"\d{{1,2}}{mark}[a-z]{{{letters}}}{mark}\d{{{digits}}}",
         (f"%d{mark}%{month}{mark}%{year}",))
        for mark, (letters, month), (digits, year) in product(
            "- /", (("3", "b"), ("4,9", "B")), ((4, "Y"), (2, "y"))
        )
    ),
    *(
        (rf"[a-z]{{{letters}}}{mark}\d{{{digits}}}", (f"%{month}{mark}%{year}",))
        for mark, (letters, month), (digits, year) in product(
            "- /", (("3", "b"), ("4,9", "B")), ((4, "Y"), (2, "y"))
        )
    ),
    (r"[a-z]{3} \d{1,2}, \d{4}", ("%b %d, %Y",)),
    (r"[a-z]{4,9} \d{1,2}, \d{4}", ("%B %d, %Y",)),
)  # fmt: skip
_CLOCKS: tuple[tuple[str, str], ...] = (
    (r"", ""),
    (r"\d{1,2}:\d{2}", "%H:%M"),
    (r"\d{1,2}:\d{2}:\d{2}", "%H:%M:%S"),
    (r"\d{1,2}:\d{2}:\d{2}\.\d+", "%H:%M:%S.%f"),
    (r"\d{1,2}:\d{2} ?[ap]m", "%I:%M %p"),
    (r"\d{1,2}:\d{2}:\d{2} ?[ap]m", "%I:%M:%S %p"),
    (r"\d{1,2}:\d{2}:\d{2} ?[+-]\d{2}:?\d{2}", "%H:%M:%S %z"),
)
_BY_PATTERN = dict(_DATES)
# One pattern for each form of a date with each form of a clock.
_COMPILED = {
    (date, clock): re.compile(
        rf"{date}(?P<mark>)" if not clock else rf"{date}(?P<mark>,? |T){pattern}",
        re.IGNORECASE,
    )
    for date in _BY_PATTERN
    for pattern, clock in _CLOCKS
}
_UNITS = {
    "year": {"year", "yr", "yyyy", "jahr"},
    "month": {"month", "mon", "mm", "mo", "monat"},
    "day": {"day", "dd", "mday", "tag", "day of month", "dayofmonth"},
    "hour": {"hour", "hr", "hh", "stunde"},
    "minute": {"minute", "min", "minutes"},
    "second": {"second", "sec", "seconds"},
}
PART_ORDER = tuple(_UNITS)
_TIME_WORDS = re.compile(
    r"(^|[^a-z])(date|time|datetime|timestamp|ts|epoch|unix|datum|zeit|zeitstempel|"
    r"date_?time|time_?stamp|when|utc)($|[^a-z])",
    re.IGNORECASE,
)


def is_iso(text: str) -> bool:
    """Tell whether a text is an ISO 8601 date, month, or date and time."""
    return _ISO.fullmatch(text) is not None


def is_time_name(name: str) -> bool:
    """Tell whether a column is called time, date, timestamp or the like."""
    return _TIME_WORDS.search(name) is not None


def candidate_formats(
    sample: Sequence[str], *, day_first: bool | None = None
) -> list[str]:
    """Return the strptime formats that at least one text of `sample` has the form of.

    Where day and month may be swapped, both orders are returned, or the one that
    `day_first` asks for.
    """
    found: list[str] = []
    for text in sample[:: max(1, len(sample) // 20)]:
        for name in _formats_of(text):
            if name not in found:
                found.append(name)
    if day_first is None:
        return found
    unwanted = "%m" if day_first else "%d"
    return [
        name for name in found if swapped(name) is None or not name.startswith(unwanted)
    ]


def swapped(name: str) -> str | None:
    """Return the format with day and month swapped; None where that cannot be."""
    match = re.match(r"%([dm])([-/.])%([dm])", name)
    if not match:
        return None
    first, mark, second = match.groups()
    return f"%{second}{mark}%{first}" + name[match.end() :]


def part_units(names: Sequence[str]) -> dict[str, int] | None:
    """Return the place of each unit among `names`; None unless they are parts.

    Parts are a year and, without a hole, the units below it.

    Examples
    --------
    >>> part_units(["No", "year", "month"]), part_units(["Year", "Month"])
    (None, {'year': 0, 'month': 1})
    """
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        unit = unit_of_part(name)
        if unit is None or unit in places:
            return None
        places[unit] = place
    return places if set(places) == set(PART_ORDER[: len(places)]) else None


def unit_of_part(name: str) -> str | None:
    """Return the unit that a column name such as ``Year`` stands for."""
    bare = name.strip().lower()
    return next((unit for unit, words in _UNITS.items() if bare in words), None)


def numeric_format(name: str, numbers: np.ndarray) -> str | None:
    """Return how numbers count time, by their size; None where they do not.

    Seconds and finer units since 1970 are recognised by size (1973 to 2128). Days
    as Excel counts them (1970 to 2099) only under a name such as ``time``.
    """
    if not len(numbers):
        return None
    low, high = float(numbers.min()), float(numbers.max())
    is_named = is_time_name(name)
    is_whole = bool((numbers == np.floor(numbers)).all())
    for unit, factor in EPOCHS.items():
        fits = low * factor >= 1e14 and high * factor <= 5e15
        if fits and (is_named or (is_whole and _is_rising(numbers))):
            return unit
    return EXCEL if is_named and low >= 25_569 and high <= 73_050 else None


def _is_rising(numbers: np.ndarray) -> bool:
    return len(numbers) > 2 and bool((np.diff(numbers) > 0).all())


def _formats_of(text: str) -> list[str]:
    for kind, pattern in _COMPILED.items():
        found = pattern.fullmatch(text)
        if found:
            return [f"{date}{found['mark']}{kind[1]}" for date in _BY_PATTERN[kind[0]]]
    return []
