"""One fold, or the refit, as the compiled program takes it."""

from dataclasses import dataclass

import numpy as np

from search.config import Task
from search.evaluation.framing import frame_series
from search.evaluation.panel import Panel
from search.evaluation.scaling import Scaler, fit_scaler
from search.study.space import TrialParams
from search.worker.engine import EpochProgram, epoch_program
from search.worker.gathering import SeriesTensors, series_tensors
from search.worker.models import network_shape
from search.worker.records import State

_INITIAL_WEIGHTS, _BATCH_ORDER = 0, 1


@dataclass
class Run:
    """A training in progress: what it learns from and how far it has come.

    Attributes
    ----------
    origins
        Training origins.
    validation
        Validation origins; empty in a refit.
    scaler
        Fitted on training rows.
    series
        The scaled series.
    seed
        Seed and number of the fold; decides initial weights and batch order.
    state
        Weights and optimizer after the epochs so far.
    """

    origins: range
    validation: range
    scaler: Scaler
    series: SeriesTensors
    seed: tuple[int, int]
    state: State

    def order(self, epoch: int) -> np.ndarray:
        """Return the origins in the shuffled order of one epoch (1 for the first)."""
        generator = np.random.default_rng([*self.seed, _BATCH_ORDER, epoch])
        return generator.permutation(np.arange(self.origins.start, self.origins.stop))


def panel_of(panel: Panel, params: TrialParams) -> Panel:
    """Leave the calendar channels out where `params` does not use them."""
    if params.calendar == "cycles" or not panel.n_calendar:
        return panel
    n_channels = panel.n_channels - panel.n_calendar
    return Panel(
        values=panel.values[:, :n_channels],
        channels=panel.channels[:n_channels],
        n_targets=panel.n_targets,
        n_known=panel.n_known - panel.n_calendar,
        n_calendar=0,
    )


def program_of(panel: Panel, params: TrialParams, task: Task) -> EpochProgram:
    """Return the program that trains `params` on `panel`; see `epoch_program`."""
    shape = network_shape(params, panel, task)
    return epoch_program(shape, params.batch_size, params.optimizer, panel.n_rows)


def start_run(
    panel: Panel,
    params: TrialParams,
    task: Task,
    *,
    train_stop: int,
    scaler_stop: int,
    validation: range = range(0),
    seed: tuple[int, int],
) -> Run:
    """Scale the series, draw the initial weights and stand before the first epoch.

    Parameters
    ----------
    panel
        The series with the channels that `params` uses; see `panel_of`.
    train_stop
        Training origins end before this row.
    scaler_stop
        The scaler is fitted on the rows before this one.
    validation
        Validation origins.
    seed
        Seed and number of the fold.
    """
    scaler = fit_scaler(panel, params.scaler, stop=scaler_stop)
    framed = frame_series(
        panel, scaler, params.framing, horizon=task.horizon, season=task.season
    )
    program = program_of(panel, params, task)
    words = np.random.SeedSequence([*seed, _INITIAL_WEIGHTS]).generate_state(1)
    shape = network_shape(params, panel, task)
    state = program.start(shape, learning_rate=params.learning_rate, seed=int(words[0]))
    return Run(
        origins=range(params.first_origin(task.season), train_stop),
        validation=validation,
        scaler=scaler,
        series=series_tensors(framed),
        seed=seed,
        state=state,
    )
