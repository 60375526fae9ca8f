import numpy as np

from search.data.outliers import mark_outliers


def _calm(n_rows: int = 300) -> np.ndarray:
    return np.random.default_rng(4).normal(0, 1, n_rows)


def test_mark_outliers_finds_spikes_and_skips_nan():
    values = _calm()
    values[[50, 120]] = [40.0, -40.0]
    values[[0, 51, 200]] = np.nan
    assert mark_outliers(values).tolist() == [50, 120]


def test_mark_outliers_leaves_steps_and_seasons_alone():
    step = _calm() + 50.0 * (np.arange(300) > 150)
    assert mark_outliers(step).tolist() == []
    assert mark_outliers(100 * np.sin(np.arange(300) / 10)).tolist() == []


def test_mark_outliers_marks_nothing_where_spikes_are_usual():
    values = np.zeros(300)
    values[::20] = 50.0
    assert mark_outliers(values).tolist() == []


def test_mark_outliers_of_short_or_constant_series():
    assert mark_outliers(np.array([1.0, 2.0, 900.0])).tolist() == []
    assert mark_outliers(np.ones(100)).tolist() == []
    assert mark_outliers(np.full(100, np.nan)).tolist() == []
