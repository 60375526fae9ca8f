"""Seasons: which periods a step length suggests, and which one the values show."""

from collections.abc import Sequence

import numpy as np

from search.data.timing.frequency import fixed_step

_SECOND = 1_000_000
_CYCLES = (60, 3_600, 86_400, 604_800)
_YEARS = {"MS": 12, "ME": 12, "QS": 4, "QE": 4}
_LONGEST = 1_000
# Longer ones cost as many rows; they are chosen only where they tell clearly more.
_LONGEST_CHOSEN = 300
_CLEARLY_BETTER = 0.9
_SHORTEST, _LEAST_CYCLES = 4, 3
_LEAST_STRENGTH = 0.15
# Without a calendar that explains a period, the evidence has to be stronger.
_LEAST_CORRELATION, _LEAST_CORRELATION_COUNTED = 0.2, 0.5
MOST_VALUES = 50_000
# A shorter season nearly as strong is preferred: networks then need less past.
_NEARLY = 0.7


def season_candidates(frequency: str | None, n_rows: int) -> tuple[int, ...]:
    """Return the seasons, in rows, that the step length suggests, shortest first.

    Minute, hour, day, week and year as far as they have a whole number of rows,
    between 4 and 1,000, and fit three times into the series.

    Examples
    --------
    >>> season_candidates("h", 1000), season_candidates("MS", 144)
    ((24, 168), (12,))
    """
    if frequency is None:
        return ()
    most = min(_LONGEST, n_rows // _LEAST_CYCLES)
    return tuple(s for s in sorted(_periods(frequency)) if _SHORTEST <= s <= most)


def detect_season(values: np.ndarray, frequency: str | None) -> int:
    """Return the rows of one season of `values`, of shape (n_rows,); 1 for none.

    With a known step, the candidates of `season_candidates` up to 300 rows are
    judged; without one, every period up to 300 rows that fits three times. The values
    are made free of trend; a season is there where the autocorrelation at its distance
    is clearly above that at half of it. Of several, the shortest that is nearly as
    strong as the strongest wins, unless repeating a longer candidate errs by a tenth
    less: a day that is like the same day of last week rather than like yesterday.
    """
    recent = values[-MOST_VALUES:]
    correlation = _autocorrelation(recent)
    if not len(correlation):
        return 1
    longest = min(_LONGEST_CHOSEN, len(recent) // _LEAST_CYCLES, len(correlation) - 1)
    least = _LEAST_CORRELATION
    candidates = season_candidates(frequency, len(recent))
    if frequency is None:
        candidates, least = _peaks(correlation), _LEAST_CORRELATION_COUNTED
    strengths = {
        period: float(correlation[period] - correlation[period // 2])
        for period in candidates
        if _SHORTEST <= period <= longest and correlation[period] >= least
    }
    strongest = max(strengths.values(), default=0.0)
    if strongest < _LEAST_STRENGTH:
        return 1
    shortest = min(
        p for p, strength in strengths.items() if strength >= _NEARLY * strongest
    )
    if frequency is None:
        return shortest
    longer = [p for p in candidates if p > shortest and correlation[p] >= least]
    return _most_exact(recent, shortest, longer)


def _most_exact(values: np.ndarray, period: int, longer: Sequence[int]) -> int:
    """Return that of the `longer` periods that errs least and clearly less; else it."""
    errors = {}
    for other in longer:
        later = values[other:]
        error = np.abs(later - values[:-other]).mean()
        own_error = np.abs(later - values[other - period : -period]).mean()
        if error < _CLEARLY_BETTER * own_error:
            errors[other] = error
    return min(errors, key=errors.__getitem__, default=period)


def _periods(frequency: str) -> set[int]:
    if frequency in _YEARS:
        return {_YEARS[frequency]}
    if frequency == "B":
        return {5, 261}
    step = fixed_step(frequency)
    if step is None:
        return set()
    in_cycles = {
        cycle * _SECOND // step for cycle in _CYCLES if cycle * _SECOND % step == 0
    }
    day = 86_400 * _SECOND
    if step == day:
        in_cycles.add(365)
    if step == 7 * day:
        in_cycles.add(52)
    return in_cycles


def _peaks(correlation: np.ndarray) -> tuple[int, ...]:
    """Return distances at which the autocorrelation has a peak."""
    inner = correlation[1:-1]
    is_peak = (inner > correlation[:-2]) & (inner >= correlation[2:])
    return tuple(int(i) + 1 for i in np.flatnonzero(is_peak))


def _autocorrelation(values: np.ndarray) -> np.ndarray:
    """Return the autocorrelation without trend, for distances below half the length."""
    n_rows = len(values)
    if n_rows < 8:
        return np.empty(0)
    place = np.linspace(-1.0, 1.0, n_rows)
    size = float(np.abs(values).max())
    scaled = values / size if size else values  # squares of large numbers overflow
    slope, level = np.polyfit(place, scaled, 1)
    rest = scaled - (slope * place + level)
    spread = float(rest @ rest)
    if not spread > 1e-12 * n_rows:
        return np.empty(0)
    n_padded = 1 << (2 * n_rows - 1).bit_length()
    spectrum = np.fft.rfft(rest, n_padded)
    lagged = np.fft.irfft(np.abs(spectrum) ** 2, n_padded)[: n_rows // 2]
    # Fewer pairs at larger distances: the mean of a pair is compared, not the sum.
    pairs = (n_rows - np.arange(len(lagged))) / n_rows
    return lagged / pairs / spread
