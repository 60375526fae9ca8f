"""Create and start a study once, however often the button is pressed."""

import msgspec
import streamlit as st

from pages.components.draft import Draft, DraftGroups
from pages.components.state import environment, go_to
from search.errors import UserInputError
from search.jobs.launch import check_running_studies, start_study
from search.study.folders import StudyHandle
from search.study.settings import StudySettings
from search.study.studies import create_study, find_study


def start(series: Draft, settings: StudySettings) -> None:
    """Create the study of these settings unless this session did, start it, show it.

    A second press arrives as a second run of the page; it finds the study of the
    first one and leads to it.

    Raises
    ------
    UserInputError
        If the settings cannot work, or as many studies run as may at once.
    """
    mark = f"started_{series.token}_{hash(msgspec.json.encode(settings))}"
    study = _started(mark)
    if study is None:
        check_running_studies(environment())
        groups = series.built.groups if isinstance(series, DraftGroups) else None
        study = create_study(environment(), settings, series.built.values, groups)
        st.session_state[mark] = study.uuid
    start_study(study)
    go_to("progress", study=study.uuid)


def _started(mark: str) -> StudyHandle | None:
    uuid = st.session_state.get(mark)
    if uuid is None:
        return None
    try:
        return find_study(environment(), uuid)
    except UserInputError:
        return None
