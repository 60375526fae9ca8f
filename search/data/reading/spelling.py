"""How missing values, numbers and time stamps are spelled in files."""

import re

# Compared in lower case and without blanks at the ends.
MISSING_SPELLINGS = frozenset(
    {
        "",
        "-",
        "--",
        "?",
        ".",
        "#n/a",
        "#na",
        "#value!",
        "#div/0!",
        "n/a",
        "na",
        "nan",
        "-nan",
        "nat",
        "nil",
        "none",
        "null",
        "missing",
        "<na>",
        "bad input",
        "no data",
    }
)

_DIGITS = r"\d{1,3}(?:([.,' \u00a0\u202f’])\d{3})(?:\1\d{3})*"  # noqa: RUF001
_NUMBER = re.compile(
    rf"[+-]?(?:{_DIGITS}(?:[.,]\d+)?|[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?"
    r"|[+-]?inf(?:inity)?|nan",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\d{4}-\d{1,2}(?:-\d{1,2})?(?:[T ].*)?"
    r"|\d{4}([/.])\d{1,2}\1\d{1,2}(?:[T ].*)?"
    r"|\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d{2})(?:,?[T ].*)?"
    r"|\d{1,2}[- /.]?[a-z]{3,9}[- /.,]{0,2}\d{2,4}(?:[T ].*)?"
    r"|[a-z]{3,9}\.?[- /]\d{1,2},? \d{4}(?:[T ].*)?"
    r"|[a-z]{3,9}[- /]\d{2,4}",
    re.IGNORECASE,
)
_MONTH_NAME = re.compile(
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec", re.IGNORECASE
)
_LETTERS = re.compile(r"[a-z]", re.IGNORECASE)


def looks_like_number(text: str) -> bool:
    """Tell whether a text is a number with any decimal and thousands mark."""
    return len(text) < 400 and _NUMBER.fullmatch(text) is not None


def looks_like_time(text: str) -> bool:
    """Tell whether a text has the form of a date, whatever its order."""
    if len(text) > 40 or not _TIME.fullmatch(text):
        return False
    has_words = _LETTERS.search(re.split(r"[T ]\d{1,2}:", text)[0])
    return not has_words or _MONTH_NAME.search(text) is not None
