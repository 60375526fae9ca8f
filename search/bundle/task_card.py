"""`model_card.md` and `README.md` of any task but the forecast of one series."""

from collections.abc import Iterable, Sequence

import numpy as np

from search.bundle.card import network_words, number, numbered
from search.bundle.contents import BundleContents
from search.bundle.task_preprocessing import TaskPreprocessing
from search.config import TaskKind
from search.evaluation.metrics import KindMetrics
from search.study.delivery import delivery_sentence

_TITLES: dict[TaskKind, str] = {
    "forecasting": "forecast of {targets} of many series",
    "regression": "estimate of {targets}",
    "classification": "classification by {targets}",
    "labelling": "label of each row: {targets}",
    "anomaly": "anomalies in {targets}",
}
_OUTPUTS: dict[TaskKind, str] = {
    "forecasting": "`group`, `step` (from 1), `timestamp`, `predicted`",
    "regression": "`group`, `row`, `predicted`",
    "classification": "`group`, `row`, `predicted` (the most probable class), and "
    "`p_…`, the probability of each class",
    "labelling": "`row`, `predicted` (the most probable label), and `p_…`, the "
    "probability of each label; one line for each row of the table",
    "anomaly": "`row`, `score`, `threshold`, and `anomaly`: 1 where the score is above "
    "the threshold, else 0",
}
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
_METRICS: dict[TaskKind, Sequence[tuple[str, str]]] = {
    "forecasting": (*_NUMBERS[:2], ("mase", "MASE"), ("smape", "sMAPE in %")),
    "regression": _NUMBERS,
    "classification": _CLASSES,
    "labelling": _CLASSES,
    "anomaly": _ANOMALIES,
}


def task_card(contents: BundleContents, preprocessing: TaskPreprocessing) -> str:
    """Return the card as Markdown, headed by what the network does."""
    sections = (
        _what(contents, preprocessing),
        _data(contents, preprocessing),
        _scores(contents),
        _limits(contents, preprocessing),
        _use(preprocessing),
    )
    return "\n\n".join(sections) + "\n"


def task_readme(preprocessing: TaskPreprocessing) -> str:
    """Return how the files of the bundle are used."""
    files = (
        ("predict.py", "the program, with `task_*.py` and `one_series.py` beside it"),
        ("preprocessing.json", "how a table becomes network inputs"),
        ("model.onnx, model.keras", "the network, twice"),
        ("model_card.md", "what the network is, how it was scored, its limits"),
        ("holdout_inputs.csv", "rows that repeat `holdout_predictions.csv`"),
        ("metrics.json, study.json", "all scores, and the settings of the study"),
    )
    lines = [f"- `{name}`: {text}." for name, text in files]
    title = _title(preprocessing)
    return "\n".join([f"# {title}", "", _use(preprocessing), "", *lines]) + "\n"


def _title(preprocessing: TaskPreprocessing) -> str:
    words = _TITLES[preprocessing.kind]
    title = words.format(targets=_names(preprocessing.targets))
    return title[0].upper() + title[1:]


def _what(contents: BundleContents, preprocessing: TaskPreprocessing) -> str:
    params, result = contents.params, contents.result
    lines = (
        f"# {params.cell}: {_title(preprocessing)}",
        "",
        f"{network_words(params, result)}. {_asked(preprocessing)}",
        "",
        f"It is the best {params.cell} of the study “{contents.settings.name}” (trial "
        f"{result.trial}), trained again for {numbered(result.epochs, 'epoch')} on all "
        f"samples before the holdout. {delivery_sentence(result)}",
    )
    return "\n".join(lines)


def _asked(preprocessing: TaskPreprocessing) -> str:
    """Say what a window is and what is asked of it."""
    rows = numbered(preprocessing.sequence_length, "row")
    targets = _names(preprocessing.targets)
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
    return f"{n_classes} classes ({_names(preprocessing.classes)})"


def _data(contents: BundleContents, preprocessing: TaskPreprocessing) -> str:
    source, panel = contents.settings.source, contents.panel()
    groups = ""
    if panel.group_names:
        sizes = panel.group_sizes
        groups = (
            f" in {numbered(panel.n_groups, 'group')} of {int(sizes.min()):,} to "
            f"{int(sizes.max()):,} rows"
        )
    is_label = preprocessing.kind not in ("forecasting", "anomaly")
    never = " (never an input)" if is_label else ""
    lines = [
        "## Data",
        "",
        f"- File: {source.file_name}, {panel.n_rows:,} rows{groups}.",
        f"- Predicted: {_names(preprocessing.targets)}{never}.",
        f"- Features: {_names(preprocessing.past_features)}.",
        f"- Features known in advance: {_names(preprocessing.known_features)}.",
        f"- Calendar: {_names(preprocessing.calendar)}.",
        f"- Scaling of the inputs: {contents.params.scaler}, from what the network "
        "learned from.",
        "- Changed before training:",
    ]
    return "\n".join(
        [*lines, *(f"  - {one}" for one in source.repairs or ("Nothing.",))]
    )


def _scores(contents: BundleContents) -> str:
    result, task = contents.result, contents.settings.task
    metrics = _METRICS[task.kind]
    rows = [("**This network**", _cells(result.holdout, metrics))]
    if len(result.seeds) > 1:
        name = f"{len(result.seeds)} trainings from other starts, mean ± spread"
        rows.append((name, _spreads([one.holdout for one in result.seeds], metrics)))
    rows += [
        (name.replace("_", " "), _cells(one, metrics))
        for name, one in contents.baselines.items()
    ]
    titles = " | ".join(title for _, title in metrics)
    lines = (
        "## How it was scored",
        "",
        f"{_holdout_words(contents)} No part of the search saw it. The spread is the "
        "standard deviation; docs/metrics.md of the application has the formulas.",
        "",
        f"| On the holdout | {titles} |",
        "|---" * (len(metrics) + 1) + "|",
        *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows),
        "",
        f"In the search this configuration had a mean {task.score} of "
        f"{number(result.cv)} over {len(result.cv_folds)} folds "
        f"({', '.join(map(number, result.cv_folds))}).",
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


def _cells(metrics: KindMetrics, names: Sequence[tuple[str, str]]) -> list[str]:
    return [number(getattr(metrics, name, None)) for name, _ in names]


def _spreads(
    every: Sequence[KindMetrics], names: Sequence[tuple[str, str]]
) -> list[str]:
    cells = []
    for name, _ in names:
        values = [getattr(one, name, None) for one in every]
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            cells.append("–")
        else:
            spread = np.std(known, ddof=1)
            cells.append(f"{number(float(np.mean(known)))} ± {spread:.2g}")
    return cells


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
        "- It knows only what it saw: after a change of plant, product or measurement "
        "it has to be trained again.",
        "- What is delivered was not trained on the holdout. It was settled before "
        "anything was scored, not because it scored best.",
    ]
    if kind in ("forecasting", "regression"):
        lines.append("- The network gives single values without an interval.")
    return "\n".join(lines)


def _use(preprocessing: TaskPreprocessing) -> str:
    made_with = ", ".join(f"{k} {v}" for k, v in preprocessing.versions.items())
    lines = (
        "## How to use it",
        "",
        "```",
        "pip install -r requirements.txt",
        "python predict.py new.csv",
        "python predict.py new.csv --out answers.csv",
        "python predict.py --check",
        "```",
        "",
        _needs(preprocessing),
        "",
        f"What comes out is a CSV with the columns {_OUTPUTS[preprocessing.kind]}. "
        "`row` counts from 1 within its group; there is a `timestamp` where the rows "
        "have one, and a `group` where a column names them.",
        "",
        "`--check` repeats the holdout predictions of this folder. The scripts are "
        "plain code, to be read and changed.",
        "",
        f"Made with {made_with}.",
    )
    return "\n".join(lines)


def _needs(preprocessing: TaskPreprocessing) -> str:
    """Say what the table holds."""
    reading, group = preprocessing.reading, preprocessing.group
    columns = _names(f"`{name}`" for name in _columns(preprocessing))
    answer = ""
    if preprocessing.kind not in ("forecasting", "anomaly"):
        answer = f"; {_names(preprocessing.targets)} need not be there"
    if reading.shape == "wide":
        first = " with the label first, whatever it says" if reading.label else ""
        words = (
            f"`new.csv` has the columns of the original file, one sequence a row{first}"
        )
        return f"{words}. A table with one row a step does as well ({columns}{answer})."
    if reading.format == "ts":
        return (
            "Instead of `new.csv` give a `.ts` file like the original one, or a table "
            f"with one row a step ({columns}{answer})."
        )
    words = f"`new.csv` has the columns of the original file ({columns}){answer}"
    if group is None:
        return f"{words}."
    return (
        f"{words}. A folder or zip with one such CSV for each {group} does as well: "
        "without the column the name of each file takes its place."
    )


def _columns(preprocessing: TaskPreprocessing) -> list[str]:
    """Return the columns of the table that must be there."""
    is_input = preprocessing.kind in ("forecasting", "anomaly")
    sources = {
        f"{column}={value}": column
        for column, values in preprocessing.categories.items()
        for value in values
    }
    names = [
        *(preprocessing.targets if is_input else ()),
        *preprocessing.past_features,
        *preprocessing.known_features,
    ]
    group = [] if preprocessing.group is None else [preprocessing.group]
    columns = [*group, *preprocessing.time.columns]
    columns += [sources.get(name, name) for name in names]
    return list(dict.fromkeys(columns))


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
