"""Records how random configurations of the default space learn, with our search.

Nothing is stopped early, so that any rule for ending trials can be tried on the curves
afterwards without training again.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.support.our_search import OurSearch, our_search, study_in
from benchmarks.support.places import CURVES
from benchmarks.support.problems import draw_configurations, problem_of, say
from benchmarks.support.series import PublicSeries
from search.config import Cell
from search.space.lines import Value
from search.space.starting import textbook_configurations
from search.study.trials.listing import TrialView

DRAW_SEED = 0


@dataclass(frozen=True)
class RecordedTrial:
    """The learning curve of one configuration.

    Attributes
    ----------
    cell
        Recurrent cell.
    params
        The configuration.
    is_textbook
        Whether it is the one that every search tries first for this cell.
    scores
        Mean validation score over the folds after each epoch; shorter than the others
        where the training diverged.
    fold_scores
        Validation score of each fold after each epoch.
    seconds_compile
        Seconds before the first epoch.
    seconds_epochs
        Seconds of each epoch.
    is_failed
        Whether the training ended with a number that is not finite.
    """

    cell: Cell
    params: dict[str, Value]
    is_textbook: bool
    scores: tuple[float, ...]
    fold_scores: tuple[tuple[float, ...], ...]
    seconds_compile: float
    seconds_epochs: tuple[float, ...]
    is_failed: bool = False

    @property
    def program(self) -> tuple[Value | None, ...]:
        """What differs between configurations that do not share a compiled program."""
        return tuple(self.params.get(name) for name in ("cell", "units", "calendar"))


def record_curves(
    series: PublicSeries,
    *,
    n_per_cell: int,
    epochs: int,
    workers: int,
    folder: Path = CURVES,
) -> tuple[RecordedTrial, ...]:
    """Return the curves of a series in `folder`; record them where there are none.

    The textbook configuration of each cell and `n_per_cell` random ones of each, on
    all folds, for `epochs` epochs. An interrupted recording goes on where it stood.
    """
    path = folder / f"{series.name}.json"
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=tuple[RecordedTrial, ...])
    studies = folder / f"{series.name}-study"
    problem = problem_of(series.run_options())
    textbook = textbook_configurations(problem.space)
    drawn = draw_configurations(problem.space, n_per_cell, seed=DRAW_SEED)
    configurations = [*textbook, *drawn]
    studies.mkdir(parents=True, exist_ok=True)
    listed = studies / "configurations.json"
    listed.write_bytes(msgspec.json.encode(configurations))
    options = [
        *series.run_options(),
        *("--enqueue", str(listed), "--trials", str(len(configurations))),
        *("--epochs", str(epochs), "--patience", "0", "--pruner", "none"),
        *("--workers", str(workers)),
    ]
    command = "run"
    if (begun := study_in(studies)) is not None:
        options, command = [begun.uuid], "resume"
    with our_search(options, studies=studies, command=command) as search:
        _wait_for_trials(search, series.name, len(configurations))
        recorded = tuple(
            _recorded(search, trial, len(textbook))
            for trial in search.trials
            if _is_done(trial)
        )
    path.write_bytes(msgspec.json.encode(recorded))
    shutil.rmtree(studies)
    return recorded


def _wait_for_trials(search: OurSearch, name: str, n_wanted: int) -> None:
    n_told = -1
    while True:
        n_done = sum(map(_is_done, search.trials))
        if n_done >= n_wanted:
            return
        if n_done // 10 > n_told // 10:
            say(f"{name}: {n_done} of {n_wanted} curves after {search.seconds:.0f} s")
        n_told = n_done
        search.wait(2.0)


def _is_done(trial: TrialView) -> bool:
    """Return whether the trial has its result; one that was killed is tried again."""
    is_failed = trial.state == "failed" and trial.failure != "killed"
    return trial.state == "complete" or is_failed


def _recorded(search: OurSearch, trial: TrialView, n_textbook: int) -> RecordedTrial:
    points = [one for one in search.curve(trial) if one.score is not None]
    before = trial.seconds_compile
    if before is None:  # a failed trial keeps no seconds of its own
        in_epochs = sum(point.seconds for point in points)
        before = max(0.0, (trial.seconds_total or 0.0) - in_epochs)
    return RecordedTrial(
        cell=trial.cell,
        params=trial.params,
        is_textbook=_first_number(trial) < n_textbook,
        scores=tuple(point.score or 0.0 for point in points),
        fold_scores=tuple(tuple(v or 0.0 for v in point.valid) for point in points),
        seconds_compile=before,
        seconds_epochs=tuple(point.seconds for point in points),
        is_failed=trial.state == "failed",
    )


def _first_number(trial: TrialView) -> int:
    """Return the number that the trial had before its worker was killed."""
    return trial.number if trial.retry_of is None else trial.retry_of


def best_score(trials: Sequence[RecordedTrial], *, epochs: int) -> float:
    """Return the best score that any configuration has within `epochs` epochs."""
    return min(min(trial.scores[:epochs]) for trial in trials if trial.scores)
