"""Records of what a series would be, and of a series that is ready."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from search.config import Roles
from search.data.findings import Finding
from search.data.outliers import mark_outliers
from search.data.source import Source


def _no_positions() -> np.ndarray:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Gap:
    """Time stamps that are absent: the rows [start, stop) of `frame_preview`."""

    start: int
    stop: int


@dataclass(frozen=True)
class SeriesReport:
    """Everything that a page shows about a series before it is built.

    Positions are zero-based rows of `frame_preview`.

    Attributes
    ----------
    findings
        What was found, in the order in which it should be read.
    frame_preview
        The number columns that have a role, sorted by time, one row a time stamp,
        absent time stamps as rows of NaN, nothing filled. The index is a
        DatetimeIndex or a RangeIndex.
    frequency
        pandas offset alias of the step; None where rows are counted or no step is
        common enough.
    n_rows
        Rows of the series under these settings; of `frame_preview` where it cannot
        be built yet.
    gaps
        Runs of absent time stamps.
    duplicates
        Rows whose time stamp occurs more than once in the file.
    season
        Rows in one season of the first target; 1 where none was found.
    season_candidates
        Seasons to offer, in rows.
    time_format
        Format of the time stamp that was found or given; None where rows are counted.
    """

    findings: tuple[Finding, ...]
    frame_preview: pd.DataFrame
    frequency: str | None
    n_rows: int
    gaps: tuple[Gap, ...] = ()
    duplicates: np.ndarray = field(default_factory=_no_positions)
    season: int = 1
    season_candidates: tuple[int, ...] = ()
    time_format: str | None = None

    def outliers(self, name: str) -> np.ndarray:
        """Return the rows of a column to mark as unusual in a chart."""
        return mark_outliers(self.frame_preview[name].to_numpy())

    @property
    def is_ready(self) -> bool:
        """Whether `build_series` would succeed with the same settings."""
        return not self.open_findings

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """Findings that keep the series from being built."""
        return tuple(finding for finding in self.findings if finding.is_blocking)


@dataclass(frozen=True)
class BuiltSeries:
    """A series that can be modelled.

    Attributes
    ----------
    values
        Float64 columns in the order of ``roles.columns``, without NaN or infinity;
        the index is a naive, sorted, equally spaced DatetimeIndex with its `freq`
        set, or a RangeIndex.
    roles
        Roles after text columns became 0/1 columns.
    source
        For the record of the study.
    findings
        Everything that was found, with the choices made.
    """

    values: pd.DataFrame
    roles: Roles
    source: Source
    findings: tuple[Finding, ...] = ()
