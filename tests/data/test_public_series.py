"""Public series that are not part of the repository, read as a user would."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.config import Roles
from search.data.series import build_series, inspect_series, suggest_settings
from search.data.table import Table, read_table
from tests.data.tables import missing_rows

FOLDER = Path(__file__).parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/data is absent"),
]


def _table(name: str) -> Table:
    path = FOLDER / name
    return read_table(path.read_bytes(), name=path.name)


@dataclass(frozen=True)
class Expected:
    """What the first look at a file should say."""

    name: str
    n_rows: int
    time: tuple[str, ...]
    frequency: str | None
    season: int
    codes: tuple[str, ...] = ()


GAPS, BARE = ("gaps",), ("no_header", "no_time")
HOUSEHOLD = "multivariate/household_power_consumption_days.csv"
PARTS = ("year", "month", "day", "hour")
EXPECTED = [
    Expected("univariate/airline-passengers.csv", 144, ("Month",), "MS", 12),
    Expected("univariate/daily-min-temperatures.csv", 3652, ("Date",), "D", 1, GAPS),
    Expected("univariate/daily-total-female-births.csv", 365, ("Date",), "D", 1),
    Expected("univariate/monthly-shampoo-sales.csv", 36, (), None, 1, ("no_time",)),
    Expected("univariate/monthly-sunspots.csv", 2820, ("Month",), "MS", 1),
    Expected("univariate/nyc_taxi.csv", 10320, ("timestamp",), "30min", 336),
    Expected(HOUSEHOLD, 1442, ("datetime",), "D", 1),
    Expected("multivariate/pollution.csv", 43824, PARTS, "h", 1),
    Expected("process/gas-furnace.csv", 296, (), None, 1, ("no_time",)),
    Expected("process/winding.dat", 2500, (), None, 1, BARE),
    Expected("process/tennessee_eastman/d01.dat", 480, (), None, 1, BARE),
    Expected("anomaly/skab/valve1-0.csv", 1200, ("datetime",), "s", 1, GAPS),
    Expected("anomaly/skab/anomaly-free.csv", 9961, ("datetime",), "s", 1, GAPS),
]


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda expected: expected.name)
def test_first_look(expected):
    table = _table(expected.name)
    settings = suggest_settings(table)
    report = inspect_series(table, settings)
    assert settings.time == expected.time
    assert report.frequency == expected.frequency
    assert report.n_rows == expected.n_rows
    assert report.season == expected.season
    assert tuple(finding.code for finding in report.findings) == expected.codes
    assert report.is_ready is ("gaps" not in expected.codes)


def test_shampoo_says_why_rows_are_counted():
    table = _table("univariate/monthly-shampoo-sales.csv")
    (finding,) = inspect_series(table, suggest_settings(table)).findings
    assert "'Month' was not read as dates; row 2 has '1-01'" in finding.message


def test_leap_days_are_found_absent():
    table = _table("univariate/daily-min-temperatures.csv")
    report = inspect_series(table, suggest_settings(table))
    stamps = report.frame_preview.index[[gap.start for gap in report.gaps]]
    assert [str(stamp.date()) for stamp in stamps] == ["1984-12-31", "1988-12-31"]


def test_pollution_with_all_columns():
    table = _table("multivariate/pollution.csv")
    features = ("DEWP", "TEMP", "PRES", "cbwd", "Iws", "Is", "Ir")
    settings = replace(
        suggest_settings(table),
        roles=Roles(("pm2.5",), past_features=features, calendar=("hour", "weekday")),
    )
    report = inspect_series(table, settings)
    codes = [(finding.code, finding.column) for finding in report.findings]
    assert codes == [("categories", "cbwd"), ("missing_values", "pm2.5")]
    assert missing_rows(report, "pm2.5")[:24].tolist() == list(range(24))
    assert len(missing_rows(report, "pm2.5")) == 2067
    built = build_series(table, replace(settings, missing="forward_fill"))
    assert built.values.shape == (43800, 11)
    assert built.values.index[0] == pd.Timestamp("2010-01-02")
    assert built.roles.past_features[3:7] == (
        "cbwd=NE",
        "cbwd=NW",
        "cbwd=SE",
        "cbwd=cv",
    )
    assert np.isfinite(built.values.to_numpy()).all()
    one_of_four = built.values[["cbwd=NE", "cbwd=NW", "cbwd=SE", "cbwd=cv"]].sum(axis=1)
    assert (one_of_four == 1).all()


def test_airline_passengers_first_and_last():
    table = _table("univariate/airline-passengers.csv")
    values = build_series(table, suggest_settings(table)).values["Passengers"]
    assert (values.iloc[0], values.iloc[-1]) == (112.0, 432.0)
    assert values.index[-1] == pd.Timestamp("1960-12-01")
    assert values.index.freqstr == "MS"
