"""A study as one row of a list: state, progress, time left, best so far."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from pages.components.frame import live
from pages.components.numbers import ago, count, duration
from pages.components.scales import score_scale
from pages.components.state import link_to, study_progress
from pages.components.status import is_live, state_badge
from pages.components.task_words import asked_words
from pages.components.text import plain, text
from pages.components.theme import CELL_BADGES
from search.errors import SearchError
from search.study.folders import StudyHandle
from search.study.progress import Progress


def state_of(study: StudyHandle) -> str:
    """Return the state of a study; `failed` if its storage cannot be read."""
    try:
        return study_progress(study).state
    except SearchError:
        return "failed"


def show_list(
    studies: Sequence[StudyHandle],
    *,
    place: str,
    menu: Callable[[StudyHandle], None] | None = None,
) -> None:
    """Show one row a study; those at work have a timer each, the others stand still.

    Parameters
    ----------
    studies
        The studies, in the order of the rows.
    place
        Name of the list; part of the keys.
    menu
        Shows the actions of a row, if it has any.
    """
    for study in studies:
        is_running = is_live(state_of(study))
        row = partial(_show_row, study, place, menu, was_live=is_running)
        live(row, running=is_running, key=f"{place}_row_{study.uuid}")


def _show_row(
    study: StudyHandle,
    place: str,
    menu: Callable[[StudyHandle], None] | None,
    *,
    was_live: bool,
) -> None:
    """Show one study; when it comes to rest, the page ends its timer."""
    with st.container(border=True, key=f"{place}_{study.uuid}"):
        with st.container(
            horizontal=True,
            vertical_alignment="center",
            key=f"{place}_head_{study.uuid}",
        ):
            st.markdown(f"**{plain(study.settings.name)}**", width="stretch")
            try:
                progress = study_progress(study)
            except SearchError as error:
                state_badge("failed")
                st.caption(plain(error))
                progress = None
            if progress is not None:
                state_badge(progress.state)
        if progress is not None:
            _show_progress(study, progress)
        with st.container(
            horizontal=True,
            vertical_alignment="center",
            key=f"{place}_foot_{study.uuid}",
        ):
            st.caption(_about(study), width="stretch")
            _show_links(study, progress)
            if menu is not None:
                menu(study)
    if was_live and (progress is None or not is_live(progress.state)):
        st.rerun()


def _show_progress(study: StudyHandle, progress: Progress) -> None:
    if is_live(progress.state) or progress.state in ("paused", "interrupted"):
        st.progress(min(1.0, max(0.0, progress.fraction)), text=_done(progress))
    best = _best(study, progress)
    if best:
        st.markdown(best)
    if progress.message:
        st.caption(plain(progress.message))


def _done(progress: Progress) -> str:
    if progress.n_trials is None:
        done = text(
            "studies.done_time",
            n=progress.n_done,
            used=duration(progress.seconds_used),
            budget=duration(progress.seconds_budget),
        )
    else:
        done = text("studies.done", n=progress.n_done, total=progress.n_trials)
    if progress.eta_seconds is None:
        return done
    return f"{done} · {text('studies.left', time=duration(progress.eta_seconds))}"


def _best(study: StudyHandle, progress: Progress) -> str:
    scored = {
        cell: trial.score
        for cell, trial in progress.best.items()
        if trial.score is not None
    }
    if not scored:
        return ""
    cell = min(scored, key=lambda name: scored[name])
    scale = score_scale(study)
    is_over = progress.state in ("finished", "stopped")
    return text(
        "studies.best_at_end" if is_over else "studies.best",
        colour=CELL_BADGES[cell],
        cell=cell,
        score=scale.written(scored[cell]),
        measure=scale.name,
    )


def _about(study: StudyHandle) -> str:
    return text(
        "studies.about",
        target=", ".join(study.settings.roles.targets),
        n=count(study.n_rows),
        asked=asked_words(study.settings.task),
        created=ago(study.created),
    )


def _show_links(study: StudyHandle, progress: Progress | None) -> None:
    has_results = progress is not None and progress.state in ("finished", "stopped")
    link_to("progress", text("app.step_progress"), study=study.uuid,
            icon=":material/monitoring:")  # fmt: skip
    if has_results:
        link_to("compare", text("app.step_compare"), study=study.uuid,
                icon=":material/leaderboard:")  # fmt: skip
