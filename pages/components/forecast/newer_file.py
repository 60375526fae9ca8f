"""Forecasts for every row of an uploaded file: preview and downloads."""

import io

import pandas as pd
import streamlit as st

from pages.components.csv_files import csv_bytes
from pages.components.downloads import file_name
from pages.components.forecast.newer_data import Delivered, NewerFile, file_forecasts
from pages.components.numbers import count
from pages.components.text import plain, raw_text, text
from search.analysis.newer.file_forecasts import FileForecasts
from search.errors import UserInputError
from search.study.folders import StudyHandle

PREVIEW_ROWS = 200


def show_file_forecasts(
    study: StudyHandle, delivered: Delivered, file: NewerFile
) -> None:
    """Forecast from every row of the file or from its end; show and offer the table."""
    cell = delivered.cell
    which = st.segmented_control(
        text("newer.which"),
        ["every", "only_end"],
        default="only_end",
        format_func=lambda name: raw_text(f"newer.{name}"),
        key="newer_which",
        help=text("newer.which_help"),
        required=True,
    )
    with st.spinner(text("newer.working")):
        found = file_forecasts(study, delivered, file, every=which == "every")
    if isinstance(found, UserInputError):
        st.warning(plain(found), icon=":material/warning:")
        return
    _say_what(study, found, file, is_every=which == "every")
    st.dataframe(found.table.head(PREVIEW_ROWS), hide_index=True, key="newer_preview")
    if len(found.table) > PREVIEW_ROWS:
        st.caption(
            text(
                "newer.preview_note",
                n=PREVIEW_ROWS,
                total=count(len(found.table)),
            )
        )
    with st.container(horizontal=True):
        st.download_button(
            text("newer.forecasts_csv"),
            lambda: forecasts_csv(found.table),
            file_name=file_name(study, cell, "forecasts.csv"),
            mime="text/csv",
            key="newer_csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            text("newer.forecasts_parquet"),
            lambda: forecasts_parquet(found.table),
            file_name=file_name(study, cell, "forecasts.parquet"),
            mime="application/vnd.apache.parquet",
            key="newer_parquet",
            icon=":material/download:",
            on_click="ignore",
        )


def forecasts_csv(table: pd.DataFrame) -> bytes:
    """Return the table as CSV that no spreadsheet takes for formulas."""
    return csv_bytes(table)


def forecasts_parquet(table: pd.DataFrame) -> bytes:
    """Return the table as Parquet."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _say_what(
    study: StudyHandle, found: FileForecasts, file: NewerFile, *, is_every: bool
) -> None:
    on = raw_text("newer.on_both" if found.with_study else "newer.on_file")
    words = text(
        "newer.file_summary",
        n=count(found.n_origins),
        horizon=study.settings.task.horizon,
        on=on,
    )
    newer = file.newer
    if newer.n_changed or newer.n_gap or newer.n_earlier:
        words += " " + text("newer.on_file_why")
    elif newer.n_after:
        words += " " + text("newer.on_file_ends", n=count(newer.n_after))
    st.markdown(words)
    known = study.settings.roles.known_features
    if is_every and found.n_left_out and known:
        st.caption(
            text(
                "newer.left_out",
                n=found.n_left_out,
                columns=", ".join(known),
                horizon=study.settings.task.horizon,
            )
        )
