"""What the pages of samples read, each thing once a session: models, files, answers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import streamlit as st

from pages.components.draft import remember
from pages.components.study_data import changed_at
from search.analysis.delivered.network import WEIGHTS_FILE
from search.analysis.delivered.sample_explaining import (
    DETECTOR_FILE,
    holdout_answers,
    load_detector,
)
from search.analysis.delivered.sample_network import DeliveredModel, load_sample_model
from search.analysis.newer.answers import Answers, answer_rows
from search.analysis.newer.judged import Judged, load_judged
from search.config import Cell
from search.data.newer.groups import NewGroups, read_new_groups
from search.data.snapshot import load_snapshot
from search.errors import SearchError, UserInputError
from search.evaluation.detector import Detector
from search.study.folders import StudyHandle, winner_folder
from search.study.results import WinnerResult

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class SampleWinner:
    """The delivered network of a cell, ready to answer.

    Attributes
    ----------
    study, cell, winner
        Whose it is.
    delivered
        The network and the rows of the study.
    detector
        What makes anomalies of its errors; None where none are looked for.
    token
        What tells it from other winners of the cell.
    """

    study: StudyHandle
    cell: Cell
    winner: WinnerResult
    delivered: DeliveredModel
    detector: Detector | None
    token: tuple[int, ...]

    @property
    def name(self) -> tuple[object, ...]:
        """What tells it from all others, for caches."""
        return (self.study.uuid, self.cell, self.token)


@dataclass(frozen=True)
class NewFile:
    """An uploaded file.

    Attributes
    ----------
    rows
        What it holds.
    token
        What tells it from other uploads.
    """

    rows: NewGroups
    token: str


def is_one_forecast(study: StudyHandle) -> bool:
    """Whether the study forecasts one series, which has pages of its own."""
    settings = study.settings
    return settings.task.kind == "forecasting" and settings.roles.group is None


def sample_winner(
    study: StudyHandle, cell: Cell, winner: WinnerResult
) -> SampleWinner | None:
    """Return the delivered network; None where there are no weights of this winner.

    Raises
    ------
    StudyCorrupted
        If the weights or the rows cannot be read.
    """
    folder = winner_folder(study, cell)
    token = (
        changed_at(folder / WEIGHTS_FILE),
        changed_at(folder / DETECTOR_FILE),
        winner.trial,
        winner.n_networks,
    )
    return _winner(str(study.folder), cell, token, study, winner)


def read_upload(
    study: StudyHandle, name: str, token: str, content: Callable[[], bytes]
) -> NewFile | UserInputError:
    """Return the uploaded file, or why it cannot be used."""

    def read() -> NewFile:
        settings = study.settings
        rows = read_new_groups(
            content(),
            name=name,
            source=settings.source,
            roles=settings.roles,
            kind=settings.task.kind,
            classes=_classes(str(study.folder), study),
        )
        return NewFile(rows, token)

    return tried("new_groups", (study.uuid, token), read)


def file_answers(winner: SampleWinner, file: NewFile) -> Answers | UserInputError:
    """Return the answers for a file, or why there are none."""
    return tried(
        "new_answers",
        (*winner.name, file.token),
        lambda: answer_rows(
            winner.delivered.model, file.rows, detector=winner.detector
        ),
    )


def known_answers(winner: SampleWinner) -> Answers:
    """Return the answers for the holdout."""
    return remember(
        "holdout_answers",
        winner.name,
        lambda: holdout_answers(winner.delivered, winner.detector),
    )


def holdout_judged(winner: SampleWinner) -> Judged | None:
    """Return the stored answers for the holdout; None where they cannot be read."""
    settings, path = winner.study.settings, Path(winner.winner.predictions)

    def read() -> Judged | None:
        try:
            found = load_judged(path, settings.task, settings.roles.targets)
        except SearchError:
            return None
        return found if len(found) else None

    return remember("holdout_judged", (*winner.name, changed_at(path)), read)


def tried(
    name: str, inputs: tuple[object, ...], make: Callable[[], _Value]
) -> _Value | UserInputError:
    """Return what `make` gives or the error it raises, kept until `inputs` change."""

    def once() -> _Value | UserInputError:
        try:
            return make()
        except UserInputError as error:
            return error

    return remember(name, inputs, once)


@st.cache_resource(max_entries=12, show_spinner=False)
def _winner(
    folder: str,
    cell: Cell,
    token: tuple[int, ...],
    _study: StudyHandle,
    _winner: WinnerResult,
) -> SampleWinner | None:
    delivered = load_sample_model(_study, cell, _winner)
    if delivered is None:
        return None
    detector = None
    if _study.settings.task.kind == "anomaly":
        detector = load_detector(winner_folder(_study, cell))
    return SampleWinner(_study, cell, _winner, delivered, detector, token)


@st.cache_resource(max_entries=12, show_spinner=False)
def _classes(folder: str, _study: StudyHandle) -> tuple[str, ...]:
    """Return the classes; where anomalies are looked for, normal and the others."""
    task = _study.settings.task
    if task.kind != "anomaly":
        return task.classes
    groups = load_snapshot(_study.folder, _study.data_sha256).groups
    return () if groups is None else groups.classes
