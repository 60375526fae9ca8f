"""Answers of a trained network for any samples, without its framework."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from search.config import Roles, Task
from search.errors import SeriesError
from search.evaluation.forecasting import Network
from search.evaluation.framing import FramedSeries, FramingName, frame_series
from search.evaluation.panel import Panel, make_panel
from search.evaluation.samples import asked_steps, find_samples, is_padded
from search.evaluation.scaling import GroupScaler, Scaler
from search.evaluation.windows import Windows, gather_targets, gather_windows


@dataclass(frozen=True)
class SampleModel:
    """A network with everything between rows and its answers; see `Samples`.

    Attributes
    ----------
    network
        The trained network.
    scaler, labels
        As they were fitted for the network: of the channels, and of the values to
        predict where these are no inputs.
    roles, task
        Columns and what is asked for.
    sequence_length, framing, has_calendar
        What the network was trained with.
    group_names
        Groups that `scaler` knows where each has a scale of its own; else ().
    batch_size
        Windows at a time.
    most_samples
        Answers that are worth waiting for; `answers` itself has no limit.
    """

    network: Network
    scaler: Scaler | GroupScaler
    labels: Scaler | None
    roles: Roles
    task: Task
    sequence_length: int
    framing: FramingName
    has_calendar: bool
    group_names: tuple[str, ...] = ()
    batch_size: int = 256
    most_samples: int = 20_000

    @property
    def rows_before(self) -> int:
        """Rows of its group that a sample needs before its stop; 1 where it pads."""
        if is_padded(self.task):
            return 1
        season = self.task.season if self.framing == "seasonal" else 0
        return self.sequence_length + season

    def panel(self, rows: pd.DataFrame) -> Panel:
        """Return rows as the network takes them; what is to be predicted may be absent.

        Raises
        ------
        SeriesError
            If an input is absent or not a finite number.
        """
        roles, kind = self.roles, self.task.kind
        if kind == "anomaly":
            roles = replace(roles, label=None)
        elif kind != "forecasting":
            rows = rows.assign(**dict.fromkeys(roles.targets, 0.0))
        return make_panel(rows, roles, calendar=self.has_calendar, kind=kind)

    def stops(self, panel: Panel) -> np.ndarray:
        """Return the samples that can be answered, ascending; maybe none."""
        samples = find_samples(panel, self.task, longest=self.sequence_length)
        return samples.usable(samples.stops, self.rows_before)

    def windows(self, panel: Panel, stops: np.ndarray) -> Windows:
        """Return the windows of samples, in scaled units."""
        return self._gather(self._frame(panel), panel, stops)

    def answers(self, panel: Panel, stops: np.ndarray) -> np.ndarray:
        """Return the answers in original units, (n_samples, n_steps, n_targets).

        Where classes are told apart these are probabilities, (n_samples, 1, n_classes).

        Raises
        ------
        SeriesError
            If a group has no scale.
        """
        values = self._outputs(panel, stops)
        if self.task.has_classes:
            return probabilities(values)
        return (self.labels or self._scaler_of(panel)).inverse(values, stops)

    def errors(self, panel: Panel, stops: np.ndarray) -> np.ndarray:
        """Return the absolute error of each channel, scaled, (n_samples, n_channels).

        Only where anomalies are looked for: of the last row that a sample asks for.

        Raises
        ------
        SeriesError
            If a group has no scale.
        """
        actual = self.scaled_targets(panel, stops)
        found: np.ndarray = np.abs(self._outputs(panel, stops) - actual)[:, -1]
        return found

    def scaled_targets(self, panel: Panel, stops: np.ndarray) -> np.ndarray:
        """Return what should be answered, scaled, (n_samples, n_steps, n_targets)."""
        offset, n_steps = asked_steps(self.task, self.sequence_length)
        targets = self._frame(panel).targets
        return gather_targets(targets, stops + offset, horizon=n_steps)

    def _outputs(self, panel: Panel, stops: np.ndarray) -> np.ndarray:
        framed, parts = self._frame(panel), []
        for first in range(0, len(stops), self.batch_size):
            part = stops[first : first + self.batch_size]
            windows = self._gather(framed, panel, part)
            found = self.network(windows.past, windows.known)
            parts.append(found if self.task.has_classes else found + windows.base)
        if parts:
            return np.concatenate(parts)
        n_steps = asked_steps(self.task, self.sequence_length)[1]
        return np.zeros((0, n_steps, len(self.task.classes) or panel.targets.shape[1]))

    def _frame(self, panel: Panel) -> FramedSeries:
        return frame_series(
            panel,
            self._scaler_of(panel),
            self.framing,
            horizon=asked_steps(self.task, self.sequence_length)[1],
            season=self.task.season,
            labels=self.labels,
            has_padding=is_padded(self.task),
        )

    def _gather(self, framed: FramedSeries, panel: Panel, stops: np.ndarray) -> Windows:
        offset = asked_steps(self.task, self.sequence_length)[0]
        return gather_windows(
            framed,
            stops,
            sequence_length=self.sequence_length,
            n_known=0 if offset else panel.n_known,
        )

    def _scaler_of(self, panel: Panel) -> Scaler | GroupScaler:
        """Return the scaler by the groups of `panel`."""
        if not isinstance(self.scaler, GroupScaler):
            return self.scaler
        absent = [name for name in panel.group_names if name not in self.group_names]
        if absent:
            more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
            raise SeriesError(
                f"The study does not know {', '.join(map(repr, absent[:3]))}{more} in "
                f"column {self.roles.group!r}. Each of its groups has a scale of its "
                "own, so only groups that it learned from can be used."
            )
        places = [self.group_names.index(name) for name in panel.group_names]
        return GroupScaler(
            self.scaler.center[places], self.scaler.scale[places], panel.groups
        )


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Return the softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=-1, keepdims=True)
    return shares
