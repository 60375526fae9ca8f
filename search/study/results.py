"""What a finished search found, as stored in `results.json` and written by `--json`."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from search.config import Cell, Deliver
from search.errors import StudyCorrupted
from search.evaluation.kind_metrics import AnomalyResult, ClassResult
from search.evaluation.metrics import KindMetrics, Metrics
from search.files import sha256, write_json
from search.space.earlier import current
from search.space.lines import Value

RESULTS_FILE = "results.json"
_KINDS: dict[str, type[KindMetrics]] = {
    "classes": ClassResult,
    "anomalies": AnomalyResult,
}

_Record = TypeVar("_Record")


@dataclass(frozen=True)
class SeedResult:
    """One training of a winner from other initial weights, scored on the holdout."""

    seed: int
    holdout: KindMetrics
    seconds: float


@dataclass(frozen=True)
class DivergedSeed:
    """One training of a winner that gave no network.

    Attributes
    ----------
    seed
        As in `SeedResult`.
    reason
        What was not finite and where, or that memory ran out.
    kind
        ``diverged`` if its numbers were not finite, ``memory`` if it took too much.
    """

    seed: int
    reason: str
    kind: Literal["diverged", "memory"] = "diverged"


@dataclass(frozen=True)
class BundleCheck:
    """Proof that the download works: it was unpacked and run in a clean process.

    Attributes
    ----------
    largest_difference
        Largest absolute difference from the stored holdout predictions, in units of
        the target.
    relative_difference
        The same over the standard deviation of the target; None if that is 0.
    passed
        Whether `relative_difference` is below 1e-4.
    message
        One sentence; on failure, what went wrong.
    """

    largest_difference: float | None
    relative_difference: float | None
    passed: bool
    message: str


@dataclass(frozen=True)
class WinnerResult:
    """The best configuration of one cell, trained again and scored once.

    Attributes
    ----------
    trial
        Number of the winning trial.
    params
        Complete configuration.
    cv
        Mean score over the folds; `cv_folds` has each of them in time order.
    epochs
        Epochs of the refit: the best epoch of the mean validation curve.
    holdout
        Metrics of the delivered model; which one that is was settled before anything
        was scored.
    seeds
        Metrics of every seed that did not diverge.
    targets
        Metrics of the delivered model for each target; empty except for numbers.
    n_parameters
        Number of trained weights of the delivered model, all its networks together.
    seconds
        Seconds to train the delivered model.
    inference_ms
        Milliseconds to predict one window.
    bundle, predictions
        Absolute paths of the zip and of the holdout predictions; None if the bundle
        could not be made.
    check
        Proof of the bundle.
    diverged
        Seeds whose training diverged or ran out of memory; no score counts them.
    delivered
        ``one``: the network of the first of `seeds`. ``average``: the mean of the
        forecasts of all of them.
    sha256
        Digest of each file that is loaded or delivered later, by its name, taken when
        the bundle was checked; older versions kept none.
    """

    trial: int
    params: dict[str, Value]
    cv: float
    cv_folds: tuple[float, ...]
    epochs: int
    holdout: KindMetrics
    seeds: tuple[SeedResult, ...]
    targets: dict[str, Metrics]
    n_parameters: int
    seconds: float
    inference_ms: float
    bundle: str | None
    predictions: str
    check: BundleCheck | None = None
    diverged: tuple[DivergedSeed, ...] = ()
    delivered: Deliver = "one"
    sha256: dict[str, str] = field(default_factory=dict)

    def is_unchanged(self, path: Path) -> bool:
        """Return whether the file at `path` is the one that was scored and checked."""
        return self.sha256.get(path.name) in (None, sha256(path))

    @property
    def n_seeds(self) -> int:
        """Trainings of the winner, those that diverged included."""
        return len(self.seeds) + len(self.diverged)

    @property
    def n_networks(self) -> int:
        """Networks in the delivered model."""
        return len(self.seeds) if self.delivered == "average" else 1


@dataclass(frozen=True)
class TrialCounts:
    """How the trials of a study ended."""

    complete: int = 0
    pruned: int = 0
    failed: int = 0
    per_cell: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """The comparison in words, and the numbers behind them.

    Attributes
    ----------
    sentence
        For a person: which cell is best, whether that is more than chance, and
        whether a network is needed at all.
    comparisons
        Each paired test: every pair of cells, then the best cell against the best
        baseline.
    """

    sentence: str
    comparisons: tuple["Comparison", ...] = ()


@dataclass(frozen=True)
class Comparison:
    """A paired test between two forecasts over the same holdout origins.

    Attributes
    ----------
    relative_difference
        Mean absolute error of the first over that of the second, less 1; negative
        where the first is better. None where the second has no error.
    p_value
        See `search.evaluation.paired`; None where there are too few origins.
    interval
        95 % interval of `relative_difference`; None with it or with `p_value`, and
        where the second errs so seldom that it has no end.
    p_adjusted
        `p_value` adjusted for all tests of the verdict.
    """

    first: str
    second: str
    relative_difference: float | None
    p_value: float | None
    n_origins: int
    interval: tuple[float, float] | None = None
    p_adjusted: float | None = None


@dataclass(frozen=True)
class StudyResults:
    """Everything that the Compare page and `--json` show.

    Attributes
    ----------
    study
        Uuid, name and state.
    data
        Rows, columns, holdout start and units of the series.
    baselines
        Metrics of each baseline on the same windows.
    seconds
        Wall time of the study so far.
    skipped_cells
        For each cell without a winner, why.
    absent_baselines
        For each baseline that is missing, why.
    """

    study: dict[str, str]
    data: dict[str, int | str | None]
    trials: TrialCounts
    winners: dict[Cell, WinnerResult]
    baselines: dict[str, KindMetrics]
    best_cell: Cell | None
    verdict: str
    comparisons: tuple[Comparison, ...]
    seconds: float
    skipped_cells: dict[str, str] = field(default_factory=dict)
    absent_baselines: dict[str, str] = field(default_factory=dict)


def save_results(folder: Path, results: StudyResults) -> None:
    """Write the results of the study in `folder`."""
    write_json(folder / RESULTS_FILE, results)


def load_results(folder: Path) -> StudyResults | None:
    """Read the results of the study in `folder`; None while there are none.

    Raises
    ------
    StudyCorrupted
        If the file is not what `save_results` writes.
    """
    path = folder / RESULTS_FILE
    if not path.exists():
        return None
    try:
        document = current(msgspec.json.decode(path.read_bytes()))
        _drop_endless_intervals(document)
        results = read_record(document, StudyResults)
    except (msgspec.MsgspecError, ValueError) as error:
        raise StudyCorrupted(f"{RESULTS_FILE} cannot be read: {error}.") from error
    winners = {
        cell: at_home(winner, folder / "winners" / cell)
        for cell, winner in results.winners.items()
    }
    return replace(results, winners=winners)


def read_record(document: Any, kind: type[_Record]) -> _Record:
    """Return the record that a decoded JSON document holds, with metrics of any task.

    Metrics of numbers say not what they are; those of other tasks have a ``kind``.

    Raises
    ------
    msgspec.ValidationError
        If the document is no such record.
    """
    return msgspec.convert(document, kind, dec_hook=_read_metrics)


def _read_metrics(kind: type, value: Any) -> Any:
    if kind is not KindMetrics:
        raise NotImplementedError(f"Nothing reads {kind}.")
    if not isinstance(value, dict):
        raise ValueError(f"Expected metrics, got `{type(value).__name__}`")
    name = value.get("kind")
    if name is None:
        return msgspec.convert(value, Metrics)
    if name not in _KINDS:
        raise ValueError(f"Metrics of an unknown kind {name!r}")
    return msgspec.convert(value, _KINDS[name])


def at_home(winner: WinnerResult, folder: Path) -> WinnerResult:
    """Return `winner` with its files where they are now.

    They are stored with whole paths, and the folder of a study may have been moved or
    copied since. A file that is not in `folder`, the one of the winner, keeps its path.
    """

    def find(stored: str) -> str:
        here = folder / Path(stored).name
        return str(here) if here.exists() else stored

    bundle = None if winner.bundle is None else find(winner.bundle)
    return replace(winner, predictions=find(winner.predictions), bundle=bundle)


def _drop_endless_intervals(document: Any) -> None:
    """Remove intervals with an end that was not finite, which older files hold."""
    comparisons = document.get("comparisons") if isinstance(document, dict) else None
    for one in comparisons if isinstance(comparisons, list) else ():
        interval = one.get("interval") if isinstance(one, dict) else None
        if isinstance(interval, list) and None in interval:
            one["interval"] = None
