"""Anomalies in small tables: over how many rows errors are averaged."""

import numpy as np
import pytest

from search.evaluation.anomaly import Detection, detect_anomalies, fitting_smoothing

N_SETTLING, N_JUDGED = 12, 40
ANOMALY = slice(N_SETTLING + 20, N_SETTLING + 30)


def hundred_rows(seed: int, smoothing: int | None) -> Detection:
    """Return calls of rows that follow 48 rows that were learned from."""
    errors = abs(np.random.default_rng(seed).normal(size=(N_SETTLING + N_JUDGED, 3)))
    errors[ANOMALY] += 3.0
    rows = np.arange(len(errors))
    return detect_anomalies(
        errors,
        rows=rows,
        groups=np.zeros(len(errors), dtype=int),
        is_normal=rows < N_SETTLING,
        is_unseen=True,
        smoothing=smoothing,
    )


def test_the_average_fits_the_rows_that_settle_the_threshold() -> None:
    one, four = np.zeros(80, dtype=int), np.repeat(np.arange(4), 80)
    assert fitting_smoothing(one) == fitting_smoothing(four) == 30
    assert fitting_smoothing(np.repeat(np.arange(4), 20)) == 7
    assert fitting_smoothing(np.zeros(0, dtype=int)) == 1
    assert hundred_rows(0, None).smoothing == 4


def test_an_anomaly_in_a_hundred_rows_is_found_and_little_else() -> None:
    """With averages over 30 rows every row after it was called, or none before."""
    found = [hundred_rows(seed, None).is_called for seed in range(20)]
    assert all(called[ANOMALY].mean() >= 0.8 for called in found)
    late = [called[ANOMALY.stop + 3 :].mean() for called in found]
    assert np.mean(late) < 0.2
    before = [called[N_SETTLING : ANOMALY.start].mean() for called in found]
    assert np.mean(before) < 0.2
    over_30 = [hundred_rows(seed, 30).is_called for seed in range(20)]
    assert np.mean([called[ANOMALY.stop :].mean() for called in over_30]) > 0.9


@pytest.mark.parametrize("smoothing", [1, 4])
def test_a_given_average_is_kept(smoothing: int) -> None:
    assert hundred_rows(0, smoothing).smoothing == smoothing
