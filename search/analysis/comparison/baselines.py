"""The baselines of a study: computed once, kept in its folder, read by all."""

from collections.abc import Collection
from dataclasses import dataclass, field

import msgspec
import numpy as np

from search.analysis.comparison.sample_baselines import (
    ScoredBaselines,
    baseline_names,
    compute_baselines,
)
from search.arrays import read_arrays, write_arrays
from search.config import Task
from search.errors import StudyCorrupted
from search.evaluation.baselines.suite import (
    Forecasts,
    forecast_baselines,
)
from search.evaluation.metrics import (
    KindMetrics,
    forecast_metrics,
    seasonal_naive_scale,
)
from search.evaluation.panel import Panel, make_panel
from search.evaluation.splits import SplitPlan
from search.evaluation.windows import gather_targets
from search.files import write_json
from search.study.folders import StudyHandle
from search.study.results import read_record
from search.study.studies import load_panel_series

BASELINES_FILE = "baselines.json"
FORECASTS_FILE = "baselines.npz"


@dataclass(frozen=True)
class StudyBaselines:
    """How good the baselines of a study are.

    Attributes
    ----------
    fold_scores
        Score on each fold.
    holdout
        Metrics on the holdout.
    absent
        For each baseline without forecasts of the holdout, why.
    """

    fold_scores: dict[str, tuple[float, ...]]
    holdout: dict[str, KindMetrics]
    absent: dict[str, str] = field(default_factory=dict)


def make_baselines(
    handle: StudyHandle, *, names: Collection[str] | None = None
) -> None:
    """Compute the baselines of a study and write them to its folder.

    Parameters
    ----------
    names
        Which baselines; all of the task by default.

    Raises
    ------
    StudyCorrupted
        If the series of the study cannot be used.
    """
    settings = handle.settings
    task = settings.task
    series = load_panel_series(handle)
    panel = make_panel(series, settings.roles, kind=task.kind)
    plan = settings.plan_of(panel)
    if names is None:
        names = baseline_names(task)
    longest = settings.space.longest_sequence
    if isinstance(plan, SplitPlan):
        found = _one_series(panel, plan, task, sequence_length=longest, names=names)
    else:
        found = compute_baselines(
            panel, plan, task, sequence_length=longest, names=names
        )
    # The forecasts first: who finds the scores finds everything.
    write_arrays(handle.folder / FORECASTS_FILE, found.outputs)
    write_json(
        handle.folder / BASELINES_FILE,
        StudyBaselines(
            fold_scores=found.fold_scores, holdout=found.metrics, absent=found.absent
        ),
    )


def _one_series(
    panel: Panel,
    plan: SplitPlan,
    task: Task,
    *,
    sequence_length: int,
    names: Collection[str],
) -> ScoredBaselines:
    found = forecast_baselines(
        panel, plan, task, sequence_length=sequence_length, names=names
    )
    origins = np.arange(plan.holdout_start, plan.holdout_stop)
    actual = gather_targets(panel.targets, origins, horizon=plan.horizon)
    past = panel.targets[: plan.holdout_start]
    scale = seasonal_naive_scale(past, task.season)
    return ScoredBaselines(
        fold_scores=found.fold_scores,
        metrics={
            name: forecast_metrics(actual, predicted, naive_scale=scale)
            for name, predicted in found.holdout.items()
        },
        outputs=found.holdout,
        absent=found.absent,
    )


def has_baselines(handle: StudyHandle) -> bool:
    """Whether the baselines of a study were computed."""
    return (handle.folder / BASELINES_FILE).exists()


def load_baselines(handle: StudyHandle) -> StudyBaselines | None:
    """Return the baselines of a study; None while they are not computed.

    Raises
    ------
    StudyCorrupted
        If the file is not what `make_baselines` writes.
    """
    try:
        content = (handle.folder / BASELINES_FILE).read_bytes()
        return read_record(msgspec.json.decode(content), StudyBaselines)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, ValueError) as error:
        raise StudyCorrupted(f"{BASELINES_FILE} cannot be read: {error}.") from error


def load_baseline_forecasts(handle: StudyHandle) -> Forecasts:
    """Return what the baselines say of the holdout; empty while there are none.

    See `search.analysis.comparison.sample_baselines.ScoredBaselines.outputs`.

    Raises
    ------
    StudyCorrupted
        If the file is damaged.
    """
    if not has_baselines(handle):
        return {}
    return read_arrays(handle.folder / FORECASTS_FILE)
