"""Scalers: against scikit-learn, on constant channels, and without a look ahead."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from search.evaluation.panel import Panel
from search.evaluation.scaling import ScalerName, fit_scaler

SCALERS: list[ScalerName] = ["standard", "minmax", "robust"]
REFERENCES = {
    "standard": StandardScaler,
    "minmax": MinMaxScaler,
    "robust": RobustScaler,
}


def make_panel(values: np.ndarray, n_calendar: int = 0) -> Panel:
    channels = tuple(f"c{k}" for k in range(values.shape[1]))
    return Panel(values, channels, 1, n_calendar, n_calendar)


def random_values(n_rows: int = 40, n_channels: int = 3) -> np.ndarray:
    generator = np.random.default_rng(5)
    return generator.normal(50.0, 7.0, (n_rows, n_channels))


@pytest.mark.parametrize(
    ("name", "center", "scale"),
    [("standard", 5.0, 4.0), ("minmax", 1.0, 8.0), ("robust", 5.0, 8.0)],
)
def test_fit_scaler_by_hand(name: ScalerName, center: float, scale: float) -> None:
    """Rows 1, 1, 9, 9: mean 5, deviation 4, quartiles 1 and 9, median 5."""
    panel = make_panel(np.array([[1.0], [1.0], [9.0], [9.0], [1000.0]]))
    scaler = fit_scaler(panel, name, stop=4)
    assert (scaler.center.tolist(), scaler.scale.tolist()) == ([center], [scale])
    assert scaler.transform(np.array([[9.0]])).item() == (9.0 - center) / scale


@pytest.mark.parametrize("name", SCALERS)
def test_fit_scaler_agrees_with_scikit_learn(name: ScalerName) -> None:
    values = random_values()
    scaled = fit_scaler(make_panel(values), name, stop=30).transform(values)
    expected = REFERENCES[name]().fit(values[:30]).transform(values)
    assert scaled == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.case("T11", "rows after the training rows changed")
@pytest.mark.parametrize("name", SCALERS)
def test_fit_scaler_does_not_look_ahead(name: ScalerName) -> None:
    values = random_values()
    before = fit_scaler(make_panel(values), name, stop=25)
    changed = values.copy()
    changed[25:] = 1e9
    after = fit_scaler(make_panel(changed), name, stop=25)
    assert before.center.tobytes() == after.center.tobytes()
    assert before.scale.tobytes() == after.scale.tobytes()


@pytest.mark.parametrize("name", SCALERS)
def test_fit_scaler_uses_the_last_training_row(name: ScalerName) -> None:
    values = random_values()
    before = fit_scaler(make_panel(values), name, stop=25)
    changed = values.copy()
    changed[24] = 1e9
    after = fit_scaler(make_panel(changed), name, stop=25)
    assert before.scale.tobytes() != after.scale.tobytes()


@pytest.mark.parametrize("name", SCALERS)
def test_fit_scaler_only_centres_a_constant_channel(name: ScalerName) -> None:
    """Three times 0.1 has a deviation of 1e-17 in floating point, not 0."""
    values = np.full((3, 1), 0.1)
    scaler = fit_scaler(make_panel(values), name, stop=3)
    assert scaler.scale.tolist() == [1.0]
    assert scaler.transform(values) == pytest.approx(np.zeros((3, 1)), abs=1e-15)


def test_fit_scaler_robust_falls_back_on_the_deviation() -> None:
    """Nine zeros and one 10: both quartiles 0, mean 1, deviation 3."""
    values = np.array([[0.0]] * 9 + [[10.0]])
    scaler = fit_scaler(make_panel(values), "robust", stop=10)
    assert scaler.center.tolist() == [0.0]
    assert scaler.scale == pytest.approx([3.0])


@pytest.mark.parametrize("name", SCALERS)
def test_fit_scaler_leaves_calendar_channels_alone(name: ScalerName) -> None:
    panel = make_panel(random_values(), n_calendar=2)
    scaler = fit_scaler(panel, name, stop=40)
    assert scaler.center[1:].tolist() == [0.0, 0.0]
    assert scaler.scale[1:].tolist() == [1.0, 1.0]
    assert scaler.scale[0] != 1.0


@pytest.mark.parametrize("name", SCALERS)
def test_fit_scaler_changes_no_input(name: ScalerName) -> None:
    values = random_values()
    kept = values.copy()
    fit_scaler(make_panel(values, n_calendar=1), name, stop=1)
    assert np.array_equal(values, kept)


@given(
    values=arrays(float, (12, 2), elements=st.floats(-1e6, 1e6)),
    name=st.sampled_from(SCALERS),
    stop=st.integers(1, 12),
)
def test_fit_scaler_always_gives_finite_numbers(
    values: np.ndarray, name: ScalerName, stop: int
) -> None:
    scaler = fit_scaler(make_panel(values), name, stop=stop)
    assert (scaler.scale > 0).all()
    assert np.isfinite(scaler.transform(values[:stop])).all()
