"""A delivered network with the windows of the holdout, ready to be explained."""

from dataclasses import dataclass

import numpy as np

from search.analysis.delivered import load_network
from search.config import Cell
from search.evaluation.framing import frame_series
from search.evaluation.panel import make_panel
from search.evaluation.scaling import fit_scaler
from search.evaluation.windows import gather_targets, gather_windows
from search.explain.network import NumpyAverage
from search.space.lines import Architecture
from search.study.folders import StudyHandle
from search.study.results import WinnerResult
from search.study.studies import load_panel_series


@dataclass(frozen=True)
class Explained:
    """A winner and what it saw on the holdout, in scaled units.

    Attributes
    ----------
    network
        The delivered model: one network, or the average of several.
    architecture
        What its networks are built like, as in the search space.
    channels
        Name of each channel of `past`; those known in advance are the last ones.
    origins
        First target row of each window, of shape (n_windows,).
    past, known
        See `search.evaluation.windows.Windows`.
    targets
        What the network should give, of shape (n_windows, horizon, n_targets).
    scale
        Units of the target for one scaled unit, of shape (n_targets,).
    """

    network: NumpyAverage
    architecture: Architecture
    channels: tuple[str, ...]
    origins: np.ndarray
    past: np.ndarray
    known: np.ndarray
    targets: np.ndarray
    scale: np.ndarray


def load_explained(
    handle: StudyHandle, cell: Cell, winner: WinnerResult
) -> Explained | None:
    """Return a winner that can be explained.

    Returns
    -------
    Explained or None
        None for a winner of an older version that kept no weights.

    Raises
    ------
    StudyCorrupted
        If the weights cannot be read.
    """
    settings = handle.settings
    params, task = settings.space.complete(winner.params), settings.task
    network = load_network(handle, cell, winner)
    if network is None:
        return None
    series = load_panel_series(handle)
    panel = make_panel(series, settings.roles, calendar=params.calendar == "cycles")
    plan = settings.plan(len(series))
    scaler = fit_scaler(panel, params.scaler, stop=plan.holdout_start)
    framed = frame_series(
        panel, scaler, params.framing, horizon=task.horizon, season=task.season
    )
    origins = np.arange(plan.holdout_start, plan.holdout_stop)
    windows = gather_windows(
        framed,
        origins,
        sequence_length=params.sequence_length,
        n_known=panel.n_known,
    )
    return Explained(
        network=network,
        architecture=params.architecture,
        channels=panel.channels,
        origins=origins,
        past=windows.past,
        known=windows.known,
        targets=gather_targets(framed.targets, origins, horizon=task.horizon)
        - windows.base,
        scale=scaler.scale[: panel.n_targets],
    )
