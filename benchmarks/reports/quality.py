"""What `quality.py` found, and its table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from benchmarks.alternatives.job import Note
from benchmarks.support.recording import table

# Once the common yardstick is met, the stricter one is waited for up to this share of
# the script's time.
SHARE_FOR_STRICTER = 0.25


@dataclass(frozen=True)
class OurTrial:
    """A complete trial of our search.

    Attributes
    ----------
    finished
        Seconds from the start of the process to its end.
    common
        Mean over the folds of the best validation score of each.
    own
        Best mean over the folds at one epoch.
    """

    finished: float
    common: float
    own: float


ScoreOf = Callable[[OurTrial], float]


def common(trial: OurTrial) -> float:
    """Return the score by the yardstick of the script."""
    return trial.common


def own(trial: OurTrial) -> float:
    """Return the score by our stricter yardstick."""
    return trial.own


@dataclass(frozen=True)
class OurRun:
    """One search of ours; `ended` is the second at which it was ended."""

    seed: int
    ended: float
    n_pruned: int
    trials: tuple[OurTrial, ...]

    def reached(self, target: float, score_of: ScoreOf) -> OurTrial:
        """Return the first trial that is as good as `target`.

        Raises
        ------
        LookupError
            If there is none.
        """
        for trial in sorted(self.trials, key=lambda trial: trial.finished):
            if score_of(trial) <= target:
                return trial
        raise LookupError


@dataclass(frozen=True)
class Found:
    """What was found on one series."""

    name: str
    n_rows: int
    notes: tuple[Note, ...]
    ours: tuple[OurRun, ...]

    @property
    def target(self) -> float:
        """The best score of the script."""
        return min(note.score for note in self.notes if note.score is not None)

    @property
    def script_seconds(self) -> float:
        """Seconds of the script from start to end."""
        return max(note.finished - note.launched for note in self.notes)

    def ratios(self, score_of: ScoreOf) -> list[float | None]:
        """Return our time over that of the script, for each seed; None: not reached."""
        ratios: list[float | None] = []
        for run in self.ours:
            try:
                seconds = run.reached(self.target, score_of).finished
            except LookupError:
                ratios.append(None)
            else:
                ratios.append(min(seconds / self.script_seconds, 1.0))
        return ratios


def report(all_found: Sequence[Found]) -> str:
    """Return the section of the results."""
    columns = ["series", "rows", "script: best score", "seconds", "trials (pruned)"]
    columns += ["ours: seconds until as good, each seed", "complete trials by then"]
    columns += ["ratio, median", "ratio by our stricter yardstick"]
    first = min(note.launched for found in all_found for note in found.notes)
    day = datetime.fromtimestamp(first, UTC).date().isoformat()
    return "\n\n".join(
        [
            f"The script ({len(all_found[0].notes)} trials, one seed, from {day} on) "
            f"against our default search ({len(all_found[0].ours)} seeds, two workers, "
            "an empty cache of compiled programs). Ratio: seconds that ours needs from "
            "the start of its process to a complete trial as good as the best of the "
            "script, over all the seconds of the script; 1 where it is not reached in "
            "that time. `python -m benchmarks.quality`",
            table(columns, [_row(found) for found in all_found]),
            f"By the script's yardstick: {_summary(all_found, common)} By our stricter "
            f"one: {_summary(all_found, own)} The stricter one is looked for until "
            f"{SHARE_FOR_STRICTER:.0%} of the script's time, then counts as not "
            "reached.",
        ]
    )


def _summary(all_found: Sequence[Found], score_of: ScoreOf) -> str:
    ratios = [_median(found.ratios(score_of)) for found in all_found]
    n_missing = sum(found.ratios(score_of).count(None) for found in all_found)
    n_runs = sum(len(found.ours) for found in all_found)
    mean = float(np.exp(np.mean(np.log(ratios))))
    return (
        f"geometric mean of the ratios {mean:.3f}, {n_missing} of {n_runs} searches "
        "did not get there."
    )


def _row(found: Found) -> list[str]:
    n_pruned = sum(note.state == "pruned" for note in found.notes)
    seconds, trials = [], []
    for run in found.ours:
        try:
            first = run.reached(found.target, common)
        except LookupError:
            seconds.append("not reached")
            trials.append("-")
        else:
            seconds.append(f"{first.finished:.0f}")
            n_done = sum(one.finished <= first.finished for one in run.trials)
            trials.append(str(n_done))
    return [
        found.name,
        str(found.n_rows),
        f"{found.target:.5g}",
        f"{found.script_seconds:.0f}",
        f"{len(found.notes)} ({n_pruned})",
        ", ".join(seconds),
        ", ".join(trials),
        f"{_median(found.ratios(common)):.3f}",
        f"{_median(found.ratios(own)):.3f}",
    ]


def _median(ratios: Sequence[float | None]) -> float:
    return float(np.median([1.0 if ratio is None else ratio for ratio in ratios]))
