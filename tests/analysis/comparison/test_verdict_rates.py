"""How often the sentences of the verdict are right, over hundreds of simulated studies.

Everything from the losses on goes the way of a real study: baselines, losses of each
origin, paired tests, their adjustment, words.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest

from search.analysis.comparison.verdict import Contestant, give_verdict, origin_losses
from search.config import CELLS, Score
from search.evaluation.baselines.naive import naive_forecasts
from search.evaluation.paired import origins_needed
from search.evaluation.windows import gather_targets

pytestmark = pytest.mark.slow

N_STUDIES = 100
# Of a rate near its bound a hundred cases say too little.
N_COPIES = 300
N_BEFORE = 300
SMALLEST = [(origins_needed(horizon), horizon) for horizon in (1, 12, 24)]
LARGER = [(100, 1), (600, 1), (240, 24), (500, 12)]
Forecast = Callable[[np.ndarray, np.ndarray, int, np.random.Generator], np.ndarray]


@pytest.fixture(scope="module")
def cores() -> Iterator[Executor]:
    """Return a process for each core: one simulation knows nothing of the others."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        yield pool


def _sentences(
    cores: Executor, sentence: Callable[[int], str], n_studies: int
) -> list[str]:
    """Return the verdict of each seed, in the order of the seeds."""
    return list(cores.map(sentence, range(n_studies), chunksize=10))


def _lasting(generator: np.random.Generator, n: int, memory: float) -> np.ndarray:
    """Return errors of variance 1 with that autocorrelation from row to row."""
    shocks = generator.normal(size=n)
    errors = np.empty(n)
    errors[0] = shocks[0]
    for row in range(1, n):
        errors[row] = memory * errors[row - 1] + np.sqrt(1 - memory**2) * shocks[row]
    return errors


def _sentence(
    seed: int,
    n: int,
    horizon: int,
    sizes: Mapping[str, float],
    *,
    score: Score,
    memory: float = 0.0,
) -> str:
    """Return the verdict on models whose errors are larger by a factor.

    Errors of step h are sums of h shocks that nobody can know and of an error of each
    model's own. The last one of `sizes` is a baseline.
    """
    generator = np.random.default_rng([seed, n, horizon])
    shocks = generator.normal(size=n + horizon)
    steps = np.arange(horizon)
    sums = np.cumsum(shocks[np.arange(n)[:, None] + steps], axis=1)
    models = {}
    for name, size in sizes.items():
        own = _lasting(generator, n, memory)[:, None] * np.sqrt(steps + 1)
        error = size * (0.7 * sums + 0.7 * own)
        actual = np.zeros((n, horizon, 1))
        losses = origin_losses(actual, error[:, :, None], np.ones(1), score=score)
        models[name] = Contestant(name, losses)
    *cells, baseline = sizes
    return give_verdict(
        {cell: models[cell] for cell in cells},
        {baseline: models[baseline]},
        horizon=horizon,
        score=score,
    ).sentence


@pytest.mark.parametrize("score", ["mae", "rmse"])
@pytest.mark.parametrize(
    ("n", "horizon", "memory"),
    [
        *((n, horizon, 0.0) for n, horizon in (*SMALLEST, *LARGER)),
        *((n, horizon, 0.8) for n, horizon in (*SMALLEST, *LARGER)),
        (600, 1, 0.95),
        (500, 12, 0.95),
    ],
)
def test_two_copies_of_a_model_have_no_evidence_between_them(
    cores: Executor, n: int, horizon: int, memory: float, score: Score
) -> None:
    """The errors of each copy last for some rows or do not.

    With many small blocks a difference was found in a fifth of the cases with a
    memory of 0.95.
    """
    sizes = {"GRU": 1.0, "LSTM": 1.0, "last_value": 1.3}
    study = partial(
        _sentence, n=n, horizon=horizon, sizes=sizes, score=score, memory=memory
    )
    sentences = _sentences(cores, study, N_COPIES)
    said = "there is no evidence that GRU is better than LSTM"
    assert sum(said in sentence for sentence in sentences) >= 0.93 * N_COPIES


@pytest.mark.parametrize("score", ["mae", "rmse"])
@pytest.mark.parametrize("n_cells", [2, 3])
@pytest.mark.parametrize(("n", "horizon"), [(600, 1), (500, 12)])
def test_a_planted_difference_of_15_percent_is_found(
    cores: Executor, n: int, horizon: int, n_cells: int, score: Score
) -> None:
    sizes = {"GRU": 1.0, "LSTM": 1.15, "SimpleRNN": 1.15}
    shown = {cell: sizes[cell] for cell in list(sizes)[:n_cells]} | {"last_value": 1.3}
    study = partial(_sentence, n=n, horizon=horizon, sizes=shown, score=score)
    sentences = _sentences(cores, study, N_STUDIES)
    said = "below that of LSTM, which is more than chance"
    assert sum(said in sentence for sentence in sentences) >= 80


@pytest.mark.parametrize("score", ["mae", "rmse"])
@pytest.mark.parametrize(("n", "horizon"), [(600, 1), (500, 12)])
def test_a_network_that_is_15_percent_better_than_the_baseline_is_said_to_be(
    cores: Executor, n: int, horizon: int, score: Score
) -> None:
    sizes = {"GRU": 1.0, "LSTM": 1.0, "last_value": 1.15}
    study = partial(_sentence, n=n, horizon=horizon, sizes=sizes, score=score)
    sentences = _sentences(cores, study, N_STUDIES)
    said = "It beats the best baseline, last value"
    assert sum(said in sentence for sentence in sentences) >= 80


def _walk(seed: int, n_rows: int) -> np.ndarray:
    """Return a random walk; every second one has heavy tails."""
    generator = np.random.default_rng([seed, n_rows])
    if seed % 2:
        return np.cumsum(generator.standard_t(4, n_rows))
    return np.cumsum(generator.normal(size=n_rows))


def _momentum(
    walk: np.ndarray, origins: np.ndarray, horizon: int, _: np.random.Generator
) -> np.ndarray:
    """Go on with a share of the last change that was fitted before the holdout."""
    changes = np.diff(walk)
    past = changes[: origins[0] - 1]
    share = float(past[1:] @ past[:-1] / (past[:-1] @ past[:-1]))
    powers = share ** np.arange(1, horizon + 1)
    return np.cumsum(changes[origins - 2][:, None] * powers, axis=1)


def _to_the_mean(
    walk: np.ndarray, origins: np.ndarray, horizon: int, _: np.random.Generator
) -> np.ndarray:
    """Go back to the mean before the holdout, a twentieth a step."""
    distance = walk[: origins[0]].mean() - walk[origins - 1]
    return distance[:, None] * (1 - 0.95 ** np.arange(1, horizon + 1))


def _wobble(
    walk: np.ndarray, origins: np.ndarray, horizon: int, generator: np.random.Generator
) -> np.ndarray:
    """Miss by a little noise of its own."""
    return 0.1 * generator.normal(size=(len(origins), horizon))


def _trend(
    walk: np.ndarray, origins: np.ndarray, horizon: int, generator: np.random.Generator
) -> np.ndarray:
    """Believe in one slope for the whole holdout."""
    slope = 0.1 * generator.normal()
    return np.tile(slope * np.arange(1, horizon + 1), (len(origins), 1))


def _walk_sentence(
    seed: int,
    n: int,
    horizon: int,
    has_others: bool,
    forecast: Forecast,
    score: Score,
) -> str:
    """Return the verdict on a forecast of a random walk, against the last value."""
    walk = _walk(seed, N_BEFORE + n + horizon - 1)
    origins = np.arange(N_BEFORE, N_BEFORE + n)
    actual = gather_targets(walk[:, None], origins, horizon=horizon)
    naive = naive_forecasts(walk[:, None], origins, horizon=horizon, season=1)
    if not has_others:
        naive = {"last_value": naive["last_value"]}
    generator = np.random.default_rng(seed)
    change = forecast(walk, origins, horizon, generator)
    predicted = (walk[origins - 1][:, None] + change)[:, :, None]
    losses = {
        name: Contestant(name, origin_losses(actual, one, np.ones(1), score=score))
        for name, one in (naive | {CELLS[0]: predicted}).items()
    }
    network = {CELLS[0]: losses.pop(CELLS[0])}
    return give_verdict(network, losses, horizon=horizon, score=score).sentence


@pytest.mark.parametrize("score", ["mae", "rmse"])
@pytest.mark.parametrize("forecast", [_momentum, _to_the_mean, _wobble, _trend])
@pytest.mark.parametrize("has_others", [True, False])
@pytest.mark.parametrize(
    ("n", "horizon"), [*SMALLEST, (100, 1), (60, 12), (120, 6), (240, 24)]
)
def test_on_random_walks_nothing_is_better_than_the_last_value(
    cores: Executor,
    n: int,
    horizon: int,
    has_others: bool,
    forecast: Forecast,
    score: Score,
) -> None:
    """Forecasts of neighbouring origins overlap, so luck comes in long runs."""
    study = partial(
        _walk_sentence,
        n=n,
        horizon=horizon,
        has_others=has_others,
        forecast=forecast,
        score=score,
    )
    sentences = _sentences(cores, study, N_STUDIES)
    assert sum("It beats the best baseline" in sentence for sentence in sentences) <= 7
