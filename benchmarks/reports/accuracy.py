"""What `accuracy.py` found, and its table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.support.accuracy_rows import AccuracyRow, Errors
from benchmarks.support.recording import table
from search.config import CELLS, Cell
from search.evaluation.metrics import Metrics
from search.study.results import TrialCounts, WinnerResult


@dataclass(frozen=True)
class Scored:
    """What a search found on one series.

    Attributes
    ----------
    goal
        The error that was wanted.
    errors
        Error of the delivered model of each cell, in the metric of the series.
    """

    name: str
    seconds: float
    goal: Errors
    errors: dict[Cell, Errors]
    best_cell: Cell | None
    winners: dict[Cell, WinnerResult]
    baselines: dict[str, Metrics]
    trials: TrialCounts
    verdict: str

    @property
    def is_reached(self) -> bool:
        """Whether the cell with the lowest fold score reaches the goal everywhere."""
        if self.best_cell is None:
            return False
        pairs = zip(self.errors[self.best_cell], self.goal, strict=True)
        return all(error <= goal for error, goal in pairs)


def report(rows: Sequence[AccuracyRow], found: Sequence[Scored]) -> str:
    """Return the section of the results."""
    columns = ["series", "metric", "wanted", "winner", *CELLS, "reached"]
    columns += [
        "RMSE of the winner, its seeds",
        "best baseline, RMSE",
        "others",
        "trials",
    ]
    n_reached = sum(one.is_reached for one in found)
    lines = [_line(row, one) for row, one in zip(rows, found, strict=True)]
    sentences = [
        f"- {row.name}: {row.protocol}. {one.verdict}"
        for row, one in zip(rows, found, strict=True)
    ]
    return "\n\n".join(
        [
            f"Searches of {found[0].seconds:g} seconds, two workers and the default "
            "settings; what the protocol fixes is set, nothing else. Errors are those "
            "of the delivered model on rows that no search saw. `winner` is the cell "
            "with the lowest cross-validation score; it alone decides whether the goal "
            f"is reached. `python -m benchmarks.accuracy`\n\n**{n_reached} of "
            f"{len(found)} reached.**",
            table(columns, lines),
            "Protocols, and what the program says:",
            "\n".join(sentences),
        ]
    )


def _line(row: AccuracyRow, one: Scored) -> list[str]:
    best = min(one.baselines, key=lambda name: one.baselines[name].rmse)
    return [
        row.name,
        row.metric,
        _shown(one.goal),
        one.best_cell or "none",
        *(_shown(one.errors[cell]) if cell in one.errors else "-" for cell in CELLS),
        "yes" if one.is_reached else "**no**",
        _seeds(one),
        f"{best}, {one.baselines[best].rmse:.4g}",
        row.others,
        f"{one.trials.complete} + {one.trials.pruned} pruned",
    ]


def _seeds(one: Scored) -> str:
    if one.best_cell is None:
        return "-"
    values = [seed.holdout.rmse for seed in one.winners[one.best_cell].seeds]
    return f"{np.mean(values):.4g} ({min(values):.4g} to {max(values):.4g})"


def _shown(values: Errors) -> str:
    return ", ".join(f"{value:.4g}" for value in values)
