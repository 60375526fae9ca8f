"""What the learning curve of one trial tells, on the Progress page."""

from collections.abc import Sequence

import streamlit as st

from pages.components.charts.curves import losses_chart
from pages.components.charts.folds import fold_chart
from pages.components.charts.record import show_chart
from pages.components.illness_cards import show_illnesses
from pages.components.scales import score_scale
from pages.components.study_data import best_fold_baseline, fold_baselines
from pages.components.text import text
from search.analysis.illnesses import best_fold_scores, diagnose_trial
from search.evaluation.curve_diagnosis import FEWEST_EPOCHS
from search.evaluation.diagnosis import Diagnosis
from search.study.folders import StudyHandle
from search.study.trials.curves import EpochPoint
from search.study.trials.listing import TrialView


def show_trial_diagnosis(
    study: StudyHandle, trial: TrialView, points: Sequence[EpochPoint]
) -> None:
    """Say what is wrong with a trial that has ended, and show where that is seen."""
    st.markdown(
        f"**{text('diagnosis.trial_heading')}**", help=text("diagnosis.trial_help")
    )
    found = trial_illnesses(study, trial, points)
    if not found:
        st.markdown(_no_illness(len(points)))
    if points and best_fold_baseline(study) is None:
        st.caption(text("diagnosis.trial_unknown_baseline"))
    show_illnesses(
        study,
        found,
        trial.params,
        key=f"trial_{trial.number}",
        seen="seen_trial",
    )
    _show_evidence(study, trial, points, found)


def trial_illnesses(
    study: StudyHandle, trial: TrialView, points: Sequence[EpochPoint]
) -> list[Diagnosis]:
    """Return what the curve and the folds of a trial tell."""
    return diagnose_trial(
        points,
        most_epochs=study.settings.training.epochs,
        baselines=fold_baselines(study),
        fold_scores=trial.fold_scores,
        was_ended=trial.state != "complete",
    )


def _no_illness(n_epochs: int) -> str:
    if n_epochs == 0:
        return text("diagnosis.trial_too_short")
    if n_epochs < FEWEST_EPOCHS:
        return text("diagnosis.trial_few_epochs", n=FEWEST_EPOCHS)
    return text("diagnosis.none")


def _show_evidence(
    study: StudyHandle,
    trial: TrialView,
    points: Sequence[EpochPoint],
    found: Sequence[Diagnosis],
) -> None:
    """Draw what the page does not show anyway."""
    evidence = {one.evidence for one in found}
    if "loss" in evidence:
        show_chart(losses_chart({trial.cell: points}), key="progress_trial_loss")
    if "folds" in evidence:
        name = best_fold_baseline(study)
        own = trial.fold_scores or best_fold_scores(points)
        folds: dict[str, Sequence[float]] = {trial.cell: own}
        if name is not None:
            folds[name[0]] = fold_baselines(study)[name[0]]
        show_chart(fold_chart(folds, score_scale(study)), key="progress_trial_folds")
