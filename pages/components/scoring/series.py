"""Forecasts of many series by one network: each beyond its end, and newer rows."""

from pathlib import Path

import pandas as pd
import streamlit as st

from pages.components.charts.forecast import forecast_chart, forecast_numbers
from pages.components.charts.record import show_chart
from pages.components.charts.times import time_words
from pages.components.csv_files import csv_bytes
from pages.components.downloads import file_name
from pages.components.draft import remember
from pages.components.forecast.parts import band_note
from pages.components.scales import target_scale, time_title
from pages.components.scoring.data import (
    NewFile,
    SampleWinner,
    holdout_judged,
    tried,
)
from pages.components.scoring.promise import show_promise
from pages.components.study_data import changed_at, study_series
from pages.components.text import plain, text
from search.analysis.holdout.predictions import Predictions
from search.analysis.newer.forecasts import last_part
from search.analysis.newer.group_forecasts import (
    GroupForecast,
    ends_table,
    forecast_ends,
    judge_forecasts,
    load_group_predictions,
    with_band,
)
from search.errors import SearchError, UserInputError


def show_series(winner: SampleWinner, target: str) -> None:
    """Let a series be chosen, and show its forecast beyond the end of the data."""
    frame = study_series(str(winner.study.folder), winner.study)
    _show_ends(winner, target, frame, None, token="study", key="series")


def show_newer_series(winner: SampleWinner, target: str, file: NewFile) -> None:
    """Forecast beyond the end of each series of a file, and score what came."""
    st.subheader(text("scoring.file_ends"), anchor=False)
    rows = file.rows
    _show_ends(
        winner, target, rows.frame, rows.future, token=file.token, key="newer_series"
    )
    model = winner.delivered.model
    with st.spinner(text("scoring.waiting")):
        found = tried(
            "judged_series",
            (*winner.name, file.token),
            lambda: judge_forecasts(model, file.rows.frame),
        )
    if isinstance(found, UserInputError):
        st.warning(plain(found), icon=":material/warning:")
    elif found is None:
        st.info(
            text(
                "scoring.series_none",
                horizon=model.task.horizon,
                rows=model.rows_before,
            ),
            icon=":material/info:",
        )
    else:
        show_promise(model.task, found, holdout_judged(winner), cell=winner.cell)


def _show_ends(
    winner: SampleWinner,
    target: str,
    frame: pd.DataFrame,
    future: pd.DataFrame | None,
    *,
    token: str,
    key: str,
) -> None:
    settings = winner.study.settings
    column = settings.roles.group
    assert column is not None
    names = list(dict.fromkeys(frame[column].astype("str")))
    name = st.selectbox(
        plain(column), names, key=f"{key}_name_{winner.study.uuid}", width=400
    )

    def forecast(groups: list[str]) -> list[GroupForecast] | UserInputError:
        return tried(
            f"ends_{key}_{len(groups) == 1}",
            (*winner.name, token, tuple(groups)),
            lambda: forecast_ends(
                winner.delivered.model,
                frame,
                groups,
                frequency=settings.source.frequency,
                future=future,
            ),
        )

    found = forecast([name])
    if isinstance(found, UserInputError):
        words = plain(found)
        if settings.roles.known_features:
            words = text("scoring.series_needs", problem=str(found), target=target)
        st.info(words, icon=":material/info:")
        return
    place = settings.roles.targets.index(target)
    shown = with_band(found[0], place, _holdout(winner, target).get(name))
    rows = frame[frame[column].astype("str").to_numpy() == name]
    past = last_part(
        rows[target], horizon=settings.task.horizon, season=settings.task.season
    )
    scale = target_scale(target)
    chart = forecast_chart(
        shown, past, scale, cell=winner.cell, x_title=time_title(winner.study)
    )
    show_chart(chart, key=key)
    st.caption(band_note(shown))
    last = time_words(past.index[-1:])[0]
    st.caption(text("scoring.ends_note", name=name, last=last))
    with st.expander(text("forecast.table_heading"), key=f"{key}_table"):
        st.dataframe(forecast_numbers(shown, scale), hide_index=True)
    every = forecast(names)
    if not isinstance(every, UserInputError):
        st.download_button(
            text("scoring.ends_csv"),
            lambda: csv_bytes(ends_table(every, settings.roles.targets)),
            file_name=file_name(winner.study, winner.cell, "forecasts.csv"),
            mime="text/csv",
            key=f"{key}_csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _holdout(winner: SampleWinner, target: str) -> dict[str, Predictions]:
    """Return the holdout forecasts by the name of the series; empty if missing."""
    path = Path(winner.winner.predictions)

    def read() -> dict[str, Predictions]:
        try:
            return load_group_predictions(path, target)
        except SearchError:
            return {}

    return remember("series_holdout", (*winner.name, target, changed_at(path)), read)
