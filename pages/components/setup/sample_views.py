"""What the Search page shows of the folds of sequences and labelled rows."""

import streamlit as st

from pages.components.figure import show_figure
from pages.components.intake.ask_form import ask_of
from pages.components.numbers import count
from pages.components.setup.group_folds_chart import (
    count_groups,
    group_folds_figure,
    keeps_groups,
    n_learned,
    row_folds_figure,
    sample_fold_table,
)
from pages.components.text import plain, raw_text, text
from search.config import Task
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan
from search.study.settings import StudySettings


def show_sample_folds(panel: Panel, plan: SamplePlan, task: Task, *, key: str) -> None:
    """Draw the folds, list them, and say what is doubtful about them."""
    is_whole = keeps_groups(panel, task)
    draw = group_folds_figure if is_whole else row_folds_figure
    table = sample_fold_table(panel, plan, task)
    show_figure(
        draw(panel, plan, task),
        key=key,
        title=text("setup.folds_title"),
        summary=_group_summary(panel, plan, task)
        if is_whole
        else _row_summary(panel, plan, task),
    )
    st.dataframe(
        table, hide_index=True, key=f"{key}_table", alt=text("setup.folds_title")
    )
    for doubt in plan.doubts:
        st.warning(plain(doubt), icon=":material/warning:")


def is_one_series(settings: StudySettings) -> bool:
    """Return whether one series is forecast."""
    return settings.task.kind == "forecasting" and settings.roles.group is None


def sample_task_words(settings: StudySettings) -> dict[str, object]:
    """Return what is asked of sequences or rows, by the names of the texts."""
    task, roles = settings.task, settings.roles
    words: dict[str, object] = {
        "asked": raw_text(f"data.ask_{ask_of(task.kind, has_groups=bool(roles.group))}")
    }
    if roles.group:
        words["group_column"] = roles.group
    if task.classes:
        words["classes"] = ", ".join(task.classes)
        words["class_weights"] = raw_text(f"setup.class_weights_{task.class_weights}")
    if task.kind in ("regression", "classification"):
        words["samples"] = raw_text(f"setup.samples_{task.samples}")
        if task.samples == "sliding":
            words["stride"] = task.stride
    if task.kind == "forecasting":
        return {**words, "horizon": task.horizon, "holdout_each": task.holdout}
    if task.kind == "anomaly":
        words["detector"] = raw_text(f"setup.detector_{task.detector}")
        return {**words, "holdout_normal": task.holdout}
    if roles.group is None:
        return {**words, "holdout": task.holdout}
    words["group_order"] = raw_text(f"setup.group_order_{task.group_order}")
    return {**words, "holdout_groups": len(task.test_groups) or task.holdout}


def _group_summary(panel: Panel, plan: SamplePlan, task: Task) -> str:
    counts = count_groups(panel, plan)
    how = "time" if task.group_order == "time" else "none"
    if how == "none" and task.kind == "classification":
        how = "classes"
    valid = (
        count(counts.largest)
        if counts.smallest == counts.largest
        else raw_text("setup.range_words", low=counts.smallest, high=counts.largest)
    )
    return text(
        f"setup.folds_groups_{how}",
        folds=len(plan.folds),
        groups=count(counts.n_groups),
        valid=valid,
        holdout=count(counts.n_held),
    )


def _row_summary(panel: Panel, plan: SamplePlan, task: Task) -> str:
    words = {
        "folds": len(plan.folds),
        "smallest": count(n_learned(plan, plan.folds[0])),
        "largest": count(n_learned(plan, plan.folds[-1])),
        "holdout": count(len(plan.final.validation)),
    }
    if task.kind == "anomaly":
        kept = count(len(plan.calibration))
        return text("setup.folds_anomaly", threshold=kept, **words)
    if panel.n_groups > 1:
        return text("setup.folds_series", groups=count(panel.n_groups), **words)
    return text("setup.folds_rows", **words)
