"""The theta method, fitted once and then carried forward row by row.

Assimakopoulos and Nikolopoulos (2000), https://doi.org/10.1016/S0169-2070(00)00066-2;
in the form of Hyndman and Billah (2003), https://doi.org/10.1016/S0169-2070(01)00143-1:
exponential smoothing with half of the straight line's slope as a drift.
"""

import warnings
from dataclasses import dataclass

import numpy as np

MOST_ROWS = 5_000
FEWEST_ROWS = 10
_LEAST_ALPHA = 1e-3


@dataclass(frozen=True)
class ThetaFit:
    """A theta model whose parameters are settled.

    Attributes
    ----------
    start
        Row of the series at which smoothing begins.
    alpha
        Weight of the newest row in the level.
    slope
        Slope of the straight line through the rows learned from.
    seasonal
        What belongs to each place in the season, from row `start` on.
    is_multiplicative
        Whether `seasonal` are factors, or else summands.
    """

    start: int
    alpha: float
    slope: float
    seasonal: np.ndarray
    is_multiplicative: bool

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
        n_rows = int(origins.max()) - self.start
        adjusted = _without_season(
            values[self.start :][:n_rows], self.seasonal, self.is_multiplicative
        )
        levels = _levels(adjusted, self.alpha)
        places = origins[:, None] - self.start
        steps = np.arange(horizon)
        faded = (1 - (1 - self.alpha) ** places) / self.alpha
        found = levels[places - 1] + self.slope / 2 * (steps + faded)
        seasonal = self.seasonal[(places + steps) % len(self.seasonal)]
        return found * seasonal if self.is_multiplicative else found + seasonal


def fit_theta(values: np.ndarray, *, season: int) -> ThetaFit | None:
    """Fit the model to `values`.

    Parameters
    ----------
    values
        The rows to learn from, of shape (n_rows,); of more than 5,000 the last ones.
    season
        Rows in one season. It is taken out if there are two seasons and the
        autocorrelation one season apart is more than chance, by factors where all
        values are above 0.

    Returns
    -------
    ThetaFit or None
        None where there are fewer than 10 rows.
    """
    # statsmodels takes a second to import, and pages import this package too.
    from statsmodels.tsa.forecasting.theta import ThetaModel
    from statsmodels.tsa.seasonal import seasonal_decompose

    start = max(0, len(values) - MOST_ROWS)
    recent = values[start:]
    if len(recent) < FEWEST_ROWS:
        return None
    has_season = 1 < season <= len(recent) // 2 and _is_seasonal(recent, season)
    is_multiplicative = bool(has_season and (recent > 0).all())
    seasonal = np.zeros(1)
    if has_season:
        model = "multiplicative" if is_multiplicative else "additive"
        parts = seasonal_decompose(recent, model=model, period=season)
        seasonal = np.asarray(parts.seasonal)[:season]
    adjusted = _without_season(recent, seasonal, is_multiplicative)
    alpha, slope = 1.0, 0.0
    if np.ptp(adjusted) > 0:
        with warnings.catch_warnings():
            # A search that stops early still ends at parameters that are legal.
            warnings.simplefilter("ignore")
            found = ThetaModel(adjusted, period=1, deseasonalize=False).fit().params
        alpha, slope = float(found["alpha"]), float(found["b0"])
    return ThetaFit(
        start=start,
        alpha=min(max(alpha, _LEAST_ALPHA), 1.0),
        slope=slope,
        seasonal=seasonal,
        is_multiplicative=is_multiplicative,
    )


def _without_season(
    values: np.ndarray, seasonal: np.ndarray, is_multiplicative: bool
) -> np.ndarray:
    """Take the season out of rows that begin with its first place."""
    repeated = np.resize(seasonal, len(values))
    return values / repeated if is_multiplicative else values - repeated


def _is_seasonal(values: np.ndarray, season: int) -> bool:
    """Test the autocorrelation one season apart at 10 %, as the M competitions did."""
    from statsmodels.tsa.stattools import acf

    if np.ptp(values) == 0:
        return False
    found = acf(values, nlags=season, fft=True)
    error = np.sqrt((1 + 2 * np.sum(found[1:-1] ** 2)) / len(values))
    return bool(abs(found[season]) > 1.645 * error)


def _levels(values: np.ndarray, alpha: float) -> np.ndarray:
    """Return the smoothed level after each row; the first one is the first value."""
    from scipy.signal import lfilter

    start = [(1 - alpha) * values[0]]
    levels: np.ndarray = lfilter([alpha], [1.0, alpha - 1.0], values, zi=start)[0]
    return levels
