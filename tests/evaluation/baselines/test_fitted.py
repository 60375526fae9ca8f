"""Smoothing, theta and ridge: against their libraries, and blind to the future."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel

from search.config import Roles
from search.evaluation.baselines.ets import fit_ets
from search.evaluation.baselines.ridge import fit_ridge
from search.evaluation.baselines.theta import fit_theta
from search.evaluation.panel import Panel, make_panel

N_TRAIN, HORIZON, SEASON = 200, 14, 12
ORIGINS = np.arange(N_TRAIN, N_TRAIN + 40)

Forecast = Callable[[np.ndarray], np.ndarray]


def _series(n_rows: int = 260) -> np.ndarray:
    rows = np.arange(n_rows)
    noise = np.random.default_rng(0).normal(0, 1, n_rows)
    return 30 + 0.05 * rows + 3 * np.sin(2 * np.pi * rows / SEASON) + noise


def _panel(values: np.ndarray) -> Panel:
    return make_panel(pd.DataFrame({"y": values}), Roles(("y",)))


def _ets(values: np.ndarray) -> np.ndarray:
    fitted = fit_ets(values[:N_TRAIN], season=SEASON)
    assert fitted is not None
    return fitted.forecasts(values, ORIGINS, horizon=HORIZON)


def _theta(values: np.ndarray) -> np.ndarray:
    fitted = fit_theta(values[:N_TRAIN], season=SEASON)
    assert fitted is not None
    return fitted.forecasts(values, ORIGINS, horizon=HORIZON)


def _ridge(values: np.ndarray) -> np.ndarray:
    panel = _panel(values)
    fitted = fit_ridge(panel, stop=N_TRAIN, horizon=HORIZON, sequence_length=24)
    assert fitted is not None
    return fitted.forecasts(panel, ORIGINS, horizon=HORIZON)[..., 0]


METHODS = {"ets": _ets, "theta": _theta, "ridge": _ridge}


def test_ets_forecasts_like_statsmodels_from_the_end_of_what_it_learned() -> None:
    values = _series()
    reference = ETSModel(
        values[:N_TRAIN],
        error="add",
        trend="add",
        damped_trend=True,
        seasonal="add",
        seasonal_periods=SEASON,
        initialization_method="heuristic",
    ).fit(disp=False)
    fitted = fit_ets(values[:N_TRAIN], season=SEASON)
    assert fitted is not None
    assert fitted.form.has_trend
    assert fitted.form.season == SEASON
    found = fitted.forecasts(values, ORIGINS[:1], horizon=HORIZON)[0]
    assert found == pytest.approx(reference.forecast(HORIZON), abs=1e-6)


def test_theta_forecasts_like_statsmodels_from_the_end_of_what_it_learned() -> None:
    values = _series()
    reference = ThetaModel(values[:N_TRAIN], period=SEASON).fit().forecast(HORIZON)
    assert _theta(values)[0] == pytest.approx(reference.to_numpy(), rel=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_forecasts_do_not_know_what_comes_after_their_origin(name: str) -> None:
    values = _series()
    changed = values.copy()
    changed[ORIGINS[10] :] += 1_000
    before, after = METHODS[name](values), METHODS[name](changed)
    assert np.array_equal(before[:11], after[:11])
    assert not np.allclose(before[11:], after[11:])


@pytest.mark.parametrize("name", METHODS)
def test_forecasts_beat_the_last_value_on_a_season_and_a_trend(name: str) -> None:
    values = _series()
    actual = values[ORIGINS[:, None] + np.arange(HORIZON)]
    naive = np.abs(values[ORIGINS - 1][:, None] - actual).mean()
    assert np.abs(METHODS[name](values) - actual).mean() < 0.6 * naive


def test_theta_subtracts_the_season_where_values_are_not_all_positive() -> None:
    values = _series() - 35
    fitted = fit_theta(values[:N_TRAIN], season=SEASON)
    assert fitted is not None
    assert not fitted.is_multiplicative
    actual = values[ORIGINS[:, None] + np.arange(HORIZON)]
    error = np.abs(fitted.forecasts(values, ORIGINS, horizon=HORIZON) - actual).mean()
    assert error < 1.3


def test_long_seasons_and_constant_rows_are_forecast_too() -> None:
    flat = np.full(260, 7.0)
    for fit in (fit_ets, fit_theta):
        fitted = fit(flat[:N_TRAIN], season=100)
        assert fitted is not None
        found = fitted.forecasts(flat, ORIGINS, horizon=3)
        assert found == pytest.approx(np.full((40, 3), 7.0))


def test_too_few_rows_have_no_fit() -> None:
    few = _series(9)
    assert fit_ets(few, season=12) is None
    assert fit_theta(few, season=12) is None
    assert fit_ridge(_panel(few), stop=9, horizon=1, sequence_length=4) is None


def test_ridge_learns_what_is_known_in_advance() -> None:
    rng = np.random.default_rng(1)
    known = rng.normal(0, 1, 300)
    table = pd.DataFrame({"y": 2 * known + rng.normal(0, 0.1, 300), "k": known})
    panel = make_panel(table, Roles(("y",), known_features=("k",)))
    fitted = fit_ridge(panel, stop=200, horizon=2, sequence_length=6)
    assert fitted is not None
    origins = np.arange(200, 290)
    actual = panel.targets[origins[:, None] + np.arange(2)]
    error = fitted.forecasts(panel, origins, horizon=2) - actual
    assert np.abs(error).mean() < 0.2
