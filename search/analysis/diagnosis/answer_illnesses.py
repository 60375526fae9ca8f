"""What is wrong with the answers of a winner of any task, read from its file."""

from pathlib import Path

import numpy as np

from search.analysis.holdout.answers import (
    Places,
    load_anomalies,
    load_classes,
    load_group_predictions,
    load_values,
)
from search.evaluation.anomaly import QUANTILE
from search.evaluation.answer_diagnosis import (
    diagnose_calls,
    diagnose_groups,
    diagnose_growth,
    diagnose_threshold,
)
from search.evaluation.diagnosis import Diagnosis
from search.study.settings import StudySettings


def diagnose_answers(settings: StudySettings, path: Path) -> list[Diagnosis]:
    """Look at what a winner said of the held-out samples; of numbers the first target.

    Parameters
    ----------
    settings
        A study of any task but the forecast of one series, for which see
        `search.analysis.diagnosis.illnesses.diagnose_forecasts`.
    path
        Predictions of the winner.

    Raises
    ------
    StudyCorrupted
        If the file is damaged.
    """
    task, target = settings.task, settings.roles.targets[0]
    if task.kind == "anomaly":
        anomalies = load_anomalies(path)
        return diagnose_threshold(
            anomalies.labels, anomalies.is_called, quantile=QUANTILE
        )
    if task.has_classes:
        found = load_classes(path, task.classes)
        wrong = (found.called != found.actual).astype(np.float64)
        return [
            *diagnose_calls(found.actual, found.called, task.classes),
            *_by_group(wrong, found.places),
        ]
    if task.kind == "regression":
        values = load_values(path, settings.roles.targets)[target]
        return [
            *diagnose_growth(values.actual, values.predicted),
            *_by_group(np.abs(values.errors), values.places),
        ]
    series = load_group_predictions(path, settings.roles.targets)
    errors = [np.abs(found[target].errors).ravel() for found in series.values()]
    codes = np.repeat(np.arange(len(errors)), [len(one) for one in errors])
    return diagnose_groups(np.concatenate(errors), codes, tuple(series))


def _by_group(errors: np.ndarray, places: Places) -> list[Diagnosis]:
    names = places.names
    if len(names) < 2:
        return []
    place = {name: number for number, name in enumerate(names)}
    codes = np.array([place[name] for name in places.groups.tolist()])
    return diagnose_groups(errors, codes, names)
