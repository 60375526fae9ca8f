import hashlib

import pandas as pd
import pytest

from search.data.columns import profile_columns
from search.data.samples import SAMPLES, make_sample
from search.data.series import SeriesSettings, build_series, inspect_series
from search.data.table import read_table
from search.errors import ConfigError


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_is_ready_as_it_is(name):
    sample = SAMPLES[name]
    table = read_table(make_sample(name), name=f"{name}.csv")
    settings = SeriesSettings(time=sample.time, roles=sample.roles)
    report = inspect_series(table, settings)
    assert report.is_ready
    assert report.season == sample.season
    built = build_series(table, settings)
    assert len(built.values) == sample.n_rows
    assert 600 <= sample.n_rows <= 1500
    assert isinstance(built.values.index, pd.DatetimeIndex) == bool(sample.time)


@pytest.mark.parametrize("name", SAMPLES)
def test_make_sample_returns_the_same_bytes(name):
    digests = {hashlib.sha256(make_sample(name)).digest() for _ in range(2)}
    assert len(digests) == 1


def test_stirred_tank_has_units_a_step_and_a_ramp():
    table = read_table(make_sample("stirred_tank"), name="x")
    units = {profile.name: profile.unit for profile in profile_columns(table)}
    assert units == {
        "time": None,
        "feed flow [L/min]": "L/min",
        "pressure [bar]": "bar",
        "temperature [°C]": "°C",
    }
    flow = table.frame["feed flow [L/min]"].astype(float).to_numpy()
    assert flow[:240].mean() == pytest.approx(10.0, abs=0.3)
    assert flow[240:600].mean() == pytest.approx(12.0, abs=0.3)
    assert flow[680:700].mean() == pytest.approx(13.5, abs=0.5)
    assert flow[780:].mean() == pytest.approx(15.0, abs=0.3)


def test_daily_sales_are_whole_and_weakest_on_sundays():
    table = read_table(make_sample("daily_sales"), name="x")
    sales = table.frame["sales [units]"].astype(int)
    weekday = pd.to_datetime(table.frame["date"]).dt.day_of_week
    assert sales.min() > 0
    assert sales.groupby(weekday).mean().idxmin() == 6


def test_make_sample_refuses_other_names():
    with pytest.raises(ConfigError, match="`name` must be one of two_sines, stirred"):
        make_sample("moon")
