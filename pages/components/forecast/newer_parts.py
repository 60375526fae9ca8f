"""Newer data on the Forecast page: upload, what it says, searching again."""

from collections.abc import Callable

import streamlit as st

from pages.components.charts.times import time_words
from pages.components.forecast.newer_data import (
    Delivered,
    NewerFile,
    joined_series,
    newer_drift,
    newer_score,
    read_upload,
    study_forecaster,
)
from pages.components.forecast.newer_file import show_file_forecasts
from pages.components.forecast.newer_score import show_inputs, show_score
from pages.components.forecast.newer_verdict import show_verdict
from pages.components.numbers import count
from pages.components.setup.prefill import duplicate_settings
from pages.components.state import go_to
from pages.components.study_data import study_series, winner_holdout
from pages.components.study_upload import choose_upload
from pages.components.text import plain, raw_text, text
from search.analysis.delivered.network import is_replaced
from search.analysis.newer.score import most_at_once
from search.analysis.trials.continuing import continued_settings, first_configurations
from search.config import Cell
from search.data.newer.reading import needed_columns
from search.errors import StudyCorrupted, UserInputError
from search.study.folders import StudyHandle
from search.study.results import StudyResults


def show_newer_data(
    study: StudyHandle, results: StudyResults, cell: Cell, target: str
) -> None:
    """Offer an upload of newer rows; hold the forecasts against them."""
    st.subheader(text("newer.heading"), help=text("newer.heading_help"), anchor=False)
    winner = results.winners[cell]
    try:
        delivered = study_forecaster(study, cell, winner)
        is_behind = delivered is None and is_replaced(study, cell, winner)
    except StudyCorrupted as error:
        st.error(plain(error), icon=":material/error:")
        show_search_again(study, results, None)
        return
    if delivered is None:
        words = "newer.replaced" if is_behind else "newer.no_weights"
        st.info(text(words, cell=cell), icon=":material/info:")
        show_search_again(study, results, None)
        return
    file = _choose_file(study, delivered)
    if file is None:
        show_search_again(study, results, None)
        return
    show_reading(study, file)
    _show_file(study, results, target, delivered, file)


def show_reading(study: StudyHandle, file: NewerFile) -> None:
    """Say what was recognised in the file, and what is unusual about it."""
    newer = file.newer
    said = [text("newer.read_none", name=file.name)]
    if newer.n_new:
        ends = time_words(newer.new_rows.index[[0, -1]])
        said = [
            text(
                "newer.read_new",
                name=file.name,
                n_new=count(newer.n_new),
                start=ends[0],
                end=ends[1],
            )
        ]
    if newer.n_overlap:
        said.append(text("newer.read_overlap", n=count(newer.n_overlap)))
    if len(file.rows.known):
        said.append(text("newer.read_known", n=count(len(file.rows.known))))
    st.markdown(" ".join(said))
    series = study_series(str(study.folder), study)
    end = time_words(series.index[-1:])[0]
    warnings: list[tuple[object, Callable[[], str]]] = [
        (newer.n_gap, lambda: text("newer.read_gap", n=count(newer.n_gap), end=end)),
        (
            newer.n_changed,
            lambda: text(
                "newer.read_changed",
                n=count(newer.n_changed),
                first=time_words([newer.first_changed])[0],
            ),
        ),
        (newer.is_assumed, lambda: text("newer.read_assumed")),
    ]
    for is_so, words in warnings:
        if is_so:
            st.warning(words(), icon=":material/warning:")
    if newer.n_earlier:
        st.caption(text("newer.read_earlier", n=count(newer.n_earlier)))
    for note in file.rows.notes:
        st.caption(plain(note))


def show_search_again(
    study: StudyHandle, results: StudyResults, file: NewerFile | None
) -> None:
    """Offer a new search that begins with the winners, on old and new rows."""
    joined, settings = joined_series(study, file), study.settings
    with st.container(horizontal=True, vertical_alignment="center"):
        clicked = st.button(
            text("newer.again"),
            key="search_again",
            icon=":material/restart_alt:",
            help=text("newer.again_help"),
        )
        if joined is not None and file is not None:
            words = text(
                "newer.again_joined",
                n=count(file.newer.n_new),
                total=count(len(joined)),
                holdout=count(settings.task.holdout),
            )
        elif file is not None and file.newer.n_gap:
            words = text("newer.again_gap")
        else:
            words = text("newer.again_same")
        st.caption(words, width="stretch")
    if clicked:
        added = file if joined is not None else None
        duplicate_settings(
            study,
            continued_settings(
                settings,
                file_name=added.name if added else None,
                notes=added.rows.notes if added else (),
                filled_ahead=added.rows.n_filled_ahead(added.newer.n_new)
                if added
                else None,
            ),
            series=joined,
            first=first_configurations(results),
            name=raw_text("newer.again_name", name=settings.name[:70]),
        )
        go_to("setup")


def _choose_file(study: StudyHandle, delivered: Delivered) -> NewerFile | None:
    series = study_series(str(study.folder), study)
    settings = study.settings
    columns = needed_columns(settings.source, settings.roles, settings.task.kind)
    st.markdown(
        text(
            "newer.intro",
            last=time_words(series.index[-1:])[0],
            cell=delivered.cell,
            columns=", ".join(columns),
            most=count(most_at_once(delivered.forecaster)),
        ),
        width=900,
    )
    key = f"newer_{study.uuid}"
    return choose_upload(study, text("newer.upload"), key=key, read=read_upload)


def _show_file(
    study: StudyHandle,
    results: StudyResults,
    target: str,
    delivered: Delivered,
    file: NewerFile,
) -> None:
    cell = delivered.cell
    with st.spinner(text("newer.working")):
        score = newer_score(study, delivered, file)
    changes = newer_drift(study, delivered, file)
    holdout = winner_holdout(study, results, cell)
    if isinstance(score, UserInputError):
        st.info(plain(score), icon=":material/info:")
    show_verdict(study, results, cell, target, score, changes)
    show_search_again(study, results, file)
    names = [text("newer.tab_file")]
    if changes:
        names.insert(0, text("newer.tab_inputs"))
    if not isinstance(score, UserInputError):
        names.insert(0, text("newer.tab_score"))
    tabs = dict(zip(names, st.tabs(names), strict=True))
    if not isinstance(score, UserInputError):
        with tabs[text("newer.tab_score")]:
            show_score(study, results, cell, target, score, holdout.get(target))
    if changes:
        with tabs[text("newer.tab_inputs")]:
            show_inputs(changes)
    with tabs[text("newer.tab_file")]:
        show_file_forecasts(study, delivered, file)
