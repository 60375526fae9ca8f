"""What a person chooses to look at on the Compare page, and how tables are shown."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import pandas as pd
import streamlit as st

from pages.components.compare.table import show_written
from pages.components.csv_files import csv_bytes
from pages.components.text import plain, raw_text, text
from search.study.folders import StudyHandle

_Option = TypeVar("_Option")


def choose_group(study: StudyHandle, names: Sequence[str]) -> str:
    """Return the group to look at; a single one is not asked for."""
    return choose_one(
        names,
        plain(study.settings.roles.group or ""),
        key="compare_group",
        words=lambda name: name or raw_text("answers.single"),
    )


def choose_one(
    options: Sequence[_Option],
    label: str,
    *,
    key: str,
    words: Callable[[_Option], str],
) -> _Option:
    """Return the chosen option; a single one is not asked for."""
    if len(options) == 1:
        return options[0]
    return st.selectbox(label, options, key=key, format_func=words, width=320)


def show_problems(problems: Mapping[str, str]) -> None:
    """Say whose answers cannot be read, and why."""
    for cell, reason in problems.items():
        st.warning(text("compare.missing_predictions", cell=cell, reason=reason))


def show_table(
    table: pd.DataFrame,
    *,
    key: str,
    numbers: Callable[[], pd.DataFrame] | None = None,
) -> None:
    """Show a table as people write numbers, with its CSV.

    Parameters
    ----------
    table
        What is shown.
    key
        Name of the table on the page and of its file.
    numbers
        Makes the table of the file, if that is another one.
    """
    show_written(table, key=f"{key}_table")
    st.download_button(
        text("app.numbers"),
        lambda: csv_bytes(table if numbers is None else numbers()),
        file_name=f"{key}.csv",
        mime="text/csv",
        key=f"{key}_numbers",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )
