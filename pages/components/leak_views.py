"""What the leak audit found, before a search starts and beside its results."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.components.draft import Draft
from pages.components.study_data import changed_at, study_series
from pages.components.text import plain, raw_text, text
from search.analysis.diagnosis.leak_audit import audit_data
from search.analysis.diagnosis.winner_audit import audit_winner
from search.config import Cell
from search.errors import SearchError
from search.evaluation.leaks.audit import Audit, Check
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
        audit = _study_audit(str(study.folder), bundles, study, results)
    except SearchError as error:
        st.warning(text("leaks.failed", reason=str(error)))
        return
    _show(audit)


def _show(audit: Audit) -> None:
    if not audit.found:
        key = "none" if audit.checked else "nothing"
        looked = _listed(audit.checked)
        st.caption(text(f"leaks.{key}", checks=looked), help=_help(audit))
        return
    with st.container(border=True, key="leaks"):
        st.markdown(
            f"**{text('leaks.heading', n=len(audit.found))}**", help=_help(audit)
        )
        for one in audit.found:
            st.warning(plain(one.message), icon=":material/visibility:")


def _help(audit: Audit) -> str:
    """Say what each check looked at, and which found too little to look at."""
    lines = [f"- {text(f'leaks.what_{name}')}" for name in audit.checked]
    parts = [text("leaks.looked"), "\n".join(lines)] if lines else []
    if audit.skipped:
        lines = [f"- {text(f'leaks.skipped_{name}')}" for name in audit.skipped]
        parts += [text("leaks.skipped"), "\n".join(lines)]
    return "\n\n".join(parts)


def _listed(checks: tuple[Check, ...]) -> str:
    return ", ".join(raw_text(f"leaks.check_{name}") for name in checks)


@st.cache_resource(max_entries=8, show_spinner=False)
def _data_audit(key: str, _series: Draft, _settings: StudySettings) -> Audit:
    return audit_data(_series.frame, _settings)


@st.cache_resource(max_entries=16, show_spinner=False)
def _study_audit(
    folder: str,
    bundles: tuple[_Bundle, ...],
    _study: StudyHandle,
    _results: StudyResults,
) -> Audit:
    series, settings = study_series(folder, _study), _study.settings
    audit = audit_data(series, settings)
    for one in bundles:
        params = settings.space.complete(_results.winners[one.cell].params)
        path = Path(one.path)
        audit += audit_winner(series, settings, params, path, trial=one.trial)
    return audit
