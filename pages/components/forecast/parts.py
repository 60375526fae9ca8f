"""The parts of the Forecast page: picture and numbers, downloads, how to use them."""

import numpy as np
import streamlit as st

from pages.components.charts.forecast import forecast_chart, forecast_numbers
from pages.components.charts.record import show_chart
from pages.components.charts.times import time_words
from pages.components.downloads import show_winner_downloads
from pages.components.scales import holdout_scale, target_scale, time_title
from pages.components.seed_views import holdout_line
from pages.components.study_data import (
    study_series,
    winner_forecast,
    winner_holdout,
)
from pages.components.text import plain, raw_text, text
from search.analysis.newer.forecasts import Forecast, last_part
from search.config import CELLS, INPUT_KINDS, Cell
from search.study.folders import StudyHandle
from search.study.results import StudyResults, WinnerResult


def show_forecast(
    study: StudyHandle, results: StudyResults, cell: Cell, target: str
) -> None:
    """Show the forecast of one target, or what it takes to make one."""
    holdout = winner_holdout(study, results, cell).get(target)
    forecast = winner_forecast(study, cell, target, holdout)
    if forecast is None:
        _say_what_is_needed(study)
        return
    series = study_series(str(study.folder), study)
    task = study.settings.task
    score, winner = task.score, results.winners[cell]
    past = last_part(series[target], horizon=task.horizon, season=task.season)
    scale = target_scale(target)
    chart = forecast_chart(forecast, past, scale, cell=cell, x_title=time_title(study))
    show_chart(chart, key="forecast")
    st.caption(plain(holdout_line(winner, score, holdout_scale(study))))
    st.caption(band_note(forecast))
    st.caption(text("forecast.trained_note", last=time_words(past.index[-1:])[0]))
    with st.expander(text("forecast.table_heading"), key="forecast_numbers_table"):
        st.dataframe(forecast_numbers(forecast, scale), hide_index=True)


def choose_winner(results: StudyResults, *, key: str) -> Cell:
    """Return the winner to look at; at first the best one."""
    cells = [cell for cell in CELLS if cell in results.winners]
    return st.segmented_control(
        text("forecast.winner"),
        cells,
        default=results.best_cell or cells[0],
        format_func=lambda cell: raw_text(
            "forecast.winner_best"
            if cell == results.best_cell
            else ("forecast.winner_option"),
            cell=cell,
        ),
        key=key,
        help=text("forecast.winner_help"),
        required=True,
    )


def show_take_away(study: StudyHandle, cell: Cell, winner: WinnerResult) -> None:
    """Offer the downloads of one winner."""
    st.subheader(text("forecast.downloads_heading"), anchor=False)
    show_winner_downloads(study, cell, winner, key="forecast")


def show_usage(study: StudyHandle, winner: WinnerResult) -> None:
    """Say in three lines how the bundle is used."""
    st.subheader(text("forecast.use_heading"), anchor=False)
    st.markdown(text("forecast.use_body"))
    settings = study.settings
    params, kind = settings.space.complete(winner.params), settings.task.kind
    out = "forecast.csv" if kind == "forecasting" else "answers.csv"
    st.code(raw_text("forecast.use_code", out=out), language="bash")
    rows = params.first_origin(settings.task.season)
    if kind == "forecasting" and settings.roles.group is None:
        st.caption(text("forecast.use_note", rows=rows))
    elif kind in INPUT_KINDS:
        st.caption(text("scoring.use_note_rows", rows=rows))
    else:
        answer = ", ".join(settings.roles.targets)
        st.caption(text("scoring.use_note", answer=answer))


def _say_what_is_needed(study: StudyHandle) -> None:
    known = study.settings.roles.known_features
    with st.container(border=True, key="forecast_needs"):
        if known:
            st.markdown(f"##### {text('forecast.known_title')}")
            st.markdown(
                text(
                    "forecast.known_body",
                    columns=", ".join(known),
                    horizon=study.settings.task.horizon,
                )
            )
        else:
            st.markdown(f"##### {text('forecast.missing_title')}")
            st.markdown(text("forecast.missing_body"))


def band_note(forecast: Forecast) -> str:
    """Say what the band of a forecast means."""
    band = forecast.band
    if band is None:
        return text("forecast.band_none")
    key = "forecast.band_largest" if band.is_largest else "forecast.band_note"
    note = text(key, share=round(100 * band.coverage), n=band.n_origins)
    if band.is_rough and not band.is_largest:
        note += " " + text("forecast.band_rough", n=band.n_origins)
    if forecast.held is not None and not band.is_largest:
        note += " " + _coverage_note(forecast.held, band.coverage)
    return note


def _coverage_note(held: np.ndarray, nominal: float) -> str:
    """Say how often a band held what came later, beside how often it should."""
    return text(
        "forecast.band_held",
        held=round(100 * float(held.mean())),
        low=round(100 * float(held.min())),
        high=round(100 * float(held.max())),
        share=round(100 * nominal),
    )
