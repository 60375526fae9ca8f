"""Put the results of a study together where more than one series is forecast."""

import pandas as pd

from search.config import Cell
from search.data.columns import unit_of
from search.evaluation.panel import Panel, make_panel
from search.evaluation.samples import SamplePlan
from search.study.folders import StudyHandle
from search.study.results import WinnerResult


def describe_samples(
    handle: StudyHandle, series: pd.DataFrame
) -> dict[str, int | str | None]:
    """Return what the rows are, and how much of them is held out."""
    settings = handle.settings
    roles, task = settings.roles, settings.task
    panel = make_panel(series, roles, kind=task.kind)
    plan = settings.plan_of(panel)
    held = plan.final.validation if isinstance(plan, SamplePlan) else ()
    return {
        "file": settings.source.file_name,
        "rows": panel.n_rows,
        "columns": len(roles.columns),
        "groups": len(panel.group_names),
        "targets": ", ".join(roles.targets),
        "unit": unit_of(roles.targets[0]) if len(roles.targets) == 1 else None,
        "frequency": settings.source.frequency,
        "task": task.kind,
        "classes": ", ".join(task.classes) or None,
        "holdout_samples": len(held),
        "holdout_groups": _n_groups(panel, plan),
        "sha256": handle.data_sha256,
    }


def plain_verdict(winners: dict[Cell, WinnerResult], ranked: list[Cell]) -> str:
    """Return which cell was best in the folds; empty without a winner."""
    if not ranked:
        return "No cell has a winner."
    best = ranked[0]
    if len(ranked) == 1:
        return f"{best} is the only winner."
    return (
        f"{best} had the best score in the folds ({winners[best].cv:.4g}); the holdout "
        "was not used to choose it."
    )


def _n_groups(panel: Panel, plan: object) -> int:
    if not isinstance(plan, SamplePlan) or not panel.group_names:
        return 0
    return len(set(panel.groups[plan.final.validation - 1].tolist()))
