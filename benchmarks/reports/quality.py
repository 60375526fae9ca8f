"""What `quality.py` found, and its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np

from benchmarks.alternatives.job import Note
from benchmarks.support.recording import table

Yardstick = Literal["printed", "judged"]
YARDSTICKS: tuple[Yardstick, ...] = ("printed", "judged")


@dataclass(frozen=True)
class Targets:
    """What our search has to reach.

    Attributes
    ----------
    printed
        Best score of the script: mean over the folds of the best score of each.
    judged
        Score of its best configuration after one epoch for all folds.
    """

    printed: float
    judged: float


@dataclass(frozen=True)
class OurTrial:
    """A complete trial of our search.

    Attributes
    ----------
    finished
        Seconds from the start of the process to its end.
    printed, judged
        Its score by each of the yardsticks in `Targets`.
    """

    finished: float
    printed: float
    judged: float


@dataclass(frozen=True)
class OurRun:
    """One search of ours; `ended` is the second at which it was ended."""

    seed: int
    ended: float
    n_pruned: int
    trials: tuple[OurTrial, ...]

    def seconds_until(self, targets: Targets, which: Yardstick) -> float | None:
        """Return when a trial was as good as the target; None if none was."""
        target = getattr(targets, which)
        times = [
            trial.finished for trial in self.trials if getattr(trial, which) <= target
        ]
        return min(times, default=None)

    def has_reached(self, targets: Targets) -> bool:
        """Whether there is a trial as good as each of the targets."""
        times = [self.seconds_until(targets, which) for which in YARDSTICKS]
        return None not in times


@dataclass(frozen=True)
class Found:
    """What was found on one series.

    Attributes
    ----------
    core_factor
        Seconds that the script would have needed on all cores, over those on one.
    share_of_others
        Share of the script's core that other processes took meanwhile.
    judged
        As in `Targets`.
    """

    name: str
    n_rows: int
    notes: tuple[Note, ...]
    core_factor: float
    share_of_others: float
    judged: float
    ours: tuple[OurRun, ...]

    @property
    def targets(self) -> Targets:
        """What our search has to reach."""
        scores = [note.score for note in self.notes if note.score is not None]
        return Targets(min(scores), self.judged)

    @property
    def script_seconds(self) -> float:
        """Seconds of the script from start to end, as if it had been alone."""
        measured = max(note.finished - note.launched for note in self.notes)
        return measured * self.core_factor * (1 - self.share_of_others)

    def ratios(self, which: Yardstick) -> list[float]:
        """Return our time over that of the script for each seed; 1: not reached."""
        times = [run.seconds_until(self.targets, which) for run in self.ours]
        return [
            1.0 if time is None else min(time / self.script_seconds, 1.0)
            for time in times
        ]


def report(all_found: Sequence[Found], core_factor: float, give_up_after: float) -> str:
    """Return the section of the results."""
    columns = ["series", "rows", "script: seconds", "trials (pruned)"]
    for target in ("its best score", "its best configuration, judged by one epoch"):
        columns += [target, "ours: seconds until reached, each seed", "ratio, median"]
    columns += ["our trials in all (pruned)"]
    first = min(note.launched for found in all_found for note in found.notes)
    day = datetime.fromtimestamp(first, UTC).date().isoformat()
    return "\n\n".join(
        [
            f"The script ({len(all_found[0].notes)} trials, one seed, from {day} on) "
            f"against our default search ({len(all_found[0].ours)} seeds, two workers, "
            "an empty cache of compiled programs). Ratio: seconds that ours needs from "
            "the start of its process to a complete trial as good as the target, over "
            "all the seconds of the script; 1 where it is not reached in "
            f"{give_up_after:.0%} of that time, after which it is ended. The first "
            "target is the best score of the script, which takes the best epoch of "
            "each fold by itself; the second is the configuration that has it, scored "
            "as our search scores, by one epoch for all folds. Scripts ran "
            "two at a time, each on one core; alone on all cores they need "
            f"{core_factor:.2f} of that time, by which their seconds are corrected, "
            "less the share that other processes took from their core "
            f"({max(found.share_of_others for found in all_found):.1%} at most). "
            "`python -m benchmarks.quality`",
            table(columns, [_row(found) for found in all_found]),
            f"{_summary(all_found, 'printed', 'Best score of the script')} "
            f"{_summary(all_found, 'judged', 'Its best configuration')}",
        ]
    )


def _summary(all_found: Sequence[Found], which: Yardstick, name: str) -> str:
    ratios = [found.ratios(which) for found in all_found]
    medians = [float(np.median(of_series)) for of_series in ratios]
    n_missing = sum(of_series.count(1.0) for of_series in ratios)
    n_runs = sum(map(len, ratios))
    mean = float(np.exp(np.mean(np.log(medians))))
    return (
        f"{name}: geometric mean of the medians **{mean:.3f}**; {n_missing} of "
        f"{n_runs} searches did not get there."
    )


def _row(found: Found) -> list[str]:
    n_pruned = sum(note.state == "pruned" for note in found.notes)
    cells = [
        found.name,
        str(found.n_rows),
        f"{found.script_seconds:.0f}",
        f"{len(found.notes)} ({n_pruned})",
    ]
    for which in YARDSTICKS:
        times = [run.seconds_until(found.targets, which) for run in found.ours]
        cells += [
            f"{getattr(found.targets, which):.5g}",
            ", ".join(
                "not reached" if time is None else f"{time:.0f}" for time in times
            ),
            f"{np.median(found.ratios(which)):.3f}",
        ]
    trials = [f"{len(run.trials)} ({run.n_pruned})" for run in found.ours]
    return [*cells, ", ".join(trials)]
