"""Numbers, durations and moments as people write them."""

import math
from datetime import UTC, datetime

from pages.components.text import raw_text

# A skill below this is said as so many times the error, not in percent.
MOST_WORSE = -1.0


def three_digits(value: float | None) -> str:
    """Return `value` with three significant digits; a dash where there is none.

    Examples
    --------
    >>> [three_digits(value) for value in (12.345, -0.0012345, 123456.0, None)]
    ['12.3', '−0.00123', '123,000', '–']
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    sign = "\u2212" if value < 0 else ""
    places = 2 - math.floor(math.log10(abs(value)))
    rounded = round(abs(value), places)
    if rounded >= 1e7 or rounded < 1e-4:
        return f"{sign}{rounded:.2e}"
    return f"{sign}{rounded:,.{max(places, 0)}f}"


def with_unit(value: float | None, unit: str | None) -> str:
    """Return `value` with three significant digits and its unit on the same line."""
    return f"{three_digits(value)}\u00a0{unit}" if unit else three_digits(value)


def percentage(share: float | None) -> str:
    """Return a share of 1 in percent, with the digits that matter.

    Examples
    --------
    >>> [percentage(value) for value in (0.1234, 0.0123, 1.0, 0.0, None)]
    ['12.3 %', '1.2 %', '100 %', '0 %', '–']
    """
    if share is None or not math.isfinite(share):
        return "–"
    shown = f"{100 * share:.1f}"
    return f"{shown.removesuffix('.0')} %"


def count(value: int) -> str:
    """Return a whole number with commas between thousands."""
    return f"{value:,}"


def duration(seconds: float | None) -> str:
    """Return a length of time in the one or two units that matter.

    Examples
    --------
    >>> [duration(value) for value in (0.4, 45, 185, 7800)]
    ['under 1 s', '45 s', '3 min', '2 h 10 min']
    """
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 1:
        return raw_text("app.under_second")
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{round(hours / 24)} d"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def ago(moment: str | datetime) -> str:
    """Return how long ago `moment` (UTC) was, in words."""
    then = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    seconds = (datetime.now(UTC) - then).total_seconds()
    if seconds < 60:
        return raw_text("app.just_now")
    return raw_text("app.ago", time=duration(seconds))
