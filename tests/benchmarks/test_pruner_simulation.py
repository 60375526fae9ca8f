"""Simulated searches over hand-written curves."""

import optuna
import pytest

from benchmarks.pruning.curves import RecordedTrial
from benchmarks.pruning.simulation import (
    NO_RULE,
    REFERENCE,
    RULES,
    Rule,
    search_order,
    simulate,
)
from search.study.trials.pruning import BestSharePruner


def trial(*scores: float, cell: str = "GRU", compiling: float = 10.0, **changes):
    return RecordedTrial(
        cell=cell,
        params={},
        is_textbook=changes.pop("is_textbook", False),
        scores=scores,
        fold_scores=(),
        seconds_compile=compiling,
        seconds_epochs=(1.0,) * len(scores),
        **changes,
    )


def run(order, rule, *, epochs=4, patience=0):
    return simulate(order, rule, epochs=epochs, patience=patience, name="test")


def test_without_a_rule_seconds_add_up_and_the_best_epoch_counts() -> None:
    ended = run([trial(3, 2, 4, 5), trial(9, 8, 7, 6)], NO_RULE)
    assert [one.finished for one in ended] == [14.0, 28.0]
    assert [one.score for one in ended] == [2, 6]
    assert [one.epochs for one in ended] == [4, 4]


def test_patience_ends_a_trial_after_epochs_without_a_better_score() -> None:
    (ended,) = run([trial(3, 2, 2.5, 2.4, 1)], NO_RULE, epochs=5, patience=2)
    assert (ended.epochs, ended.score, ended.finished) == (4, 2, 14.0)


def test_epochs_beyond_the_largest_number_do_not_count() -> None:
    (ended,) = run([trial(3, 2, 1)], NO_RULE, epochs=2)
    assert (ended.epochs, ended.score) == (2, 2)


def test_a_failed_trial_costs_its_seconds_and_has_no_score() -> None:
    failed, after = run([trial(3, 2, is_failed=True), trial(4, 4, 4, 4)], NO_RULE)
    assert (failed.score, failed.finished) == (None, 12.0)
    assert after.score == 4


def test_a_trial_that_fails_later_than_it_is_trained_is_complete() -> None:
    (ended,) = run([trial(3, 2, is_failed=True)], NO_RULE, epochs=2)
    assert ended.score == 2


def test_the_median_rule_prunes_within_a_cell_after_four_complete_trials() -> None:
    good = [trial(2, 2, 2, 2) for _ in range(4)]
    *_, pruned, other_cell = run(
        [*good, trial(3, 3, 3, 3), trial(3, 3, 3, 3, cell="LSTM")], REFERENCE
    )
    assert (pruned.score, pruned.epochs) == (None, 4)
    assert other_cell.score == 3


@pytest.mark.parametrize(
    ("third", "score"), [(1.5, 1.5), (2.5, None)], ids=["among the best", "not"]
)
def test_top_rule_keeps_the_best_third_of_all_trials_so_far(third, score) -> None:
    rule = Rule("top", lambda _: BestSharePruner(1 / 3, epoch=1))
    order = [trial(2, 2, 2, 2), trial(3, 3, 3, 3), trial(third, third, third, third)]
    ended = run(order, rule)
    assert ended[0].score == 2  # nothing to compare the first trial with
    assert (ended[1].score, ended[1].epochs) == (None, 1)
    assert ended[2].score == score


def test_every_rule_can_be_simulated() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    order = [trial(5 + n, 4 + n, 3 + n, 2 + n) for n in (3, 1, 4, 0, 5, 2)]
    best = {
        rule.name: min(one.score or 99 for one in run(order, rule)) for rule in RULES
    }
    assert best["none"] == 2
    assert set(best.values()) <= {2, 3, 5}


def test_order_begins_with_the_textbook_and_takes_cells_by_turns() -> None:
    pool = [
        trial(number, cell=cell, is_textbook=number == 0)
        for cell in ("SimpleRNN", "LSTM", "GRU")
        for number in range(7)
    ]
    order = search_order(pool, seed=1)
    assert [one.is_textbook for one in order] == [True] * 3 + [False] * 12
    assert [one.cell for one in order] == ["SimpleRNN", "LSTM", "GRU"] * 5
    assert order == search_order(pool, seed=1)
    assert order != search_order(pool, seed=2)


def test_the_first_trial_of_a_program_bears_its_compilation() -> None:
    pool = [
        trial(number, compiling=8.0 if number == 2 else 0.5, is_textbook=True)
        for number in range(3)
    ]
    order = search_order(pool, seed=0)
    assert [one.seconds_compile for one in order] == [8.0, 0.5, 0.5]
