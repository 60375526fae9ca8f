"""Missing values: what was found, and filling by the rule that was chosen."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from search.data.findings import (
    N_NAMED,
    REFUSE,
    Finding,
    counted,
    listed,
    n_true,
    shown,
)
from search.data.settings import CHOICES, MissingRule
from search.data.table import Table
from search.data.timing.spacing import SpacedRows
from search.data.timing.spacing_findings import runs

_RULE_WORDS = {
    "forward_fill": "took the last value before",
    "interpolate": "took a line between the values beside them, the later one too",
    "zero": "became 0",
    "backward_fill": "took the next value, which looks ahead",
}


@dataclass(frozen=True)
class FilledRows:
    """Rows without missing values, as far as the rule provides for them.

    Attributes
    ----------
    frame
        Like `SpacedRows.frame`, complete unless the rule is ``refuse``.
    is_counted
        Whether rows inside were dropped, so that time stamps mean nothing any more.
    repairs
        One sentence for each thing that was done.
    filled_ahead
        Columns that were filled from later rows, and in how many places.
    """

    frame: pd.DataFrame
    is_counted: bool
    repairs: tuple[str, ...]
    filled_ahead: dict[str, int] = field(default_factory=dict)


def missing_findings(
    table: Table,
    spaced: SpacedRows,
    rule: MissingRule,
    is_refused: dict[str, np.ndarray],
) -> tuple[Finding, ...]:
    """Report the missing values of each column.

    Absent time stamps, the cells of `is_refused` and columns without any number have
    findings of their own.
    """
    found = []
    for name in spaced.frame.columns:
        is_missing = spaced.frame[name].isna().to_numpy() & ~spaced.is_absent
        if name in is_refused and is_refused[name].any():
            is_missing &= ~is_refused[name][spaced.rows]
        count = n_true(is_missing)
        if 0 < count < len(is_missing):
            found.append(_missing_finding(table, spaced, name, is_missing, rule))
    return tuple(found)


def fill_missing(
    frame: pd.DataFrame, rule: MissingRule, codes: tuple[str, ...]
) -> FilledRows:
    """Fill the missing values of an equally spaced frame.

    Parameters
    ----------
    frame
        Numbers, and positions of texts in the columns `codes`, which are never
        interpolated and stay missing under ``zero`` (all their 0/1 columns are 0).
    rule
        See `SeriesSettings.missing`.
    codes
        Columns that hold positions of texts.
    """
    if rule == REFUSE or not frame.isna().any(axis=None):
        return FilledRows(frame, False, ())
    filled = _fill(frame, rule, codes)
    n_filled = int(frame.isna().sum().sum() - filled.isna().sum().sum())
    is_whole = ~filled.drop(columns=list(codes) if rule == "zero" else []).isna()
    whole = is_whole.all(axis=1).to_numpy()
    if not whole.any():
        return FilledRows(filled.iloc[:0], False, ())
    start = int(whole.argmax())
    stop = len(whole) - int(whole[::-1].argmax())
    repairs = []
    if n_filled:
        repairs.append(f"{counted(n_filled, 'missing value')} {_RULE_WORDS[rule]}.")
    n_ends = start + len(whole) - stop
    if n_ends:
        repairs.append(
            f"{counted(start, 'row')} at the beginning and "
            f"{counted(len(whole) - stop, 'row')} at the end, which the rule cannot "
            "fill, were left out."
        )
    inside = whole[start:stop]
    if not inside.all():
        n_inside = int((~inside).sum())
        repairs.append(
            f"{counted(n_inside, 'row')} with missing values inside the series were "
            "left out; the rows are counted from then on."
        )
    kept = filled.iloc[start:stop][inside]
    ahead = _filled_ahead(frame, filled, rule, codes)
    return FilledRows(kept, not inside.all(), tuple(repairs), ahead)


def _filled_ahead(
    frame: pd.DataFrame, filled: pd.DataFrame, rule: MissingRule, codes: tuple[str, ...]
) -> dict[str, int]:
    """Return what was filled from later rows; texts are not interpolated."""
    if rule not in ("backward_fill", "interpolate"):
        return {}
    counts = frame.isna().sum() - filled.isna().sum()
    return {
        str(name): int(count)
        for name, count in counts.items()
        if count and not (rule == "interpolate" and name in codes)
    }


def _fill(
    frame: pd.DataFrame, rule: MissingRule, codes: tuple[str, ...]
) -> pd.DataFrame:
    numbers = frame.columns.difference(list(codes), sort=False)
    if rule == "forward_fill":
        return frame.ffill()
    if rule == "backward_fill":
        return frame.bfill()
    filled = frame.copy()
    if rule == "zero":
        filled[numbers] = filled[numbers].fillna(0.0)
    if rule == "interpolate":
        for name in numbers:
            filled[name] = _line_between(filled[name].to_numpy())
        texts = list(codes)
        filled[texts] = filled[texts].ffill()
    return filled


def _line_between(values: np.ndarray) -> np.ndarray:
    """Fill inside by straight lines; both ends stay missing."""
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return values
    places = np.arange(len(values))
    return np.interp(places, known, values[known], left=np.nan, right=np.nan)


def _missing_finding(
    table: Table, spaced: SpacedRows, name: str, mask: np.ndarray, rule: MissingRule
) -> Finding:
    count = n_true(mask)
    places = spaced.rows[np.flatnonzero(mask)]
    lines = table.file_rows(np.sort(places)[:N_NAMED])
    text = (
        f"Column {shown(name)} has {counted(count, 'missing value')}: "
        f"{listed(lines, n_all=count)}"
    )
    longest = max(stop - start for start, stop in runs(mask))
    if longest > 1:
        text += f"; the longest run has {longest:,} rows"
    return Finding(
        "missing_values",
        "choice",
        f"{text}.",
        column=name,
        rows=lines,
        count=count,
        setting="missing",
        choices=CHOICES["missing"],
        chosen=rule,
    )
