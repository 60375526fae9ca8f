"""Winners and baselines of any task but the forecast of one series, face to face."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from search.analysis.comparison.sample_losses import (
    anomaly_losses,
    classes_losses,
    measure_of,
    number_losses,
)
from search.analysis.comparison.sample_verdict import Field, give_sample_verdict
from search.analysis.comparison.verdict import Contestant
from search.analysis.holdout.answers import (
    load_anomalies,
    load_classes,
    load_group_predictions,
    load_values,
)
from search.errors import StudyCorrupted
from search.evaluation.metrics import target_weights
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan
from search.study.results import Verdict
from search.study.settings import StudySettings

NO_LABELS = (
    "No column says which of the watched rows are anomalous, so nothing tells how well "
    "they are found. Look at the rows that were called."
)


def judge_samples(
    settings: StudySettings,
    panel: Panel,
    plan: SamplePlan,
    *,
    winners: Mapping[str, Path],
    outputs: Mapping[str, np.ndarray],
) -> Verdict:
    """Compare winners and baselines on the held-out samples.

    Parameters
    ----------
    settings, panel, plan
        The study, its rows and how they are divided.
    winners
        Predictions file of each winner, best in cross-validation first.
    outputs
        What each baseline says; see `ScoredBaselines` in `sample_baselines`.

    Raises
    ------
    StudyCorrupted
        If a file is damaged or holds other samples than the holdout.
    """
    samples = plan.samples
    rows = samples.target_rows(plan.final.validation)
    # Of a window that is repeated the last row counts, of a forecast the first.
    judged = rows[:, -1] if settings.task.kind == "anomaly" else rows[:, 0]
    if settings.task.kind == "anomaly":
        return _judge_anomalies(settings, panel, judged, winners, outputs)
    weights = target_weights(panel.targets[plan.final.rows])
    actual = panel.targets[rows]
    if settings.task.has_classes:
        places = actual[:, 0, 0].astype(np.int64)

        def losses(found: np.ndarray) -> np.ndarray:
            return classes_losses(places, found, settings.task)

    else:

        def losses(found: np.ndarray) -> np.ndarray:
            return number_losses(
                actual.reshape(found.shape), found, weights, settings.task
            )

    said = {name: _answers(settings, path, judged) for name, path in winners.items()}
    return give_sample_verdict(
        {name: Contestant(name, losses(found)) for name, found in said.items()},
        {name: Contestant(name, losses(found)) for name, found in outputs.items()},
        Field(panel.groups[judged], measure_of(settings.task)),
    )


def _answers(settings: StudySettings, path: Path, rows: np.ndarray) -> np.ndarray:
    """Return what a winner says of the samples, in the shape of a baseline's output."""
    targets = settings.roles.targets
    if settings.task.has_classes:
        found = load_classes(path, settings.task.classes)
        _check_rows(found.places.rows, rows, path)
        return found.probabilities
    if settings.task.kind == "regression":
        values = load_values(path, targets)
        _check_rows(values[targets[0]].places.rows, rows, path)
        return np.stack([values[name].predicted for name in targets], axis=-1)
    groups = load_group_predictions(path, targets)
    origins = [found[targets[0]].origins for found in groups.values()]
    _check_rows(np.concatenate(origins), rows, path)
    each: Sequence[np.ndarray] = [
        np.stack([found[name].predicted for name in targets], axis=-1)
        for found in groups.values()
    ]
    return np.concatenate(each)


def _judge_anomalies(
    settings: StudySettings,
    panel: Panel,
    rows: np.ndarray,
    winners: Mapping[str, Path],
    outputs: Mapping[str, np.ndarray],
) -> Verdict:
    if panel.labels is None or not len(rows):
        return Verdict(NO_LABELS)
    labels = panel.labels[rows, 0]
    if len(np.unique(labels)) < 2:
        kind = "anomalous" if labels.any() else "normal"
        return Verdict(
            f"All of the watched rows are {kind}, so nothing tells how well anomalous "
            "ones are told from normal ones."
        )
    called = {}
    for name, path in winners.items():
        found = load_anomalies(path)
        _check_rows(found.places.rows, rows, path)
        called[name] = found.is_called
    return give_sample_verdict(
        {
            name: Contestant(name, anomaly_losses(labels, is_called))
            for name, is_called in called.items()
        },
        {
            name: Contestant(name, anomaly_losses(labels, values > 0))
            for name, values in outputs.items()
        },
        Field(panel.groups[rows], measure_of(settings.task)),
    )


def _check_rows(found: np.ndarray, expected: np.ndarray, path: Path) -> None:
    if not np.array_equal(found, expected):
        raise StudyCorrupted(
            f"{path.name} holds {len(found)} samples that are not the "
            f"{len(expected)} of the holdout."
        )
