"""What the rows, samples and held-out parts of each kind of task are called."""

from pages.components.text import raw_text, text
from search.config import INPUT_KINDS, Task
from search.study.folders import StudyHandle
from search.study.settings import StudySettings


def in_time_order(settings: StudySettings) -> bool:
    """Whether the folds of a study follow each other in time."""
    is_by_rows = settings.task.kind in INPUT_KINDS
    if is_by_rows or settings.roles.group is None:
        return True
    return settings.task.group_order == "time"


def is_one_forecast(study: StudyHandle) -> bool:
    """Whether a single series is forecast."""
    settings = study.settings
    return settings.task.kind == "forecasting" and settings.roles.group is None


def verdict_basis(settings: StudySettings) -> str:
    """Say how the best network was chosen and what its holdout is, as markdown."""
    task, has_groups = settings.task, settings.roles.group is not None
    if task.test_groups:
        held, n_held = "test", len(task.test_groups)
    elif task.kind == "anomaly":
        held, n_held = "anomaly", 0
    elif not has_groups:
        return text("compare.verdict_basis", holdout=task.holdout)
    else:
        held = "each" if task.kind == "forecasting" else "groups"
        n_held = task.holdout
    chosen = text("compare.chosen_basis")
    return f"{chosen} {text(f'compare.holdout_{held}', n=n_held)}"


def asked_words(task: Task) -> str:
    """Say what is asked of each sample in a few words, as raw text."""
    return raw_text(
        f"studies.asked_{task.kind}", horizon=task.horizon, n=len(task.classes)
    )
