"""The first configurations of a study: what a course starts with, then its variants."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations, product

from search.space.lines import Line, Space, Value

# What often decides as much as the cell does. A search by chance meets a bad value of
# one of them together with a good value of another for long; the variants do not.
SPREAD = ("framing", "calendar", "loss", "scaler")
MOST_ROUNDS = 3
# Of the trials of a search, at most one of so many is a variant of the textbook.
SHARE_OF_TRIALS = 3

Configuration = dict[str, Value]
Pair = frozenset[tuple[str, Value]]


def starting_configurations(space: Space, trials: int | None) -> list[Configuration]:
    """Return what a study tries first, in rounds of one configuration a cell.

    The first round is the textbook configuration. Two more, where a third of the
    trials has room for them, vary framing, calendar, loss and scaler, so that early on
    almost every value of one has met every value of another and every cell: each next
    configuration is the one with the most pairs of values that have not met, and of
    equal ones that whose pairs were rarest (the greedy choice of Cohen et al. 1997,
    The AETG system).

    Parameters
    ----------
    trials
        Budget of the study; None if only time limits it.
    """
    first = textbook_configurations(space)
    n_rounds = MOST_ROUNDS
    if trials is not None:
        n_rounds = min(max(trials // (SHARE_OF_TRIALS * len(first)), 1), MOST_ROUNDS)
    names = [name for name in SPREAD if not space[name].is_fixed]
    values = [_strongest_first(space[name]) for name in names]
    variants = [dict(zip(names, chosen, strict=True)) for chosen in product(*values)]
    chosen = list(first)
    met = Counter(pair for one in first for pair in _pairs(one))

    def worth(one: Configuration) -> tuple[int, int]:
        counts = [met[pair] for pair in _pairs(one)]
        return counts.count(0), -sum(count**2 for count in counts)

    for base in first * (n_rounds - 1):
        best = max(({**base, **variant} for variant in variants), key=worth)
        if best not in chosen:
            chosen.append(best)
            met.update(_pairs(best))
    return chosen


def textbook_configurations(space: Space) -> list[Configuration]:
    """Return the configuration that a course would start with, once for each cell.

    One layer of 32 units, dropout 0.1, learning rate 0.003, gradients clipped at 1,
    and the strongest framing of the space. Values outside the space move to its
    nearest end.
    """
    wishes: Configuration = {
        "units": 32,
        "layers": 1,
        "dropout": 0.1,
        "learning_rate": 3e-3,
        "clipnorm": 1.0,
    }
    wishes |= {name: _strongest_first(space[name])[0] for name in SPREAD}
    lengths = space["sequence_length"].values
    wishes["sequence_length"] = lengths[len(lengths) // 2] if lengths else 1
    chosen = {
        name: _nearest(space[name], wish)
        for name, wish in wishes.items()
        if not space[name].is_fixed
    }
    cells = () if space["cell"].is_fixed else space.cells
    return [{"cell": cell, **chosen} for cell in cells] or [chosen]


def _strongest_first(line: Line) -> tuple[Value, ...]:
    """Return the choices of a line; framing and calendar list the plain one first."""
    if line.name in ("framing", "calendar"):
        return line.values[::-1]
    return line.values


def _pairs(configuration: Mapping[str, Value]) -> Iterator[Pair]:
    """Yield the pairs of values that count as having met."""
    counted = [
        (name, value)
        for name, value in configuration.items()
        if name in SPREAD or name == "cell"
    ]
    return map(frozenset, combinations(counted, 2))


def _nearest(line: Line, wish: Value) -> Value:
    if line.choices:
        return wish if wish in line.choices else line.choices[0]
    low, high = line.values
    clipped = min(max(wish, low), high)
    if line.kind != "int":
        return clipped
    assert isinstance(clipped, int) and isinstance(low, int)
    return low + round((clipped - low) / line.step) * line.step
