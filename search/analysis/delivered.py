"""The delivered network of a study, ready to forecast from any rows."""

import numpy as np

from search.analysis.explaining import WEIGHTS_FILE
from search.arrays import read_arrays
from search.config import Cell
from search.evaluation.forecasting import Forecaster
from search.evaluation.panel import make_panel
from search.evaluation.scaling import fit_scaler
from search.explain.network import NumpyNetwork
from search.study.folders import StudyHandle, winner_folder
from search.study.results import WinnerResult
from search.study.studies import load_panel_series

# Multiplications that take about half a minute, and between how many forecasts.
_MOST_WORK = 2e11
_FEWEST, _MOST = 200, 20_000


def load_forecaster(
    handle: StudyHandle, cell: Cell, winner: WinnerResult
) -> Forecaster | None:
    """Return the delivered network of a cell; None if its weights were not kept.

    Winners of older versions kept none.

    Raises
    ------
    StudyCorrupted
        If the weights or the series cannot be read.
    """
    path = winner_folder(handle, cell) / WEIGHTS_FILE
    if not path.exists():
        return None
    settings = handle.settings
    params = settings.space.complete(winner.params)
    series = load_panel_series(handle)
    has_calendar = params.calendar == "cycles"
    panel = make_panel(series, settings.roles, calendar=has_calendar)
    network = NumpyNetwork.of(
        params.cell,
        list(read_arrays(path).values()),
        horizon=settings.task.horizon,
        n_targets=panel.n_targets,
        bidirectional=params.bidirectional,
    )
    work = network.work(params.sequence_length, panel.n_channels)
    stop = settings.plan(len(series)).holdout_start
    return Forecaster(
        network=network.predict,
        scaler=fit_scaler(panel, params.scaler, stop=stop),
        roles=settings.roles,
        task=settings.task,
        sequence_length=params.sequence_length,
        framing=params.framing,
        has_calendar=has_calendar,
        batch_size=network.batch_size(params.sequence_length),
        most_origins=int(np.clip(_MOST_WORK // work, _FEWEST, _MOST)),
    )
