"""The delivered network of a study: its weights, and forecasts from any rows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from search.arrays import read_arrays, write_arrays
from search.config import Cell
from search.errors import StudyCorrupted
from search.evaluation.forecasting import Forecaster
from search.evaluation.panel import make_panel
from search.evaluation.samples import asked_steps
from search.evaluation.scaling import fit_scaler
from search.explain.network import NumpyAverage, NumpyNetwork
from search.explain.structure import Structure
from search.space.lines import TrialParams
from search.study.folders import StudyHandle, winner_folder
from search.study.results import WinnerResult
from search.study.settings import StudySettings
from search.study.studies import load_panel_series

WEIGHTS_FILE = "weights.npz"
# In that file: number of the trial, and of networks.
_MADE = "made"

# Multiplications that take about half a minute, and between how many forecasts.
_MOST_WORK = 2e11
_FEWEST, _MOST = 200, 20_000


def save_weights(
    folder: Path, networks: Sequence[Sequence[np.ndarray]], *, trial: int
) -> None:
    """Keep the weights of a winner: of each network as in ``Model.get_weights``.

    The number of its trial is kept with them, because the results follow later.
    """
    weights = [one for network in networks for one in network]
    named = {f"arr_{place}": one for place, one in enumerate(weights)}
    named[_MADE] = np.array([trial, len(networks)])
    write_arrays(folder / WEIGHTS_FILE, named)


def is_replaced(handle: StudyHandle, cell: Cell, winner: WinnerResult) -> bool:
    """Tell whether the weights are those of another winner than `winner`.

    So it is while a study that goes on has trained a new winner, and its results are
    not there yet. Older versions did not keep whose weights they are.

    Raises
    ------
    StudyCorrupted
        If the weights cannot be read.
    """
    path = winner_folder(handle, cell) / WEIGHTS_FILE
    return path.exists() and not _is_of(read_arrays(path), winner)


def load_network(
    handle: StudyHandle, cell: Cell, winner: WinnerResult
) -> NumpyAverage | None:
    """Return what is delivered: one network, or the average of several.

    Returns
    -------
    NumpyAverage or None
        None for a winner of an older version that kept no weights, and where they
        are replaced; see `is_replaced`.

    Raises
    ------
    StudyCorrupted
        If the weights cannot be read, or are not those that were scored.
    """
    path = winner_folder(handle, cell) / WEIGHTS_FILE
    arrays = read_arrays(path) if path.exists() else {}
    if not arrays or not _is_of(arrays, winner):
        return None
    if not winner.is_unchanged(path):
        raise StudyCorrupted(
            f"The weights of {cell} are not those that were scored: the SHA-256 of "
            f"{WEIGHTS_FILE} differs from the one in the results. They are not used."
        )
    arrays.pop(_MADE, None)
    settings = handle.settings
    params = settings.space.complete(winner.params)
    structure = structure_of(params, settings)
    shared = _shared(arrays, winner.n_networks)
    return NumpyAverage(tuple(NumpyNetwork.of(structure, one) for one in shared))


def structure_of(params: TrialParams, settings: StudySettings) -> Structure:
    """Return what a network of `params` is made of."""
    task = settings.task
    return Structure(
        cell=params.cell,
        layers=params.layers,
        horizon=asked_steps(task, params.sequence_length)[1],
        n_outputs=len(task.classes) or len(settings.roles.targets),
        architecture=params.architecture,
        normalization=params.normalization,
        has_hidden=params.dense_units > 0,
    )


def load_forecaster(
    handle: StudyHandle, cell: Cell, winner: WinnerResult
) -> Forecaster | None:
    """Return the delivered network of a cell; None where `load_network` has none.

    Raises
    ------
    StudyCorrupted
        If the weights or the series cannot be read.
    """
    network = load_network(handle, cell, winner)
    if network is None:
        return None
    settings = handle.settings
    params = settings.space.complete(winner.params)
    series = load_panel_series(handle)
    has_calendar = params.calendar == "cycles"
    panel = make_panel(series, settings.roles, calendar=has_calendar)
    work = network.work(params.sequence_length)
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


def _is_of(arrays: Mapping[str, np.ndarray], winner: WinnerResult) -> bool:
    made = arrays.get(_MADE)
    return made is None or made.tolist() == [winner.trial, winner.n_networks]


def _shared(
    arrays: Mapping[str, np.ndarray], n_networks: int
) -> list[list[np.ndarray]]:
    """Return the weights of each network from those of all, one after the other."""
    weights, n_each = list(arrays.values()), len(arrays) // n_networks
    return [
        weights[number * n_each : (number + 1) * n_each] for number in range(n_networks)
    ]
