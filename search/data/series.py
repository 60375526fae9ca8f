"""From a table to a series: sorted, equally spaced, without missing values."""

from dataclasses import replace

import numpy as np
import pandas as pd

from search.config import Roles
from search.data.columns import suggest_targets, suggest_time
from search.data.findings import REFUSE, Finding, shown
from search.data.preparation import (
    Prepared,
    expand_categories,
    expand_roles,
    prepare,
    time_index,
)
from search.data.report import BuiltSeries, Gap, SeriesReport
from search.data.seasons import MOST_VALUES, detect_season, season_candidates
from search.data.settings import (
    BadTimeRule,
    DuplicateRule,
    IrregularRule,
    MissingRule,
    SeriesSettings,
    UnreadableRule,
)
from search.data.source import Source
from search.data.stacking import CODE
from search.data.table import Table
from search.data.timing.spacing_findings import runs
from search.data.timing.zones import offset_text
from search.errors import SeriesError

__all__ = [
    "BadTimeRule",
    "BuiltSeries",
    "DuplicateRule",
    "Gap",
    "IrregularRule",
    "MissingRule",
    "SeriesReport",
    "SeriesSettings",
    "UnreadableRule",
    "apply_choice",
    "build_series",
    "inspect_series",
    "suggest_settings",
    "time_index",
]

# Kept with a study only where something was chosen; most files need none of them.
_TIME_RULES = ("duplicates", "irregular", "bad_time")


def suggest_settings(table: Table) -> SeriesSettings:
    """Return the first settings to show: time found, last number column as target.

    Features are not suggested and nothing is repaired.

    Raises
    ------
    SeriesError
        If no column holds numbers.
    """
    targets = suggest_targets(table)
    if not targets:
        first = shown(table.frame.columns[0])
        raise SeriesError(
            f"No column of the table holds numbers, so nothing can be predicted (the "
            f"first column is {first}). Check the delimiter and the decimal mark."
        )
    return SeriesSettings(time=suggest_time(table), roles=Roles(targets=targets))


def apply_choice(
    settings: SeriesSettings, finding: Finding, choice: str
) -> SeriesSettings:
    """Return the settings with `choice` taken for `finding`.

    Raises
    ------
    SeriesError
        If the finding does not offer the choice.
    """
    if finding.setting is None or choice not in (*finding.choices, "refuse"):
        raise SeriesError(
            f"`choice` must be one of {', '.join(finding.choices) or 'none'}, got "
            f"{choice!r}."
        )
    if finding.setting == "day_first":
        orders = {"day_first": True, "month_first": False}
        return replace(settings, day_first=orders.get(choice))
    return replace(settings, **{finding.setting: choice})  # type: ignore[arg-type]


def inspect_series(table: Table, settings: SeriesSettings) -> SeriesReport:
    """Report what the series would be and what stands in its way; never raises.

    "Never" covers whatever the file holds; columns in `settings` that the table does
    not have become findings too.
    """
    prepared = prepare(table, settings)
    spaced = prepared.spaced
    shown_columns = [n for n in spaced.frame.columns if n not in prepared.categories]
    preview = spaced.frame[shown_columns]
    target = settings.roles.targets[0]
    season = 1
    if target in preview.columns:
        season = detect_season(_recent(preview[target].to_numpy()), spaced.frequency)
    return SeriesReport(
        findings=prepared.findings,
        frame_preview=preview,
        frequency=spaced.frequency,
        n_rows=len(prepared.filled.frame),
        gaps=tuple(Gap(start, stop) for start, stop in runs(spaced.is_absent)),
        duplicates=np.flatnonzero(spaced.is_repeated),
        season=season,
        season_candidates=season_candidates(spaced.frequency, len(preview)),
        time_format=prepared.time_format,
    )


def build_series(table: Table, settings: SeriesSettings) -> BuiltSeries:
    """Build the series, repaired as chosen.

    Raises
    ------
    SeriesError
        At the first finding that blocks; the message names row and column, and the
        setting that would resolve it.
    """
    prepared = prepare(table, settings)
    for finding in prepared.findings:
        if finding.is_blocking:
            raise SeriesError(_with_choices(finding))
    roles = expand_roles(settings.roles, prepared.categories)
    values = expand_categories(_indexed(prepared), prepared.categories)
    source = Source(
        file_name=table.name,
        reading=_reading(table, settings, prepared),
        time_columns=settings.time if _has_time(values) else (),
        order_by=() if _has_time(values) else settings.time,
        frequency=prepared.spaced.frequency if _has_time(values) else None,
        repairs=prepared.repairs,
        categories=prepared.categories,
        filled_ahead=prepared.filled.filled_ahead,
        several_series=next(
            (one.message for one in prepared.findings if one.code == CODE), ""
        ),
    )
    return BuiltSeries(values[list(roles.columns)], roles, source, prepared.findings)


def _reading(
    table: Table, settings: SeriesSettings, prepared: Prepared
) -> dict[str, str | bool | None]:
    """Return all that a newer file needs to be read to the same numbers."""
    is_moved = any(f.code == "time_zone" and f.repair for f in prepared.findings)
    rules = {name: getattr(settings, name) for name in _TIME_RULES}
    return {
        **table.options.as_reading(),
        "time_format": prepared.time_format,
        "time_zone": "utc" if is_moved else None,
        **_time_offset(table, settings, prepared),
        "missing": settings.missing,
        "unreadable": settings.unreadable,
        **{name: rule for name, rule in rules.items() if rule != REFUSE},
    }


def _time_offset(
    table: Table, settings: SeriesSettings, prepared: Prepared
) -> dict[str, str | bool | None]:
    """Return the offset from UTC that all time stamps have, where they have one."""
    if prepared.time_format is None:
        return {}
    offset = table.times(
        settings.time, time_format=settings.time_format, day_first=settings.day_first
    ).offset
    return {} if offset is None else {"time_offset": offset_text(offset)}


def _with_choices(finding: Finding) -> str:
    if not finding.choices:
        return finding.message
    choices = ", ".join(finding.choices)
    ahead = " (backward_fill looks ahead)" if "backward_fill" in finding.choices else ""
    return f"{finding.message} Choose `{finding.setting}`: {choices}{ahead}."


def _indexed(prepared: Prepared) -> pd.DataFrame:
    """Return the rows with an index that states its step, or counts."""
    frame = prepared.filled.frame
    frequency = prepared.spaced.frequency
    if prepared.filled.is_counted or not _has_time(frame) or frequency is None:
        return frame.set_axis(pd.RangeIndex(len(frame)))
    return frame.set_axis(pd.DatetimeIndex(frame.index, freq=frequency))


def _has_time(frame: pd.DataFrame) -> bool:
    return isinstance(frame.index, pd.DatetimeIndex)


def _recent(values: np.ndarray) -> np.ndarray:
    """Return the last rows, as many as a season is looked for in, with gaps filled.

    Gaps take a line between the values beside them, at both ends the nearest value.
    """
    start = max(0, len(values) - MOST_VALUES)
    gaps = np.flatnonzero(np.isnan(values[start:]))
    if not len(gaps):
        return values[start:]
    known = np.flatnonzero(~np.isnan(values))
    filled = np.zeros(len(values) - start)
    if len(known):
        filled[:] = values[start:]
        filled[gaps] = np.interp(start + gaps, known, values[known])
    return filled
