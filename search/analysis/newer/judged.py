"""Answers beside what was there, for every kind of task: errors and their change."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from search.config import Task, TaskKind
from search.errors import StudyCorrupted
from search.evaluation.anomaly import anomaly_metrics
from search.evaluation.class_metrics import class_metrics
from search.evaluation.event_metrics import EventMetrics, event_metrics
from search.evaluation.paired_groups import independent_units

LEVEL = 0.05
FEWEST_UNITS = 5
_N_DRAWS = 4_999
_SAME = 1e-12


@dataclass(frozen=True)
class Judged:
    """Samples whose answer is known.

    Attributes
    ----------
    kind
        What was asked for.
    groups, rows
        Name of the group and row of each sample, of shape (n_samples,), those of a
        group together.
    actual
        What was there, float64 of shape (n_samples, n_values): values, the place of
        the class, or 1 where a row is anomalous.
    answered
        Values of the same shape; probabilities of the classes, (n_samples, n_classes);
        or 1 where a row is called anomalous.
    """

    kind: TaskKind
    groups: np.ndarray
    rows: np.ndarray
    actual: np.ndarray
    answered: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def losses(self) -> np.ndarray:
        """Loss of each sample: 1 where the answer is wrong, or its mean error."""
        if self.kind in ("classification", "labelling"):
            return (self.answered.argmax(axis=1) != self.actual[:, 0]).astype(float)
        found: np.ndarray = np.abs(self.answered - self.actual).mean(axis=1)
        return found

    @property
    def figures(self) -> dict[str, float | None]:
        """How good the answers are, by the names of docs/metrics.md."""
        if self.kind in ("classification", "labelling"):
            found = class_metrics(self.actual[:, 0].astype(np.int64), self.answered)
            return {
                "accuracy": found.accuracy,
                "f1": found.f1,
                "log_loss": found.log_loss,
                **self._event_figures,
            }
        if self.kind == "anomaly":
            calls = anomaly_metrics(
                self.actual[:, 0] != 0,
                self.answered[:, 0] != 0,
                rows=self.rows,
                groups=self._group_places,
            )
            return {
                "f1": calls.f1,
                "precision": calls.precision,
                "recall": calls.recall,
                "false_alarm_rate": calls.false_alarm_rate,
                "missing_rate": calls.missing_rate,
                **self._event_figures,
            }
        errors = self.answered - self.actual
        return {
            "mae": float(np.abs(errors).mean()),
            "rmse": float(np.sqrt((errors**2).mean(axis=0)).mean()),
            "r2": _r2(errors, self.actual),
        }

    @property
    def events(self) -> EventMetrics | None:
        """Runs of rows with the same answer; None where rows do not follow each other.

        Where anomalies are looked for, the runs of normal rows are no events.
        """
        if self.kind not in ("labelling", "anomaly"):
            return None
        is_anomaly = self.kind == "anomaly"
        called = self.answered[:, 0] if is_anomaly else self.answered.argmax(axis=1)
        return event_metrics(
            self.actual[:, 0].astype(np.int64),
            called.astype(np.int64),
            rows=self.rows,
            groups=self._group_places,
            background=0 if is_anomaly else None,
        )

    @property
    def _event_figures(self) -> dict[str, float | None]:
        events = self.events
        if events is None:
            return {}
        return {
            "events": events.n_actual,
            "events_found": round((events.recall or 0) * events.n_actual),
            "events_called": events.n_called,
            "events_wrong": events.n_called
            - round((events.precision or 0) * events.n_called),
            "events_f1": events.f1,
            "detection_delay": events.delay,
        }

    @property
    def confusion(self) -> np.ndarray:
        """Counts of the classes: a row for each actual one, a column for called."""
        n_classes = self.answered.shape[1]
        pairs = self.actual[:, 0].astype(np.int64) * n_classes
        pairs += self.answered.argmax(axis=1)
        counts = np.bincount(pairs, minlength=n_classes**2)
        return counts.reshape(n_classes, n_classes)

    @property
    def units(self) -> np.ndarray:
        """Which samples count as one; see `independent_units`."""
        return independent_units(self._group_places)

    @property
    def _group_places(self) -> np.ndarray:
        return pd.factorize(self.groups)[0].astype(np.int64)


@dataclass(frozen=True)
class Change:
    """How the mean loss of new samples differs from that of the holdout.

    Attributes
    ----------
    before, after
        Mean losses; see `Judged.losses`.
    p_value
        Share of the exchanges of units (groups, or stretches of rows) between the two
        after which the means differ as much; None with too few units.
    n_units
        Units of the new samples.
    """

    before: float
    after: float
    p_value: float | None
    n_units: int


def load_judged(path: Path, task: Task, targets: tuple[str, ...]) -> Judged:
    """Read the holdout predictions of a winner.

    Raises
    ------
    StudyCorrupted
        If the file is absent or is not what it should be.
    """
    try:
        text = {"group": "str", "actual": "str", "predicted": "str"}
        frame = pd.read_csv(
            path,
            dtype=text if task.has_classes else {"group": "str"},
            keep_default_na=False,
            na_values={"label": [""]},
        )
        return _judged(frame, task, targets)
    except (OSError, ValueError, KeyError) as error:
        raise StudyCorrupted(f"{path.name} cannot be read: {error}.") from error


def loss_change(before: Judged, after: Judged) -> Change:
    """Compare the losses of new samples with those of the holdout.

    Units are exchanged between the two parts: if nothing changed, each might as well
    have been in the other one (a permutation test over units).
    """
    parts = [_unit_losses(before), _unit_losses(after)]
    means = [float(one.losses.mean()) for one in (before, after)]
    n_before, n_after = (len(sums) for sums, _ in parts)
    if min(n_before, n_after) < FEWEST_UNITS:
        return Change(means[0], means[1], None, n_after)
    sums = np.concatenate([one[0] for one in parts])
    counts = np.concatenate([one[1] for one in parts])
    random = np.random.default_rng(0)
    orders = random.permuted(np.tile(np.arange(len(sums)), (_N_DRAWS, 1)), axis=1)[
        :, :n_after
    ]
    sums_after, counts_after = sums[orders].sum(axis=1), counts[orders].sum(axis=1)
    rest = (sums.sum() - sums_after) / (counts.sum() - counts_after)
    drawn = np.abs(sums_after / counts_after - rest)
    limit = abs(means[1] - means[0]) * (1 - 1e-9) - _SAME
    p_value = float(((drawn >= limit).sum() + 1) / (_N_DRAWS + 1))
    return Change(means[0], means[1], p_value, n_after)


def _unit_losses(judged: Judged) -> tuple[np.ndarray, np.ndarray]:
    units = judged.units
    return np.bincount(units, weights=judged.losses), np.bincount(units)


def _judged(frame: pd.DataFrame, task: Task, targets: tuple[str, ...]) -> Judged:
    if task.kind == "anomaly":
        frame = frame[frame["label"].notna()]
        return Judged(
            task.kind,
            frame["group"].to_numpy(),
            frame["row"].to_numpy(),
            frame[["label"]].to_numpy(dtype=np.float64),
            frame[["anomaly"]].to_numpy(dtype=np.float64),
        )
    if task.has_classes:
        places = {name: float(place) for place, name in enumerate(task.classes)}
        names = [f"p_{name}" for name in task.classes]
        return Judged(
            task.kind,
            frame["group"].to_numpy(),
            frame["row"].to_numpy(),
            frame["actual"].map(places).to_numpy(dtype=np.float64)[:, None],
            frame[names].to_numpy(dtype=np.float64),
        )
    columns = [name for name in ("step", "target") if name in frame.columns]
    if "target" not in columns:
        frame = frame.assign(target=targets[0])
    row = "origin" if task.kind == "forecasting" else "row"
    across = ["step", "target"] if "step" in columns else ["target"]
    wide = frame.pivot(index=row, columns=across, values=["actual", "predicted"])
    groups = frame.drop_duplicates(row).set_index(row)["group"].reindex(wide.index)
    return Judged(
        task.kind,
        groups.to_numpy(),
        wide.index.to_numpy(),
        wide["actual"].to_numpy(dtype=np.float64),
        wide["predicted"].to_numpy(dtype=np.float64),
    )


def _r2(errors: np.ndarray, actual: np.ndarray) -> float | None:
    spread = actual.var(axis=0)
    if not (spread > 0).all():
        return None
    return float(np.mean(1 - (errors**2).mean(axis=0) / spread))
