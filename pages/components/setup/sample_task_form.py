"""The task of sequences and labelled rows: samples, holdout, folds, order, score."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import streamlit as st

from pages.components.draft import DraftGroups, remember, start_with
from pages.components.setup.task_form import (
    choose_folds,
    choose_optional,
    choose_rows,
    choose_season,
)
from pages.components.text import raw_text, text
from search.config import (
    CLASS_SCORES,
    ClassWeights,
    Detector,
    GroupOrder,
    SampleChoice,
    Score,
    Task,
)
from search.data.seasons import detect_season, season_candidates
from search.evaluation.group_splits import normal_rows
from search.space.task_defaults import (
    DEFAULT_SCORES,
    TaskWishes,
    suggest_sample_task,
)

_NUMBER_SCORES: tuple[Score, ...] = ("rmse", "mae")
_SAMPLES: tuple[SampleChoice, ...] = ("whole", "sliding")
_WEIGHTS: tuple[ClassWeights, ...] = ("none", "balanced")
_ORDERS: tuple[GroupOrder, ...] = ("time", "none")
_DETECTORS: tuple[Detector, ...] = ("forecaster", "autoencoder")
_Option = TypeVar("_Option", bound=str)


@dataclass(frozen=True)
class _Seasons:
    first: int
    candidates: tuple[int, ...]


def choose_sample_task(draft: DraftGroups, *, is_custom: bool) -> Task:
    """Show the form and return the task.

    Raises
    ------
    ConfigError
        If two of the choices conflict, or there is too little for them.
    """
    form = _Form(draft)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wishes = form.ask_kind(TaskWishes(draft.kind, classes=form.classes))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wishes = form.ask_split(wishes)
    st.caption(_said(wishes))
    task = form.suggest(wishes)
    if not is_custom or (form.keeps_groups and task.group_order == "none"):
        return task
    words = "valid_groups" if form.keeps_groups else "valid_size"
    most = form.panel.n_groups if form.keeps_groups else form.panel.n_rows
    size = choose_optional("valid_size", most, task.valid_size, words=words)
    return replace(task, valid_size=size)


class _Form:
    """The questions that a kind of task has."""

    def __init__(self, draft: DraftGroups) -> None:
        self.draft = draft
        self.panel = draft.panel
        self.kind = draft.kind
        self.is_of_groups = self.kind in ("regression", "classification")
        self.keeps_groups = bool(self.panel.group_names) and self.kind not in (
            "forecasting",
            "anomaly",
        )
        has_classes = self.kind in ("classification", "labelling")
        self.classes = draft.built.groups.classes if has_classes else ()

    def suggest(self, wishes: TaskWishes) -> Task:
        """Return the task with what was not chosen; kept, as it takes a while."""
        inputs = (self.draft.token, wishes)
        return remember("task", inputs, lambda: suggest_sample_task(self.panel, wishes))

    def ask_kind(self, wishes: TaskWishes) -> TaskWishes:
        """Ask what a sample is."""
        if self.kind == "forecasting":
            shortest = int(self.panel.group_sizes.min())
            seasons = remember("seasons", self.draft.token, self._seasons)
            first = seasons.first if seasons.first <= shortest // 20 else 1
            horizon = choose_rows("horizon", max(1, shortest // 2), max(1, first))
            season = choose_season(seasons.first, seasons.candidates)
            return replace(wishes, horizon=horizon, season=season)
        if self.kind == "anomaly":
            detector = _choose("detector", _DETECTORS, "forecaster", width=330)
            return replace(wishes, detector=detector, normal_rows=self._normal_rows())
        if self.is_of_groups:
            auto = self.suggest(wishes)
            if auto.samples == "whole":
                samples = _choose("samples", _SAMPLES, "whole", width=330)
                wishes = replace(wishes, samples=samples)
            if wishes.samples != "whole":
                stride = self.suggest(wishes).stride
                most = int(self.panel.group_sizes.max())
                wishes = replace(wishes, stride=choose_rows("stride", most, stride))
        if self.classes:
            weights = _choose("class_weights", _WEIGHTS, "none", width=230)
            wishes = replace(wishes, class_weights=weights)
        return wishes

    def ask_split(self, wishes: TaskWishes) -> TaskWishes:
        """Ask what is held out, for the folds, and for the score."""
        if self.keeps_groups:
            is_ordered = self.draft.built.groups.is_ordered
            orders = _ORDERS if is_ordered else _ORDERS[1:]
            order = _choose("group_order", orders, orders[0], width=230)
            wishes = replace(wishes, group_order=order)
        tests = self.draft.built.test_groups
        if tests and self.keeps_groups:
            start_with("setup_use_test", True)
            words = text("setup.use_test", n=len(tests))
            help_text = text("setup.use_test_help")
            if st.toggle(
                words, key="setup_use_test", help=help_text, persist_state="session"
            ):
                wishes = replace(wishes, test_groups=tests)
        if not wishes.test_groups:
            holdout = self._holdout(wishes)
            wishes = replace(wishes, holdout=holdout)
        return replace(wishes, folds=choose_folds(), score=self._score())

    def _normal_rows(self) -> int | None:
        """Ask which first rows are normal; None is all before the first marked one."""
        longest = int(self.panel.group_sizes.max())
        if self.panel.labels is None:
            half = max(1, longest // 2)
            return choose_optional(
                "normal_rows", longest, half, words="normal_rows_needed"
            )
        marked = Task(1, 0, kind="anomaly")
        before = int(normal_rows(self.panel, marked).min())
        return choose_optional("normal_rows", longest, None, shown=before)

    def _holdout(self, wishes: TaskWishes) -> int | None:
        auto = self.suggest(wishes).holdout
        words = "holdout"
        most = int(self.panel.group_sizes.min())
        if self.keeps_groups:
            words, most = "holdout_groups", self.panel.n_groups - 1
        elif self.kind == "anomaly":
            words = "holdout_normal"
        elif self.kind == "forecasting":
            words = "holdout_each"
        return choose_optional("holdout", most, auto, words=words)

    def _score(self) -> Score:
        scores = CLASS_SCORES if self.classes else _NUMBER_SCORES
        words = "score" if not self.classes else "score_classes"
        return _choose("score", scores, DEFAULT_SCORES[self.kind], words=words)

    def _seasons(self) -> _Seasons:
        """Return the season of the longest series."""
        panel = self.panel
        longest = int(panel.group_sizes.argmax())
        start = panel.first_rows[longest]
        n_rows = int(panel.group_sizes[longest])
        frequency = self.draft.built.source.frequency
        values = panel.targets[start : start + n_rows, 0]
        first = detect_season(values, frequency)
        return _Seasons(first, season_candidates(frequency, n_rows))


def _choose(
    name: str,
    options: Sequence[_Option],
    first: _Option,
    *,
    width: int = 230,
    words: str | None = None,
) -> _Option:
    key = f"setup_{name}"
    start_with(key, first)
    if st.session_state[key] not in options:
        st.session_state[key] = first
    words = words or name
    return st.selectbox(
        text(f"setup.{words}"),
        options,
        format_func=lambda value: raw_text(f"setup.{name}_{value}"),
        key=key,
        help=text(f"setup.{words}_help"),
        persist_state="session",
        width=width,
    )


def _said(wishes: TaskWishes) -> str:
    means = text(f"setup.score_{wishes.score}_means")
    if wishes.kind != "anomaly":
        return means
    return f"{text(f'setup.detector_{wishes.detector}_scored')} {means}"
