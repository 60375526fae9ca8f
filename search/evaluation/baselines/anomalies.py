"""Baselines that call rows anomalous, on the rows and the rule of the networks."""

import numpy as np

from search.evaluation.anomaly import Detection, Threshold, detect_anomalies
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan
from search.evaluation.scaling import GroupScaler, Scaler

ANOMALY_NAMES = ("never", "always", "zscore", "pca")
_EXPLAINED = 0.9


def judged_rows(plan: SamplePlan) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that are scored, and which of them settle the threshold.

    The normal rows are those kept for it, or where there are none all that the refit
    learns from. Both are ascending; the rows of a sample are told by its last target.
    """
    normal = plan.calibration
    if not len(normal):
        normal = plan.samples.usable(plan.final.training, plan.first_origin)
    last = plan.samples.target_offset + plan.samples.n_steps - 1
    rows = np.concatenate([normal, plan.final.validation]) + last
    is_normal = np.arange(len(rows)) < len(normal)
    order = np.argsort(rows)
    return rows[order], is_normal[order]


def detect_by_baselines(
    panel: Panel, plan: SamplePlan, scaler: Scaler | GroupScaler
) -> dict[str, Detection]:
    """Call rows by every baseline; see `docs/metrics.md`.

    Parameters
    ----------
    panel
        All rows.
    plan
        Which rows are normal, and which are judged.
    scaler
        Standard scaler of the rows that the refit learns from.
    """
    rows, is_normal = judged_rows(plan)
    is_unseen = len(plan.calibration) > 0
    scaled = scaler.transform(panel.values)
    n_channels = panel.n_channels - panel.n_calendar
    scaled = scaled[:, :n_channels]
    errors = {
        "zscore": np.abs(scaled[rows]),
        "pca": _pca_errors(scaled[plan.final.rows], scaled[rows]),
    }
    fitted = {
        name: detect_anomalies(
            found,
            rows=rows,
            groups=panel.groups[rows],
            is_normal=is_normal,
            is_unseen=is_unseen,
        )
        for name, found in errors.items()
    }
    return {
        "never": _constant(len(rows), n_channels, is_called=False),
        "always": _constant(len(rows), n_channels, is_called=True),
        **fitted,
    }


def _constant(n_rows: int, n_channels: int, *, is_called: bool) -> Detection:
    return Detection(
        scores=np.full(n_rows, float(is_called)),
        is_called=np.full(n_rows, is_called),
        threshold=Threshold(0.5, 1.0, 0, True),
        scale=np.ones(n_channels),
        smoothing=1,
    )


def _pca_errors(normal: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return T² and the squared residual (SPE), of shape (n_rows, 2).

    The components hold nine tenths of the variance of the normal rows. Jackson and
    Mudholkar (1979), https://doi.org/10.1080/00401706.1979.10489779
    """
    center = normal.mean(axis=0)
    _, sizes, directions = np.linalg.svd(normal - center, full_matrices=False)
    variances = sizes**2 / max(1, len(normal) - 1)
    total = variances.sum()
    if total <= 0:
        n_kept = 0
    else:
        shares = np.cumsum(variances) / total
        n_kept = int(np.searchsorted(shares, _EXPLAINED)) + 1
    kept = directions[:n_kept]
    scores = (rows - center) @ kept.T
    residual = rows - center - scores @ kept
    inside = (scores**2 / variances[:n_kept]).sum(axis=1)
    return np.column_stack([inside, (residual**2).sum(axis=1)])
