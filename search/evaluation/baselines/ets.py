"""Exponential smoothing, fitted once and then carried forward row by row.

The form is chosen among level, damped trend and additive season by the corrected
criterion of Akaike, as Hyndman and others (2008) propose,
https://doi.org/10.1007/978-3-540-71918-2.
"""

import warnings
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

LONGEST_SEASON = 60
MOST_ROWS = 5_000
FEWEST_ROWS = 10


@dataclass(frozen=True)
class EtsForm:
    """A form of the model: whether there is a damped trend, and rows in the season."""

    has_trend: bool
    season: int


@dataclass(frozen=True)
class EtsFit:
    """An additive smoothing model whose parameters and first states are settled.

    Attributes
    ----------
    form
        See `EtsForm`.
    params
        Parameters in the order of statsmodels.
    damping
        Factor of the trend for each further step; 1 without a trend.
    start
        Row of the series at which smoothing begins.
    first_states
        Level, trend and season before `start`, as statsmodels takes them.
    """

    form: EtsForm
    params: np.ndarray
    damping: float
    start: int
    first_states: dict[str, object]

    def forecasts(
        self, values: np.ndarray, origins: np.ndarray, *, horizon: int
    ) -> np.ndarray:
        """Return the forecasts from several origins, of shape (n_origins, horizon).

        Parameters
        ----------
        values
            The series from its first row on, of shape (n_rows,). Each forecast uses
            only the rows before its origin.
        origins
            First row of each forecast; after the rows that were learned from.
        """
        model = _model(
            values[self.start : origins.max()],
            self.form,
            first_states=self.first_states,
        )
        smoothed = model.smooth(self.params)
        places = origins[:, None] - self.start
        steps = np.arange(1, horizon + 1)
        found = np.repeat(np.asarray(smoothed.level)[places - 1], horizon, axis=1)
        if self.form.has_trend:
            slopes = np.asarray(smoothed.slope)[places - 1]
            found += slopes * np.cumsum(self.damping**steps)
        if self.form.season > 1:
            back = (steps - 1) % self.form.season - self.form.season
            found += np.asarray(smoothed.season)[places + back]
        return found


def fit_ets(values: np.ndarray, *, season: int) -> EtsFit | None:
    """Fit each form to `values` and return the best one.

    Parameters
    ----------
    values
        The rows to learn from, of shape (n_rows,); of more than 5,000 the last ones.
    season
        Rows in one season. One of more than 60 rows is not modelled, because the
        model would have a state for each of them.

    Returns
    -------
    EtsFit or None
        None where there are fewer than 10 rows.
    """
    start = max(0, len(values) - MOST_ROWS)
    seasons = [1, season] if 1 < season <= LONGEST_SEASON else [1]
    best, lowest = None, np.inf
    for has_trend, rows in product((False, True), seasons):
        form = EtsForm(has_trend, rows)
        if len(values) < FEWEST_ROWS + 2 * (rows if rows > 1 else 0):
            continue
        model = _model(values[start:], form)
        with warnings.catch_warnings():
            # A search that stops early still ends at parameters that are legal.
            warnings.simplefilter("ignore")
            result = model.fit(disp=False)
        if not result.aicc < lowest:
            continue
        lowest = result.aicc
        named = dict(zip(result.param_names, result.params, strict=True))
        best = EtsFit(
            form=form,
            params=np.asarray(result.params),
            damping=float(named.get("damping_trend", 1.0)),
            start=start,
            first_states=_first_states(model, form),
        )
    return best


def _model(
    values: np.ndarray, form: EtsForm, first_states: dict[str, object] | None = None
) -> "ETSModel":
    # statsmodels takes a second to import, and pages import this package too.
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    return ETSModel(
        values,
        error="add",
        trend="add" if form.has_trend else None,
        damped_trend=form.has_trend,
        seasonal="add" if form.season > 1 else None,
        seasonal_periods=form.season if form.season > 1 else None,
        initialization_method="heuristic" if first_states is None else "known",
        **(first_states or {}),
    )


def _first_states(model: "ETSModel", form: EtsForm) -> dict[str, object]:
    states: dict[str, object] = {"initial_level": model.initial_level}
    if form.has_trend:
        states["initial_trend"] = model.initial_trend
    if form.season > 1:
        states["initial_seasonal"] = model.initial_seasonal
    return states
