"""The settings of a bundle: ``preprocessing.json`` as this script uses it."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from one_series import ForecastError, Setup

FOLDER = Path(__file__).resolve().parent
INPUTS_FILE, PREDICTIONS_FILE = "holdout_inputs.csv", "holdout_predictions.csv"


@dataclass(frozen=True)
class TaskSetup:
    """The part of ``preprocessing.json`` that a prediction needs.

    Attributes
    ----------
    kind
        ``forecasting``, ``regression``, ``classification``, ``labelling`` or
        ``anomaly``. In the first and the last one the targets are inputs too, in the
        others never.
    reading, time, categories
        How the table is read.
    order_by
        Columns that tell the order of rows where the rows are counted.
    targets, past_features, known_features, calendar
        Columns, and cycles that come from the time stamps.
    group, label
        Column that names the series or sequence of each row, and the one that is 0
        where a row is normal; None without one.
    center, scale
        Of each input; empty where each group has its own in `group_scalers`.
    group_scalers
        Center and scale of each input, by the name of the group.
    label_center, label_scale
        Of the targets where they are no inputs.
    n_known
        Number of last inputs that are given for the predicted rows too.
    framing, season, sequence_length, horizon
        Of each window.
    padding
        Number that stands for rows before a group begins; None where no window begins
        there.
    classes
        Names of the classes, in the order of the outputs.
    samples, stride
        ``whole`` sequences or ``sliding`` windows, and the rows between these.
    detector
        How scores become anomalies.
    first_rows
        Row of the original data that is the first one of each group in
        ``holdout_inputs.csv``.
    """

    kind: str
    reading: dict[str, Any]
    time: dict[str, Any]
    order_by: list[str]
    categories: dict[str, list[str]]
    targets: list[str]
    past_features: list[str]
    known_features: list[str]
    calendar: list[str]
    group: str | None
    label: str | None
    center: list[float]
    scale: list[float]
    group_scalers: dict[str, dict[str, list[float]]]
    label_center: list[float]
    label_scale: list[float]
    n_known: int
    framing: str
    season: int
    sequence_length: int
    horizon: int
    padding: float | None
    classes: list[str]
    samples: str
    stride: int
    detector: dict[str, Any] | None
    first_rows: dict[str, int]

    @property
    def has_target_inputs(self) -> bool:
        """Whether the network sees the targets."""
        return self.kind in ("forecasting", "anomaly")

    @property
    def columns(self) -> list[str]:
        """Inputs that come from the table."""
        targets = self.targets if self.has_target_inputs else []
        return [*targets, *self.past_features, *self.known_features]

    @property
    def answers(self) -> list[str]:
        """Columns that are compared with what is predicted, where a table has them."""
        if self.kind == "anomaly":
            return [] if self.label is None else [self.label]
        return self.targets

    @property
    def rows_before(self) -> int:
        """Rows that a window needs before its stop, and its framing."""
        return self.sequence_length + (self.season if self.framing == "seasonal" else 0)

    @property
    def is_autoencoder(self) -> bool:
        """Whether the network repeats its window."""
        return self.detector is not None and self.detector["kind"] == "autoencoder"

    def one_series(self) -> Setup:
        """Return what the reading of cells is told."""
        return Setup(
            reading=self.reading,
            time=self.time,
            targets=self.targets if self.has_target_inputs else [],
            past_features=self.past_features,
            known_features=self.known_features,
            categories=self.categories,
            calendar=self.calendar,
            center=self.center,
            scale=self.scale,
            n_known=self.n_known,
            framing=self.framing,
            season=self.season,
            sequence_length=self.sequence_length,
            horizon=self.horizon,
            holdout={},
        )

    def scalers(self, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return center and scale of the inputs of each group, (n_groups, n_inputs).

        Raises
        ------
        ForecastError
            If each group has its own and one of `names` was not learned from.
        """
        if not self.group_scalers:
            shape = (len(names), len(self.center))
            center, scale = np.array(self.center), np.array(self.scale)
            return np.broadcast_to(center, shape), np.broadcast_to(scale, shape)
        strangers = [name for name in names if name not in self.group_scalers]
        if strangers:
            raise ForecastError(
                f"{_named(strangers)} in column {self.group!r} was not among the "
                f"{len(self.group_scalers)} that the network learned from "
                f"({_named(list(self.group_scalers))}). Each is scaled by its own "
                "history, so a new one cannot be predicted: leave its rows out, or "
                "train again with it."
            )
        found = [self.group_scalers[name] for name in names]
        center = np.array([one["center"] for one in found])
        return center, np.array([one["scale"] for one in found])


def load_setup(folder: Path) -> TaskSetup:
    """Read ``preprocessing.json``."""
    try:
        content = json.loads((folder / "preprocessing.json").read_text("utf-8"))
        names = [field.name for field in fields(TaskSetup)]
        return TaskSetup(**{name: content[name] for name in names})
    except (OSError, ValueError, KeyError) as error:
        raise ForecastError(f"preprocessing.json cannot be used: {error!r}.") from error


def _named(names: list[str]) -> str:
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return ", ".join(map(repr, names[:5])) + more
