"""What the winners said of the holdout, for a report of any kind of task."""

from collections.abc import Sequence

import pandas as pd

from pages.components.answers_data import (
    class_answers,
    group_forecasts,
    value_answers,
)
from pages.components.charts.record import Chart
from pages.components.charts.timeline import label_timeline
from pages.components.compare.anomalies import alarm_table, group_charts
from pages.components.compare.classes import (
    matrix_charts,
    report_tables,
    roc_of_class,
)
from pages.components.compare.estimates import estimate_charts
from pages.components.compare.many_series import series_errors
from pages.components.compare.table import written
from pages.components.report.document import Document
from pages.components.scales import time_title
from pages.components.study_data import study_series
from pages.components.text import raw_text
from search.evaluation.panel import make_panel
from search.evaluation.samples import SamplePlan
from search.study.folders import StudyHandle
from search.study.results import StudyResults

MOST_CURVES = 6


def add_folds(document: Document, study: StudyHandle) -> None:
    """Add how many samples each fold learns from and is judged on."""
    settings = study.settings
    frame = study_series(str(study.folder), study)
    panel = make_panel(frame, settings.roles, kind=settings.task.kind)
    plan = settings.plan_of(panel)
    if not isinstance(plan, SamplePlan):
        return
    document.paragraph(raw_text("report.samples_note"), kind="note")
    counts = [
        (number, len(fold.training), len(fold.validation))
        for number, fold in enumerate((*plan.folds, plan.final), 1)
    ]
    columns = [raw_text(f"report.fold{part}") for part in ("", "_train", "_valid")]
    table = pd.DataFrame(counts, columns=columns).astype({columns[0]: object})
    table.iloc[-1, 0] = raw_text("report.fold_final")
    document.table(table)
    for doubt in plan.doubts:
        document.paragraph(doubt, kind="note")


def add_answers(document: Document, study: StudyHandle, results: StudyResults) -> None:
    """Add the charts and tables of the holdout."""
    task = study.settings.task
    if task.has_classes:
        _add_classes(document, study, results)
    elif task.kind == "anomaly":
        _add(document, group_charts(study, results))
        table = alarm_table(results)
        if len(table):
            document.table(written(table))
    elif task.kind == "regression":
        found = value_answers(study, results).models
        for target in study.settings.roles.targets if found else ():
            models = {name: by_target[target] for name, by_target in found.items()}
            _add(document, estimate_charts(models, target))
    else:
        forecasts = group_forecasts(study, results).models
        for target in study.settings.roles.targets if forecasts else ():
            _add(document, [series_errors(forecasts, target)])


def _add_classes(document: Document, study: StudyHandle, results: StudyResults) -> None:
    task = study.settings.task
    _add(document, list(matrix_charts(study, results).values()))
    models = class_answers(study, results).models
    if models:
        first = 1 if len(task.classes) == 2 else 0
        places = range(first, min(len(task.classes), MOST_CURVES))
        _add(document, [roc_of_class(models, task.classes, k) for k in places])
        if task.kind == "labelling":
            group = next(iter(models.values())).places.names[0]
            x_title = time_title(study)
            _add(
                document,
                [label_timeline(models, task.classes, group=group, x_title=x_title)],
            )
    for table in report_tables(study, results):
        document.table(table)


def _add(document: Document, charts: Sequence[Chart]) -> None:
    for chart in charts:
        document.chart(chart)
