"""What newer rows say, in sentences: decay, band, changed inputs, what to do."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.components.charts.style import model_name
from pages.components.forecast.newer_data import learned_rows
from pages.components.numbers import three_digits, with_unit
from pages.components.study_data import holdout_forecasts, winner_holdout
from pages.components.text import raw_text, text
from search.analysis.holdout.predictions import Predictions, error_band
from search.analysis.newer.score import (
    GROWTH_LEVEL,
    NewerScore,
    band_coverage,
    decay,
    drifted,
    has_decayed,
)
from search.config import Cell
from search.data.columns import unit_of
from search.errors import UserInputError
from search.evaluation.change import Drift
from search.study.folders import StudyHandle
from search.study.results import StudyResults

# A rise that nobody would call "as before", even where it may be chance.
UNCLEAR_GROWTH = 0.25


def show_verdict(
    study: StudyHandle,
    results: StudyResults,
    cell: Cell,
    target: str,
    score: NewerScore | UserInputError,
    changes: Sequence[Drift],
) -> None:
    """Say how the forecasts and the inputs have changed, and what to do."""
    if not isinstance(score, UserInputError):
        _say_errors(study, results, cell, target, score)
    if changes:
        _say_inputs(changes)


def _say_errors(
    study: StudyHandle,
    results: StudyResults,
    cell: Cell,
    target: str,
    score: NewerScore,
) -> None:
    holdout = winner_holdout(study, results, cell)
    unit = unit_of(target)
    one = {target: score.forecasts[target]}
    after = _mean_error(score.forecasts[target])
    before = {target: holdout[target]} if target in holdout else {}
    learned = learned_rows(study)
    growth = decay(before, one, learned.of(target))
    if growth is None:
        key = "newer.holdout_exact" if before else "newer.no_holdout"
        st.info(text(key, after=with_unit(after, unit)), icon=":material/info:")
        return
    values = {
        "after": with_unit(after, unit),
        "before": with_unit(_mean_error(holdout[target]), unit),
        "change": _change(growth.relative),
    }
    if has_decayed(growth):
        said = [text("newer.decayed", p=three_digits(growth.p_value), **values)]
        harder = _naive_change(study, results, target, score)
        if harder is not None and harder >= growth.relative / 2:
            said.append(
                text(
                    "newer.decayed_harder",
                    name=model_name(score.naive_name),
                    change=_change(harder),
                )
            )
        said.append(text("newer.decayed_do"))
        st.warning(" ".join(said), icon=":material/trending_up:")
    elif growth.p_value is None:
        n = len(score.forecasts[target].origins)
        st.info(text("newer.untested", n=n, **values), icon=":material/info:")
    elif growth.relative >= UNCLEAR_GROWTH:
        st.warning(
            text("newer.unclear", p=three_digits(growth.p_value), **values),
            icon=":material/trending_up:",
        )
    else:
        is_rise = growth.relative > 0 and growth.p_value <= GROWTH_LEVEL
        words = text("newer.held_little" if is_rise else "newer.held", **values)
        st.success(words, icon=":material/check_circle:")
    naive = _mean_error(score.naive[target])
    if naive < after:
        st.warning(
            text(
                "newer.naive_better",
                name=model_name(score.naive_name),
                naive=with_unit(naive, unit),
                after=values["after"],
            ),
            icon=":material/warning:",
        )
    _say_coverage(score.forecasts[target], holdout[target])


def _say_coverage(newer: Predictions, holdout: Predictions) -> None:
    band = error_band(holdout)
    held = band_coverage(newer, band)
    key = "newer.coverage_largest" if band.is_largest else "newer.coverage"
    words = {
        "held": round(100 * float(held.mean())),
        "low": round(100 * float(held.min())),
        "high": round(100 * float(held.max())),
    }
    if not band.is_largest:
        words["share"] = round(100 * band.coverage)
    st.markdown(text(key, **words))


def _say_inputs(changes: Sequence[Drift]) -> None:
    found = drifted(changes)
    outside = [one for one in changes if one.is_outside]
    if found:
        said = [
            text(
                "newer.drift",
                column=one.column,
                what=raw_text(f"newer.seen_{one.seen}"),
                distance=three_digits(one.distance),
                before=three_digits(one.before),
                after=three_digits(one.after),
            )
            for one in found
        ]
        _warn([*said, text("newer.drift_do")], "sensors")
    if outside:
        said = [
            text(
                "newer.outside",
                share=_percent(one.outside),
                column=one.column,
                low=three_digits(one.low),
                high=three_digits(one.high),
            )
            for one in outside
        ]
        _warn([*said, text("newer.outside_do")], "straighten")
    if not found and not outside:
        untested = [one.column for one in changes if one.p_value is None]
        if not untested:
            st.markdown(text("newer.no_drift"))
        elif len(untested) == len(changes):
            st.markdown(text("newer.drift_untested"))
        else:
            st.markdown(text("newer.drift_partly", columns=", ".join(untested)))


def _warn(sentences: Sequence[str], icon: str) -> None:
    """Show sentences in one box, each in a line of its own."""
    st.warning("  \n".join(sentences), icon=f":material/{icon}:")


def _naive_change(
    study: StudyHandle, results: StudyResults, target: str, score: NewerScore
) -> float | None:
    """Return by what share the best baseline got worse; None if that is unknown."""
    models = holdout_forecasts(study, results).models.get(target, {})
    before = models.get(score.naive_name)
    if before is None or not _mean_error(before):
        return None
    return _mean_error(score.naive[target]) / _mean_error(before) - 1


def _mean_error(predictions: Predictions) -> float:
    return float(np.abs(predictions.errors).mean())


def _change(relative: float) -> str:
    return f"{100 * relative:+.0f} %".replace("-", "−")


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.1 else f"{100 * share:.2g}"
