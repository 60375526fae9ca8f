"""`model_card.md` of any task but the forecast of one series."""

from collections.abc import Sequence

from search.bundle.card_parts import (
    KNOWS_WHAT_IT_SAW,
    NOT_CHOSEN_BY_SCORE,
    SINGLE_VALUES,
    Metric,
    data_section,
    joined,
    listed,
    network_words,
    numbered,
    score_cells,
    score_table,
    search_words,
    winner_words,
)
from search.bundle.contents import BundleContents
from search.bundle.tasks.preprocessing import TaskPreprocessing
from search.bundle.tasks.usage import title, usage
from search.config import INPUT_KINDS, TaskKind

_NUMBERS = (("mae", "MAE"), ("rmse", "RMSE"), ("r2", "R²"))
_CLASSES = (
    ("accuracy", "Accuracy"),
    ("f1", "Macro F1"),
    ("precision", "Precision"),
    ("recall", "Recall"),
    ("roc_auc", "ROC AUC"),
    ("log_loss", "Log loss"),
)
_ANOMALIES = (
    ("f1", "F1"),
    ("precision", "Precision"),
    ("recall", "Recall"),
    ("false_alarm_rate", "False alarms"),
    ("missing_rate", "Missed"),
    ("detection_delay", "Delay in rows"),
)
_METRICS: dict[TaskKind, Sequence[Metric]] = {
    "forecasting": (*_NUMBERS[:2], ("mase", "MASE"), ("smape", "sMAPE in %")),
    "regression": _NUMBERS,
    "classification": _CLASSES,
    "labelling": _CLASSES,
    "anomaly": _ANOMALIES,
}


def task_card(contents: BundleContents, preprocessing: TaskPreprocessing) -> str:
    """Return the card as Markdown, headed by what the network does."""
    return joined(
        _what(contents, preprocessing),
        _data(contents, preprocessing),
        _scores(contents),
        _limits(contents, preprocessing),
        usage(preprocessing),
    )


def _what(contents: BundleContents, preprocessing: TaskPreprocessing) -> str:
    params, result = contents.params, contents.result
    lines = (
        f"# {params.cell}: {title(preprocessing)}",
        "",
        f"{network_words(params, result)}. {_asked(preprocessing)}",
        "",
        winner_words(contents, learned_from="samples"),
    )
    return "\n".join(lines)


def _asked(preprocessing: TaskPreprocessing) -> str:
    """Say what a window is and what is asked of it."""
    rows = numbered(preprocessing.sequence_length, "row")
    targets = listed(preprocessing.targets)
    group = preprocessing.group
    if preprocessing.kind == "forecasting":
        steps = numbered(preprocessing.horizon, "step")
        return (
            f"From {rows} of one series it predicts the next {steps} of {targets} at "
            f"once. One network serves all series, which the column `{group}` names; "
            "each is scaled by its own history."
        )
    if preprocessing.kind == "anomaly":
        assert preprocessing.detector is not None
        if preprocessing.detector.kind == "forecaster":
            how = f"From {rows} it forecasts the next row of {targets}"
        else:
            how = f"It repeats windows of {rows} of {targets}"
        return (
            f"{how}, having learned from normal rows only. A row is scored by the mean "
            "error over columns, each over its mean on normal rows, averaged over the "
            f"last {preprocessing.detector.smoothing} rows. "
            f"{preprocessing.detector.reason}"
        )
    if preprocessing.kind == "labelling":
        return (
            f"Each row gets one of {_classes(preprocessing)}, from the {rows} that end "
            "with it; nothing later is used."
        )
    what = (
        f"one of {_classes(preprocessing)}"
        if preprocessing.kind == "classification"
        else f"a value of {targets}"
    )
    if preprocessing.samples == "whole":
        return (
            f"Each sequence, named by the column `{group}`, gets {what}, from its last "
            f"{rows}; shorter ones are padded."
        )
    return (
        f"Each window of {rows} gets {what}; the ends of windows are "
        f"{numbered(preprocessing.stride, 'row')} apart."
    )


def _classes(preprocessing: TaskPreprocessing) -> str:
    n_classes = len(preprocessing.classes)
    return f"{n_classes} classes ({listed(preprocessing.classes)})"


def _data(contents: BundleContents, preprocessing: TaskPreprocessing) -> str:
    source, panel = contents.settings.source, contents.panel()
    groups = ""
    if panel.group_names:
        sizes = panel.group_sizes
        groups = (
            f" in {numbered(panel.n_groups, 'group')} of {int(sizes.min()):,} to "
            f"{int(sizes.max()):,} rows"
        )
    is_label = preprocessing.kind not in INPUT_KINDS
    never = " (never an input)" if is_label else ""
    lines = (
        f"- File: {source.file_name}, {panel.n_rows:,} rows{groups}.",
        f"- Predicted: {listed(preprocessing.targets)}{never}.",
        f"- Features: {listed(preprocessing.past_features)}.",
        f"- Features known in advance: {listed(preprocessing.known_features)}.",
        f"- Calendar: {listed(preprocessing.calendar)}.",
        f"- Scaling of the inputs: {contents.params.scaler}, from what the network "
        "learned from.",
    )
    return data_section(contents, lines)


def _scores(contents: BundleContents) -> str:
    result, task = contents.result, contents.settings.task
    metrics = _METRICS[task.kind]
    baselines = [
        (name.replace("_", " "), score_cells(one, metrics))
        for name, one in contents.baselines.items()
    ]
    lines = (
        "## How it was scored",
        "",
        f"{_holdout_words(contents)} No part of the search saw it. The spread is the "
        "standard deviation; docs/metrics.md of the application has the formulas.",
        "",
        *score_table(contents, metrics, baselines),
        search_words(result, score=task.score, folds="folds"),
    )
    return "\n".join(lines)


def _holdout_words(contents: BundleContents) -> str:
    task = contents.settings.task
    if task.kind == "anomaly":
        return "The holdout is every row after the normal ones that were learned from."
    if task.kind == "forecasting":
        return (
            f"The holdout is the last {numbered(task.holdout, 'row')} of each series."
        )
    if task.test_groups:
        return (
            f"The holdout is the test set, {numbered(len(task.test_groups), 'group')}."
        )
    if contents.settings.roles.group is None:
        return f"The holdout is the last {numbered(task.holdout, 'row')}."
    return f"The holdout is {numbered(task.holdout, 'group')}, kept whole."


def _limits(contents: BundleContents, preprocessing: TaskPreprocessing) -> str:
    kind, rows = preprocessing.kind, numbered(preprocessing.rows_before_origin, "row")
    lines = ["## Limits", ""]
    if preprocessing.group_scalers:
        lines.append(
            f"- It knows the {len(preprocessing.group_scalers)} names in the column "
            f"`{preprocessing.group}` that it learned from, each scaled by its own "
            "history. A new one is refused."
        )
    if preprocessing.classes:
        lines.append(
            "- It knows no other class than those above: whatever it is given, one of "
            "them is named, with a probability that was not calibrated."
        )
    if kind == "anomaly":
        lines.append(
            "- What is unlike the normal rows is called anomalous, harmless changes of "
            "operation among them; the network does not tell what is wrong. The first "
            f"{rows} of a table get no score."
        )
    elif preprocessing.padding is None:
        lines.append(
            f"- It needs {rows} without gaps before what is predicted, in the same "
            "units."
        )
    else:
        lines.append(
            "- Sequences shorter than its window are padded; much shorter ones than "
            "those it learned from are guesses."
        )
    lines += [
        "- The scores come from one holdout. Other times, machines or products may be "
        "harder.",
        KNOWS_WHAT_IT_SAW,
        f"- What is delivered was not trained on the holdout. {NOT_CHOSEN_BY_SCORE}",
    ]
    if kind in ("forecasting", "regression"):
        lines.append(SINGLE_VALUES)
    return "\n".join(lines)
