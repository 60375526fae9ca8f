"""Comparisons of sequences: by hand, and how often chance is called a difference."""

import numpy as np
import pytest

from search.evaluation.paired_groups import (
    difference_interval,
    grouped_p_value,
    independent_units,
)


def test_ten_groups_are_the_units() -> None:
    groups = np.repeat(np.arange(10) * 3, 2)
    assert independent_units(groups).tolist() == np.repeat(np.arange(10), 2).tolist()


def test_many_groups_are_joined_with_their_neighbours() -> None:
    units = independent_units(np.arange(1_200))
    assert (units.max(), np.bincount(units).max()) == (499, 3)


def test_p_value_of_five_units_by_hand() -> None:
    """All differ in one direction: 2 of 32 exchanges leave as large a difference."""
    second = np.zeros(5)
    first = np.array([1.0, 2.0, 1.0, 3.0, 1.0])
    found = grouped_p_value(first, second, groups=np.zeros(5, dtype=int))
    assert found == pytest.approx(2 / 32)


def test_equal_losses_have_a_p_value_of_one() -> None:
    losses = np.arange(30.0)
    assert grouped_p_value(losses, losses, groups=np.arange(30)) == 1.0


def test_a_clear_difference_is_found_and_lies_in_its_interval() -> None:
    random = np.random.default_rng(0)
    second = random.uniform(size=60)
    first = second + 0.5 + 0.1 * random.normal(size=60)
    groups = np.repeat(np.arange(20), 3)
    assert grouped_p_value(first, second, groups=groups) < 0.001
    low, high = difference_interval(first, second, groups=groups)
    assert 0.4 < low < 0.5 < high < 0.6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_groups", "n_each"), [(12, 1), (40, 1), (15, 30), (1, 400), (4, 100)]
)
def test_two_equal_models_differ_in_seven_of_a_hundred_at_most(
    n_groups: int, n_each: int
) -> None:
    """Errors of a group share a part, and errors in it last from row to row."""
    random = np.random.default_rng(7)
    groups = np.repeat(np.arange(n_groups), n_each)
    n_found, n_runs = 0, 400
    for _ in range(n_runs):
        losses = []
        for _model in range(2):
            noise = random.normal(size=len(groups))
            for place in range(1, len(noise)):
                if groups[place] == groups[place - 1]:
                    noise[place] += 0.6 * noise[place - 1]
            common = random.normal(size=n_groups)[groups] if n_groups > 9 else 0.0
            losses.append((noise + common) ** 2)
        n_found += grouped_p_value(*losses, groups=groups) <= 0.05
    assert n_found <= 0.07 * n_runs
