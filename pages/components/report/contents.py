"""What the report of a study says, from the same functions as the pages."""

import pandas as pd

from pages.components.charts.curves import winner_curves_chart
from pages.components.charts.errors import (
    only_cells,
    spread_chart,
    step_error_chart,
)
from pages.components.charts.folds import fold_chart
from pages.components.charts.forecast import forecast_chart, forecast_numbers
from pages.components.charts.history import history_chart
from pages.components.charts.windows import step_chart
from pages.components.compare.diagnosis import winner_illnesses
from pages.components.compare.table import (
    absent_words,
    model_table,
    test_table,
    written,
)
from pages.components.downloads import SERIES_TIME
from pages.components.hyperparameters import label, value_word
from pages.components.illness_cards import illness_words
from pages.components.numbers import duration
from pages.components.progress.steering_words import steered_sentence
from pages.components.report.answers import add_answers, add_folds
from pages.components.report.document import Document
from pages.components.scales import (
    SCORE_NAMES,
    error_scale,
    holdout_scale,
    score_scale,
    target_scale,
    time_title,
)
from pages.components.seed_views import holdout_line, seed_sentences, seed_table
from pages.components.state import study_trials
from pages.components.study_data import (
    best_fold_baseline,
    fold_baselines,
    holdout_forecasts,
    study_series,
    winner_curves,
    winner_forecast,
    winner_holdout,
)
from pages.components.task_words import asked_words, in_time_order, is_one_forecast
from pages.components.text import raw_text
from search.analysis.comparison.numbers import model_rows, parameter_rows
from search.analysis.newer.forecasts import last_part
from search.cli.reproduce import run_command, space_document
from search.study.folders import StudyHandle, load_document
from search.study.results import StudyResults
from search.study.settings import StudySettings


def report_html(study: StudyHandle, results: StudyResults) -> str:
    """Return the report of a finished study as one HTML file."""
    document = Document(raw_text("report.title", name=study.settings.name))
    document.paragraph(
        raw_text("report.made", created=study.created, uuid=study.uuid), kind="note"
    )
    document.paragraph(results.verdict, kind="verdict")
    _data(document, study, results)
    _settings(document, study)
    _search(document, study, results)
    _comparison(document, study, results)
    _diagnosis(document, study, results)
    _forecast(document, study, results)
    _reproduce(document, study)
    return document.render()


def _data(document: Document, study: StudyHandle, results: StudyResults) -> None:
    document.heading(raw_text("report.data"))
    source, data = study.settings.source, results.data
    document.facts(
        {
            raw_text("report.file"): source.file_name,
            raw_text("report.rows"): data.get("rows"),
            raw_text("report.span"): raw_text(
                "report.from_to", first=data.get("first"), last=data.get("last")
            ),
            raw_text("report.frequency"): source.frequency or raw_text("report.rows"),
            raw_text("report.sha256"): study.data_sha256,
        }
    )
    for repair in source.repairs:
        document.paragraph(repair, kind="note")


def _settings(document: Document, study: StudyHandle) -> None:
    settings = study.settings
    task, roles, training = settings.task, settings.roles, settings.training
    document.heading(raw_text("report.settings"))
    document.facts(
        {
            raw_text("report.targets"): ", ".join(roles.targets),
            raw_text("report.past"): ", ".join(roles.past_features) or "–",
            raw_text("report.known"): ", ".join(roles.known_features) or "–",
            raw_text("report.calendar"): ", ".join(roles.calendar) or "–",
            **_task_facts(settings),
            raw_text("report.score"): SCORE_NAMES[task.score],
            raw_text("report.training"): raw_text(
                "report.training_words",
                epochs=training.epochs,
                patience=training.patience,
                pruner=training.pruner,
                seeds=training.refit_seeds,
                deliver=raw_text(f"setup.deliver_{training.deliver}"),
            ),
        }
    )
    if not is_one_forecast(study):
        add_folds(document, study)
        return
    plan = settings.plan(study.n_rows)
    document.paragraph(raw_text("report.folds_note"), kind="note")
    columns = [raw_text(f"report.fold{part}") for part in ("", "_train", "_valid")]
    folds = [
        (
            number,
            f"{plan.first_origin} … {fold.train_stop - 1}",
            f"{fold.valid_start} … {fold.valid_stop - 1}",
        )
        for number, fold in enumerate(plan.folds, 1)
    ]
    document.table(pd.DataFrame(folds, columns=columns))


def _task_facts(settings: StudySettings) -> dict[str, object]:
    """Return what is predicted and held out, in the words of the kind of task."""
    task, group = settings.task, settings.roles.group
    rows: dict[str, object] = {
        raw_text("report.horizon"): task.horizon,
        raw_text("report.holdout"): task.holdout,
        raw_text("report.season"): task.season,
    }
    if task.kind == "forecasting":
        return rows if group is None else {raw_text("report.group"): group, **rows}
    held = task.holdout or len(task.test_groups)
    unit = "groups" if group is not None and task.kind != "anomaly" else "rows"
    return {
        raw_text("report.kind"): asked_words(task),
        raw_text("report.group"): group or "–",
        raw_text("report.classes"): ", ".join(task.classes) or "–",
        raw_text(f"report.holdout_{unit}"): held,
    }


def _search(document: Document, study: StudyHandle, results: StudyResults) -> None:
    document.heading(raw_text("report.search"))
    counts = results.trials
    document.paragraph(
        raw_text(
            "compare.counts",
            n=counts.complete + counts.pruned + counts.failed,
            complete=counts.complete,
            pruned=counts.pruned,
            failed=counts.failed,
            cells=", ".join(f"{cell} {n}" for cell, n in counts.per_cell.items()),
            seconds=duration(results.seconds),
        )
    )
    baseline = best_fold_baseline(study)
    trials = study_trials(study)
    document.chart(history_chart(trials, score_scale(study), baseline=baseline))
    curves = winner_curves(study, results)
    if curves:
        document.chart(winner_curves_chart(curves, score_scale(study)))
    rows = parameter_rows([winner.params for winner in results.winners.values()])
    names = [raw_text("compare.params_name"), *results.winners]
    document.table(
        pd.DataFrame(
            [
                [
                    label(row.name),
                    *(value_word(row.name, value) for value in row.values),
                ]
                for row in rows
            ],
            columns=names,
        )
    )


def _comparison(document: Document, study: StudyHandle, results: StudyResults) -> None:
    document.heading(raw_text("report.comparison"))
    score = study.settings.task.score
    rows = model_rows(results, score, fold_baselines(study))
    document.table(written(model_table(rows, score)))
    document.paragraph(raw_text("seeds.body"), kind="note")
    document.table(seed_table(results))
    for sentence in seed_sentences(results):
        document.paragraph(sentence, kind="note")
    for cell, reason in results.skipped_cells.items():
        words = raw_text("compare.skipped", cell=cell, reason=reason)
        document.paragraph(words, kind="note")
    for words in absent_words(results.absent_baselines):
        document.paragraph(words, kind="note")
    if results.comparisons:
        document.paragraph(raw_text("compare.tests_body"), kind="note")
        tests = test_table(results.comparisons, of_origins=is_one_forecast(study))
        document.table(written(tests))
    folds = {row.name: row.cv_folds for row in rows}
    ordered = in_time_order(study.settings)
    document.chart(fold_chart(folds, score_scale(study), in_order=ordered))
    if not is_one_forecast(study):
        add_answers(document, study, results)
        return
    for target, models in holdout_forecasts(study, results).models.items():
        shown = only_cells(models) or models
        last = study.settings.task.horizon - 1
        document.chart(
            step_chart(
                shown, target_scale(target), step=last, x_title=time_title(study)
            )
        )
        document.chart(step_error_chart(models, error_scale(target, mean=True)))
        document.chart(spread_chart(shown, error_scale(target, mean=False)))


def _diagnosis(document: Document, study: StudyHandle, results: StudyResults) -> None:
    document.heading(raw_text("diagnosis.heading"))
    baselines = fold_baselines(study)
    for cell in results.winners:
        found = winner_illnesses(study, results, cell, baselines)
        words = " ".join(
            " ".join(illness_words(one, study.settings.task)) for one in found
        )
        document.paragraph(f"{cell}: {words or raw_text('diagnosis.none')}")


def _forecast(document: Document, study: StudyHandle, results: StudyResults) -> None:
    cell = results.best_cell
    if cell is None or not is_one_forecast(study):
        return
    document.heading(raw_text("forecast.title"))
    task, winner = study.settings.task, results.winners[cell]
    line = holdout_line(winner, task.score, holdout_scale(study))
    document.paragraph(f"{cell}. {line}", kind="note")
    for target in study.settings.roles.targets:
        holdout = winner_holdout(study, results, cell).get(target)
        forecast = winner_forecast(study, cell, target, holdout)
        if forecast is None:
            continue
        values = study_series(str(study.folder), study)[target]
        past = last_part(values, horizon=task.horizon, season=task.season)
        scale = target_scale(target)
        chart = forecast_chart(
            forecast, past, scale, cell=cell, x_title=time_title(study)
        )
        document.chart(chart)
        document.table(written(forecast_numbers(forecast, scale)))


def _reproduce(document: Document, study: StudyHandle) -> None:
    settings = study.settings
    document.heading(raw_text("report.reproduce"))
    document.paragraph(raw_text("report.reproduce_body"))
    steered = steered_sentence(study)
    if steered is not None:
        document.paragraph(steered, kind="note")
    time_column = SERIES_TIME if settings.source.time_columns else None
    document.code(run_command(settings, time_column=time_column))
    document.paragraph("space.json", kind="note")
    document.code(space_document(settings.space))
    document.facts(load_document(study.folder).versions)
