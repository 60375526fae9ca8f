"""What the leak audit found, before a search starts and beside its results."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.components.draft import Draft, DraftGroups
from pages.components.study_data import changed_at, study_series
from pages.components.text import plain, text
from search.analysis.diagnosis.leak_audit import audit_data, audit_winner
from search.config import Cell
from search.errors import SearchError
from search.evaluation.leaks.groups import audit_groups
from search.evaluation.leaks.suspicion import Suspicion
from search.evaluation.samples import SamplePlan
from search.study.folders import StudyHandle
from search.study.results import StudyResults
from search.study.settings import StudySettings


@dataclass(frozen=True)
class _Bundle:
    """Which bundle was audited; a resumed study puts another one in its place."""

    cell: Cell
    trial: int
    path: str
    written: int


def show_data_audit(series: Draft, settings: StudySettings) -> None:
    """Show what makes forecasts look better than they will be, or that nothing does."""
    first = settings.space.first_origin(settings.task.season)
    key = f"{series.token} {settings.roles} {settings.task} {first}"
    _show(_data_audit(key, series, settings))


def show_winner_audit(study: StudyHandle, results: StudyResults) -> None:
    """Show the audit of the data and of what is delivered."""
    bundles = tuple(
        _Bundle(cell, winner.trial, winner.bundle, changed_at(Path(winner.bundle)))
        for cell, winner in results.winners.items()
        if winner.bundle and Path(winner.bundle).is_file()
    )
    try:
        found = _study_audit(str(study.folder), bundles, study, results)
    except SearchError as error:
        st.warning(text("leaks.failed", reason=str(error)))
        return
    _show(found)


def _show(found: Sequence[Suspicion]) -> None:
    if not found:
        st.caption(text("leaks.none"), help=text("leaks.help"))
        return
    with st.container(border=True, key="leaks"):
        st.markdown(
            f"**{text('leaks.heading', n=len(found))}**", help=text("leaks.help")
        )
        for one in found:
            st.warning(plain(one.message), icon=":material/visibility:")


@st.cache_resource(max_entries=8, show_spinner=False)
def _data_audit(
    key: str, _series: Draft, _settings: StudySettings
) -> tuple[Suspicion, ...]:
    if isinstance(_series, DraftGroups):
        panel = _series.panel
        plan = _settings.plan_of(panel)
        if isinstance(plan, SamplePlan):
            return audit_groups(panel, plan, _settings.task)
    return audit_data(_series.frame, _settings)


@st.cache_resource(max_entries=16, show_spinner=False)
def _study_audit(
    folder: str,
    bundles: tuple[_Bundle, ...],
    _study: StudyHandle,
    _results: StudyResults,
) -> tuple[Suspicion, ...]:
    series, settings = study_series(folder, _study), _study.settings
    found = list(audit_data(series, settings))
    for one in bundles:
        params = settings.space.complete(_results.winners[one.cell].params)
        path = Path(one.path)
        found += audit_winner(series, settings, params, path, trial=one.trial)
    return tuple(found)
