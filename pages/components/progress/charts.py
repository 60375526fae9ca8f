"""The charts of the Progress page that change only when a trial has ended."""

import streamlit as st

from pages.components.charts.folds import fold_chart
from pages.components.charts.history import history_chart
from pages.components.charts.record import Chart
from pages.components.scales import score_scale
from pages.components.study_data import best_fold_baseline, fold_baselines
from pages.components.task_words import in_time_order
from search.study.folders import StudyHandle
from search.study.progress import Progress


def history_of(study: StudyHandle, progress: Progress) -> Chart:
    """Return the chart of all scores; drawn anew when a trial has ended."""
    counts = progress.counts
    n_ended = counts.complete + counts.pruned + counts.failed
    baseline = best_fold_baseline(study)
    return _history(str(study.folder), n_ended, baseline, study, progress)


def folds_of(study: StudyHandle, progress: Progress) -> Chart:
    """Return the fold scores of the best trials; drawn anew when one is better."""
    leaders = tuple(trial.number for trial in progress.best.values())
    return _folds(
        str(study.folder), leaders, best_fold_baseline(study), study, progress
    )


# An ended trial never changes, so their number says which ones there are.
@st.cache_resource(max_entries=16, show_spinner=False)
def _history(
    folder: str,
    n_ended: int,
    baseline: tuple[str, float] | None,
    _study: StudyHandle,
    _progress: Progress,
) -> Chart:
    return history_chart(_progress.trials, score_scale(_study), baseline=baseline)


@st.cache_resource(max_entries=16, show_spinner=False)
def _folds(
    folder: str,
    leaders: tuple[int, ...],
    baseline: tuple[str, float] | None,
    _study: StudyHandle,
    _progress: Progress,
) -> Chart:
    scores: dict[str, tuple[float, ...]] = {
        cell: trial.fold_scores for cell, trial in _progress.best.items()
    }
    if scores and baseline is not None:
        name = baseline[0]
        scores[name] = fold_baselines(_study)[name]
    return fold_chart(
        scores, score_scale(_study), in_order=in_time_order(_study.settings)
    )
