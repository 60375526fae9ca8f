"""A delivered network of any task with the samples it is explained by."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from search.analysis.delivered.sample_network import DeliveredModel
from search.analysis.newer.answers import Answers, answer_samples, answered_row
from search.errors import StudyCorrupted
from search.evaluation.detector import Detector
from search.evaluation.samples import asked_steps
from search.evaluation.windows import Windows, is_padding
from search.explain.importance import (
    ACCURACY,
    LOG_LOSS,
    MOST_STEPS,
    MOST_WINDOWS,
    VALUES,
    Importance,
    Measure,
    channel_importance,
    step_importance,
)
from search.explain.network import integrated_gradients

DETECTOR_FILE = "detector.json"
MEASURES: dict[str, Measure] = {
    "accuracy": ACCURACY,
    "log_loss": LOG_LOSS,
    "error": VALUES,
}
# Samples of a holdout that are looked at, spread evenly over it.
MOST_ANSWERS = 20_000


@dataclass(frozen=True)
class Attribution:
    """How much each value of a window adds to one answer.

    Attributes
    ----------
    values
        Shape (n_rows, n_channels), oldest row first; padding is left out. In units of
        the target, or of the logarithm of the odds of a class.
    channels
        Name of each channel.
    """

    values: np.ndarray
    channels: tuple[str, ...]


def load_detector(folder: Path) -> Detector:
    """Read what makes anomalies of the errors of a winner.

    Raises
    ------
    StudyCorrupted
        If it is absent or cannot be read.
    """
    try:
        return msgspec.json.decode((folder / DETECTOR_FILE).read_bytes(), type=Detector)
    except (OSError, msgspec.MsgspecError) as error:
        raise StudyCorrupted(f"{DETECTOR_FILE} cannot be read: {error}.") from error


def holdout_answers(delivered: DeliveredModel, detector: Detector | None) -> Answers:
    """Answer the samples of the holdout with what was there beside them.

    Of very many an even part is taken; of a search for anomalies always all, because
    scores are averaged over rows that follow each other.
    """
    panel, stops = delivered.panel, delivered.plan.final.validation
    if detector is None and len(stops) > MOST_ANSWERS:
        chosen = np.linspace(0, len(stops) - 1, MOST_ANSWERS).astype(int)
        stops = stops[np.unique(chosen)]
    known = panel.labels if detector is not None else panel.targets
    return answer_samples(
        delivered.model,
        panel,
        stops,
        times=delivered.times,
        known=known,
        detector=detector,
    )


def sample_window(delivered: DeliveredModel, stop: int) -> Windows:
    """Return the window that ends before row `stop`."""
    return delivered.model.windows(delivered.panel, np.array([stop]))


def stop_of(delivered: DeliveredModel, row: int) -> int:
    """Return the stop of the sample whose answer is about a row of the panel."""
    model = delivered.model
    return row - answered_row(model.task, model.sequence_length)


def step_answer(
    delivered: DeliveredModel, stop: int, step: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return one step of a forecast and what came, each of shape (n_targets,)."""
    values = delivered.model.answers(delivered.panel, np.array([stop]))[0, step]
    return values, delivered.panel.targets[stop + step]


def attribute(
    delivered: DeliveredModel, stop: int, *, step: int = 0, target: int
) -> Attribution:
    """Return what made an answer: integrated gradients over rows and inputs.

    Parameters
    ----------
    stop
        End of the window.
    step, target
        Which value of the answer, or which class.
    """
    windows, task = sample_window(delivered, stop), delivered.model.task
    window = windows.past[0]
    values = integrated_gradients(
        delivered.network,
        window,
        windows.known[0],
        step=step,
        target=target,
        is_class=task.has_classes,
    )
    if not task.has_classes:
        values = values * _unit(delivered, stop, target)
    return Attribution(values[~is_padding(window)], delivered.panel.channels)


def input_importance(
    delivered: DeliveredModel, measure: str, *, n_repeats: int, most_work: float
) -> tuple[Importance, Importance]:
    """Return how much the answers need each input, and each row of the window.

    Parameters
    ----------
    measure
        One of `MEASURES`: ``accuracy`` and ``log_loss`` where classes are told apart.
    n_repeats
        Shuffles of each.
    most_work
        Multiplications that it may take.
    """
    model, panel = delivered.model, delivered.panel
    stops = delivered.plan.final.validation
    if model.task.kind == "anomaly":
        stops = _normal_stops(delivered)
    n_steps = model.sequence_length
    n_shuffles = n_repeats * (panel.n_channels + min(MOST_STEPS, n_steps))
    work = delivered.network.work(n_steps) * n_shuffles
    n_windows = int(np.clip(most_work / work, 20, MOST_WINDOWS))
    places = np.linspace(0, len(stops) - 1, min(n_windows, len(stops))).astype(int)
    chosen = stops[np.unique(places)]
    windows = model.windows(panel, chosen)
    offset, n_asked = asked_steps(model.task, n_steps)
    rows = chosen[:, None] + offset + np.arange(n_asked)
    if model.task.has_classes:
        actual = panel.targets[rows[:, 0], 0].astype(np.int64)
    else:
        actual = model.scaled_targets(panel, chosen) - windows.base
    given = (model.network, windows.past, windows.known, actual)
    return (
        channel_importance(
            *given,
            channels=panel.channels,
            n_repeats=n_repeats,
            measure=MEASURES[measure],
        ),
        step_importance(*given, n_repeats=n_repeats, measure=MEASURES[measure]),
    )


def _normal_stops(delivered: DeliveredModel) -> np.ndarray:
    """Return normal samples, unseen ones if there are any."""
    plan, model = delivered.plan, delivered.model
    if len(plan.calibration):
        return plan.calibration
    return plan.samples.usable(plan.final.training, model.rows_before)


def _unit(delivered: DeliveredModel, stop: int, target: int) -> float:
    """Return what one scaled unit of a target is in the group of a sample."""
    model = delivered.model
    ones = np.zeros((1, 1, target + 1))
    scaler = model.labels or model.scaler
    zero = scaler.inverse(ones, np.array([stop]))
    one = scaler.inverse(ones + 1, np.array([stop]))
    return float((one - zero)[0, 0, target])
