"""Compare: the winners side by side, with baselines, errors and parameters."""

import math

import streamlit as st

from pages.components.charts.record import Scale
from pages.components.charts.style import model_name
from pages.components.compare.anomalies import show_anomalies
from pages.components.compare.classes import show_classes
from pages.components.compare.diagnosis import show_diagnosis
from pages.components.compare.estimates import show_estimates
from pages.components.compare.files import show_downloads
from pages.components.compare.many_series import show_many_series
from pages.components.compare.search import show_search
from pages.components.compare.sections import (
    show_folds,
    show_holdout,
    show_learning,
    show_winner_parameters,
)
from pages.components.compare.table import (
    show_absent,
    show_f1,
    show_model_table,
    show_skills,
    show_tests,
)
from pages.components.frame import empty_state, next_step, page_frame
from pages.components.leak_views import show_winner_audit
from pages.components.numbers import duration, three_digits
from pages.components.progress.steering_words import steered_sentence
from pages.components.scales import SCORE_NAMES, score_scale
from pages.components.seed_views import show_seeds
from pages.components.state import (
    go_to,
    require_study,
    study_progress,
    study_results,
    study_trials,
)
from pages.components.status import is_live, state_word
from pages.components.study_data import fold_baselines
from pages.components.task_words import is_one_forecast, verdict_basis
from pages.components.text import plain, raw_text, text
from search.analysis.comparison.numbers import ModelRow, best_baseline, model_rows
from search.analysis.trials.optimism import selection_optimism
from search.study.folders import StudyHandle
from search.study.results import StudyResults


def show_page() -> None:
    """Show the comparison of the study of the URL."""
    page_frame(text("compare.title"), "compare")
    study = require_study()
    results = study_results(study)
    if results is None or not results.winners:
        show_nothing_yet(study)
        return
    baselines = fold_baselines(study)
    rows = model_rows(results, study.settings.task.score, baselines)
    show_verdict(study, results, rows)
    show_winner_audit(study, results)
    show_scores(study, results, rows)
    show_diagnosis(study, results, baselines)
    show_folds(study, rows)
    show_answers(study, results)
    show_learning(study, results)
    show_winner_parameters(results)
    search = st.container(key="compare_search")
    show_downloads(study, results)
    is_forecast = study.settings.task.kind == "forecasting"
    with next_step():
        if st.button(
            text(f"compare.next_{'forecast' if is_forecast else 'score'}"),
            key="compare_next",
            type="primary",
            icon=":material/arrow_forward:",
        ):
            go_to("forecast", study=study.uuid)
    # Last, because importance may load libraries for seconds.
    with search:
        show_search(study)


def show_answers(study: StudyHandle, results: StudyResults) -> None:
    """Show what the winners said of the holdout, as the kind of task asks."""
    task = study.settings.task
    if task.has_classes:
        show_classes(study, results)
    elif task.kind == "anomaly":
        show_anomalies(study, results)
    elif task.kind == "regression":
        show_estimates(study, results)
    elif study.settings.roles.group is not None:
        show_many_series(study, results)
    else:
        show_holdout(study, results)


def show_nothing_yet(study: StudyHandle) -> None:
    """Say why there is no comparison, and where to go."""
    state = study_progress(study).state
    body = (
        text("compare.none_running", state=state_word(state))
        if is_live(state) or state in ("paused", "interrupted")
        else text("compare.none_ended")
    )
    empty_state(
        text("compare.none_title"),
        body,
        label=text("compare.none_link"),
        page="progress",
        study=study.uuid,
    )


def show_verdict(
    study: StudyHandle, results: StudyResults, rows: tuple[ModelRow, ...]
) -> None:
    """Show skill and verdict, what they rest on, and what is missing."""
    reference = best_baseline(results.baselines, study.settings.task.score)
    with st.container(border=True, key="verdict"):
        first, _, rest = results.verdict.partition(". ")
        st.markdown(f"#### {plain(first.removesuffix('.'))}\\.")
        if rest:
            st.markdown(plain(rest))
        if reference is not None:
            show_skills(rows, reference)
            show_f1(rows, reference)
        st.caption(verdict_basis(study.settings))
    counts = results.trials
    if results.study.get("state") == "stopped":
        n_done = counts.complete + counts.pruned
        st.info(text("compare.stopped_early", n=n_done), icon=":material/stop_circle:")
    steered = steered_sentence(study)
    if steered is not None:
        st.info(plain(steered), icon=":material/tune:")
    for cell, reason in results.skipped_cells.items():
        st.warning(
            text("compare.skipped", cell=cell, reason=reason), icon=":material/warning:"
        )


def show_scores(
    study: StudyHandle, results: StudyResults, rows: tuple[ModelRow, ...]
) -> None:
    """Show the table of winners and baselines, and what its numbers are."""
    score = study.settings.task.score
    scale, reference = score_scale(study), best_baseline(results.baselines, score)
    st.subheader(
        text("compare.scores_heading"),
        help=text(
            "compare.scores_help"
            if is_one_forecast(study)
            else "compare.scores_help_other",
            seeds=study.settings.training.refit_seeds,
            delivered=raw_text(f"compare.delivers_{study.settings.training.deliver}"),
            name=SCORE_NAMES[score],
            baseline=model_name(reference) if reference else "–",
        ),
        anchor=False,
    )
    show_model_table(rows, score)
    show_absent(results.absent_baselines)
    counts = results.trials
    note = ""
    task = study.settings.task
    if task.has_classes:
        n_classes = len(task.classes)
        note = text(
            f"compare.unit_note_{score}",
            n=n_classes,
            chance=three_digits(math.log(n_classes)),
        )
    elif task.kind == "anomaly":
        note = text("compare.unit_note_anomaly")
    elif len(study.settings.roles.targets) > 1:
        note = text("compare.unit_note_several")
    elif scale.unit:
        note = text("compare.unit_note", name=scale.name, unit=scale.unit)
    cells = ", ".join(f"{cell} {n}" for cell, n in counts.per_cell.items())
    line = text(
        "compare.counts",
        n=counts.complete + counts.pruned + counts.failed,
        complete=counts.complete,
        pruned=counts.pruned,
        failed=counts.failed,
        cells=cells,
        seconds=duration(results.seconds),
    )
    st.caption(f"{text('compare.star_note')} {note} {line}")
    _show_optimism(study, scale)
    show_seeds(results)
    show_tests(results.comparisons, of_origins=is_one_forecast(study))


def _show_optimism(study: StudyHandle, scale: Scale) -> None:
    """Say by how much the best of so many trials looks better than it is."""
    folds = [
        trial.fold_scores for trial in study_trials(study) if trial.state == "complete"
    ]
    optimism = selection_optimism(folds)
    if optimism is None:
        return
    size = scale.written(optimism)
    key = "compare.optimism" if optimism > 0 else "compare.optimism_none"
    st.caption(text(key, n=len(folds), size=size, name=scale.name))


show_page()
