"""Three series made by code, for a first look and for tests."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.config import Roles
from search.errors import ConfigError

_SETTLING_MINUTES = 300


@dataclass(frozen=True)
class Sample:
    """A built-in series and the settings that suit it.

    Attributes
    ----------
    name
        Key in `SAMPLES`.
    title, description
        Texts for the page.
    time
        Columns that make the time stamp; () counts rows.
    roles
        Suggested targets and features.
    horizon
        Suggested steps to predict, in rows.
    season
        Rows in one season; 1 for none.
    n_rows
        Number of rows.
    """

    name: str
    title: str
    description: str
    time: tuple[str, ...]
    roles: Roles
    horizon: int
    season: int
    n_rows: int


SAMPLES: dict[str, Sample] = {
    sample.name: sample
    for sample in (
        Sample(
            name="two_sines",
            title="Two sines",
            description=(
                "A mixture of two sine waves of 25 and 100 steps with noise. No time "
                "stamps: the rows are counted. The noise has a standard deviation of "
                "0.1, which no forecast can beat."
            ),
            time=(),
            roles=Roles(targets=("signal",)),
            horizon=10,
            season=25,
            n_rows=800,
        ),
        Sample(
            name="stirred_tank",
            title="Stirred-tank reactor",
            description=(
                "A simulated reactor with a cooling jacket, one row a minute: "
                "temperature, pressure and feed flow. The feed steps up after about "
                "four hours and rises in a ramp after about ten."
            ),
            time=("time",),
            roles=Roles(
                targets=("temperature [°C]",),
                past_features=("pressure [bar]",),
                known_features=("feed flow [L/min]",),
            ),
            horizon=15,
            season=1,
            n_rows=1_000,
        ),
        Sample(
            name="daily_sales",
            title="Daily sales",
            description=(
                "Four years of daily sales of a shop with a weekly and a yearly "
                "season, growth and noise. Saturdays are strong, Sundays weak."
            ),
            time=("date",),
            roles=Roles(targets=("sales [units]",), calendar=("weekday", "month")),
            horizon=14,
            season=7,
            n_rows=1_461,
        ),
    )
}


def make_sample(name: str) -> bytes:
    """Return the sample called `name` as a CSV file; the same bytes every time.

    Raises
    ------
    ConfigError
        If there is no sample of this name.
    """
    if name not in SAMPLES:
        raise ConfigError(f"`name` must be one of {', '.join(SAMPLES)}, got {name!r}.")
    frame = _MAKERS[name](SAMPLES[name].n_rows)
    return bytes(frame.to_csv(index=False, lineterminator="\n").encode("utf-8"))


def _two_sines(n_rows: int) -> pd.DataFrame:
    random = np.random.default_rng(11)
    step = np.arange(n_rows)
    waves = np.sin(2 * np.pi * step / 25) + 0.5 * np.sin(2 * np.pi * step / 100 + 1.0)
    return pd.DataFrame({"signal": (waves + random.normal(0, 0.1, n_rows)).round(4)})


def _stirred_tank(n_rows: int) -> pd.DataFrame:
    """Simulate an exothermic reaction A -> B with Euler steps of one second.

    Balances of mass and energy with the usual textbook terms (Fogler, Elements of
    Chemical Reaction Engineering, ch. 13), with constants that make the tank stable.
    """
    random = np.random.default_rng(12)
    minute = np.arange(n_rows)
    feed = 10.0 + 2.0 * (minute >= 240) + 3.0 * np.clip((minute - 600) / 180, 0, 1)
    feed = feed + _wander(random, n_rows, keep=0.96, spread=0.08)
    measured_feed = feed + random.normal(0, 0.03, n_rows)
    jacket = 15.0 + _wander(random, n_rows, keep=0.98, spread=0.15)
    concentration, temperature = 0.7, 65.0  # mol/L, °C
    volume, feed_concentration, feed_temperature = 150.0, 2.0, 25.0  # L, mol/L, °C
    temperatures = np.empty(n_rows)
    for row in range(-_SETTLING_MINUTES, n_rows):
        minute_of = max(row, 0)
        for _ in range(60):
            turnover = feed[minute_of] / volume / 60  # 1/s
            rate = 6_000 * np.exp(-5_000 / (temperature + 273.15)) * concentration
            concentration += turnover * (feed_concentration - concentration) - rate
            temperature += (
                turnover * (feed_temperature - temperature)
                + 50.0 * rate
                - 5.0e-4 * (temperature - jacket[minute_of])
            )
        temperatures[minute_of] = temperature
    pressure = 1.8 + 0.018 * (temperatures - 60) + 0.03 * (feed - 10)
    return pd.DataFrame(
        {
            "time": pd.date_range("2024-03-04 06:00", periods=n_rows, freq="min"),
            "feed flow [L/min]": measured_feed.round(3),
            "pressure [bar]": (pressure + random.normal(0, 0.004, n_rows)).round(4),
            "temperature [°C]": (temperatures + random.normal(0, 0.05, n_rows)).round(
                3
            ),
        }
    )


def _daily_sales(n_rows: int) -> pd.DataFrame:
    random = np.random.default_rng(13)
    date = pd.date_range("2021-01-01", periods=n_rows, freq="D")
    of_week = np.array([0.95, 0.92, 0.97, 1.05, 1.20, 1.35, 0.56])[date.day_of_week]
    of_year = 1 + 0.22 * np.cos(
        2 * np.pi * (date.day_of_year.to_numpy() - 350) / 365.25
    )
    growth = 1 + 0.25 * np.arange(n_rows) / n_rows
    mood = np.exp(_wander(random, n_rows, keep=0.8, spread=0.03))
    noise = np.exp(random.normal(0, 0.05, n_rows))
    sales = 180 * of_week * of_year * growth * mood * noise
    return pd.DataFrame(
        {"date": date.strftime("%Y-%m-%d"), "sales [units]": sales.round().astype(int)}
    )


def _wander(
    random: np.random.Generator, n_rows: int, *, keep: float, spread: float
) -> np.ndarray:
    """Return a disturbance that keeps the share `keep` of its last value."""
    values = np.zeros(n_rows)
    for row, shock in enumerate(random.normal(0, spread, n_rows)):
        values[row] = keep * values[row - 1] + shock if row else shock
    return values


_MAKERS: dict[str, Callable[[int], pd.DataFrame]] = {
    "two_sines": _two_sines,
    "stirred_tank": _stirred_tank,
    "daily_sales": _daily_sales,
}
