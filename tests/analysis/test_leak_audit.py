"""The audit of a whole study: clean data pass, planted leaks do not."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.analysis.leak_audit import audit_data, audit_winner
from search.config import Roles, Task
from search.data.samples import SAMPLES, make_sample
from search.data.series import SeriesSettings, build_series
from search.data.source import Source
from search.data.table import read_table
from search.evaluation.panel import make_panel
from search.evaluation.scaling import fit_scaler
from search.study.defaults import (
    default_space,
    suggest_task,
)
from search.study.settings import StudySettings
from search.study.starting import textbook_configurations

N_ROWS = 600


def _series() -> pd.DataFrame:
    rows = np.arange(N_ROWS)
    generator = np.random.default_rng(0)
    load = 5 + np.sin(rows / 4) + 0.3 * generator.normal(size=N_ROWS)
    inlet = np.cumsum(generator.normal(size=N_ROWS))
    index = pd.date_range("2024-01-01", periods=N_ROWS, freq="h")
    return pd.DataFrame({"load": load, "inlet": inlet}, index=index)


@pytest.fixture
def settings() -> StudySettings:
    roles = Roles(("load",), ("inlet",), calendar=("hour",))
    task = Task(horizon=3, holdout=60, season=24)
    source = Source("s.csv", time_columns=("time",), frequency="h")
    return StudySettings("s", source, roles, task, default_space(N_ROWS, roles, task))


def test_clean_data_raise_no_alarm(settings: StudySettings) -> None:
    assert audit_data(_series(), settings) == ()


def test_a_leaking_feature_is_named(settings: StudySettings) -> None:
    series = _series()
    series["inlet"] = series["load"].shift(-2).ffill()
    (found,) = audit_data(series, settings)
    assert (found.kind, found.column) == ("shifted_copy", "inlet")


@pytest.mark.parametrize("rule", ["backward_fill", "interpolate"])
def test_gaps_filled_from_later_rows_are_named(
    settings: StudySettings, rule: str
) -> None:
    source = replace(
        settings.source, reading={"missing": rule}, repairs=("3 values were filled.",)
    )
    (found,) = audit_data(_series(), replace(settings, source=source))
    assert found.kind == "filled_from_future"
    unused = replace(source, repairs=())
    assert audit_data(_series(), replace(settings, source=unused)) == ()


@pytest.mark.parametrize(("stop", "kinds"), [(540, []), (600, ["scaler"])])
def test_a_delivered_scaler_is_checked(
    settings: StudySettings, tmp_path: Path, stop: int, kinds: list[str]
) -> None:
    series = _series()
    params = settings.space.complete(textbook_configurations(settings.space)[0])
    has_calendar = params.calendar == "cycles"
    panel = make_panel(series, settings.roles, calendar=has_calendar)
    scaler = fit_scaler(panel, params.scaler, stop=stop)
    document = {"center": scaler.center.tolist(), "scale": scaler.scale.tolist()}
    bundle = tmp_path / "bundle.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("preprocessing.json", json.dumps(document))
    found = audit_winner(series, settings, params, bundle)
    assert [one.kind for one in found] == kinds


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_of_the_product_are_clean(name: str) -> None:
    sample = SAMPLES[name]
    table = read_table(make_sample(name), name=f"{name}.csv")
    built = build_series(table, SeriesSettings(time=sample.time, roles=sample.roles))
    n_rows = len(built.values)
    task = suggest_task(n_rows, horizon=sample.horizon, season=sample.season)
    space = default_space(n_rows, built.roles, task)
    settings = StudySettings("s", built.source, built.roles, task, space)
    assert audit_data(built.values, settings) == ()
