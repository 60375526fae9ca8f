"""What is wrong with the winners, in words, each with a search that may cure it."""

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.components.prefill import duplicate_settings
from pages.components.state import go_to
from pages.components.study_data import study_series, trial_curve, winner_holdout
from pages.components.text import plain, raw_text, text
from pages.components.theme import CELL_BADGES
from search.analysis.cures import cured_settings
from search.analysis.illnesses import diagnose_forecasts, diagnose_training
from search.analysis.score_ranges import lowest_mean
from search.config import Cell
from search.evaluation.diagnosis import Diagnosis, diagnose_folds
from search.study.folders import StudyHandle
from search.study.results import StudyResults, WinnerResult

MOST_CURES = 2

FoldScores = Mapping[str, Sequence[float]]


def show_diagnosis(
    study: StudyHandle, results: StudyResults, baselines: FoldScores
) -> None:
    """Show one card a winner: what was found, where it is seen, what may help."""
    st.subheader(
        text("diagnosis.heading"), help=text("diagnosis.heading_help"), anchor=False
    )
    columns = st.columns(len(results.winners))
    for column, (cell, winner) in zip(columns, results.winners.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.badge(cell, color=CELL_BADGES[cell])
            found = winner_illnesses(study, results, cell, baselines)
            if not found:
                st.markdown(text("diagnosis.none"))
            for one in found:
                _show_one(study, cell, winner, one)


def winner_illnesses(
    study: StudyHandle, results: StudyResults, cell: Cell, baselines: FoldScores
) -> list[Diagnosis]:
    """Return what is wrong with one winner; forecasts are those of the first target."""
    winner = results.winners[cell]
    best = lowest_mean(baselines)
    found = diagnose_training(
        trial_curve(study, winner.trial),
        most_epochs=study.settings.training.epochs,
        score=winner.cv,
        reference=None if best is None else best[1],
    )
    if best is not None:
        found += diagnose_folds(winner.cv_folds, baselines[best[0]])
    target = study.settings.roles.targets[0]
    holdout = winner_holdout(study, results, cell).get(target)
    if holdout is not None:
        values = study_series(str(study.folder), study)[target].to_numpy()
        found += diagnose_forecasts(holdout, values[holdout.origins - 1])
    return found


def _show_one(
    study: StudyHandle, cell: Cell, winner: WinnerResult, one: Diagnosis
) -> None:
    name, body = illness_words(one)
    st.markdown(f"**{plain(name)}**")
    st.markdown(plain(body))
    st.caption(text(f"diagnosis.seen_{one.evidence}"))
    n_shown = 0
    for cure in one.cures:
        settings = cured_settings(study.settings, cure, winner.params)
        if settings is None or n_shown == MOST_CURES:
            continue
        n_shown += 1
        if st.button(
            text(f"diagnosis.cure_{cure}"),
            key=f"cure_{cell}_{one.illness}_{cure}",
            icon=":material/healing:",
            help=text("diagnosis.cure_help"),
        ):
            duplicate_settings(study, settings)
            go_to("setup")


def illness_words(one: Diagnosis) -> tuple[str, str]:
    """Return the name of an illness and the sentence with its numbers."""
    name = raw_text(f"diagnosis.{one.illness}")
    return f"{name}.", raw_text(f"diagnosis.{one.illness}_body", **_shown(one))


def _shown(one: Diagnosis) -> dict[str, object]:
    """Return the numbers as the sentences have them: shares in percent."""
    shown: dict[str, object] = {}
    for name, value in one.numbers.items():
        if name in ("share", "worse", "gained", "skill"):
            shown[name] = raw_text("diagnosis.percent", share=100 * float(value))
        elif isinstance(value, float):
            shown[name] = f"{value:.2g}"
        else:
            shown[name] = value
    return shown
