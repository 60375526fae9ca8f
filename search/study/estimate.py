"""How long a search will take, before anything has been measured."""

from dataclasses import dataclass

from search.config import CELLS
from search.evaluation.samples import SamplePlan
from search.evaluation.splits import SplitPlan
from search.space.lines import Line
from search.study.eta import NETWORK_SECONDS
from search.study.settings import StudySettings

# On one core of a small server: a compiled training step of LSTM(32) over 24 steps
# with a batch of 32 takes about 0.6 ms, a new shape about 4 s to compile.
_COMPILE_SECONDS = 4.0
_START_SECONDS = 8.0
_STEP_SECONDS = 5e-5
_SECONDS_PER_CELL_STEP = 6e-6
_MULTIPLICATIONS_PER_SECOND = 1.2e10
_GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
_SHARE_OF_EPOCHS = 0.75
_LOW, _HIGH = 0.5, 2.0


@dataclass(frozen=True)
class Estimate:
    """Range of seconds that a search is likely to take, refits included.

    Attributes
    ----------
    low, high
        Half and twice the best guess; machines and series differ that much.
    limited_by_time
        Whether the budget of seconds ends the search before its trials.
    """

    low: float
    high: float
    limited_by_time: bool


def estimate_seconds(settings: StudySettings, plan: SplitPlan | SamplePlan) -> Estimate:
    """Guess the duration of a study from the middle of its search space.

    Parameters
    ----------
    settings
        The study.
    plan
        Its folds.
    """
    load = _load(settings, plan)
    trial = _trial_seconds(settings, load)
    trials = settings.budget.trials
    searching = float("inf")
    if trials is not None:
        searching = trials * trial / min(settings.workers, trials)
    seconds = settings.budget.seconds
    limited = seconds is not None and seconds < searching
    refitting = _refit_seconds(settings, load)
    if limited and seconds is not None:
        return Estimate(seconds + _LOW * refitting, seconds + _HIGH * refitting, True)
    total = _START_SECONDS + searching + refitting
    return Estimate(_LOW * total, _HIGH * total, False)


@dataclass(frozen=True)
class _Load:
    """Windows of one pass: over all folds, and of a refit."""

    folds: float
    refit: int


def _load(settings: StudySettings, plan: SplitPlan | SamplePlan) -> _Load:
    # A validation window costs about a third of a training window.
    if isinstance(plan, SamplePlan):
        first, samples = plan.first_origin, plan.samples
        folds = sum(
            len(samples.usable(fold.training, first)) + len(fold.validation) / 3
            for fold in plan.folds
        )
        return _Load(folds, len(samples.usable(plan.final.training, first)))
    first = settings.space.first_origin(settings.task.season)
    folds = sum(fold.n_train(first) + fold.n_valid / 3 for fold in plan.folds)
    return _Load(folds, plan.refit_stop)


def _trial_seconds(settings: StudySettings, load: _Load) -> float:
    epochs = max(1.0, _SHARE_OF_EPOCHS * settings.training.epochs)
    return _COMPILE_SECONDS + epochs * _epoch_seconds(settings, load.folds)


def _refit_seconds(settings: StudySettings, load: _Load) -> float:
    epochs = max(1.0, _SHARE_OF_EPOCHS * settings.training.epochs)
    once = epochs * _epoch_seconds(settings, load.refit)
    n_cells = len(settings.space.cells)
    training = settings.training
    export = NETWORK_SECONDS * (training.networks - 1)
    one_cell = _START_SECONDS + _COMPILE_SECONDS + training.refit_seeds * once + export
    return one_cell * n_cells / min(settings.workers, n_cells)


def _epoch_seconds(settings: StudySettings, n_windows: float) -> float:
    space = settings.space
    middle = {
        name: _middle(space[name])
        for name in ("units", "layers", "sequence_length", "batch_size")
    }
    cells = space.cells or CELLS
    gates = sum(_GATES[cell] for cell in cells) / len(cells)
    n_channels = len(settings.roles.columns) + 2 * len(settings.roles.calendar)
    units = middle["units"]
    # Forward and backward pass of one window through one layer.
    multiplications = 6 * gates * units * (units + n_channels)
    steps = n_windows / middle["batch_size"]
    cell_steps = middle["sequence_length"] * middle["layers"]
    work = n_windows * cell_steps * multiplications / _MULTIPLICATIONS_PER_SECOND
    return steps * (_STEP_SECONDS + cell_steps * _SECONDS_PER_CELL_STEP) + work


def _middle(line: Line) -> float:
    values = [float(value) for value in line.values]
    return sum(values) / len(values)
