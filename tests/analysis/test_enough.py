"""A search that still improves goes on; one that found all it can find stops."""

import numpy as np
import pytest

from search.analysis.enough import (
    FEWEST_DONE,
    Outlook,
    chance_words,
    look_ahead,
    stop_sentence,
)
from search.config import CELLS
from search.study.trials.listing import TrialView


def trials_of(scores, *, pruned=(), cells=CELLS):
    """Return trials in turn of the cells; the places in `pruned` were pruned."""
    return tuple(
        TrialView(
            number,
            cells[number % len(cells)],
            "pruned" if number in pruned else "complete",
            score=float(score),
            finished=f"2026-11-22T10:{number // 60:02d}:{number % 60:02d}+00:00",
        )
        for number, score in enumerate(scores)
    )


def noise(n_trials, width=0.01):
    return np.random.default_rng(3).normal(0, width, n_trials)


# From 2 down by 1.5 % with each trial, without an end.
IMPROVING = 2.0 * np.exp(-0.015 * np.arange(90) + noise(90))
# Down within 30 trials to a scatter that stays well above the best one.
EXHAUSTED = 1.15 + noise(90, 0.03) + np.exp(-np.arange(90) / 6)
EXHAUSTED[31] = 1.0
# Most trials are poor, but now and then one is better by far.
LUCKY = np.where(np.arange(90) % 11 == 5, 1.0 - np.arange(90) / 150, 2.0)


def test_a_search_that_still_improves_goes_on():
    outlook = look_ahead(trials_of(IMPROVING), CELLS, n_trials=150)
    assert outlook.gain == pytest.approx(1 - IMPROVING.min() / IMPROVING[:60].min())
    assert outlook.gain > 0.3
    assert not outlook.is_enough


def test_an_exhausted_search_stops():
    outlook = look_ahead(trials_of(EXHAUSTED), CELLS, n_trials=150)
    assert (outlook.n_done, outlook.window, outlook.n_ahead) == (90, 30, 30)
    assert outlook.gain == 0.0
    assert outlook.chance is not None
    assert outlook.chance < 0.05
    assert outlook.is_enough


def test_an_exhausted_search_never_stops_before_it_has_a_whole_window_without_gain():
    stops = [
        n
        for n in range(1, 91)
        if look_ahead(trials_of(EXHAUSTED[:n]), CELLS, n_trials=150).is_enough
    ]
    assert stops
    assert min(stops) > 31 + 30


def test_rare_great_trials_keep_a_search_going():
    outlook = look_ahead(trials_of(LUCKY), CELLS, n_trials=150)
    assert not outlook.is_enough


def test_a_quiet_window_does_not_stop_a_search_whose_scores_scatter_widely():
    """Nothing was gained in 30 trials, but the next one may well be better."""
    scores = 1.0 + np.abs(noise(60, 0.5))
    scores[20] = 1.0 + np.abs(noise(60, 0.5)).min() * 0.99
    outlook = look_ahead(trials_of(scores), CELLS, n_trials=150)
    assert outlook.gain == 0.0
    assert outlook.chance is not None
    assert outlook.chance > 0.5
    assert not outlook.is_enough


def test_pruned_trials_make_a_gain_less_likely():
    wide = 1.0 + np.abs(noise(90, 0.2))
    wide[31] = 0.99
    every_second = tuple(n for n in range(40, 90) if n % 2)
    all_complete = look_ahead(trials_of(wide), CELLS, n_trials=150)
    pruned = look_ahead(
        trials_of(np.where(np.isin(np.arange(90), every_second), 9.0, wide)),
        CELLS,
        n_trials=150,
    )
    half = look_ahead(trials_of(wide, pruned=every_second), CELLS, n_trials=150)
    assert None not in (all_complete.chance, half.chance, pruned.chance)
    assert half.chance < all_complete.chance  # type: ignore[operator]


@pytest.mark.parametrize("n_trials", [3, 20, 44])
def test_nothing_is_judged_before_every_cell_had_its_trials(n_trials):
    outlook = look_ahead(trials_of(EXHAUSTED[:n_trials]), CELLS, n_trials=150)
    assert (outlook.gain, outlook.chance, outlook.is_enough) == (None, None, False)
    assert outlook.n_missing >= 45 - n_trials


def test_a_cell_that_came_late_holds_the_judgement_back():
    early = trials_of(EXHAUSTED, cells=CELLS[:2])
    late = trials_of(EXHAUSTED[: FEWEST_DONE - 1], cells=CELLS[2:])
    outlook = look_ahead((*early, *late), CELLS, n_trials=150)
    assert outlook.gain is None
    assert outlook.n_missing == 3


def test_a_cell_without_complete_trials_holds_the_judgement_back():
    pruned = tuple(n for n in range(90) if n % 3 == 1)
    outlook = look_ahead(trials_of(EXHAUSTED, pruned=pruned), CELLS, n_trials=150)
    assert outlook.gain is None


def test_no_trials_at_all():
    assert look_ahead((), CELLS, n_trials=100) == Outlook(0, 45, 30, 30)


def test_a_search_that_was_started_again_gets_a_whole_window():
    trials = trials_of(EXHAUSTED)
    assert look_ahead(trials, CELLS, n_trials=150, n_before=59).is_enough
    again = look_ahead(trials, CELLS, n_trials=150, n_before=80)
    assert not again.is_enough
    assert again.n_missing == 21


def test_with_few_trials_left_stopping_spares_nothing():
    trials = trials_of(EXHAUSTED)
    assert look_ahead(trials, CELLS, n_trials=95).is_enough
    assert not look_ahead(trials, CELLS, n_trials=94).is_enough
    assert look_ahead(trials, CELLS, n_trials=None).n_ahead == 30


def test_equal_scores_are_exhausted():
    outlook = look_ahead(trials_of(np.ones(90)), CELLS, n_trials=150)
    assert (outlook.gain, outlook.chance) == (0.0, 0.0)
    assert outlook.is_enough


def test_one_cell_has_a_window_of_twenty():
    outlook = look_ahead(trials_of(np.ones(40), cells=("GRU",)), ("GRU",), n_trials=99)
    assert outlook.window == 20
    assert outlook.is_enough


def test_stop_sentence_says_how_it_was_decided():
    outlook = Outlook(64, 0, 30, 30, gain=0.0034, chance=0.041)
    assert stop_sentence(outlook, 100) == (
        "Stopped by itself after 64 of 100 trials: in the last 30 the best score "
        "improved by 0.34 %, and the chance that another 30 improve it by more than "
        "1 % is estimated at 4 %."
    )
    outlook = Outlook(64, 0, 30, 30, gain=0.0, chance=0.001)
    sentence = stop_sentence(outlook, None)
    assert "after 64 trials: in the last 30 the best score did not improve" in sentence
    assert chance_words(0.001) == "less than 1 %"
