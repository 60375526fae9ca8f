"""What a study of groups is about, in one sentence."""

from search.evaluation.panel import Panel
from search.study.settings import StudySettings

_ASKED = {
    "forecasting": "Forecast of {targets}",
    "regression": "Value of {targets}",
    "classification": "Class {targets} of each sequence",
    "labelling": "Class {targets} of each row",
    "anomaly": "Anomalies in {targets}",
}
_MOST_NAMED = 8


def task_sentence(settings: StudySettings, panel: Panel) -> str:
    """Return what is asked for, of how many rows and groups, and what is held out."""
    task, targets = settings.task, settings.roles.targets
    named = ", ".join(targets[:_MOST_NAMED])
    if len(targets) > _MOST_NAMED:
        named += f" and {len(targets) - _MOST_NAMED} more"
    asked = _ASKED[task.kind].format(targets=named)
    groups = f" in {panel.n_groups:,} groups" if panel.group_names else ""
    inputs = f" from {panel.n_channels} columns" if not panel.n_targets else ""
    classes = f", {len(task.classes)} classes" if task.classes else ""
    return (
        f"{asked}{inputs}: {panel.n_rows:,} rows{groups}{classes}; {task.folds} folds, "
        f"{_held_out(settings)}, score {task.score}."
    )


def _held_out(settings: StudySettings) -> str:
    task = settings.task
    if task.test_groups:
        return f"{len(task.test_groups):,} groups of the test set held out"
    if task.kind == "anomaly":
        return f"last {task.holdout:,} normal rows kept for the threshold"
    if task.kind == "forecasting":
        return f"last {task.holdout:,} rows of each series held out"
    if settings.roles.group is None:
        return f"last {task.holdout:,} rows held out"
    which = "last" if task.group_order == "time" else "chosen at random"
    return f"{task.holdout:,} groups held out ({which})"
