"""What an audit looked at, and what it found there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from search.evaluation.leaks.suspicion import Suspicion

Check = Literal[
    "inputs",
    "labels",
    "folds",
    "groups",
    "repeats",
    "borders",
    "future",
    "filling",
    "first_values",
    "normal",
    "scalers",
    "judged",
]


@dataclass(frozen=True)
class Audit:
    """The outcome of several checks.

    Attributes
    ----------
    found
        Everything that was found, in the order of the checks.
    checked
        The checks that looked at something.
    skipped
        Those that fit the task and found too little to look at.
    """

    found: tuple[Suspicion, ...] = ()
    checked: tuple[Check, ...] = ()
    skipped: tuple[Check, ...] = ()

    def __add__(self, other: "Audit") -> "Audit":
        """Return both as one; a check that looked once has looked."""
        checked = tuple(dict.fromkeys((*self.checked, *other.checked)))
        skipped = dict.fromkeys((*self.skipped, *other.skipped))
        return Audit(
            (*self.found, *other.found),
            checked,
            tuple(one for one in skipped if one not in checked),
        )


def gather(parts: Iterable[tuple[Check, Sequence[Suspicion] | None]]) -> Audit:
    """Return the checks as one audit; None stands for one with too little to look at.

    Examples
    --------
    >>> gather([("folds", ()), ("repeats", None)])
    Audit(found=(), checked=('folds',), skipped=('repeats',))
    """
    audit = Audit()
    for check, found in parts:
        if found is None:
            audit += Audit(skipped=(check,))
        else:
            audit += Audit(tuple(found), checked=(check,))
    return audit
