"""Search: what to predict, what to try, for how long; then start."""

import streamlit as st

from pages.components.draft import (
    Draft,
    DraftGroups,
    draft_series,
    follow,
    remember,
)
from pages.components.frame import empty_state, page_frame
from pages.components.leak_views import show_data_audit
from pages.components.setup.budget_form import (
    choose_budget,
    choose_training,
    choose_workers,
)
from pages.components.setup.presets import PRESETS, PresetName
from pages.components.setup.sample_task_form import choose_sample_task
from pages.components.setup.sample_views import show_sample_folds
from pages.components.setup.space_form import choose_space
from pages.components.setup.task_form import choose_task
from pages.components.setup.views import (
    show_blocked,
    show_first,
    show_folds,
    show_reasons,
    show_space,
    show_start,
    show_study_settings,
)
from pages.components.state import current_study
from pages.components.text import plain, raw_text, text
from search.errors import ConfigError
from search.evaluation.samples import SamplePlan
from search.space.suggestions import epochs_reason, suggestions
from search.space.task_spaces import task_space
from search.study.settings import StudySettings

page_frame(text("setup.title"), "setup")


def prepare(series: Draft) -> None:
    """Ask for everything, draw the folds, offer the start; conflicts as text."""
    preset_name = choose_preset()
    try:
        settings = choose_settings(series, preset_name)
    except ConfigError as error:
        st.error(plain(error), icon=":material/error:")
        settings = None
    if settings is None:
        show_blocked()


def choose_settings(series: Draft, preset_name: PresetName) -> StudySettings | None:
    """Show the forms; return the settings, or None if a line cannot be used."""
    roles = series.built.roles
    preset, is_custom = PRESETS[preset_name], preset_name == "custom"
    panel = series.panel
    n_rows = panel.n_rows
    st.subheader(text("setup.task"), anchor=False)
    if isinstance(series, DraftGroups):
        task = choose_sample_task(series, is_custom=is_custom)
    else:
        task = choose_task(series, is_custom=is_custom)
    folds = st.container()
    st.subheader(text("setup.budget"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        budget, workers = choose_budget(preset), choose_workers()
        name = choose_name(series)
    inputs = (series.token, task)
    space = preset.narrow(
        remember("space", inputs, lambda: task_space(panel, roles, task))
    )
    suggested = suggestions(space, n_rows, roles, task, panel)
    training = preset.training
    if is_custom:
        reason = epochs_reason(training, space, n_rows, roles, task, panel)
        training = choose_training(training, reason)
    st.subheader(text("setup.space"), anchor=False)
    if is_custom:
        chosen = choose_space(suggested, task, panel, roles.targets)
        if chosen is None:
            return None
        space = chosen
    settings = StudySettings(
        name=name,
        source=series.built.source,
        roles=roles,
        task=task,
        space=space,
        budget=budget,
        training=training,
        workers=workers,
        enqueue=tuple(params for params in series.first if space.holds(params)),
    )
    if not is_custom:
        show_space(settings)
        show_reasons(suggested)
    show_first(series, settings)
    plan = settings.plan_of(panel)
    with folds:
        if isinstance(plan, SamplePlan):
            show_sample_folds(panel, plan, task, key="folds")
        else:
            show_folds(series.frame[roles.targets[0]], plan, key="folds")
        show_data_audit(series, settings)
    show_start(series, settings, plan)
    return settings


def choose_preset() -> PresetName:
    """Show the three starting points."""
    follow("setup_preset", "quick")
    chosen = st.segmented_control(
        text("setup.preset"),
        list(PRESETS),
        required=True,
        format_func=lambda name: text(f"setup.preset_{name}"),
        key="setup_preset",
        persist_state="session",
    )
    preset: PresetName = chosen or "quick"
    st.caption(text(f"setup.preset_{preset}_help"))
    return preset


def choose_name(series: Draft) -> str:
    """Show the name of the study."""
    target = series.built.roles.targets[0]
    if isinstance(series, DraftGroups) and series.kind == "anomaly":
        target = raw_text("setup.name_anomaly")
    file_name = series.built.source.file_name.rsplit(".", 1)[0]
    follow("setup_name", (series.name or f"{file_name}: {target}")[:80])
    return st.text_input(
        text("setup.name"), key="setup_name", max_chars=80, persist_state="session",
        width=320,
    )  # fmt: skip


study = current_study()
series = draft_series()
if study is not None:
    show_study_settings(study)
elif series is None:
    empty_state(
        text("setup.empty_title"),
        text("setup.empty_body"),
        label=text("setup.to_data"),
        page="data",
    )
else:
    prepare(series)
