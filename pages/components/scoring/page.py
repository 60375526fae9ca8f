"""The Forecast page of a study of sequences, labels, anomalies or many series."""

import streamlit as st

from pages.components.scoring.data import (
    SampleWinner,
    file_answers,
    holdout_judged,
    known_answers,
    sample_winner,
)
from pages.components.scoring.pictures import show_development, show_picture
from pages.components.scoring.promise import show_promise
from pages.components.scoring.series import show_newer_series, show_series
from pages.components.scoring.table import show_answers
from pages.components.scoring.upload import choose_new_file
from pages.components.text import plain, text
from search.analysis.delivered.network import is_replaced
from search.config import Cell
from search.errors import UserInputError
from search.study.folders import StudyHandle
from search.study.results import WinnerResult


def show_scoring(
    study: StudyHandle, cell: Cell, winner: WinnerResult, target: str
) -> None:
    """Answer new data with a winner; until there are any, show the holdout."""
    found = sample_winner(study, cell, winner)
    if found is None:
        is_behind = is_replaced(study, cell, winner)
        words = "scoring.replaced" if is_behind else "scoring.no_weights"
        st.info(text(words, cell=cell), icon=":material/info:")
        return
    if study.settings.task.kind == "forecasting":
        show_series(found, target)
        file = choose_new_file(found)
        if file is not None:
            show_newer_series(found, target, file)
        return
    _show_answers(found, target)


def _show_answers(winner: SampleWinner, target: str) -> None:
    file = choose_new_file(winner)
    task, holdout = winner.study.settings.task, holdout_judged(winner)
    if file is None:
        st.caption(text("scoring.or_holdout"))
        with st.spinner(text("scoring.waiting")):
            answers = known_answers(winner)
        panel, token, key = winner.delivered.panel, "study", "held"
    else:
        with st.spinner(text("scoring.waiting")):
            found = file_answers(winner, file)
        if isinstance(found, UserInputError):
            st.error(plain(found), icon=":material/error:")
            return
        answers, token, key = found, file.token, "new"
        panel = winner.delivered.model.panel(file.rows.frame)
    show_answers(winner, answers, panel)
    show_picture(winner, answers, target, key=key)
    if file is not None:
        show_promise(task, answers.judged, holdout, cell=winner.cell)
    show_development(winner, answers, target, panel=panel, token=token, key=key)
