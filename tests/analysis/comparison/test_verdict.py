import numpy as np
import pytest

from search.analysis.comparison.verdict import (
    Contestant,
    compare,
    give_verdict,
    origin_losses,
)

N_ORIGINS = 200


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).gamma(4.0, 0.25, N_ORIGINS)


def cells(gru: np.ndarray, lstm: np.ndarray) -> dict[str, Contestant]:
    return {"GRU": Contestant("GRU", gru), "LSTM": Contestant("LSTM", lstm)}


def naive(losses: np.ndarray) -> dict[str, Contestant]:
    return {"seasonal_naive": Contestant("seasonal_naive", losses)}


def test_origin_losses_means_over_steps_and_weighted_targets() -> None:
    actual = np.zeros((1, 2, 2))
    predicted = np.array([[[1.0, 10.0], [3.0, -30.0]]])
    # (1 + 3 + 10 / 10 + 30 / 10) / 4
    assert origin_losses(
        actual, predicted, np.array([1.0, 0.1]), score="mae"
    ).tolist() == [2.0]


def test_compare_finds_a_planted_difference() -> None:
    found = compare(
        Contestant("GRU", noise(0)),
        Contestant("LSTM", noise(1) + 0.5),
        horizon=1,
        score="mae",
    )
    assert found.p_value is not None
    assert found.p_value < 1e-6
    assert found.relative_difference == pytest.approx(
        noise(0).mean() / (noise(1).mean() + 0.5) - 1
    )
    assert found.n_origins == N_ORIGINS


def test_compare_agrees_with_the_formula_for_one_step() -> None:
    """Diebold-Mariano with lag 0 and the small-sample factor is the paired t-test."""
    first = np.array([1.0, 2.0, 1.5, 2.5, 3.0, 1.0, 2.0, 2.5, 1.5, 2.0])
    second = np.array([1.5, 1.8, 1.9, 2.9, 2.8, 1.6, 2.1, 2.9, 1.4, 2.6])
    # The differences have sum -2.5 and sum of squares 1.55, so mean -0.25 and standard
    # deviation sqrt((1.55 - 10 * 0.0625) / 9) = 0.32059. t = -0.25 / (0.32059 /
    # sqrt(10)) = -2.466; with 9 degrees of freedom the two-sided p-value is 0.0358.
    found = compare(
        Contestant("a", first), Contestant("b", second), horizon=1, score="mae"
    )
    assert found.p_value == pytest.approx(0.0358, abs=5e-5)


def test_compare_of_identical_forecasts_has_p_value_one() -> None:
    same = Contestant("GRU", noise(0))
    found = compare(same, Contestant("LSTM", noise(0)), horizon=4, score="mae")
    assert (found.relative_difference, found.p_value) == (0.0, 1.0)


def test_compare_of_a_constant_difference_is_certain() -> None:
    first, second = np.full(12, 1.0), np.full(12, 2.0)
    found = compare(
        Contestant("a", first), Contestant("b", second), horizon=1, score="mae"
    )
    assert (found.relative_difference, found.p_value) == (-0.5, 0.0)


@pytest.mark.parametrize(
    ("n_origins", "horizon", "is_tested"),
    [(9, 1, False), (10, 1, True), (35, 12, False), (36, 12, True)],
)
def test_compare_needs_ten_origins_and_three_horizons(
    n_origins: int, horizon: int, is_tested: bool
) -> None:
    first = Contestant("a", noise(0)[:n_origins])
    found = compare(
        first, Contestant("b", noise(1)[:n_origins]), horizon=horizon, score="mae"
    )
    assert (found.p_value is not None) == is_tested


def test_compare_against_a_model_without_error_has_no_ratio() -> None:
    found = compare(
        Contestant("a", np.ones(12)),
        Contestant("b", np.zeros(12)),
        horizon=1,
        score="mae",
    )
    assert found.relative_difference is None


def test_compare_against_a_model_that_errs_once_has_no_interval() -> None:
    once = np.zeros(60)
    once[30] = 2.0
    result = compare(
        Contestant("GRU", np.abs(noise(0)[:60])),
        Contestant("naive", once),
        horizon=1,
        score="mae",
    )
    assert result.relative_difference is not None
    assert result.p_value is not None
    assert result.interval is None


def test_compare_rarely_sees_a_difference_where_there_is_none() -> None:
    """Losses of overlapping forecasts, 12 steps and 120 origins, 200 times."""
    generator = np.random.default_rng(7)
    n_false = 0
    for _ in range(200):
        shocks = generator.normal(size=131)
        overlapping = np.convolve(shocks, np.ones(12) / 12, "valid")
        first = Contestant("a", 5 + overlapping)
        found = compare(
            first, Contestant("b", np.full(120, 5.0)), horizon=12, score="mae"
        )
        assert found.p_value is not None
        n_false += found.p_value < 0.01
    assert n_false <= 20


def test_verdict_says_that_there_is_no_evidence() -> None:
    base = noise(0)
    wobble = np.random.default_rng(3).normal(0.01, 0.4, N_ORIGINS)
    verdict = give_verdict(cells(base, base + wobble), {}, horizon=1, score="mae")
    assert "there is no evidence that GRU is better than LSTM" in verdict.sentence


def test_verdict_names_a_clear_winner_that_beats_the_baseline() -> None:
    verdict = give_verdict(
        cells(noise(0), noise(1) + 0.5), naive(noise(2) + 1.0), horizon=1, score="mae"
    )
    assert verdict.sentence.startswith(
        "GRU was best in cross-validation. On the holdout its error is "
    )
    assert "below that of LSTM, which is more than chance (95 % interval −" in (
        verdict.sentence
    )
    assert "It beats the best baseline, seasonal naive: the error of GRU is" in (
        verdict.sentence
    )
    assert [(one.first, one.second) for one in verdict.comparisons] == [
        ("GRU", "LSTM"),
        ("GRU", "seasonal_naive"),
    ]


def test_verdict_and_skill_speak_of_the_error_of_the_study() -> None:
    """A few large errors make the RMSE larger and the MAE smaller."""
    rare, steady = np.zeros(100), np.full(100, 1.0)
    rare[::10] = 6.0
    actual, ones = np.zeros((100, 1, 1)), np.ones(1)
    said = {}
    for score in ("mae", "rmse"):
        losses = [
            origin_losses(actual, errors[:, None, None], ones, score=score)
            for errors in (rare, steady)
        ]
        network = {"GRU": Contestant("GRU", losses[0])}
        baseline = {"drift": Contestant("drift", losses[1])}
        verdict = give_verdict(network, baseline, horizon=1, score=score)
        (comparison,) = verdict.comparisons
        said[score] = comparison.relative_difference
        low, high = comparison.interval or (0.0, 0.0)
        assert low < said[score] < high
    assert said == pytest.approx({"mae": 0.6 - 1, "rmse": 3.6**0.5 - 1})


def test_verdict_says_when_no_network_is_needed() -> None:
    verdict = give_verdict(
        cells(noise(0) + 1.0, noise(0) + 1.0), naive(noise(0)), horizon=1, score="mae"
    )
    assert (
        "You do not need a network here: seasonal naive is as good or better"
        in verdict.sentence
    )
    assert "it and LSTM have the same error" in verdict.sentence


def test_verdict_takes_the_strongest_baseline() -> None:
    baselines = {
        **naive(noise(0) * 3),
        "drift": Contestant("drift", noise(0) * 2),
    }
    verdict = give_verdict(cells(noise(0), noise(0)), baselines, horizon=1, score="mae")
    assert verdict.comparisons[1].second == "drift"


def test_verdict_keeps_the_order_of_cross_validation() -> None:
    """The holdout judges and does not select, also where it disagrees."""
    verdict = give_verdict(cells(noise(0) + 1.0, noise(1)), {}, horizon=1, score="mae")
    assert verdict.sentence.startswith("GRU was best in cross-validation. But on the")
    assert "LSTM did better on the newest data." in verdict.sentence


def test_verdict_says_when_there_are_too_few_forecasts() -> None:
    short = noise(0)[:13]
    verdict = give_verdict(
        cells(short, short * 1.1), naive(short * 2), horizon=12, score="mae"
    )
    assert (
        "13 forecasts of 12 steps are too few to tell whether that is chance (it takes "
        "36)." in verdict.sentence
    )
    assert all(one.p_value is None for one in verdict.comparisons)


def test_verdict_of_one_cell_and_of_none() -> None:
    one = {"GRU": Contestant("GRU", noise(0))}
    assert give_verdict(one, {}, horizon=1, score="mae").sentence == (
        "GRU is the only cell that was scored."
    )
    assert give_verdict({}, naive(noise(0)), horizon=1, score="mae").sentence == (
        "No network could be scored, so there is nothing to compare."
    )
