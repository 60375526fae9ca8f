"""The predictions of a winner of any task as tables that people and pages read.

Rows are counted from 0 in the whole frame of the study, with all its groups. Time
stamps are those of the row, or its number within the group where rows are counted.
Numbers are written with all their digits.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from search.files import write_bytes
from search.worker.tables import stamps


def save_group_forecasts(
    path: Path,
    index: pd.Index,
    groups: np.ndarray,
    origins: np.ndarray,
    *,
    actual: np.ndarray,
    predicted: np.ndarray,
    targets: Sequence[str],
) -> None:
    """Write forecasts of many series; as `save_predictions`, with a ``group`` first.

    Parameters
    ----------
    index
        Index of the whole frame.
    groups
        Name of the group of each origin, of shape (n_origins,).
    origins
        Shape (n_origins,).
    actual, predicted
        Shape (n_origins, horizon, n_targets).
    targets
        Names of the targets.
    """
    horizon = actual.shape[1]
    rows = (origins[:, None] + np.arange(horizon)).ravel()
    columns = {
        "group": np.repeat(groups, horizon),
        "origin": np.repeat(origins, horizon),
        "step": np.tile(np.arange(1, horizon + 1), len(origins)),
        "timestamp": stamps(index)[rows],
    }
    _save_by_target(
        path,
        columns,
        actual.reshape(len(rows), -1),
        predicted.reshape(len(rows), -1),
        targets,
    )


def save_values(
    path: Path,
    index: pd.Index,
    groups: np.ndarray,
    rows: np.ndarray,
    *,
    actual: np.ndarray,
    predicted: np.ndarray,
    targets: Sequence[str],
) -> None:
    """Write predicted values: ``group, row, timestamp, actual, predicted``.

    ``target`` is added where there are several.

    Parameters
    ----------
    index
        Index of the whole frame.
    groups, rows
        Name of the group and last row of each window, of shape (n_samples,).
    actual, predicted
        Shape (n_samples, n_targets).
    targets
        Names of the targets.
    """
    columns = {"group": groups, "row": rows, "timestamp": stamps(index)[rows]}
    _save_by_target(path, columns, actual, predicted, targets)


def save_classes(
    path: Path,
    index: pd.Index,
    groups: np.ndarray,
    rows: np.ndarray,
    *,
    actual: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
) -> None:
    """Write classes: ``group, row, timestamp, actual, predicted``, then ``p_<class>``.

    Parameters
    ----------
    index
        Index of the whole frame.
    groups, rows
        Name of the group and last row of each window, of shape (n_samples,).
    actual
        Place of the class of each sample, of shape (n_samples,).
    probabilities
        Shape (n_samples, n_classes); the most probable class is ``predicted``.
    classes
        Their names.
    """
    names = np.asarray(classes, dtype=object)
    columns = {
        "group": groups,
        "row": rows,
        "timestamp": stamps(index)[rows],
        "actual": names[actual],
        "predicted": names[probabilities.argmax(axis=1)],
    }
    columns |= {
        f"p_{name}": probabilities[:, place] for place, name in enumerate(classes)
    }
    _write(path, pd.DataFrame(columns))


def save_anomalies(
    path: Path,
    index: pd.Index,
    groups: np.ndarray,
    rows: np.ndarray,
    *,
    labels: np.ndarray | None,
    scores: np.ndarray,
    threshold: float,
    is_called: np.ndarray,
) -> None:
    """Write judged rows: ``group, row, timestamp, label, score, threshold, anomaly``.

    Parameters
    ----------
    index
        Index of the whole frame.
    groups, rows
        Name of the group and number of each row, of shape (n_rows,).
    labels
        1 where a row is anomalous, 0 where not; None where nobody knows, which leaves
        the column empty.
    scores, is_called
        Shape (n_rows,).
    threshold
        Rows with a score above it are called.
    """
    known = [""] * len(rows) if labels is None else labels.astype(np.int64)
    columns = {
        "group": groups,
        "row": rows,
        "timestamp": stamps(index)[rows],
        "label": known,
        "score": scores,
        "threshold": np.full(len(rows), threshold),
        "anomaly": is_called.astype(np.int64),
    }
    _write(path, pd.DataFrame(columns))


def _save_by_target(
    path: Path,
    columns: dict[str, np.ndarray],
    actual: np.ndarray,
    predicted: np.ndarray,
    targets: Sequence[str],
) -> None:
    frames = [
        pd.DataFrame(
            {
                **columns,
                "actual": actual[:, place],
                "predicted": predicted[:, place],
                "target": name,
            }
        )
        for place, name in enumerate(targets)
    ]
    frame = pd.concat(frames)
    _write(path, frame.drop(columns="target") if len(targets) == 1 else frame)


def _write(path: Path, frame: pd.DataFrame) -> None:
    write_bytes(path, frame.to_csv(index=False, lineterminator="\n").encode())
