"""What winners said of held-out samples, as their files have it.

Sequences and rows have one answer each; a forecast of several steps is in
`search.analysis.holdout.predictions`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from search.analysis.holdout.predictions import Predictions, arrange, parse_times
from search.errors import StudyCorrupted

PROBABILITY = "p_"


@dataclass(frozen=True)
class Places:
    """Where each answer belongs; all arrays have the shape (n_samples,).

    Attributes
    ----------
    groups
        Name of the group; empty for a single series.
    rows
        Row in the stored series: the last one of the window.
    times
        Time stamp of that row, or its number.
    """

    groups: np.ndarray
    rows: np.ndarray
    times: np.ndarray

    @property
    def names(self) -> list[str]:
        """The groups in the order of their rows."""
        return list(dict.fromkeys(self.groups.tolist()))

    def inside(self, group: str) -> np.ndarray:
        """Return which samples belong to `group`, bool of shape (n_samples,)."""
        found: np.ndarray = self.groups == group
        return found


@dataclass(frozen=True)
class ValueAnswers:
    """Numbers that were estimated, and what they are; of shape (n_samples,)."""

    places: Places
    actual: np.ndarray
    predicted: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Estimate less actual value."""
        error: np.ndarray = self.predicted - self.actual
        return error


@dataclass(frozen=True)
class ClassAnswers:
    """Classes that were called, and what they are.

    Attributes
    ----------
    actual
        Place of the class of each sample, int of shape (n_samples,).
    probabilities
        Shape (n_samples, n_classes).
    """

    places: Places
    actual: np.ndarray
    probabilities: np.ndarray

    @property
    def called(self) -> np.ndarray:
        """Place of the most probable class."""
        found: np.ndarray = self.probabilities.argmax(axis=1)
        return found


@dataclass(frozen=True)
class AnomalyAnswers:
    """Rows that were looked at for anomalies.

    Attributes
    ----------
    labels
        1 where a row is anomalous, 0 where not, NaN where nobody knows; of shape
        (n_samples,).
    scores
        How unlike the normal rows each one is; 1 is the mean of normal rows.
    thresholds
        Scores above it are called anomalous.
    is_called
        Whether the row is called anomalous.
    """

    places: Places
    labels: np.ndarray
    scores: np.ndarray
    thresholds: np.ndarray
    is_called: np.ndarray


def load_values(path: Path, targets: Sequence[str]) -> dict[str, ValueAnswers]:
    """Read the answers of a winner that estimates numbers, for each target.

    Raises
    ------
    StudyCorrupted
        If the file is absent, lacks a column or a number.
    """
    frame = _read(path, ("actual", "predicted"))
    _check_numbers(frame, ("actual", "predicted"), path)
    if "target" not in frame.columns:
        frame["target"] = targets[0]
    return {
        target: ValueAnswers(
            places=_places(own),
            actual=own["actual"].to_numpy(dtype=np.float64),
            predicted=own["predicted"].to_numpy(dtype=np.float64),
        )
        for target in targets
        for own in [frame[frame["target"] == target]]
    }


def load_classes(path: Path, classes: Sequence[str]) -> ClassAnswers:
    """Read the answers of a winner that tells classes apart.

    Parameters
    ----------
    path
        CSV with `actual` in words and a column ``p_<class>`` for each class.
    classes
        Names of the classes in their order.

    Raises
    ------
    StudyCorrupted
        If the file is absent, lacks a column or names a class that there is not.
    """
    columns = [f"{PROBABILITY}{name}" for name in classes]
    frame = _read(path, ("actual", *columns), words=("actual", "predicted"))
    _check_numbers(frame, columns, path)
    place = {name: k for k, name in enumerate(classes)}
    unknown = sorted(set(frame["actual"]) - set(place))
    if unknown:
        raise StudyCorrupted(f"{path.name} names a class {unknown[0]!r}, unknown here.")
    return ClassAnswers(
        places=_places(frame),
        actual=frame["actual"].map(place).to_numpy(dtype=np.int64),
        probabilities=frame[columns].to_numpy(dtype=np.float64),
    )


def load_anomalies(path: Path) -> AnomalyAnswers:
    """Read what a winner that looks for anomalies said of each row.

    Raises
    ------
    StudyCorrupted
        If the file is absent, lacks a column or a number.
    """
    frame = _read(path, ("label", "score", "threshold", "anomaly"))
    _check_numbers(frame, ("score", "threshold", "anomaly"), path)
    return AnomalyAnswers(
        places=_places(frame),
        labels=pd.to_numeric(frame["label"], errors="coerce").to_numpy(np.float64),
        scores=frame["score"].to_numpy(dtype=np.float64),
        thresholds=frame["threshold"].to_numpy(dtype=np.float64),
        is_called=frame["anomaly"].to_numpy(dtype=np.float64) > 0,
    )


def load_group_predictions(
    path: Path, targets: Sequence[str]
) -> dict[str, dict[str, Predictions]]:
    """Read the forecasts of many series: by group, then by target.

    Raises
    ------
    StudyCorrupted
        If the file is absent, lacks a column or a step.
    """
    names = ("origin", "step", "actual", "predicted")
    frame = _read(path, names, place=("group", "timestamp"))
    _check_numbers(frame, names, path)
    if "target" not in frame.columns:
        frame["target"] = targets[0]
    return {
        str(group): {
            target: arrange(own[own["target"] == target], path.name)
            for target in targets
        }
        for group, own in frame.groupby("group", sort=False)
    }


def _read(
    path: Path,
    columns: Sequence[str],
    *,
    place: Sequence[str] = ("group", "row", "timestamp"),
    words: Sequence[str] = (),
) -> pd.DataFrame:
    """Read a CSV; names stay words, also those like ``NA`` or ``1``."""
    named = dict.fromkeys(("group", "target", *words), str)
    try:
        header = pd.read_csv(path, nrows=0).columns
        numbers = [name for name in header if name not in named]
        frame = pd.read_csv(
            path,
            dtype=named,
            keep_default_na=False,
            na_values={name: [""] for name in numbers},
        )
    except (OSError, ValueError) as error:
        raise StudyCorrupted(f"{path.name} cannot be read: {error}.") from error
    absent = [name for name in (*place, *columns) if name not in frame.columns]
    if absent:
        raise StudyCorrupted(f"{path.name} has no column {', '.join(absent)}.")
    if frame.empty:
        raise StudyCorrupted(f"{path.name} holds no rows.")
    frame["timestamp"] = parse_times(frame["timestamp"])
    return frame


def _check_numbers(frame: pd.DataFrame, columns: Sequence[str], path: Path) -> None:
    for name in columns:
        numbers = pd.to_numeric(frame[name], errors="coerce")
        bad = ~np.isfinite(numbers.to_numpy(dtype=np.float64))
        if bad.any():
            raise StudyCorrupted(
                f"{path.name} holds no number in column {name} of row "
                f"{int(bad.argmax()) + 1}."
            )


def _places(frame: pd.DataFrame) -> Places:
    return Places(
        groups=frame["group"].to_numpy(dtype=object),
        rows=frame["row"].to_numpy(),
        times=frame["timestamp"].to_numpy(),
    )
