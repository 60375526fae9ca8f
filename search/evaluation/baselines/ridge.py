"""Ridge regression on the windows that the networks see."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from search.evaluation.framing import frame_series
from search.evaluation.panel import Panel
from search.evaluation.scaling import Scaler, fit_scaler
from search.evaluation.windows import gather_targets, gather_windows

if TYPE_CHECKING:
    from sklearn.linear_model import RidgeCV

MOST_WINDOWS = 20_000
MOST_INPUTS = 1_000
PENALTIES = tuple(10.0**power for power in range(-3, 5))
_BATCH = 4_096


@dataclass(frozen=True)
class RidgeFit:
    """A linear model from a window to all steps of the forecast.

    Like a network with the framing ``last_value``, it sees and predicts changes
    against the last known value, in scaled units.

    Attributes
    ----------
    model
        The regression of scikit-learn.
    scaler
        Fitted on the rows learned from.
    sequence_length
        Rows of a window.
    """

    model: "RidgeCV"
    scaler: Scaler
    sequence_length: int

    def forecasts(
        self, panel: Panel, origins: np.ndarray, *, horizon: int
    ) -> np.ndarray:
        """Return forecasts of shape (n_origins, horizon, n_targets), original units.

        Parameters
        ----------
        panel
            The series; each forecast uses the rows before its origin, and values that
            are known in advance.
        origins
            First row of each forecast.
        """
        n = panel.n_targets
        parts = []
        for first in range(0, len(origins), _BATCH):
            some = origins[first : first + _BATCH]
            inputs, base = _inputs(
                panel, self.scaler, some, self.sequence_length, horizon
            )
            parts.append(self.model.predict(inputs).reshape(base.shape) + base)
        return np.concatenate(parts) * self.scaler.scale[:n] + self.scaler.center[:n]


def fit_ridge(
    panel: Panel, *, stop: int, horizon: int, sequence_length: int
) -> RidgeFit | None:
    """Fit the regression to all windows whose targets lie before row `stop`.

    The penalty is chosen by leave-one-out cross-validation among the windows, which
    scikit-learn has in closed form.

    Parameters
    ----------
    panel
        The series.
    stop
        End of the rows to learn from.
    horizon
        Steps of a forecast.
    sequence_length
        Rows of a window; less where there would be more than 1,000 inputs, or fewer
        windows than twice the rows of one.

    Returns
    -------
    RidgeFit or None
        None where there are fewer than 10 windows.

    Notes
    -----
    Of more than 20,000 windows the last ones are used.
    """
    # scikit-learn takes a second to import, and pages import this package too.
    from sklearn.linear_model import RidgeCV

    n_steps = stop - horizon + 1
    longest = min(MOST_INPUTS // panel.n_channels, n_steps // 3)
    length = max(1, min(sequence_length, longest))
    origins = np.arange(length, n_steps)[-MOST_WINDOWS:]
    if len(origins) < 10:
        return None
    scaler = fit_scaler(panel, "standard", stop=stop)
    inputs, base = _inputs(panel, scaler, origins, length, horizon)
    n = panel.n_targets
    scaled = (panel.targets - scaler.center[:n]) / scaler.scale[:n]
    changes = gather_targets(scaled, origins, horizon=horizon) - base
    model = RidgeCV(alphas=PENALTIES).fit(inputs, changes.reshape(len(origins), -1))
    return RidgeFit(model, scaler, length)


def _inputs(
    panel: Panel, scaler: Scaler, origins: np.ndarray, length: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return windows as rows, and what the predicted changes are added to."""
    framed = frame_series(panel, scaler, "last_value", horizon=horizon, season=1)
    windows = gather_windows(
        framed, origins, sequence_length=length, n_known=panel.n_known
    )
    n = len(origins)
    inputs = [windows.past.reshape(n, -1), windows.known.reshape(n, -1)]
    return np.concatenate(inputs, axis=1).astype(np.float64), windows.base
