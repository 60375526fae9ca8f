"""What is wrong with the winners, in words, each with a search that may cure it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from pages.components.illness_cards import show_illnesses
from pages.components.study_data import (
    changed_at,
    study_series,
    trial_curve,
    winner_holdout,
)
from pages.components.text import text
from pages.components.theme import CELL_BADGES
from search.analysis.diagnosis.answer_illnesses import diagnose_answers
from search.analysis.diagnosis.illnesses import diagnose_forecasts, diagnose_trial
from search.config import Cell
from search.errors import StudyCorrupted
from search.evaluation.diagnosis import Diagnosis
from search.study.folders import StudyHandle
from search.study.results import StudyResults

FoldScores = Mapping[str, Sequence[float]]


def show_diagnosis(
    study: StudyHandle, results: StudyResults, baselines: FoldScores
) -> None:
    """Show one card a winner: what was found, where it is seen, what may help."""
    st.subheader(
        text("diagnosis.heading"), help=text("diagnosis.heading_help"), anchor=False
    )
    columns = st.columns(len(results.winners))
    for column, (cell, winner) in zip(columns, results.winners.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.badge(cell, color=CELL_BADGES[cell])
            found = winner_illnesses(study, results, cell, baselines)
            if not found:
                st.markdown(text("diagnosis.none"))
            show_illnesses(study, found, winner.params, key=cell)


def winner_illnesses(
    study: StudyHandle, results: StudyResults, cell: Cell, baselines: FoldScores
) -> list[Diagnosis]:
    """Return what is wrong with one winner; forecasts are those of the first target."""
    winner = results.winners[cell]
    found = diagnose_trial(
        trial_curve(study, winner.trial),
        most_epochs=study.settings.training.epochs,
        baselines=baselines,
        fold_scores=winner.cv_folds,
    )
    stamp = changed_at(Path(winner.predictions))
    return [*found, *_of_forecasts(str(study.folder), cell, stamp, study, results)]


@st.cache_resource(max_entries=32, show_spinner=False)
def _of_forecasts(
    folder: str, cell: Cell, stamp: int, _study: StudyHandle, _results: StudyResults
) -> tuple[Diagnosis, ...]:
    """Look at many thousand forecasts once, not at each click."""
    settings = _study.settings
    if settings.task.kind != "forecasting" or settings.roles.group is not None:
        path = Path(_results.winners[cell].predictions)
        try:
            return tuple(diagnose_answers(settings, path))
        except StudyCorrupted:
            return ()  # the part of the page that shows the answers says why
    target = settings.roles.targets[0]
    holdout = winner_holdout(_study, _results, cell).get(target)
    if holdout is None:
        return ()
    values = study_series(folder, _study)[target].to_numpy()
    return tuple(diagnose_forecasts(holdout, values[holdout.origins - 1]))
