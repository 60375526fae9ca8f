"""Time stamps of a newer file, moved to the clock that the study's time stamps keep."""

from dataclasses import dataclass

import numpy as np

from search.data.source import Source
from search.data.timing.frequency import fixed_step
from search.data.timing.time_numbers import TimeStamps
from search.errors import SeriesError

_DAY = 86_400_000_000
_ZERO = np.timedelta64(0, "m")


@dataclass(frozen=True)
class ClockShift:
    """How the time stamps of a newer file become those of the study.

    Attributes
    ----------
    by
        What is added to them.
    note
        What was taken for granted, in a sentence; empty where nothing was.
    """

    by: np.timedelta64 = _ZERO
    note: str = ""


def offset_text(offset: np.timedelta64) -> str:
    """Return an offset from UTC as it is written.

    Examples
    --------
    >>> offset_text(np.timedelta64(-570, "m"))
    '-09:30'
    """
    minutes = int(offset / np.timedelta64(1, "m"))
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def offset_of(text: str) -> np.timedelta64:
    """Return the offset from UTC that ``Z``, ``+0130`` or ``+01:30`` stand for."""
    if text in "Zz":
        return _ZERO
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return np.timedelta64(-minutes if text[0] == "-" else minutes, "m")


def clock_shift(times: TimeStamps, source: Source, *, name: str) -> ClockShift:
    """Return what moves the time stamps of a newer file to the clock of the study.

    Without an offset on either side the clock time is kept, and so it is where a step
    is a day or longer: such stamps are dates.

    Parameters
    ----------
    times
        Time stamps of the newer file.
    source
        Of the study.
    name
        The newer file; a label.

    Raises
    ------
    SeriesError
        If the offset changes in the file, and the study's is not known.
    """
    is_utc = _in_utc(source.reading.get("time_zone") == "utc", _format_of(source))
    is_newer_utc = _in_utc(times.zone == "mixed", times.format)
    known = source.reading.get("time_offset")
    offset = offset_of(str(known)) if known else None
    if is_utc:
        if is_newer_utc:
            return ClockShift()
        if times.offset is not None:
            return ClockShift(-times.offset)
        return ClockShift(
            note=f"The time stamps of {name} have no offset from UTC and were taken "
            "as UTC, to which those of the study were moved."
        )
    if is_newer_utc:
        if offset is None:
            raise SeriesError(
                f"The offset from UTC changes in {name}, and the study keeps clock "
                "times. Write all time stamps with the offset that the study's file "
                "has."
            )
        return ClockShift(offset)
    if times.offset is None or times.offset == offset or is_of_dates(source):
        return ClockShift()
    if offset is None:
        return ClockShift(
            note=f"The offset from UTC of the time stamps in {name} was left out and "
            "the clock time kept, because none is known for the study."
        )
    return ClockShift(offset - times.offset)


def _format_of(source: Source) -> str:
    return str(source.reading.get("time_format"))


def _in_utc(is_moved: bool, time_format: str | None) -> bool:
    """Tell whether the stamps are UTC; a format with an offset always gives that."""
    return is_moved or "%z" in (time_format or "")


def is_of_dates(source: Source) -> bool:
    """Tell whether a step is a day or longer, so that time stamps are dates."""
    step = fixed_step(source.frequency) if source.frequency else None
    return step is None or step >= _DAY
