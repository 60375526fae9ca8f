"""The table of `throughput.py`: seconds of each trial on both sides, and ratios."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from benchmarks.support.recording import table
from benchmarks.support.scripts import ScriptRun, extrapolate
from search.space.lines import Value


@dataclass(frozen=True)
class OurTrial:
    """One trial of our search.

    Attributes
    ----------
    number
        Number of the configuration.
    seconds
        Seconds in its worker, from claim to result.
    seconds_compile
        The part of them before the first epoch.
    n_parameters
        Trained weights.
    epoch_scores
        Mean validation score over the folds after each epoch.
    """

    number: int
    seconds: float
    seconds_compile: float
    n_parameters: int
    epoch_scores: tuple[float, ...]


@dataclass(frozen=True)
class OurRun:
    """One run of our search; `seconds` until its last trial was done."""

    seconds: float
    trials: tuple[OurTrial, ...]

    @property
    def shares(self) -> np.ndarray:
        """Seconds of each trial, by number, that add up to `seconds`."""
        spent = np.array([self.trial(n).seconds for n in range(len(self.trials))])
        return spent * (self.seconds / spent.sum())

    def trial(self, number: int) -> OurTrial:
        """Return the trial of the configuration with this number."""
        return next(trial for trial in self.trials if trial.number == number)


@dataclass(frozen=True)
class Comparison:
    """All that was measured; `ours` holds a run before and one after the scripts."""

    points: int
    batch: int
    folds: int
    epochs: int
    workers: int
    n_measured: Mapping[str, int]
    configurations: Sequence[dict[str, Value]]
    full: Sequence[int]
    ours: Sequence[OurRun]
    scripts: Mapping[str, ScriptRun]

    @property
    def our_seconds(self) -> np.ndarray:
        """Seconds of each trial of ours, mean of the runs."""
        return np.mean([run.shares for run in self.ours], axis=0)

    def script_seconds(self, name: str) -> np.ndarray:
        """Seconds of each trial of a script, what it spends outside included."""
        run = self.scripts[name]
        spent = np.array(
            [
                run.seconds(number, epochs=self.epochs)
                for number in range(len(self.configurations))
            ]
        )
        return spent * (1 + run.overhead / spent.sum())


def report(found: Comparison) -> str:
    """Return the section of the results."""
    parts = [_introduction(found), _trials(found), _summary(found)]
    parts += [_agreement(found), _extrapolation(found)]
    return "\n\n".join(part for part in parts if part)


def _introduction(found: Comparison) -> str:
    first, *others = (f"{run.seconds:.0f} s" for run in found.ours)
    launched = min(
        note.launched for run in found.scripts.values() for note in run.notes
    )
    day = datetime.fromtimestamp(launched, UTC).date().isoformat()
    after = f", {', '.join(others)} after them" if others else ""
    return (
        f"{len(found.configurations)} random configurations of the default space, "
        f"{found.epochs} epochs, {found.folds} folds, batch {found.batch}, "
        f"{found.points:,} points in one column, no early stopping, no pruning. Ours "
        f"is `python -m search run` with {found.workers} workers, imports and "
        f"compilation into an empty cache included: {first} before the scripts ran "
        f"(from {day} on){after}. A trial of ours counts with "
        "its share of that time, in proportion to its seconds in the worker (beside "
        "it, with the part before the first epoch). "
        f"`python -m benchmarks.throughput --points {found.points}`"
    )


def _trials(found: Comparison) -> str:
    ours = found.our_seconds
    theirs = {name: found.script_seconds(name) for name in found.scripts}
    rows = []
    for number, params in enumerate(found.configurations):
        trials = [run.trial(number) for run in found.ours]
        worker = np.mean([trial.seconds for trial in trials])
        compiling = np.mean([trial.seconds_compile for trial in trials])
        rows.append(
            [
                params["cell"],
                *(params[name] for name in ("units", "layers", "sequence_length")),
                f"{trials[0].n_parameters:,}",
                f"{ours[number]:.2f}",
                f"{worker:.2f} ({compiling:.2f})",
                *(f"{one[number]:.1f}" for one in theirs.values()),
                *(f"{one[number] / ours[number]:.1f}" for one in theirs.values()),
            ]
        )
    columns = ["cell", "units", "layers", "length", "parameters", "ours, s"]
    columns += ["in the worker, s (compiling)"]
    columns += [f"{name}, s" for name in theirs]
    columns += [f"ratio to {name}" for name in theirs]
    return table(columns, rows)


def _summary(found: Comparison) -> str:
    ours = found.our_seconds
    rows = []
    for name in found.scripts:
        theirs = found.script_seconds(name)
        rows.append(
            [
                name,
                f"{theirs.sum():,.0f}",
                f"{ours.sum():,.0f}",
                f"{theirs.sum() / ours.sum():.1f}",
                f"{geometric_mean(theirs / ours):.1f}",
                f"{(theirs / ours).min():.1f}",
                f"{(theirs / ours).max():.1f}",
            ]
        )
    columns = ["script", "its total, s", "ours, s", "ratio of totals"]
    columns += ["geometric mean of ratios", "smallest", "largest"]
    return table(columns, rows)


def _agreement(found: Comparison) -> str:
    """Say how alike the validation scores are."""
    lines = []
    for name, run in found.scripts.items():
        away = []
        for number in range(len(found.configurations)):
            scores = run.note(number).epoch_scores
            ours = found.ours[0].trial(number).epoch_scores[len(scores) - 1]
            away.append(ours / scores[-1] - 1)
        fewest = found.n_measured[name]
        lines.append(
            f"Mean validation score of ours against {name} after the last epoch that "
            f"both trained ({fewest} or more): median difference "
            f"{np.median(away):+.1%}, median of its size {np.median(np.abs(away)):.1%}."
        )
    return "\n".join(lines)


def _extrapolation(found: Comparison) -> str:
    """Say what is extrapolated, and how far off that is where it can be checked."""
    lines = ["Every script may use all cores; none was told how many."]
    for name, run in found.scripts.items():
        n_measured = found.n_measured[name]
        if n_measured >= found.epochs:
            lines.append(f"{name} trained every epoch; nothing is extrapolated.")
            continue
        lines.append(
            f"{name} trained {n_measured} epochs; the others are taken to last as long "
            "as the second and later ones of the same configuration. "
            + _check_of_extrapolation(found, run, n_measured)
        )
    return "\n".join(lines)


def _check_of_extrapolation(found: Comparison, run: ScriptRun, n_measured: int) -> str:
    if not found.full:
        return "How far off that is was not checked."
    offs = []
    for number in found.full:
        note = run.note(number)
        guess = extrapolate(note, n_measured, epochs=found.epochs)
        params = found.configurations[number]
        network = f"{params['cell']}, {params['layers']} x {params['units']}"
        offs.append(f"{guess / note.seconds - 1:+.1%} ({network})")
    return f"Against full training it is off by {' and '.join(offs)}."


def geometric_mean(values: np.ndarray) -> float:
    """Return the geometric mean of positive numbers."""
    return float(np.exp(np.mean(np.log(values))))
