"""What is predicted and how it is scored: horizon, holdout, folds, season, score."""

import streamlit as st

from pages.components.draft import DraftSeries, follow, start_with
from pages.components.numbers import count
from pages.components.text import raw_text, text
from search.config import Score, Task
from search.space.defaults import default_holdout, suggest_task

_MOST_FOLDS = 10
_SCORES: tuple[Score, ...] = ("rmse", "mae")


def choose_task(series: DraftSeries, *, is_custom: bool) -> Task:
    """Show the form and return the task.

    Raises
    ------
    ConfigError
        If two of the numbers conflict.
    """
    n_rows = len(series.built.values)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        horizon = choose_rows("horizon", n_rows // 2, series.horizon)
        season = choose_season(series.season, series.season_candidates)
        holdout = choose_optional("holdout", n_rows, default_holdout(n_rows, horizon))
        folds = choose_folds()
        score = _score()
    task = suggest_task(
        n_rows, horizon=horizon, holdout=holdout, folds=folds, season=season,
        score=score,
    )  # fmt: skip
    if not is_custom:
        return task
    valid_size = choose_optional("valid_size", n_rows, task.valid_size)
    return Task(horizon, task.holdout, task.folds, season, score, valid_size)


def choose_rows(name: str, most: int, suggestion: int) -> int:
    """Ask for a number of rows that follows `suggestion` until it is changed."""
    key = f"setup_{name}"
    follow(key, suggestion)
    return int(
        st.number_input(
            text(f"setup.{name}"),
            min_value=1,
            max_value=max(1, most),
            step=1,
            key=key,
            help=text(f"setup.{name}_help"),
            persist_state="session",
            width=155,
        )
    )


def choose_optional(
    name: str,
    most: int,
    automatic: int | None,
    *,
    words: str | None = None,
    shown: int | None = None,
) -> int | None:
    """Return a number; the empty field leaves it to the defaults.

    Parameters
    ----------
    name, words
        Name of the field, and of its texts where it has other ones.
    most
        Largest number.
    automatic
        What the empty field returns.
    shown
        What the empty field says that it stands for; None says what it returns.
    """
    key = f"setup_{name}"
    words = words or name
    start_with(key, None)
    value = st.number_input(
        text(f"setup.{words}"),
        min_value=1,
        max_value=max(1, most),
        step=1,
        value=None,
        key=key,
        placeholder=_automatic(automatic if shown is None else shown),
        help=text(f"setup.{words}_help"),
        persist_state="session",
        width=155,
    )
    if value is None:
        return automatic
    return int(value)


def _automatic(value: int | None) -> str:
    if value is None:
        return raw_text("setup.standard")
    return raw_text("setup.automatic", value=count(value))


def choose_season(first: int, candidates: tuple[int, ...]) -> int:
    """Ask for the season in rows; 1 is none."""
    options = sorted({rows for rows in (1, first, *candidates) if rows >= 1})
    follow("setup_season", first)
    chosen = st.selectbox(
        text("setup.season"),
        options,
        format_func=_season_word,
        key="setup_season",
        help=text("setup.season_help"),
        accept_new_options=False,
        persist_state="session",
        width=155,
    )
    return int(chosen)


def _season_word(rows: int) -> str:
    if rows == 1:
        return raw_text("setup.no_season")
    return raw_text("setup.n_rows", n=count(rows))


def choose_folds() -> int | None:
    """Ask for the number of folds; None leaves it to the defaults."""
    start_with("setup_folds", 0)
    chosen = st.selectbox(
        text("setup.folds"),
        [0, *range(2, _MOST_FOLDS + 1)],
        format_func=lambda n: str(n) if n else raw_text("setup.folds_auto"),
        key="setup_folds",
        help=text("setup.folds_help"),
        persist_state="session",
        width=155,
    )
    return int(chosen) or None


def _score() -> Score:
    start_with("setup_score", "rmse")
    return st.selectbox(
        text("setup.score"),
        _SCORES,
        format_func=lambda name: raw_text(f"setup.score_{name}"),
        key="setup_score",
        help=text("setup.score_help"),
        persist_state="session",
        width=155,
    )
