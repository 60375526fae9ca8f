"""The steps between the rows of each group: absent ones, and others than the usual."""

from dataclasses import dataclass

import numpy as np

from search.data.findings import Finding, counted
from search.data.groups.choices import choice_at
from search.data.groups.ordering import repeated_rows
from search.data.groups.rows import INSERTED, GroupedRows
from search.data.groups.settings import GroupSettings
from search.data.timing.frequency import infer_frequency, make_grid
from search.data.timing.stamps import named, stamp_text


@dataclass(frozen=True)
class Steps:
    """Rows with steps checked.

    Attributes
    ----------
    rows
        The rows, with absent steps inserted where that was chosen.
    frequency
        pandas offset alias of the step; None where rows are counted.
    findings
        Absent steps, and steps that differ.
    """

    rows: GroupedRows
    frequency: str | None
    findings: tuple[Finding, ...]


def check_steps(grouped: GroupedRows, settings: GroupSettings) -> Steps:
    """Check that the steps within each group are equal; insert rows where chosen."""
    if grouped.time is None or repeated_rows(grouped).any() or not len(grouped):
        return Steps(grouped, None, ())
    frequency = _frequency(grouped)
    places = _places(grouped, frequency)
    if places is None:
        return _irregular(grouped, settings, np.flatnonzero(_is_other_step(grouped)))
    is_off = places < 0
    if is_off.any():
        return _irregular(grouped, settings, np.flatnonzero(is_off))
    is_inside = np.diff(grouped.group, prepend=-1) == 0
    n_absent = np.where(is_inside, np.diff(places, prepend=0) - 1, 0)
    if not n_absent.any():
        return Steps(grouped, frequency, ())
    return _gaps(grouped, settings, frequency, n_absent)


def _frequency(grouped: GroupedRows) -> str | None:
    """Return the step of the longest group."""
    assert grouped.time is not None
    if grouped.time.dtype.kind != "M":
        return None
    longest = int(grouped.lengths.argmax())
    start = int(grouped.starts[longest])
    return infer_frequency(grouped.time[start : start + grouped.lengths[longest]])


def _is_other_step(grouped: GroupedRows) -> np.ndarray:
    """Return the rows whose step from the one before is not the most common one."""
    assert grouped.time is not None
    is_inside = np.diff(grouped.group, prepend=-1) == 0
    if not is_inside.any():
        return is_inside
    steps = np.diff(grouped.time, prepend=grouped.time[:1]).astype(np.float64)
    values, counts = np.unique(np.round(steps[is_inside], 9), return_counts=True)
    usual = values[counts.argmax()]
    return is_inside & ~np.isclose(steps, usual, rtol=1e-6, atol=0)


def _places(grouped: GroupedRows, frequency: str | None) -> np.ndarray | None:
    """Return the step of each row counted from the start of its group.

    -1 for rows off the grid; None where there is no common step.
    """
    assert grouped.time is not None
    if grouped.time.dtype.kind != "M":
        return _counted_places(grouped)
    if frequency is None:
        return None
    places = np.empty(len(grouped), dtype=np.int64)
    for start, length in zip(grouped.starts, grouped.lengths, strict=True):
        grid = make_grid(grouped.time[start : start + length], frequency)
        if grid is None:
            return None
        places[start : start + length] = grid.places
    return places


def _counted_places(grouped: GroupedRows) -> np.ndarray | None:
    assert grouped.time is not None
    is_inside = np.diff(grouped.group, prepend=-1) == 0
    if not is_inside.any():
        return np.zeros(len(grouped), dtype=np.int64)
    steps = np.diff(grouped.time, prepend=grouped.time[:1])
    values, counts = np.unique(np.round(steps[is_inside], 9), return_counts=True)
    usual = values[counts.argmax()]
    if usual <= 0 or 2 * counts.max() < counts.sum():
        return None
    distance = (grouped.time - grouped.spread(grouped.time[grouped.starts])) / usual
    places = np.round(distance)
    is_on = np.isclose(distance, places, rtol=1e-6, atol=1e-3)
    if places.max(initial=0) > 10 * len(grouped) + 1_000:
        return None
    return np.where(is_on, places, -1).astype(np.int64)


def _irregular(
    grouped: GroupedRows, settings: GroupSettings, places: np.ndarray
) -> Steps:
    if not len(places):
        return Steps(grouped, None, ())
    count = len(places)
    text = (
        f"The steps of {named(settings.time)} differ within groups in "
        f"{counted(count, 'place')}: {grouped.listed(places)}. The first stands at "
        f"{_moment(grouped, int(places[0]))}."
    )
    finding = choice_at(
        grouped,
        places,
        "irregular",
        text,
        settings,
        column=settings.time[0],
        setting="irregular",
        repair="The rows of each group are counted; the time between them, which "
        "differs, is not used.",
    )
    return Steps(grouped, None, (finding,))


def _gaps(
    grouped: GroupedRows,
    settings: GroupSettings,
    frequency: str | None,
    n_absent: np.ndarray,
) -> Steps:
    places = np.flatnonzero(n_absent)
    total = int(n_absent.sum())
    n_groups = len(np.unique(grouped.group[places]))
    repairs = {
        "insert": f"{counted(total, 'absent step')} within groups became rows of "
        "missing values.",
        "ignore": f"{counted(total, 'absent step')} within groups were ignored; rows "
        "are counted.",
    }
    text = (
        f"{counted(total, 'step')} {'is' if total == 1 else 'are'} absent within "
        f"{counted(n_groups, 'group')}: before {grouped.listed(places)}. The first "
        f"one lies before {_moment(grouped, int(places[0]))}."
    )
    finding = choice_at(
        grouped,
        places,
        "gaps",
        text,
        settings,
        column=settings.time[0],
        count=total,
        setting="gaps",
        repair=repairs.get(settings.gaps, ""),
    )
    if settings.gaps != "insert":
        is_counted = settings.gaps == "ignore"
        return Steps(grouped, None if is_counted else frequency, (finding,))
    return Steps(_with_inserted(grouped, n_absent), frequency, (finding,))


def _with_inserted(grouped: GroupedRows, n_absent: np.ndarray) -> GroupedRows:
    """Put as many rows before each row as steps are absent there."""
    assert grouped.time is not None
    n_rows = len(grouped) + int(n_absent.sum())
    at = np.arange(len(grouped)) + np.cumsum(n_absent)
    rows = np.full(n_rows, INSERTED, dtype=np.int64)
    rows[at] = grouped.rows
    group = np.repeat(grouped.group, n_absent + 1)
    missing = np.datetime64("NaT", "us") if grouped.time.dtype.kind == "M" else np.nan
    time = np.full(n_rows, missing, dtype=grouped.time.dtype)
    time[at] = grouped.time
    for place in np.flatnonzero(n_absent):
        start, stop = int(at[place - 1]), int(at[place])
        width = (time[stop] - time[start]) / (stop - start)
        # Steps of months are not equally long; the stamps between are for show only.
        time[start + 1 : stop] = time[start] + width * np.arange(1, stop - start)
    return GroupedRows(grouped.table, rows, group, grouped.names, time)


def _moment(grouped: GroupedRows, place: int) -> str:
    assert grouped.time is not None
    moment = grouped.time[place]
    return stamp_text(moment) if grouped.time.dtype.kind == "M" else f"{moment:g}"
