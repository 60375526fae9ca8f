"""A newer file on the Forecast page: read, joined and forecast once a session."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd
import streamlit as st

from pages.components.draft import remember
from pages.components.study_data import study_series
from search.analysis.delivered.network import WEIGHTS_FILE, load_forecaster
from search.analysis.newer.file_forecasts import FileForecasts, forecast_file
from search.analysis.newer.score import (
    Learned,
    NewerScore,
    input_drift,
    score_newer,
)
from search.config import Cell
from search.data.continuation import Continuation, continue_series
from search.data.newer.rows import NewerRows, read_newer
from search.errors import UserInputError
from search.evaluation.change import Drift
from search.evaluation.forecasting import Forecaster
from search.study.folders import StudyHandle, winner_folder
from search.study.results import WinnerResult

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class NewerFile:
    """An uploaded file and how it goes on from the study.

    Attributes
    ----------
    name, token
        Its name, and what tells it from other uploads.
    rows, newer
        What it holds, and what of it is new.
    """

    name: str
    token: str
    rows: NewerRows
    newer: Continuation


@dataclass(frozen=True)
class Delivered:
    """The delivered network of a cell.

    Attributes
    ----------
    cell, forecaster
        What it is.
    token
        What tells it from other winners of the cell, of earlier results or of weights
        that were written again.
    """

    cell: Cell
    forecaster: Forecaster
    token: tuple[int, int, int]


def study_forecaster(
    study: StudyHandle, cell: Cell, winner: WinnerResult
) -> Delivered | None:
    """Return the delivered network; None where there are no weights of this winner.

    Raises
    ------
    StudyCorrupted
        If the weights or the series cannot be read.
    """
    path = winner_folder(study, cell) / WEIGHTS_FILE
    stamp = path.stat().st_mtime_ns if path.exists() else 0
    token = (stamp, winner.trial, winner.n_networks)
    forecaster = _forecaster(str(study.folder), cell, token, study, winner)
    return None if forecaster is None else Delivered(cell, forecaster, token)


def learned_rows(study: StudyHandle) -> Learned:
    """Return what the winners of a study learned from."""
    values = study_series(str(study.folder), study)
    settings = study.settings
    start = settings.plan(len(values)).holdout_start
    return Learned(values.iloc[:start], settings.roles.targets, settings.task)


def read_upload(
    study: StudyHandle, name: str, token: str, content: Callable[[], bytes]
) -> NewerFile | UserInputError:
    """Return the uploaded file, or why it cannot be used."""

    def read() -> NewerFile:
        settings = study.settings
        rows = read_newer(
            content(), name=name, source=settings.source, roles=settings.roles
        )
        old = study_series(str(study.folder), study)
        return NewerFile(name, token, rows, continue_series(old, rows.values))

    return _tried("newer_file", (study.uuid, token), read)


def newer_score(
    study: StudyHandle, delivered: Delivered, file: NewerFile
) -> NewerScore | UserInputError:
    """Return how the forecasts for the new rows turned out, or why that is unknown."""
    return _tried(
        "newer_score",
        (study.uuid, delivered.cell, delivered.token, file.token),
        lambda: score_newer(delivered.forecaster, file.newer, learned_rows(study)),
    )


def newer_drift(
    study: StudyHandle, delivered: Delivered, file: NewerFile
) -> list[Drift]:
    """Return how each column changed; nothing without new rows."""
    if not file.newer.n_new:
        return []
    return remember(
        "newer_drift",
        (study.uuid, delivered.cell, delivered.token, file.token),
        lambda: input_drift(delivered.forecaster, file.newer, learned_rows(study)),
    )


def file_forecasts(
    study: StudyHandle, delivered: Delivered, file: NewerFile, *, every: bool
) -> FileForecasts | UserInputError:
    """Return the forecasts for the rows of a file, or what they need."""
    old = study_series(str(study.folder), study)
    return _tried(
        "file_forecasts",
        (study.uuid, delivered.cell, delivered.token, file.token, every),
        lambda: forecast_file(
            delivered.forecaster, old, file.rows, file.newer, every=every
        ),
    )


def joined_series(study: StudyHandle, file: NewerFile | None) -> pd.DataFrame | None:
    """Return the series with the new rows; None where there are none to join."""
    if file is None or not file.newer.n_new or file.newer.n_gap:
        return None
    return file.newer.series


def _tried(
    name: str, inputs: tuple[object, ...], make: Callable[[], _Value]
) -> _Value | UserInputError:
    """Return what `make` gives or the error it raises, kept until `inputs` change."""

    def tried() -> _Value | UserInputError:
        try:
            return make()
        except UserInputError as error:
            return error

    return remember(name, inputs, tried)


@st.cache_resource(max_entries=12, show_spinner=False)
def _forecaster(
    folder: str,
    cell: Cell,
    token: tuple[int, int, int],
    _study: StudyHandle,
    _winner: WinnerResult,
) -> Forecaster | None:
    return load_forecaster(_study, cell, _winner)
