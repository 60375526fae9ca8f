import numpy as np
import pytest

from search.data.seasons import detect_season, season_candidates

RANDOM = np.random.default_rng(3)


def _wave(period: float, n_rows: int, *, noise: float = 0.3) -> np.ndarray:
    step = np.arange(n_rows)
    return np.sin(2 * np.pi * step / period) + RANDOM.normal(0, noise, n_rows)


@pytest.mark.parametrize(
    ("frequency", "n_rows", "candidates"),
    [
        ("h", 1_000, (24, 168)),
        ("h", 100, (24,)),
        ("30min", 10_000, (48, 336)),
        ("D", 2_000, (7, 365)),
        ("B", 2_000, (5, 261)),
        ("MS", 144, (12,)),
        ("ME", 35, ()),
        ("QS", 40, (4,)),
        ("W-SUN", 500, (52,)),
        ("min", 10_000, (60,)),
        ("s", 10_000, (60,)),
        ("7h", 10_000, (24,)),
        (None, 1_000, ()),
    ],
)
def test_season_candidates(frequency, n_rows, candidates):
    assert season_candidates(frequency, n_rows) == candidates


@pytest.mark.parametrize(
    ("frequency", "period", "n_rows"),
    [("h", 24, 500), ("D", 7, 100), ("MS", 12, 60), (None, 25, 300), (None, 10, 100)],
)
def test_detect_season_finds_a_wave(frequency, period, n_rows):
    assert detect_season(_wave(period, n_rows), frequency) == period


def test_detect_season_sees_through_a_trend():
    values = _wave(12, 120) + 0.5 * np.arange(120)
    assert detect_season(values, "MS") == 12


def test_detect_season_prefers_the_shorter_of_equals():
    assert detect_season(_wave(24, 2_000, noise=0.1), "h") == 24


def test_detect_season_finds_the_week_where_days_differ():
    of_day = np.array([1.0, 1, 1, 1, 1, 3, 3])
    values = np.repeat(np.tile(of_day, 10), 24) + RANDOM.normal(0, 0.1, 1_680)
    assert detect_season(values, "h") == 168


def test_detect_season_takes_a_long_week_where_a_day_is_like_that_of_last_week():
    """Of half hours a week has 336, more than a season usually may have."""
    hours = 2 + np.sin(2 * np.pi * np.arange(48) / 48)
    of_day = np.array([1.0, 1, 1, 1, 1.2, 0.8, 0.6])
    week = np.concatenate([level * hours for level in of_day])
    values = np.tile(week, 6) + RANDOM.normal(0, 0.05, 6 * 336)
    assert detect_season(values, "30min") == 336
    same_days = np.tile(hours, 42) + RANDOM.normal(0, 0.05, 6 * 336)
    assert detect_season(same_days, "30min") == 48


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(0),
        np.ones(5),
        np.full(100, 7.0),
        np.full(100, 1e300),
        np.arange(100.0),
        RANDOM.normal(0, 1, 500),
        np.cumsum(RANDOM.normal(0, 1, 500)),
    ],
)
@pytest.mark.parametrize("frequency", ["D", None])
def test_detect_season_finds_none(values, frequency):
    assert detect_season(values, frequency) == 1
