"""What is kept beside a network that looks for anomalies, as `detector.json`."""

from dataclasses import dataclass

from search.config import Detector as DetectorKind


@dataclass(frozen=True)
class Detector:
    """From the errors of a network to scores and anomalies.

    The score of a row is the mean over channels of the absolute error in scaled units
    over `scale`, averaged with those of the rows before it, `smoothing` in all; a row
    is called where that is above `threshold`. See `search.evaluation.anomaly`.

    Attributes
    ----------
    kind
        ``forecaster``: the error is that of the next row. ``autoencoder``: that of the
        last row of the window.
    channels
        Names of the columns that are watched.
    scale
        Mean error of each channel on normal rows, in scaled units.
    smoothing
        Rows over which scores are averaged.
    quantile
        Share of the normal rows at or below the threshold.
    threshold
        Score above which a row is called anomalous.
    n_rows
        Normal rows that settled it.
    is_unseen
        Whether the network did not learn from these.
    reason
        One sentence that says so.
    """

    kind: DetectorKind
    channels: tuple[str, ...]
    scale: tuple[float, ...]
    smoothing: int
    quantile: float
    threshold: float
    n_rows: int
    is_unseen: bool
    reason: str
