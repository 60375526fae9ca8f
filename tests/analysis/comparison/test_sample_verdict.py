"""Verdicts of sequences, rows and many series: sentences, tests and how often wrong."""

import numpy as np
import pytest

from search.analysis.comparison.sample_losses import (
    anomaly_losses,
    balance,
    classes_losses,
    measure_of,
    number_losses,
)
from search.analysis.comparison.sample_verdict import (
    Field,
    compare_samples,
    give_sample_verdict,
)
from search.analysis.comparison.verdict import Contestant
from search.config import Task

CLASSES = Task(1, 10, kind="classification", classes=("no", "yes"), score="error_rate")
F1 = Task(1, 10, kind="labelling", classes=("no", "yes"), score="f1_error")
VALUES = Task(1, 10, kind="regression", score="rmse")


def wrong(*places, n=40):
    losses = np.zeros(n)
    losses[list(places)] = 1.0
    return losses


def field(task=CLASSES, n=40):
    return Field(np.arange(n), measure_of(task))


def verdict(cells, baselines, task=CLASSES, groups=None):
    where = field(task) if groups is None else Field(groups, measure_of(task))
    return give_sample_verdict(
        {name: Contestant(name, losses) for name, losses in cells.items()},
        {name: Contestant(name, losses) for name, losses in baselines.items()},
        where,
    )


def test_a_network_that_is_better_beats_the_baseline_in_percent():
    found = verdict({"GRU": wrong(0)}, {"nearest": wrong(*range(14))})
    assert (
        "It beats the best baseline: GRU classifies 97.5 % of the sequences right, the "
        "nearest neighbour 65 % (95 % interval of the difference +"
    ) in found.sentence
    assert "percentage points, p < 0.001, 40 sequences)" in found.sentence
    test = found.comparisons[-1]
    assert test.relative_difference == pytest.approx(1 / 14 - 1)
    assert test.p_adjusted == test.p_value
    assert test.interval is not None
    assert test.interval[0] < 1 / 14 - 1 < test.interval[1]


def test_networks_that_err_alike_are_not_told_apart():
    found = verdict({"LSTM": wrong(1), "GRU": wrong(2)}, {})
    assert found.sentence.startswith("LSTM was best in cross-validation. On the")
    assert "there is no evidence that LSTM is better than GRU." in found.sentence


def test_the_second_cell_may_be_better_on_what_is_held_out():
    found = verdict({"LSTM": wrong(*range(20)), "GRU": wrong()}, {})
    assert "But on the holdout LSTM classifies 50 %" in found.sentence
    assert "GRU did better on what is held out." in found.sentence


@pytest.mark.parametrize("baseline", [wrong(0), wrong()])
def test_no_network_is_needed_where_a_baseline_is_as_good(baseline):
    found = verdict({"GRU": wrong(0)}, {"majority": baseline})
    assert "You do not need a network here: GRU classifies 97.5 %" in found.sentence
    assert "the most frequent class" in found.sentence


def test_a_small_lead_may_be_chance():
    found = verdict({"GRU": wrong(0)}, {"majority": wrong(0, 1)})
    assert "there is no evidence that you need a network here." in found.sentence


def test_few_samples_tell_nothing():
    found = verdict(
        {"GRU": wrong(n=4)}, {"majority": wrong(1, n=4)}, groups=np.arange(4)
    )
    assert "4 sequences are too few to tell" in found.sentence
    assert found.comparisons[-1].p_value is None


def test_errors_of_values_are_said_in_their_units():
    found = verdict(
        {"GRU": np.full(40, 4.0)}, {"mean": np.linspace(8, 10, 40)}, task=VALUES
    )
    assert "GRU has an error (RMSE) of 2, the mean of the training part 3 (" in (
        found.sentence
    )
    assert found.comparisons[-1].relative_difference == pytest.approx(2 / 3 - 1)


def test_without_a_winner_nothing_is_compared():
    assert verdict({}, {}).sentence.startswith("No network could be scored")


def test_rows_of_one_group_count_together():
    """Forty wrong rows in one of twelve groups are one unlucky group, no more."""
    groups = np.repeat(np.arange(12), 40)
    first, second = np.zeros(480), np.zeros(480)
    second[:40] = 1.0
    found = compare_samples(
        Contestant("GRU", first),
        Contestant("majority", second),
        Field(groups, measure_of(F1)),
    )
    assert found.p_value == 1.0  # only one group differs: any sign is as likely


def test_balanced_losses_by_hand():
    """One of three normal rows and the only anomalous one are called wrongly."""
    labels = np.array([0.0, 0.0, 0.0, 1.0])
    called = np.array([True, False, False, False])
    assert anomaly_losses(labels, called).mean() == pytest.approx((1 / 3 + 1) / 2)
    assert anomaly_losses(labels, np.zeros(4, dtype=bool)).mean() == 0.5
    assert anomaly_losses(labels, np.ones(4, dtype=bool)).mean() == 0.5
    assert balance(np.array([2, 2, 5, 5])).tolist() == [1, 1, 1, 1]
    places = np.array([0, 0, 0, 1])
    said = np.tile([0.9, 0.1], (4, 1))
    assert classes_losses(places, said, F1).mean() == 0.5
    assert classes_losses(places, said, CLASSES).mean() == 0.25


def test_number_losses_by_hand():
    actual, predicted = np.zeros((2, 1)), np.array([[1.0], [-3.0]])
    assert number_losses(actual, predicted, np.ones(1), VALUES).tolist() == [1, 9]


@pytest.mark.slow
def test_two_copies_of_a_model_are_no_evidence_in_93_of_100():
    """Two equally good models that err on other samples, in groups of six rows."""
    n_found = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        groups = np.repeat(np.arange(30), 6)
        hard = np.repeat(random.random(30), 6)
        cells = {
            name: (random.random(180) < 0.6 * hard).astype(float)
            for name in ("LSTM", "GRU")
        }
        found = verdict(cells, {}, task=F1, groups=groups)
        n_found += "there is no evidence that" in found.sentence
    assert n_found >= 93


@pytest.mark.slow
def test_on_random_labels_no_network_beats_the_most_frequent_class():
    """A network that guesses, each class as often as it is there or evenly."""
    n_beats = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        actual = (random.random(60) < 0.4).astype(int)
        share = 0.5 if seed % 2 else 0.4
        called = (random.random(60) < share).astype(int)
        cells = {"GRU": (called != actual).astype(float)}
        found = verdict(cells, {"majority": actual.astype(float)}, groups=np.arange(60))
        n_beats += "beats" in found.sentence
    assert n_beats <= 7
