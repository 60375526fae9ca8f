"""The delivered network of a study of any task, and the rows that it is judged on."""

from dataclasses import dataclass

import numpy as np

from search.analysis.delivered import load_network
from search.config import Cell
from search.evaluation.answering import SampleModel
from search.evaluation.panel import Panel, make_panel
from search.evaluation.samples import SamplePlan
from search.evaluation.scaling import fit_label_scaler, fit_task_scaler
from search.evaluation.splits import SplitPlan
from search.explain.network import NumpyAverage
from search.space.lines import TrialParams
from search.study.folders import StudyHandle
from search.study.results import WinnerResult
from search.study.studies import load_panel_series

# Multiplications that take about half a minute, and between how many answers.
_MOST_WORK = 2e11
_FEWEST, _MOST = 200, 20_000


@dataclass(frozen=True)
class DeliveredModel:
    """A delivered network with the rows of its study.

    Attributes
    ----------
    model
        What answers.
    network
        Its network by itself.
    params
        Its configuration.
    panel, plan
        Rows of the study, and its holdout.
    times
        When each row was, of shape (n_rows,): its time, or its number within its group
        from 0.
    """

    model: SampleModel
    network: NumpyAverage
    params: TrialParams
    panel: Panel
    plan: SamplePlan
    times: np.ndarray


def load_sample_model(
    handle: StudyHandle, cell: Cell, winner: WinnerResult
) -> DeliveredModel | None:
    """Return the delivered network of a study other than a forecast of one series.

    Returns
    -------
    DeliveredModel or None
        None where `search.analysis.delivered.load_network` has none.

    Raises
    ------
    StudyCorrupted
        If the weights or the rows cannot be read.
    """
    network = load_network(handle, cell, winner)
    if network is None:
        return None
    settings = handle.settings
    params, task = settings.space.complete(winner.params), settings.task
    has_calendar = params.calendar == "cycles"
    frame = load_panel_series(handle)
    panel = make_panel(frame, settings.roles, calendar=has_calendar, kind=task.kind)
    plan = settings.plan_of(panel)
    assert not isinstance(plan, SplitPlan)
    rows = plan.final.rows
    scaler = fit_task_scaler(panel, params.scaler, task, rows=rows)
    length = params.sequence_length
    model = SampleModel(
        network=network.predict,
        scaler=scaler,
        labels=fit_label_scaler(panel, params.scaler, task, rows=rows),
        roles=settings.roles,
        task=task,
        sequence_length=length,
        framing=params.framing,
        has_calendar=has_calendar,
        group_names=panel.group_names,
        batch_size=network.batch_size(length),
        most_samples=int(np.clip(_MOST_WORK // network.work(length), _FEWEST, _MOST)),
    )
    times = np.asarray(frame.index)
    return DeliveredModel(model, network, params, panel, plan, times)
