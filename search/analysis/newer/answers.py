"""What a delivered network says of new sequences and rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.analysis.newer.judged import Judged
from search.config import Task
from search.data.newer.groups import NewGroups
from search.errors import SeriesError
from search.evaluation.anomaly import smooth_scores
from search.evaluation.answering import SampleModel
from search.evaluation.detector import Detector
from search.evaluation.panel import Panel
from search.evaluation.samples import asked_steps


@dataclass(frozen=True)
class Answers:
    """Answers for samples, in the order of the rows.

    Attributes
    ----------
    task, targets
        What was asked for.
    groups
        Name of the group of each sample, of shape (n_samples,); empty for one series.
    rows
        Row in the file's order that each answer is about; of a whole sequence its
        last one.
    times
        When these rows were.
    values
        Values, (n_samples, n_targets); probabilities, (n_samples, n_classes); or the
        score of a row, (n_samples, 1).
    shares
        What each channel adds to the score of a row, (n_samples, n_channels); empty
        where no anomalies are looked for.
    detector
        What calls rows anomalous; None where none are looked for.
    known
        What the file says, as in `NewGroups`, (n_samples, n_values); None if nothing.
    """

    task: Task
    targets: tuple[str, ...]
    groups: np.ndarray
    rows: np.ndarray
    times: np.ndarray
    values: np.ndarray
    shares: np.ndarray
    detector: Detector | None
    known: np.ndarray | None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_called(self) -> np.ndarray:
        """Whether each row is called anomalous."""
        assert self.detector is not None
        called: np.ndarray = self.values[:, 0] > self.detector.threshold
        return called

    @property
    def judged(self) -> Judged | None:
        """The answers that the file has itself; None where it has none."""
        if self.known is None:
            return None
        is_known = np.isfinite(self.known).all(axis=1)
        if not is_known.any():
            return None
        answered = self.values if self.detector is None else self.is_called[:, None]
        return Judged(
            self.task.kind,
            self.groups[is_known],
            self.rows[is_known],
            self.known[is_known],
            answered[is_known].astype(np.float64),
        )

    def of_group(self, name: str) -> np.ndarray:
        """Return the places of the answers of a group."""
        return np.flatnonzero(self.groups == name)

    def table(self) -> pd.DataFrame:
        """Return one row a sample, with the columns of the stored predictions."""
        columns: dict[str, object] = {}
        if len(self.groups) and self.groups[0] != "":
            columns["group"] = self.groups
        columns |= {"row": self.rows, "timestamp": self.times}
        if self.detector is not None:
            columns["score"] = self.values[:, 0]
            columns["threshold"] = np.full(len(self), self.detector.threshold)
            columns["anomaly"] = self.is_called.astype(np.int64)
            if self.known is not None:
                columns["label"] = self.known[:, 0]
        elif self.task.has_classes:
            names = np.asarray(self.task.classes, dtype=object)
            columns["predicted"] = names[self.values.argmax(axis=1)]
            for place, name in enumerate(self.task.classes):
                columns[f"p_{name}"] = self.values[:, place]
            if self.known is not None:
                columns["actual"] = _class_names(self.known[:, 0], names)
        else:
            for place, name in enumerate(self.targets):
                columns[_named("predicted", name, self.targets)] = self.values[:, place]
                if self.known is not None:
                    actual = _named("actual", name, self.targets)
                    columns[actual] = self.known[:, place]
        return pd.DataFrame(columns)


def answer_rows(
    model: SampleModel, new: NewGroups, *, detector: Detector | None = None
) -> Answers:
    """Answer all samples of new rows.

    Parameters
    ----------
    model
        The delivered network.
    new
        The rows of a file.
    detector
        What makes anomalies of errors; needed where these are looked for.

    Raises
    ------
    SeriesError
        If there is no sample, or there are more than a page can wait for.
    """
    panel = model.panel(new.frame)
    stops = model.stops(panel)
    if not len(stops):
        raise SeriesError(_too_short(model, panel))
    if len(stops) > model.most_samples:
        raise SeriesError(
            f"{new.name} asks for {len(stops):,} answers; this page makes up to "
            f"{model.most_samples:,} at a time. Split the file, or use predict.py of "
            "the download, which has no limit."
        )
    return answer_samples(
        model,
        panel,
        stops,
        times=np.asarray(new.frame.index),
        known=new.known,
        detector=detector,
    )


def answer_samples(
    model: SampleModel,
    panel: Panel,
    stops: np.ndarray,
    *,
    times: np.ndarray,
    known: np.ndarray | None = None,
    detector: Detector | None = None,
) -> Answers:
    """Answer samples of rows that are ready; see `Answers`.

    Parameters
    ----------
    times
        When each row was, of shape (n_rows,).
    known
        What is known of each row, of shape (n_rows, n_values).
    """
    rows = stops + answered_row(model.task, model.sequence_length)
    places = panel.groups[rows]
    shares = np.zeros((len(stops), 0))
    if detector is None:
        values = model.answers(panel, stops)[:, 0]
    else:
        shares = channel_shares(
            model.errors(panel, stops), rows=rows, groups=places, detector=detector
        )
        values = shares.sum(axis=1)[:, None]
    names = np.asarray(panel.group_names or [""] * panel.n_groups, dtype=object)
    return Answers(
        task=model.task,
        targets=model.roles.targets,
        groups=names[places],
        rows=rows,
        times=times[rows],
        values=values,
        shares=shares,
        detector=detector,
        known=None if known is None else known[rows],
    )


def answered_row(task: Task, sequence_length: int) -> int:
    """Return how far behind its stop the row lies that an answer is about.

    Of a forecast that is the first step, of a window that is repeated the last row.
    """
    offset, n_steps = asked_steps(task, sequence_length)
    return offset if task.kind == "forecasting" else offset + n_steps - 1


def channel_shares(
    errors: np.ndarray, *, rows: np.ndarray, groups: np.ndarray, detector: Detector
) -> np.ndarray:
    """Return what each channel adds to the score of a row, of the shape of `errors`.

    The scores are the sums over the channels.
    """
    single = errors / np.asarray(detector.scale) / errors.shape[1]
    return np.column_stack(
        [
            smooth_scores(channel, rows=rows, groups=groups, window=detector.smoothing)
            for channel in single.T
        ]
    )


def develop_answer(model: SampleModel, panel: Panel, group: int) -> np.ndarray:
    """Return the answer for a group after each of its rows, oldest first.

    What the network would have said while the sequence was still running, of shape
    (n_rows, n_targets) or (n_rows, n_classes). Windows that begin before the group
    are padded, as in training, where it has seen whole sequences only.
    """
    first = panel.first_rows[group]
    stops = (
        first
        + model.rows_before
        + np.arange(max(0, int(panel.group_sizes[group]) - model.rows_before + 1))
    )
    return model.answers(panel, stops)[:, 0]


def _too_short(model: SampleModel, panel: Panel) -> str:
    after = 1 if model.task.kind == "anomaly" else 0
    longest = int(panel.group_sizes.max()) if panel.n_rows else 0
    where = "The longest group" if panel.group_names else "The file"
    return (
        f"{where} has {longest:,} rows; the network looks back on "
        f"{model.rows_before:,}, so at least {model.rows_before + after:,} are needed."
    )


def _named(kind: str, target: str, targets: tuple[str, ...]) -> str:
    return kind if len(targets) == 1 else f"{kind} {target}"


def _class_names(places: np.ndarray, names: np.ndarray) -> np.ndarray:
    is_known = np.isfinite(places)
    found = names[np.where(is_known, places, 0).astype(np.int64)]
    return np.where(is_known, found, "")
