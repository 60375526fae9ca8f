"""Steering on the Progress page: what holds now, the queue, a narrower space."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from pages.components.hyperparameters import label as name_of
from pages.components.hyperparameters import short_value, value_word
from pages.components.numbers import three_digits
from pages.components.progress.steering_words import (
    budget_words,
    change_words,
    moment_words,
    narrowed_words,
    viewer_zone,
)
from pages.components.state import forget_progress
from pages.components.text import plain, raw_text, text
from search.analysis.enough import FEWEST_LEFT, Outlook, chance_words, look_ahead
from search.config import Budget, Cell
from search.errors import UserInputError
from search.jobs.launch import start_study
from search.space.lines import LIMITS, Line, Space
from search.space.narrowing import narrowed_space
from search.study.control import State, read_control, set_budget
from search.study.folders import StudyHandle
from search.study.progress import Progress
from search.study.steering import (
    current_space,
    n_trials_needed,
    narrow,
    queued_trials,
    remove_queued,
    widen,
)
from search.study.trials.listing import TrialView

MOST_QUEUED_SHOWN = 8
ENDED: tuple[State, ...] = ("finished", "stopped")


def show_steered(study: StudyHandle, progress: Progress) -> None:
    """Say what is narrowed, and when the search stops by itself."""
    control = read_control(study)
    if control.narrowed:
        lines = "; ".join(map(narrowed_words, control.narrowed))
        st.markdown(text("progress.narrowed_now", lines=lines))
    if control.budget.stop_early and progress.state == "searching":
        st.caption(outlook_sentence(study, progress))
    if progress.is_enough and progress.state == "finished":
        _offer_to_go_on(study)


def outlook_sentence(study: StudyHandle, progress: Progress) -> str:
    """Say how far the search is from stopping by itself."""
    total = progress.n_trials
    outlook = _outlook(
        str(study.folder),
        progress.n_done,
        total,
        progress.judged_from,
        study,
        progress,
    )
    # With fewer trials left than that, a search never stops by itself.
    fewest = progress.n_done + outlook.n_missing + FEWEST_LEFT
    if total is not None and fewest > total:
        key = "early_never" if outlook.n_missing else "early_over"
        return text(f"progress.{key}", n=fewest if outlook.n_missing else FEWEST_LEFT)
    if outlook.gain is None or outlook.chance is None:
        return text("progress.early_later", n=outlook.n_missing)
    return text(
        "progress.early_now",
        window=outlook.window,
        gain=f"{three_digits(100 * outlook.gain)} %",
        ahead=outlook.n_ahead,
        chance=chance_words(outlook.chance),
    )


def show_queue(study: StudyHandle, progress: Progress) -> None:
    """List what waits to be tried, and let each be removed."""
    queued = queued_trials(progress.trials)
    if not queued:
        return
    heading = text("progress.queue_heading", n=len(queued))
    with st.expander(heading, icon=":material/queue:", key="progress_queue"):
        st.caption(text("progress.queue_body"))
        space = current_space(study)
        for trial in queued[:MOST_QUEUED_SHOWN]:
            _queue_line(study, trial, space)
        if len(queued) > MOST_QUEUED_SHOWN:
            n_more = len(queued) - MOST_QUEUED_SHOWN
            st.caption(text("progress.queue_more", n=n_more))
    if any(trial.is_asked for trial in queued):
        _offer_room(study, progress)


def show_narrow_form(study: StudyHandle) -> None:
    """Let the user narrow each searched line, freeze it, or widen it again."""
    control = read_control(study)
    original = study.settings.space
    space = narrowed_space(original, control.narrowed)
    searched = [
        line for line in original.lines if not line.is_fixed and line.name != "cell"
    ]
    st.markdown(text("progress.narrow_body"))
    # New fields after each change of the space, so that they start from what holds
    # then. Form and button stay, or a press would be lost where somebody else changed
    # something meanwhile.
    n_changes = sum(change.kind in ("narrow", "widen") for change in control.history)
    version = f"{study.uuid[:8]}_{n_changes}"
    with st.form("narrow_form", border=False):
        columns = st.columns(2, gap="large")
        lines = []
        for place, line in enumerate(searched):
            with columns[place % 2]:
                lines.append(_narrow_line(line, space[line.name], version))
        submitted = st.form_submit_button(
            text("progress.narrow_submit"), key="narrow_submit"
        )
    if submitted:
        _narrow(study, lines, space.lines)
    if control.narrowed and st.button(
        text("progress.widen"), key="progress_widen", icon=":material/undo:"
    ):
        widen(study)
        _steered("progress.told_widen")


def show_history(study: StudyHandle) -> None:
    """List what was changed since the creation, the latest first."""
    history = read_control(study).history
    zone = viewer_zone()
    for change in reversed(history):
        st.markdown(
            "- "
            + text(
                "progress.history_line",
                when=moment_words(change.when, zone),
                what=change_words(change),
                by=raw_text(f"progress.by_{change.by.replace(' ', '_')}"),
            )
        )


def _narrow(
    study: StudyHandle, chosen: Sequence[Line | None], now: Sequence[Line]
) -> None:
    lines = [line for line in chosen if line is not None]
    if len(lines) < len(chosen):
        return
    if all(line in now for line in lines):
        st.info(text("progress.narrow_same"), icon=":material/info:")
        return
    try:
        narrow(study, lines)
    except UserInputError as error:
        st.error(plain(error), icon=":material/error:")
        return
    _steered("progress.told_narrow")


def _narrow_line(original: Line, now: Line, version: str) -> Line | None:
    """Return what the user leaves of a line; None where nothing is left."""
    name = original.name
    label = name_of(name)
    key = f"narrow_{name}_{version}"
    try:
        if original.choices:
            kept = st.pills(
                label,
                original.choices,
                selection_mode="multi",
                default=[value for value in original.choices if now.contains(value)],
                format_func=lambda value: value_word(name, value),
                key=key,
                wrap=True,
            )
            if not kept:
                raise UserInputError(raw_text("setup.choose_one", name=label))
            return Line(name, choices=tuple(kept))
        with st.container(horizontal=True):
            low = _end("low", original, now, key)
            high = _end("high", original, now, key)
        if (low, high) == (min(now.values), max(now.values)):
            return now
        return replace(original, low=low, high=high)
    except UserInputError as error:
        st.error(plain(error), icon=":material/error:")
        return None


def _end(part: str, original: Line, now: Line, key: str) -> float:
    """Return one end of a range, never outside the original one."""
    is_whole = LIMITS[original.name].kind == "int"
    kind: Any = int if is_whole else float
    lowest, highest = (kind(value) for value in original.values)
    first = min(now.values) if part == "low" else max(now.values)
    ends = raw_text("setup.range_words", low=f"{lowest:g}", high=f"{highest:g}")
    value: float = st.number_input(
        text(f"progress.narrow_{part}", name=name_of(original.name)),
        min_value=lowest,
        max_value=highest,
        value=kind(first),
        step=original.step if is_whole else None,
        format="%d" if is_whole else "%g",
        key=f"{key}_{part}",
        help=text("progress.narrow_inside", ends=ends),
        width=190,
    )
    return value


def _queue_line(study: StudyHandle, trial: TrialView, space: Space) -> None:
    """Show one trial that waits; `space` is the one of now."""
    with st.container(horizontal=True, vertical_alignment="center"):
        given = ", ".join(
            f"{name_of(name)} {short_value(name, value)}"
            for name, value in trial.params.items()
            if not study.settings.space[name].is_fixed
            and name != "cell"
            # The search replaces what lies outside, unless a person asked for it.
            and (trial.is_asked or space[name].contains(value))
        )
        st.markdown(
            text(
                "progress.queue_line",
                number=trial.number,
                cell=trial.cell,
                given=given or raw_text("progress.queue_free"),
                why=raw_text(f"progress.queue_{_origin(trial)}"),
            ),
            width="stretch",
        )
        if st.button(
            text("progress.queue_remove"),
            key=f"unqueue_{trial.number}",
            icon=":material/close:",
            help=text("progress.queue_remove_help", number=trial.number),
        ):
            _remove(study, trial.number)


def _remove(study: StudyHandle, number: int) -> None:
    try:
        remove_queued(study, number)
    except UserInputError as error:
        # It was started or removed since the list was drawn.
        forget_progress()
        st.toast(plain(error))
        return
    _steered("progress.told_unqueue")


def _origin(trial: TrialView) -> str:
    if trial.retry_of is not None:
        return "again"
    return "asked" if trial.is_asked else "textbook"


def _offer_room(study: StudyHandle, progress: Progress) -> None:
    """Offer what is needed so that all that waits is tried: budget, or to go on."""
    budget = read_control(study).budget
    wanted = n_trials_needed(progress.trials)
    is_ended = progress.state in ENDED
    if budget.seconds is not None and progress.seconds_used >= budget.seconds:
        st.warning(text("progress.queue_late"), icon=":material/hourglass_disabled:")
        return
    if budget.trials is None or budget.trials >= wanted:
        if is_ended and st.button(
            text("progress.queue_go_on"),
            key="queue_go_on",
            icon=":material/play_arrow:",
        ):
            start_study(study)
            _steered("progress.told_resume")
        return
    st.warning(
        text("progress.queue_beyond", budget=budget_words(Budget(budget.trials))),
        icon=":material/hourglass_disabled:",
    )
    key = "progress.queue_room_run" if is_ended else "progress.queue_room"
    if st.button(
        text(key, total=wanted), key="queue_room", icon=":material/more_time:"
    ):
        set_budget(study, replace(budget, trials=wanted))
        if is_ended:
            start_study(study)
        _steered("progress.told_budget")


def _offer_to_go_on(study: StudyHandle) -> None:
    if st.button(
        text("progress.go_on"),
        key="progress_go_on",
        icon=":material/play_arrow:",
        help=text("progress.go_on_help"),
    ):
        budget = read_control(study).budget
        set_budget(study, replace(budget, stop_early=False))
        start_study(study)
        _steered("progress.told_resume")


def _steered(told: str) -> None:
    forget_progress()
    st.toast(text(told))
    st.rerun()


# Finished trials never change, so their number says which ones there are.
@st.cache_resource(max_entries=16, show_spinner=False)
def _outlook(
    folder: str,
    n_done: int,
    n_trials: int | None,
    judged_from: int,
    _study: StudyHandle,
    _progress: Progress,
) -> Outlook:
    cells: tuple[Cell, ...] = _study.settings.space.cells
    return look_ahead(_progress.trials, cells, n_trials=n_trials, n_before=judged_from)
