"""Answers for a file that has the right ones itself, scored as on the holdout."""

import io

import numpy as np
import pandas as pd

from search.bundle.tasks.preprocessing import TaskPreprocessing
from search.data.groups.suggestion import NORMAL_WORDS
from search.evaluation.event_metrics import EventMetrics
from search.evaluation.kind_metrics import (
    AnomalyResult,
    ClassResult,
    anomaly_result,
    class_result,
)


def score_answers(answers: str, preprocessing: TaskPreprocessing) -> tuple[str, ...]:
    """Say how good classes, labels or calls are, where the file has the right ones.

    Parameters
    ----------
    answers
        CSV that the bundle wrote.
    preprocessing
        What was asked for.

    Returns
    -------
    tuple of str
        Sentences; none where the file says nothing, or numbers were asked for.
    """
    frame = pd.read_csv(io.StringIO(answers), dtype="str", keep_default_na=False)
    if preprocessing.kind == "anomaly" and "label" in frame:
        return _score_calls(frame, preprocessing)
    if preprocessing.classes and "actual" in frame:
        return _score_classes(frame, preprocessing)
    return ()


def _score_classes(
    frame: pd.DataFrame, preprocessing: TaskPreprocessing
) -> tuple[str, ...]:
    classes = preprocessing.classes
    (target,) = preprocessing.targets
    is_known = frame["actual"].isin(classes)
    strange = sorted(set(frame["actual"][~is_known]) - {""})
    notes = []
    if strange:
        notes.append(
            f"{int((~is_known & (frame['actual'] != '')).sum()):,} answers were not "
            f"scored: {target!r} is {strange[0]!r} there, which is no class of the "
            "study."
        )
    frame = frame[is_known]
    if not len(frame):
        return tuple(notes)
    places = {name: place for place, name in enumerate(classes)}
    is_labelling = preprocessing.kind == "labelling"
    found = class_result(
        frame["actual"].map(places).to_numpy(dtype=np.int64),
        frame[[f"p_{name}" for name in classes]].to_numpy(dtype=np.float64),
        classes=classes,
        rows=_rows(frame) if is_labelling else None,
        groups=_groups(frame) if is_labelling else None,
    )
    return (*notes, *_class_sentences(found, target, len(frame)))


def _score_calls(
    frame: pd.DataFrame, preprocessing: TaskPreprocessing
) -> tuple[str, ...]:
    label = preprocessing.label
    labels = _marks(frame["label"])
    if labels is None:
        return (
            f"The calls were not scored: no value of {label!r}, or more than one, says "
            "that a row is normal. Write 0 there where a row is normal, and 1 else.",
        )
    if not np.isfinite(labels).any():
        return ()
    found = anomaly_result(
        labels,
        frame["anomaly"].to_numpy(dtype=np.int64) != 0,
        rows=_rows(frame),
        groups=_groups(frame),
    )
    return _anomaly_sentences(found, str(label), int(np.isfinite(labels).sum()))


def _marks(cells: pd.Series) -> np.ndarray | None:
    """Return 0 where a row is normal, 1 where not, NaN where nobody says.

    None where no value, or more than one, means normal.
    """
    is_empty = cells == ""
    numbers = pd.to_numeric(cells.where(~is_empty), errors="coerce")
    if bool(numbers[~is_empty].notna().all()):
        marks = (numbers != 0).astype(np.float64)
    else:
        texts = cells.str.strip().str.casefold()
        normal = sorted(set(texts[~is_empty]) & NORMAL_WORDS)
        if len(normal) != 1:
            return None
        marks = (texts != normal[0]).astype(np.float64)
    return marks.where(~is_empty).to_numpy(dtype=np.float64)


def _rows(frame: pd.DataFrame) -> np.ndarray:
    return frame["row"].to_numpy(dtype=np.int64)


def _groups(frame: pd.DataFrame) -> np.ndarray:
    if "group" not in frame:
        return np.zeros(len(frame), dtype=np.int64)
    return np.asarray(pd.factorize(frame["group"])[0], dtype=np.int64)


def _class_sentences(found: ClassResult, target: str, n: int) -> list[str]:
    sentences = [
        f"Held against {target!r} in {n:,} samples: accuracy {found.accuracy:.1%}, "
        f"macro F1 {found.f1:.3g}, log loss {found.log_loss:.3g}."
    ]
    if found.events is not None:
        sentences.append(_event_sentence(found.events))
    return sentences


def _event_sentence(events: EventMetrics) -> str:
    n_found = round((events.recall or 0) * events.n_actual)
    n_right = round((events.precision or 0) * events.n_called)
    return (
        f"Events: {n_found} of {events.n_actual} are found, {n_right} of "
        f"{events.n_called} that are called are right, F1 {_shown(events.f1)}, delay "
        f"{_shown(events.delay)} rows."
    )


def _anomaly_sentences(found: AnomalyResult, label: str, n: int) -> tuple[str, ...]:
    return (
        f"Held against {label!r} in {n:,} rows: F1 {_shown(found.f1)}, precision "
        f"{_shown(found.precision)}, recall {_shown(found.recall)}, false alarms "
        f"{_share(found.false_alarm_rate)} of the normal rows, missed "
        f"{_share(found.missing_rate)} of the anomalous ones.",
        f"Events: {found.n_found} of {found.n_events} are found, delay "
        f"{_shown(found.detection_delay)} rows.",
    )


def _shown(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3g}"


def _share(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.1%}"
