"""What is delivered and which seeds count, in words."""

from dataclasses import replace

import pytest

from search.study.delivery import delivery_sentence, divergence_sentence
from search.study.results import DivergedSeed, SeedResult, WinnerResult
from tests.study.test_results import METRICS, WINNER


def winner(scored: tuple[int, ...], diverged: tuple[int, ...] = ()) -> WinnerResult:
    """Return a winner with these seeds."""
    return replace(
        WINNER,
        seeds=tuple(SeedResult(seed, METRICS, 1.0) for seed in scored),
        diverged=tuple(DivergedSeed(seed, "why") for seed in diverged),
    )


@pytest.mark.parametrize(
    ("scored", "diverged", "sentence"),
    [
        ((1, 2, 3), (), ""),
        ((1, 3), (2,), "1 of 3 seeds diverged; scores are over the 2 others."),
        ((3,), (1, 2), "2 of 3 seeds diverged; scores are those of the other one."),
    ],
)
def test_divergence_sentence_counts(scored, diverged, sentence):
    assert divergence_sentence(winner(scored, diverged)) == sentence


@pytest.mark.parametrize(
    ("scored", "diverged", "words"),
    [
        ((1,), (), "is the network of the only seed it was trained from."),
        ((1, 2), (), "the network of the first seed, whatever"),
        ((1, 3), (2,), "the network of the first seed, whatever"),
        ((2, 3), (1,), "the network of the first seed that did not diverge, whatever"),
    ],
)
def test_delivery_sentence_of_one_network(scored, diverged, words):
    assert words in delivery_sentence(winner(scored, diverged))


@pytest.mark.parametrize(
    ("scored", "diverged", "words"),
    [
        ((1, 2, 3), (), "the average of 3 networks: the mean of the outputs of all "),
        ((1, 3), (2,), "2 networks: the mean of the outputs of all seeds that did"),
        ((3,), (1, 2), "the network of the only seed that did not diverge"),
        ((1,), (), "is the network of the only seed it was trained from."),
    ],
)
def test_delivery_sentence_of_an_average(scored, diverged, words):
    average = replace(winner(scored, diverged), delivered="average")
    assert words in delivery_sentence(average)


@pytest.mark.parametrize(
    ("kinds", "words", "delivered"),
    [
        (("memory",), "ran out of memory", "that did not run out of memory"),
        (("memory", "diverged"), "diverged or ran out of memory", "that did not fail"),
    ],
)
def test_sentences_tell_seeds_without_memory_from_diverged_ones(
    kinds, words, delivered
):
    failed = tuple(
        DivergedSeed(seed, "why", kind=kind) for seed, kind in enumerate(kinds)
    )
    made = replace(winner((5, 6)), diverged=failed)
    assert words in divergence_sentence(made)
    assert delivered in delivery_sentence(made)
