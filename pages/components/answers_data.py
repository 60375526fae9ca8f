"""What the winners of a study said of its held-out samples, read once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import streamlit as st

from pages.components.study_data import changed_at
from search.analysis.holdout.answers import (
    AnomalyAnswers,
    ClassAnswers,
    ValueAnswers,
    load_anomalies,
    load_classes,
    load_group_predictions,
    load_values,
)
from search.analysis.holdout.predictions import Predictions
from search.errors import SearchError
from search.study.folders import StudyHandle
from search.study.results import StudyResults

_Answer = TypeVar("_Answer")
_Paths = tuple[tuple[str, str, int], ...]
GroupForecasts = dict[str, dict[str, Predictions]]


@dataclass(frozen=True)
class Answers(Generic[_Answer]):
    """The answers of the winners that can be read.

    Attributes
    ----------
    models
        By cell.
    problems
        Why those of a winner are missing, by cell.
    """

    models: dict[str, _Answer] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def class_answers(study: StudyHandle, results: StudyResults) -> Answers[ClassAnswers]:
    """Return the classes that each winner called."""
    return _classes(str(study.folder), _paths(results), study)


def value_answers(
    study: StudyHandle, results: StudyResults
) -> Answers[dict[str, ValueAnswers]]:
    """Return the numbers that each winner estimated, by target."""
    return _values(str(study.folder), _paths(results), study)


def anomaly_answers(
    study: StudyHandle, results: StudyResults
) -> Answers[AnomalyAnswers]:
    """Return the scores of rows, and which are called anomalous."""
    return _anomalies(str(study.folder), _paths(results), study)


def group_forecasts(
    study: StudyHandle, results: StudyResults
) -> Answers[GroupForecasts]:
    """Return the forecasts of many series: by cell, group and target."""
    return _groups(str(study.folder), _paths(results), study)


def _paths(results: StudyResults) -> _Paths:
    return tuple(
        (cell, winner.predictions, changed_at(Path(winner.predictions)))
        for cell, winner in results.winners.items()
    )


def _read(paths: _Paths, load: Callable[[Path], _Answer]) -> Answers[_Answer]:
    answers: Answers[_Answer] = Answers()
    for cell, path, _ in paths:
        try:
            answers.models[cell] = load(Path(path))
        except SearchError as error:
            answers.problems[cell] = str(error)
    return answers


@st.cache_resource(max_entries=4, show_spinner=False)
def _classes(folder: str, paths: _Paths, _study: StudyHandle) -> Answers[ClassAnswers]:
    classes = _study.settings.task.classes
    return _read(paths, lambda path: load_classes(path, classes))


@st.cache_resource(max_entries=4, show_spinner=False)
def _values(
    folder: str, paths: _Paths, _study: StudyHandle
) -> Answers[dict[str, ValueAnswers]]:
    targets = _study.settings.roles.targets
    return _read(paths, lambda path: load_values(path, targets))


@st.cache_resource(max_entries=4, show_spinner=False)
def _anomalies(
    folder: str, paths: _Paths, _study: StudyHandle
) -> Answers[AnomalyAnswers]:
    return _read(paths, load_anomalies)


@st.cache_resource(max_entries=4, show_spinner=False)
def _groups(folder: str, paths: _Paths, _study: StudyHandle) -> Answers[GroupForecasts]:
    targets = _study.settings.roles.targets
    return _read(paths, lambda path: load_group_predictions(path, targets))
