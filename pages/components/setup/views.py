"""The parts of the Search page that show rather than ask."""

from collections.abc import Mapping

import streamlit as st

from pages.components.draft import Draft
from pages.components.figure import show_figure
from pages.components.frame import next_step
from pages.components.numbers import count, duration
from pages.components.setup.folds_chart import fold_table, folds_figure
from pages.components.setup.prefill import duplicate_settings
from pages.components.setup.sample_views import (
    is_one_series,
    sample_task_words,
    show_sample_folds,
)
from pages.components.setup.space_form import reasons_summary, space_summary
from pages.components.setup.starting import start
from pages.components.state import go_to
from pages.components.study_data import study_series
from pages.components.text import plain, raw_text, text
from search.errors import UserInputError
from search.evaluation.paired import origins_needed
from search.evaluation.panel import make_panel
from search.evaluation.samples import SamplePlan
from search.evaluation.splits import SplitPlan
from search.space.suggestions import Suggestion
from search.study.estimate import Estimate, estimate_seconds
from search.study.folders import StudyHandle
from search.study.settings import StudySettings


def show_folds(column, plan: SplitPlan, *, key: str) -> None:
    """Draw the folds over the series and list their windows."""
    smallest = plan.folds[0].n_train(plan.first_origin)
    largest = plan.folds[-1].n_train(plan.first_origin)
    table = fold_table(plan, column.index)
    show_figure(
        folds_figure(column, plan),
        key=key,
        title=text("setup.folds_title"),
        summary=text(
            "setup.folds_summary",
            folds=len(plan.folds),
            smallest=count(smallest),
            largest=count(largest),
            valid=count(plan.folds[-1].n_valid),
            holdout=count(plan.n_rows - plan.holdout_start),
        ),
    )
    st.dataframe(
        table, hide_index=True, key=f"{key}_table", alt=text("setup.folds_title")
    )
    _show_short_holdout(plan)


def _show_short_holdout(plan: SplitPlan) -> None:
    """Say it before the search if the verdict will have too few forecasts."""
    needed = origins_needed(plan.horizon)
    n_origins = plan.holdout_stop - plan.holdout_start
    if n_origins < needed:
        st.caption(
            text(
                "setup.holdout_short",
                n=count(n_origins),
                needed=count(needed),
                rows=count(needed + plan.horizon - 1),
            )
        )


def show_space(settings: StudySettings) -> None:
    """List what is searched, in words."""
    st.markdown(space_summary(settings.space))


def show_reasons(suggested: Mapping[str, Suggestion]) -> None:
    """Offer the reasons for the ranges, which are computed from the data."""
    reasons = reasons_summary(suggested)
    if reasons:
        with st.expander(text("setup.why"), icon=":material/lightbulb:"):
            st.markdown(reasons)


def show_first(series: Draft, settings: StudySettings) -> None:
    """Say what an old study hands on: configurations tried first, and its space."""
    if series.was_narrowed:
        st.caption(text("setup.was_narrowed"))
    if not series.first:
        return
    kept = [str(params["cell"]) for params in settings.enqueue]
    if kept:
        st.caption(text("setup.first", cells=", ".join(kept)))
    lost = [str(p["cell"]) for p in series.first if p not in settings.enqueue]
    if lost:
        st.caption(text("setup.first_lost", cells=", ".join(lost)))


def show_start(
    series: Draft, settings: StudySettings, plan: SplitPlan | SamplePlan
) -> None:
    """Offer the start beside the time that it will take."""
    estimate = estimate_seconds(settings, plan)
    with next_step():
        st.markdown(estimate_words(estimate, settings), width="stretch")
        clicked = st.button(
            text("setup.start"),
            key="setup_next",
            type="primary",
            icon=":material/play_arrow:",
        )
    if clicked:
        with st.spinner(text("setup.starting")):
            try:
                start(series, settings)
            except UserInputError as error:
                st.error(plain(error), icon=":material/error:")


def show_blocked() -> None:
    """Show the start as not possible yet."""
    with next_step():
        st.markdown(text("setup.blocked"), width="stretch")
        st.button(
            text("setup.start"),
            key="setup_next",
            type="primary",
            icon=":material/play_arrow:",
            disabled=True,
        )


def estimate_words(estimate: Estimate, settings: StudySettings) -> str:
    """Return the estimate as one sentence."""
    low, high = duration(estimate.low), duration(estimate.high)
    key = "setup.estimate" if low != high else "setup.estimate_about"
    if estimate.limited_by_time:
        key = "setup.estimate_time"
    return text(key, low=low, high=high, workers=settings.workers)


def show_study_settings(study: StudyHandle) -> None:
    """Show the settings of a study; they cannot be changed any more."""
    settings = study.settings
    st.markdown(text("setup.of_study", name=settings.name), width=760)
    values = study_series(str(study.folder), study)
    if is_one_series(settings):
        show_folds(values[settings.roles.targets[0]], settings.plan(study.n_rows),
                   key="study_folds")  # fmt: skip
    else:
        panel = make_panel(values, settings.roles, kind=settings.task.kind)
        plan = settings.plan_of(panel)
        if isinstance(plan, SamplePlan):
            show_sample_folds(panel, plan, settings.task, key="study_folds")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(text("setup.space"), anchor=False)
        show_space(settings)
    with right:
        st.subheader(text("setup.task"), anchor=False)
        st.markdown(_task_words(settings))
    with next_step():
        if st.button(
            text("setup.duplicate"),
            key="setup_duplicate",
            icon=":material/content_copy:",
        ):
            duplicate_settings(study)
            go_to("setup")
        if st.button(
            text("setup.to_progress"),
            key="study_next",
            type="primary",
            icon=":material/arrow_forward:",
        ):
            go_to("progress", study=study.uuid)


def _task_words(settings: StudySettings) -> str:
    task, budget, training = settings.task, settings.budget, settings.training
    none = raw_text("setup.no_limit")
    inputs = settings.roles.columns[len(settings.roles.targets) :]
    words: dict[str, object] = {"horizon": task.horizon, "holdout": task.holdout}
    if not is_one_series(settings):
        words = sample_task_words(settings)
    shown = {
        **({"asked": words["asked"]} if "asked" in words else {}),
        "targets": ", ".join(settings.roles.targets),
        "inputs": ", ".join(inputs) or none,
        **words,
        "folds": task.folds,
        "score": raw_text(f"setup.score_{task.score}"),
        "trials": budget.trials or none,
        "minutes": duration(budget.seconds) if budget.seconds else none,
        "epochs": training.epochs,
        "refit_seeds": training.refit_seeds,
        "deliver": raw_text(f"setup.deliver_{training.deliver}"),
        "workers": settings.workers,
    }
    labels = {"targets": text("data.targets"), "inputs": text("setup.inputs")}
    return "\n".join(
        f"- {labels.get(name) or text(f'setup.{name}')}: **{plain(value)}**"
        for name, value in shown.items()
    )
