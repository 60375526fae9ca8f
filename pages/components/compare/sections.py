"""The sections of the Compare page below its table."""

from collections.abc import Sequence

import streamlit as st

from pages.components.charts.curves import losses_chart, winner_curves_chart
from pages.components.charts.errors import (
    only_cells,
    residual_chart,
    spread_chart,
    step_error_chart,
)
from pages.components.charts.folds import fold_chart
from pages.components.charts.record import show_chart
from pages.components.charts.style import model_name
from pages.components.charts.windows import origin_chart, step_chart
from pages.components.choosing import choose_position, choose_target
from pages.components.compare.table import show_parameters
from pages.components.frame import error_boundary
from pages.components.scales import (
    error_scale,
    score_scale,
    target_scale,
    time_title,
)
from pages.components.study_data import (
    holdout_forecasts,
    series_before,
    winner_curves,
)
from pages.components.task_words import in_time_order
from pages.components.text import raw_text, text
from search.analysis.comparison.numbers import ModelRow, parameter_rows
from search.analysis.holdout.predictions import Predictions
from search.evaluation.kind_metrics import as_values
from search.study.folders import StudyHandle
from search.study.results import StudyResults


def show_folds(study: StudyHandle, rows: Sequence[ModelRow]) -> None:
    """Show the fold scores of winners and baselines."""
    ordered = in_time_order(study.settings)
    st.subheader(
        text("compare.folds_heading"),
        help=text("compare.folds_help" if ordered else "compare.folds_help_groups"),
        anchor=False,
    )
    scores = {row.name: row.cv_folds for row in rows}
    chart = fold_chart(scores, score_scale(study), in_order=ordered)
    show_chart(chart, key="compare_folds")


@st.fragment
def show_holdout(study: StudyHandle, results: StudyResults) -> None:
    """Show forecasts on the holdout, and where their errors are."""
    with error_boundary():
        _show_holdout(study, results)


def _show_holdout(study: StudyHandle, results: StudyResults) -> None:
    st.subheader(
        text("compare.windows_heading"),
        help=text("compare.windows_help", horizon=study.settings.task.horizon),
        anchor=False,
    )
    forecasts = holdout_forecasts(study, results)
    for cell, reason in forecasts.problems.items():
        st.warning(text("compare.missing_predictions", cell=cell, reason=reason))
    if not forecasts.models:
        return
    target = choose_target(study, key="compare_target")
    models = _choose_models(forecasts.models[target], results)
    if not models:
        st.info(text("compare.models_none"), icon=":material/info:")
        return
    show_forecasts(study, models, target)


def show_forecasts(
    study: StudyHandle, models: dict[str, Predictions], target: str
) -> None:
    """Show forecasts of one target against what came, and where the errors are."""
    _show_windows(study, models, target)
    st.subheader(text("compare.errors_heading"), anchor=False)
    left, right = st.columns(2)
    with left:
        show_chart(
            step_error_chart(models, error_scale(target, mean=True)), key="step_error"
        )
    with right:
        show_chart(
            spread_chart(only_cells(models) or models, error_scale(target, mean=False)),
            key="spread",
        )
    step = choose_position(
        study.settings.task.horizon,
        text("compare.error_step"),
        key="compare_error_step",
    )
    show_chart(
        residual_chart(
            only_cells(models) or models,
            error_scale(target, mean=False),
            step=step,
            x_title=time_title(study),
        ),
        key="residuals",
    )


def show_learning(study: StudyHandle, results: StudyResults) -> None:
    """Show the learning curves of the winning trials."""
    st.subheader(
        text("compare.learning_heading"),
        help=text("compare.learning_help"),
        anchor=False,
    )
    curves = winner_curves(study, results)
    if curves:
        show_chart(winner_curves_chart(curves, score_scale(study)), key="learning")
        with st.expander(text("compare.losses_heading"), key="compare_losses"):
            losses = {cell: curve.points for cell, curve in curves.items()}
            show_chart(losses_chart(losses), key="losses")
    else:
        st.caption(text("compare.no_curves"))


def show_winner_parameters(results: StudyResults) -> None:
    """Show the winners' hyperparameters side by side."""
    st.subheader(
        text("compare.params_heading"), help=text("compare.params_help"), anchor=False
    )
    winners = results.winners
    show_parameters(
        list(winners), parameter_rows([winner.params for winner in winners.values()])
    )


def _choose_models(
    models: dict[str, Predictions], results: StudyResults
) -> dict[str, Predictions]:
    """Return the models to draw: at first the winners and the best baseline."""
    task_names = list(models)
    chosen = st.pills(
        text("compare.models"),
        task_names,
        selection_mode="multi",
        default=_first_models(models, results),
        format_func=model_name,
        key="compare_models",
        wrap=True,
    )
    return {name: models[name] for name in task_names if name in chosen}


def _first_models(models: dict[str, Predictions], results: StudyResults) -> list[str]:
    cells: list[str] = [name for name in models if name in set(results.winners)]
    baselines = [name for name in results.baselines if name in models]
    errors = {name: as_values(results.baselines[name]).mae for name in baselines}
    best = min(errors, key=lambda name: errors[name], default=None)
    return [*cells, best] if best else cells


def _show_windows(
    study: StudyHandle, models: dict[str, Predictions], target: str
) -> None:
    """Show forecast against actual, by step or by origin."""
    first = next(iter(models.values()))
    n_origins = len(first.origins)
    views = ["view_step", "view_origin"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = st.segmented_control(
            text("compare.view"),
            views,
            default=views[1] if first.horizon > 1 else views[0],
            format_func=lambda name: raw_text(f"compare.{name}"),
            key="compare_view",
            required=True,
        )
        position = (
            choose_position(n_origins, text("compare.origin"), key="compare_origin")
            if view == "view_origin"
            else choose_position(
                first.horizon, text("compare.step"), key="compare_step"
            )
        )
    scale, x_title = target_scale(target), time_title(study)
    if view == "view_origin":
        chart = origin_chart(
            models,
            scale,
            origin=position,
            past=series_before(study, target, int(first.origins[position])),
            x_title=x_title,
        )
    else:
        chart = step_chart(models, scale, step=position, x_title=x_title)
    show_chart(chart, key="windows")
