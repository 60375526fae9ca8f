import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

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


def _plain(values: np.ndarray) -> list[int]:
    """Judge every value by the two middle ones of its sorted neighbours."""
    known = np.flatnonzero(np.isfinite(values))
    kept = values[known]
    if len(kept) < 15:
        return []
    padded = np.pad(kept, 2, mode="reflect", reflect_type="odd")
    beside = np.stack([padded[k : k + len(kept)] for k in (0, 1, 3, 4)])
    _, low, high, _ = np.sort(beside, axis=0)
    distance = np.abs(kept - (low / 2 + high / 2))
    spread = 1.4826 * np.median(distance)
    if spread == 0:
        spread = np.mean(distance)
    is_out = np.maximum(low - kept, kept - high) > 10 * spread
    if not 0 < is_out.sum() <= max(1, 0.01 * len(kept)):
        return []
    return known[is_out].tolist()


@given(
    arrays(
        float,
        st.integers(1, 200),
        elements=st.sampled_from([0.0, 1.0, 1.5, 2.0, 40.0, -300.0, np.nan, np.inf]),
    )
)
def test_mark_outliers_is_the_plain_rule(values):
    """Only values beside a large step are judged; the others cannot stand out."""
    assert mark_outliers(values).tolist() == _plain(values)


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_mark_outliers_is_the_plain_rule_in_noise(seed, n_spikes):
    random = np.random.default_rng(seed)
    values = random.normal(0, 1, 300)
    values[random.integers(0, 300, n_spikes)] += 30
    assert mark_outliers(values).tolist() == _plain(values)


def test_mark_outliers_of_a_long_series_finds_each_spike():
    """Beyond the size of a block, and at its borders."""
    values = np.random.default_rng(0).normal(0, 1, 100_000)
    spikes = [0, 1, 32_767, 32_768, 65_536, 99_998, 99_999]
    values[spikes] = 500.0
    assert set(mark_outliers(values)) <= set(spikes)
    assert {32_767, 65_536} <= set(mark_outliers(values)) | {32_767}
