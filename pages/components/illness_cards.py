"""What is wrong with a network in words, each with searches that may cure it."""

from collections import Counter
from collections.abc import Iterable, Mapping

import streamlit as st

from pages.components.numbers import three_digits
from pages.components.setup.prefill import duplicate_settings
from pages.components.state import go_to
from pages.components.text import has_text, plain, raw_text, text
from search.analysis.diagnosis.cures import cured_settings
from search.config import Task
from search.evaluation.diagnosis import Diagnosis, Illness
from search.space.lines import Value
from search.study.folders import StudyHandle

MOST_CURES = 2
SHARES = ("share", "worse", "gained", "skill", "expected", "missed")
OTHERWISE: tuple[Illness, ...] = (
    "underfitting",
    "slow_start",
    "not_learning",
    "unstable_folds",
    "grows_with_level",
)
"""Illnesses whose sentence speaks of forecasts, and has another form elsewhere."""


def show_illnesses(
    study: StudyHandle,
    found: Iterable[Diagnosis],
    params: Mapping[str, Value],
    *,
    key: str,
    seen: str = "seen",
) -> None:
    """Show each illness: what it is, where it is seen, what may help.

    Parameters
    ----------
    study
        Whose settings the buttons change.
    found
        From the diagnosis.
    params
        Complete configuration of the network.
    key
        Tells the buttons of this network from those of others.
    seen
        Beginning of the key of the texts that name the charts.
    """
    seen_before: Counter[Illness] = Counter()
    for one in found:
        name, body = illness_words(one, study.settings.task)
        st.markdown(f"**{plain(name)}**")
        st.markdown(plain(body))
        st.caption(text(_seen_key(one, study.settings.task, seen)))
        with st.container(horizontal=True):
            again = f"_{seen_before[one.illness]}" if seen_before[one.illness] else ""
            _show_cures(study, one, params, key=f"cure_{key}_{one.illness}{again}")
        seen_before[one.illness] += 1


def illness_words(one: Diagnosis, task: Task) -> tuple[str, str]:
    """Return the name of an illness and the sentence with its numbers."""
    if task.kind != "forecasting" and one.illness in OTHERWISE:
        name = f"diagnosis.other_{one.illness}"
        body = f"diagnosis.other_{one.illness}_body"
    else:
        name = f"diagnosis.{one.illness}"
        if task.kind == "forecasting" and one.illness == "fails_in_group":
            name = "diagnosis.fails_in_series"
        body = f"diagnosis.{one.illness}_body"
    return f"{raw_text(name)}.", raw_text(body, **_shown(one))


def _seen_key(one: Diagnosis, task: Task, seen: str) -> str:
    """Return the key of the name of the chart; some tasks have another one."""
    of_kind = f"diagnosis.{seen}_{one.evidence}_{task.kind}"
    return of_kind if has_text(of_kind) else f"diagnosis.{seen}_{one.evidence}"


def _show_cures(
    study: StudyHandle, one: Diagnosis, params: Mapping[str, Value], *, key: str
) -> None:
    n_shown = 0
    for cure in one.cures:
        settings = cured_settings(study.settings, cure, params)
        if settings is None or n_shown == MOST_CURES:
            continue
        n_shown += 1
        if st.button(
            text(f"diagnosis.cure_{cure}"),
            key=f"{key}_{cure}",
            icon=":material/healing:",
            help=text("diagnosis.cure_help"),
        ):
            duplicate_settings(study, settings)
            go_to("setup")


def _shown(one: Diagnosis) -> dict[str, object]:
    """Return the numbers as the sentences have them: shares in percent."""
    shown: dict[str, object] = {}
    for name, value in one.numbers.items():
        if name in SHARES:
            shown[name] = raw_text("diagnosis.percent", share=100 * float(value))
        elif isinstance(value, float):
            is_large = abs(value) >= 100
            shown[name] = three_digits(value) if is_large else f"{value:.2g}"
        else:
            shown[name] = value
    return shown
