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
from search.data.columns import profile_columns
from search.data.samples import SAMPLES, make_sample
from search.data.series import SeriesSettings, build_series, suggest_settings
from search.data.source import Source
from search.data.table import read_table
from search.evaluation.leaks.filling import audit_first_values
from search.evaluation.panel import make_panel
from search.evaluation.scaling import fit_scaler
from search.space.defaults import (
    default_space,
    suggest_task,
)
from search.space.starting import textbook_configurations
from search.study.settings import StudySettings

N_ROWS = 600
PUBLIC = Path(__file__).parents[3] / "shared" / "data"


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


def test_each_column_that_was_filled_from_later_rows_is_named() -> None:
    """The rule is one for all columns; the target alone has no gap here."""
    rows = [
        f"{stamp},{value},{'' if 40 <= k < 43 else k % 9},{'' if k == 70 else k % 5}"
        for k, (stamp, value) in enumerate(_series()["load"].items())
    ]
    content = "\n".join(["time,load,inlet,outlet", *rows, ""]).encode()
    table = read_table(content, name="s.csv")
    roles = Roles(("load",), ("inlet", "outlet"))
    built = build_series(table, SeriesSettings(("time",), roles, missing="interpolate"))
    assert built.source.filled_ahead == {"inlet": 3, "outlet": 1}
    task = Task(horizon=3, holdout=60, season=24)
    space = default_space(N_ROWS, roles, task)
    settings = StudySettings("s", built.source, built.roles, task, space)
    found = [
        one for one in audit_data(built.values, settings)
        if one.kind == "filled_from_future"
    ]  # fmt: skip
    assert [one.column for one in found] == ["inlet", "outlet"]
    assert found[0].message.startswith("3 missing values of 'inlet' were filled by")
    assert found[1].message.startswith("1 missing value of 'outlet' was filled by")
    forward = SeriesSettings(("time",), roles, missing="forward_fill")
    assert build_series(table, forward).source.filled_ahead == {}


def test_texts_are_not_interpolated_but_can_be_filled_backward() -> None:
    rows = [
        f"{stamp},{k % 7},{'' if k == 30 else 'ab'[k % 2]}"
        for k, stamp in enumerate(_series().index[:60])
    ]
    content = "\n".join(["time,load,mode", *rows, ""]).encode()
    table = read_table(content, name="s.csv")
    roles = Roles(("load",), ("mode",))
    for rule, expected in (("interpolate", {}), ("backward_fill", {"mode": 1})):
        settings = SeriesSettings(("time",), roles, missing=rule)  # type: ignore[arg-type]
        assert build_series(table, settings).source.filled_ahead == expected


def test_gaps_of_a_text_column_alone_are_no_alarm() -> None:
    """Texts are filled forward where numbers would be interpolated."""
    rows = [
        f"{stamp},{value},{'' if k == 30 else 'ab'[k // 50 % 2]}"
        for k, (stamp, value) in enumerate(_series()["load"].items())
    ]
    content = "\n".join(["time,load,mode", *rows, ""]).encode()
    table = read_table(content, name="s.csv")
    roles = Roles(("load",), ("mode",))
    built = build_series(table, SeriesSettings(("time",), roles, missing="interpolate"))
    assert built.source.repairs
    task = Task(horizon=3, holdout=60, season=24)
    space = default_space(N_ROWS, built.roles, task)
    settings = StudySettings("s", built.source, built.roles, task, space)
    assert audit_data(built.values, settings) == ()


def test_several_series_in_one_table_are_a_leak(settings: StudySettings) -> None:
    source = replace(settings.source, several_series="It looks like 3 series.")
    (found,) = audit_data(_series(), replace(settings, source=source))
    assert (found.kind, found.message) == ("group_border", "It looks like 3 series.")


def test_a_feature_that_begins_with_a_later_value_is_named(
    settings: StudySettings,
) -> None:
    series = _series()
    series.iloc[:50, 1] = np.nan
    (found,) = audit_data(series.bfill(), settings)
    assert (found.kind, found.column) == ("filled_from_future", "inlet")


@pytest.mark.data
@pytest.mark.skipif(not PUBLIC.is_dir(), reason="../shared/data is absent")
@pytest.mark.parametrize(
    "path",
    [
        *sorted(PUBLIC.glob("*variate/*.csv")),
        *sorted(PUBLIC.glob("process/**/*.[cd][sa][vt]")),
        *sorted(PUBLIC.glob("anomaly/*/*.csv")),
    ],
    ids=lambda path: path.stem,
)
def test_public_series_are_one_series_filled_by_nobody(path: Path) -> None:
    """Gaps are filled forward; every number column is a feature."""
    table = read_table(path.read_bytes(), name=path.name)
    suggested = suggest_settings(table)
    target = suggested.roles.targets[0]
    others = tuple(
        column.name
        for column in profile_columns(table)
        if column.kind == "number" and column.name not in (*suggested.time, target)
    )
    roles = Roles((target,), others)
    choices = {"missing": "forward_fill", "duplicates": "first", "irregular": "ignore"}
    built = build_series(table, replace(suggested, roles=roles, **choices))  # type: ignore[arg-type]
    assert built.source.several_series == ""
    assert built.source.filled_ahead == {}
    assert audit_first_values(built.values, built.roles) == ()


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
        archive.writestr("metrics.json", json.dumps({"trial": 4}))
    found = audit_winner(series, settings, params, bundle, trial=4)
    assert [one.kind for one in found] == kinds
    assert audit_winner(series, settings, params, bundle, trial=5) == ()
    other = replace(params, calendar="none" if has_calendar else "cycles")
    assert audit_winner(series, settings, other, bundle, trial=4) == ()


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
