"""What `accuracy.py` found for the tasks beside forecasting, and its table."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.support.recording import table
from benchmarks.support.task_rows import TaskRow
from search.config import CELLS, Cell


@dataclass(frozen=True)
class TaskScored:
    """What a search found for one task; more is better.

    Attributes
    ----------
    scores
        Score of the delivered model of each cell on what was held out.
    baselines
        The same of the baselines.
    n_complete, n_pruned
        Trials.
    """

    name: str
    seconds: float
    scores: dict[Cell, float]
    best_cell: Cell | None
    baselines: dict[str, float]
    n_complete: int
    n_pruned: int
    verdict: str

    def is_reached(self, wanted: float) -> bool:
        """Whether the cell with the lowest fold score reaches the goal."""
        return self.best_cell is not None and self.scores[self.best_cell] >= wanted


def task_report(rows: Sequence[TaskRow], found: Sequence[TaskScored]) -> str:
    """Return the section of the results."""
    columns = ["task", "metric", "wanted", "winner", *CELLS, "reached"]
    columns += ["best baseline", "others", "trials"]
    pairs = list(zip(rows, found, strict=True))
    n_reached = sum(one.is_reached(row.wanted) for row, one in pairs)
    return "\n\n".join(
        [
            f"Searches of {found[0].seconds:g} seconds, two workers and the default "
            "settings; what the protocol fixes is set, nothing else. Scores are those "
            "of the delivered model on what no search saw; more is better. `winner` is "
            "the cell with the lowest cross-validation score; it alone decides whether "
            "the goal is reached. `python -m benchmarks.accuracy`\n\n"
            f"**{n_reached} of {len(found)} reached.**",
            table(columns, [_line(row, one) for row, one in pairs]),
            "Protocols, and what the program says:",
            "\n".join(
                f"- {row.name}: {row.protocol}. {one.verdict}" for row, one in pairs
            ),
        ]
    )


def _line(row: TaskRow, one: TaskScored) -> list[str]:
    best = max(one.baselines, key=lambda name: one.baselines[name], default=None)
    return [
        row.name,
        row.metric,
        f"{row.wanted:.3f}",
        one.best_cell or "none",
        *(f"{one.scores[cell]:.3f}" if cell in one.scores else "-" for cell in CELLS),
        "yes" if one.is_reached(row.wanted) else "**no**",
        "-" if best is None else f"{best}, {one.baselines[best]:.3f}",
        row.others,
        f"{one.n_complete} + {one.n_pruned} pruned",
    ]
