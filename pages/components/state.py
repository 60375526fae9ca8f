"""Where the user is: the study in the URL, the studies there are, links between pages.

Everything about a study comes from storage and files; the session holds only
half-filled forms.
"""

from typing import Literal, NoReturn

import streamlit as st

from pages.components.text import plain, text
from search.config import Environment
from search.errors import SearchError, UserInputError
from search.study.control import read_control
from search.study.folders import StudyHandle
from search.study.progress import Progress, read_progress
from search.study.results import RESULTS_FILE, StudyResults, load_results
from search.study.studies import find_study, list_studies, optuna_study_id
from search.study.trials.listing import TrialView, read_trials

PageName = Literal[
    "home", "data", "setup", "progress", "compare", "forecast", "explain", "studies"
]


def environment() -> Environment:
    """Return where the studies of this server are."""
    return Environment.from_process()


def study_reference() -> str | None:
    """Return the text of ``?study=``; None where there is none."""
    return st.query_params.get("study") or None


def current_study() -> StudyHandle | None:
    """Return the study of the URL; None if there is none or it is unknown."""
    reference = study_reference()
    if reference is None:
        return None
    try:
        return find_study(environment(), reference)
    except UserInputError:
        return None


def require_study() -> StudyHandle:
    """Return the study of the URL, or show what to do and end the page."""
    study = current_study()
    if study is not None:
        return study
    with st.container(border=True, key="no_study"):
        st.markdown(f"##### {text('app.no_study_title')}")
        st.markdown(text("app.no_study_body"))
        with st.container(horizontal=True):
            link_to("data", text("app.start_new"), icon=":material/add:")
            link_to("studies", text("app.all_studies"), icon=":material/list:")
    st.stop()


def all_studies(*, archived: bool = False) -> tuple[StudyHandle, ...]:
    """Return the studies, newest first; the archived ones only if asked for."""
    studies = list_studies(environment())
    return tuple(study for study in studies if archived or not is_archived(study))


def is_archived(study: StudyHandle) -> bool:
    """Return whether lists hide the study; a damaged one is not hidden."""
    try:
        return read_control(study).archived
    except SearchError:
        return False


def study_progress(study: StudyHandle) -> Progress:
    """Return how far the study is, at most a second old."""
    return _progress(str(study.folder), study)


def forget_progress() -> None:
    """Make the next look at a study a fresh one, after a button changed it."""
    _progress.clear()
    _trials.clear()


def study_trials(study: StudyHandle) -> tuple[TrialView, ...]:
    """Return the trials of the study, at most a second old."""
    return _trials(str(study.folder), study)


def study_results(study: StudyHandle) -> StudyResults | None:
    """Return the comparison of the winners; None while there is none."""
    path = study.folder / RESULTS_FILE
    if not path.exists():
        return None
    return _results(str(study.folder), path.stat().st_mtime_ns, study)


def link_to(
    page: PageName, label: str, *, study: str | None = None, icon: str | None = None
) -> None:
    """Show a link to `page` that carries `study` (a uuid) along."""
    query = {"study": study} if study else None
    st.page_link(page_path(page), label=label, icon=icon, query_params=query)


def go_to(page: PageName, *, study: str | None = None) -> NoReturn:
    """Leave for `page`, with `study` (a uuid) in its URL."""
    query = {"study": study} if study else None
    st.switch_page(page_path(page), query_params=query)


def page_path(page: PageName) -> str:
    """Return the file of `page`, relative to the entry script."""
    return f"{page}.py"


def dashboard_link(study: StudyHandle, trial: int | None = None) -> str:
    """Return the URL path of the study, or of one trial, in optuna-dashboard."""
    path = f"/dashboard/studies/{_optuna_id(str(study.folder), study)}"
    return path if trial is None else f"{path}/trials?numbers={trial}"


def study_labels(studies: tuple[StudyHandle, ...]) -> dict[str, str]:
    """Return a label for each uuid; studies of the same name get some digits."""
    names = [study.settings.name for study in studies]
    return {
        study.uuid: (
            study.settings.name
            if names.count(study.settings.name) == 1
            else f"{study.settings.name} ({study.uuid[:4]})"
        )
        for study in studies
    }


def unknown_study_message() -> str | None:
    """Return what to say about a ``?study=`` that leads nowhere."""
    reference = study_reference()
    if reference is None:
        return None
    try:
        find_study(environment(), reference)
    except UserInputError as error:
        return plain(error)
    return None


@st.cache_resource(ttl=1, max_entries=64, show_spinner=False)
def _progress(folder: str, _study: StudyHandle) -> Progress:
    return read_progress(_study)


@st.cache_resource(ttl=1, max_entries=16, show_spinner=False)
def _trials(folder: str, _study: StudyHandle) -> tuple[TrialView, ...]:
    return read_trials(_study)


@st.cache_resource(max_entries=32, show_spinner=False)
def _results(folder: str, changed: int, _study: StudyHandle) -> StudyResults | None:
    return load_results(_study.folder)


@st.cache_resource(max_entries=512, show_spinner=False)
def _optuna_id(folder: str, _study: StudyHandle) -> int:
    return optuna_study_id(_study)
