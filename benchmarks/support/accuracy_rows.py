"""The public series of the accuracy table: protocol, error, and what others reached.

The numbers of others are published (a recurrent network of a tutorial) or were computed
from the same file (naive and linear forecasts). Each row fixes what its protocol fixes:
targets, horizon, which rows are held out, how gaps are filled, and which error is to be
small (MAE where the metric is MASE, which is a multiple of it). Everything else is left
to the defaults.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.support.places import CACHE, DATA
from search.analysis.holdout.predictions import Predictions

Forecasts = Mapping[str, Predictions]
Errors = tuple[float, ...]


@dataclass(frozen=True)
class AccuracyRow:
    """One forecasting task.

    Attributes
    ----------
    name, protocol, metric
        For the table.
    table
        Reads the file and returns the rows that the protocol uses.
    options
        Options of `python -m search run` after the file.
    errors
        From the forecasts of a model by target, and the table, the error; one number
        a target where the protocol judges each by itself.
    wanted
        The error to reach, from the table and the origins of the holdout.
    others
        What others reached, in words.
    """

    name: str
    protocol: str
    metric: str
    table: Callable[[], pd.DataFrame]
    options: tuple[str, ...]
    errors: Callable[[Forecasts, pd.DataFrame], Errors]
    wanted: Callable[[Forecasts, pd.DataFrame], Errors]
    others: str

    def write(self) -> str:
        """Write the rows that the search gets and return the path."""
        path = CACHE / "accuracy" / f"{self.name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.table().to_csv(path, index=False)
        return str(path)


def rmse(forecasts: Forecasts, _table: pd.DataFrame, *, stride: int = 1) -> Errors:
    """Return the root mean square error of every `stride`-th forecast, all steps."""
    return tuple(
        float(np.sqrt(np.mean(one.errors[::stride] ** 2))) for one in forecasts.values()
    )


def nrmse(forecasts: Forecasts, table: pd.DataFrame) -> Errors:
    """Return the RMSE over the standard deviation of the rows before the holdout."""
    return tuple(
        float(np.sqrt(np.mean(one.errors**2)) / _seen(table, target, one).std())
        for target, one in forecasts.items()
    )


def mase(forecasts: Forecasts, table: pd.DataFrame, *, season: int) -> Errors:
    """Return the MAE over that of the seasonal naive forecast before the holdout."""
    scaled = []
    for target, one in forecasts.items():
        seen = _seen(table, target, one)
        scale = np.abs(seen[season:] - seen[:-season]).mean()
        scaled.append(float(np.abs(one.errors).mean() / scale))
    return tuple(scaled)


def best_seasonal_naive(
    forecasts: Forecasts, table: pd.DataFrame, *, season: int, lags: tuple[int, ...]
) -> Errors:
    """Return the MASE of the better one of several seasonal naive forecasts."""
    target, like = next(iter(forecasts.items()))
    values = table[target].to_numpy(float)
    rows = like.origins[:, None] + np.arange(like.horizon)
    found: list[float] = []
    for lag in lags:
        # Seasons that are not over at the origin repeat the last one that is.
        back = -(-(np.arange(like.horizon) + 1) // lag) * lag
        naive = Predictions(
            like.origins, like.steps, like.times, like.actual, values[rows - back]
        )
        found += mase({target: naive}, table, season=season)
    return (min(found),)


def _seen(table: pd.DataFrame, target: str, forecasts: Predictions) -> np.ndarray:
    """Return the values before the first forecast."""
    return table[target].to_numpy(float)[: forecasts.origins[0]]


def fixed(*values: float) -> Callable[[Forecasts, pd.DataFrame], Errors]:
    """Return a goal that does not depend on the forecasts."""
    return lambda _forecasts, _table: values


def _read(path: str) -> pd.DataFrame:
    return pd.read_csv(DATA / path)


def _pollution() -> pd.DataFrame:
    """Return the hours without the first day, which has no value; winds as numbers."""
    table = _read("multivariate/pollution.csv").drop(columns="No").iloc[24:]
    return table.assign(cbwd=table["cbwd"].astype("category").cat.codes)


def _power() -> pd.DataFrame:
    """Return whole weeks from Sunday on: 159 and then 46."""
    return _read("multivariate/household_power_consumption_days.csv").iloc[1:-6]


def _winding() -> pd.DataFrame:
    names = [*(f"input {n}" for n in range(1, 6)), "tension 1", "tension 2"]
    path = DATA / "process/winding.dat"
    return pd.read_csv(path, sep=r"\s+", header=None, names=names)


ACCURACY_ROWS = (
    AccuracyRow(
        "airline",
        "AirPassengers, 1 step, last 48 of 144 months",
        "RMSE",
        partial(_read, "univariate/airline-passengers.csv"),
        ("--target", "Passengers", "--horizon", "1", "--holdout", "48"),
        rmse,
        fixed(20.0),
        "LSTM(4) tutorial 47.53; seasonal naive 41.85; seasonal AR(2) 14.64",
    ),
    AccuracyRow(
        "airline-12",
        "the same, horizon 12, last 24 months",
        "MASE (12)",
        partial(_read, "univariate/airline-passengers.csv"),
        (
            *("--target", "Passengers", "--horizon", "12", "--holdout", "24"),
            *("--score", "mae"),
        ),
        partial(mase, season=12),
        partial(best_seasonal_naive, season=12, lags=(12,)),
        "seasonal naive: as wanted",
    ),
    AccuracyRow(
        "temperatures",
        "Melbourne minimum temperatures, 1 step, last 365 days",
        "RMSE",
        partial(_read, "univariate/daily-min-temperatures.csv"),
        ("--target", "Temp", "--holdout", "365", "--missing", "interpolate"),
        rmse,
        fixed(2.27),
        "last value 2.582; AR(30) 2.266",
    ),
    AccuracyRow(
        "sunspots",
        "monthly sunspots, 1 step, last 564 of 2,820 months",
        "RMSE",
        partial(_read, "univariate/monthly-sunspots.csv"),
        ("--target", "Sunspots", "--holdout", "564"),
        rmse,
        fixed(18.2),
        "last value 20.09; AR(36) 18.22",
    ),
    AccuracyRow(
        "pollution",
        "Beijing PM2.5, 8 columns, 1 hour ahead, first 8,760 of 43,800 hours train",
        "RMSE",
        _pollution,
        (
            *("--target", "pm2.5", "--features", "all", "--time"),
            *("year,month,day,hour", "--missing", "zero", "--holdout", "35040"),
        ),
        rmse,
        fixed(26.29),
        "LSTM(50) tutorial 26.496; last value 26.559; ridge 26.291",
    ),
    AccuracyRow(
        "power",
        "household power, 7 days ahead, 46 weeks, one forecast a week",
        "RMSE",
        _power,
        (
            *("--target", "Global_active_power", "--features", "all"),
            *("--horizon", "7", "--holdout", "322"),
        ),
        partial(rmse, stride=7),
        fixed(399.0),
        "LSTM(200) tutorial 399.456; week a year ago 465.3; last week 469.4",
    ),
    AccuracyRow(
        "taxi",
        "NYC taxi, 48 half hours ahead, last 14 days",
        "MASE (48)",
        partial(_read, "univariate/nyc_taxi.csv"),
        (
            *("--target", "value", "--horizon", "48", "--holdout", "672"),
            *("--score", "mae"),
        ),
        partial(mase, season=48),
        partial(best_seasonal_naive, season=48, lags=(48, 336)),
        "the better seasonal naive (a day, a week): as wanted",
    ),
    AccuracyRow(
        "gas-furnace",
        "gas furnace, CO2 from gas rate, 1 step, last 96 of 296",
        "RMSE",
        partial(_read, "process/gas-furnace.csv"),
        (
            *("--target", "CO2", "--features", "InputGasRate", "--time", "none"),
            *("--holdout", "96"),
        ),
        rmse,
        fixed(0.465),
        "last value 0.813; ARX(3,3) 0.465",
    ),
    AccuracyRow(
        "winding",
        "winding, 5 inputs, 2 outputs, 1 step, last fifth of 2,500",
        "NRMSE, each",
        _winding,
        (
            *("--target", "tension 1,tension 2", "--features", "all"),
            *("--time", "none", "--holdout", "500"),
        ),
        nrmse,
        fixed(0.115, 0.346),
        "last value 0.203, 0.538; VARX(10) 0.115, 0.346",
    ),
)
