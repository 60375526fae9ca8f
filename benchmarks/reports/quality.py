"""What `quality.py` found, and its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from benchmarks.alternatives.job import Note
from benchmarks.support.recording import table


@dataclass(frozen=True)
class OurTrial:
    """A complete trial of our search.

    Attributes
    ----------
    finished
        Seconds from the start of the process to its end.
    score
        Mean over the folds of the best validation score of each.
    """

    finished: float
    score: float


@dataclass(frozen=True)
class OurRun:
    """One search of ours; `ended` is the second at which it was ended."""

    seed: int
    ended: float
    n_pruned: int
    trials: tuple[OurTrial, ...]

    def seconds_until(self, target: float) -> float | None:
        """Return when a trial was as good as `target`; None if none was."""
        times = [trial.finished for trial in self.trials if trial.score <= target]
        return min(times, default=None)


@dataclass(frozen=True)
class Found:
    """What was found on one series.

    Attributes
    ----------
    core_factor
        Seconds that the script would have needed on all cores, over those on one.
    share_of_others
        Share of the script's core that other processes took meanwhile.
    """

    name: str
    n_rows: int
    notes: tuple[Note, ...]
    core_factor: float
    share_of_others: float
    ours: tuple[OurRun, ...]

    @property
    def target(self) -> float:
        """The best score of the script."""
        return min(note.score for note in self.notes if note.score is not None)

    @property
    def script_seconds(self) -> float:
        """Seconds of the script from start to end, as if it had been alone."""
        measured = max(note.finished - note.launched for note in self.notes)
        return measured * self.core_factor * (1 - self.share_of_others)

    @property
    def ratios(self) -> list[float]:
        """Our time over that of the script, for each seed; 1: not reached."""
        times = [run.seconds_until(self.target) for run in self.ours]
        return [
            1.0 if time is None else min(time / self.script_seconds, 1.0)
            for time in times
        ]


def report(all_found: Sequence[Found], core_factor: float, give_up_after: float) -> str:
    """Return the section of the results."""
    columns = ["series", "rows", "script: best score", "seconds", "trials (pruned)"]
    columns += ["ours: seconds until as good, each seed", "trials by then (pruned)"]
    columns += ["ratio, median"]
    first = min(note.launched for found in all_found for note in found.notes)
    day = datetime.fromtimestamp(first, UTC).date().isoformat()
    medians = [float(np.median(found.ratios)) for found in all_found]
    n_missing = sum(found.ratios.count(1.0) for found in all_found)
    n_runs = sum(len(found.ours) for found in all_found)
    return "\n\n".join(
        [
            f"The script ({len(all_found[0].notes)} trials, one seed, from {day} on) "
            f"against our default search ({len(all_found[0].ours)} seeds, two workers, "
            "an empty cache of compiled programs). Ratio: seconds that ours needs from "
            "the start of its process to a complete trial as good as the best of the "
            "script, over all the seconds of the script; 1 where it is not reached in "
            f"{give_up_after:.0%} of that time, after which it is ended. Scripts ran "
            "two at a time, each on one core; alone on all cores they need "
            f"{core_factor:.2f} of that time, by which their seconds are corrected, "
            "less the share that other processes took from their core "
            f"({max(found.share_of_others for found in all_found):.1%} at most). "
            "`python -m benchmarks.quality`",
            table(columns, [_row(found) for found in all_found]),
            f"Geometric mean of the medians "
            f"**{float(np.exp(np.mean(np.log(medians)))):.3f}**; {n_missing} of "
            f"{n_runs} searches did not get there.",
        ]
    )


def _row(found: Found) -> list[str]:
    n_pruned = sum(note.state == "pruned" for note in found.notes)
    seconds, trials = [], []
    for run in found.ours:
        reached = run.seconds_until(found.target)
        seconds.append("not reached" if reached is None else f"{reached:.0f}")
        trials.append(f"{len(run.trials)} ({run.n_pruned})")
    return [
        found.name,
        str(found.n_rows),
        f"{found.target:.5g}",
        f"{found.script_seconds:.0f}",
        f"{len(found.notes)} ({n_pruned})",
        ", ".join(seconds),
        ", ".join(trials),
        f"{np.median(found.ratios):.3f}",
    ]
