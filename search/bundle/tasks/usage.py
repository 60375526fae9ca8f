"""How the bundle of any task but the forecast of one series is used: `README.md`."""

from search.bundle.card_parts import listed, made_with, usage_lines
from search.bundle.tasks.preprocessing import TaskPreprocessing
from search.config import INPUT_KINDS, TaskKind
from search.data.source import text_columns

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
    heading = f"# {title(preprocessing)}"
    return "\n".join([heading, "", usage(preprocessing), "", *lines]) + "\n"


def title(preprocessing: TaskPreprocessing) -> str:
    """Return what the network does, as a heading."""
    words = _TITLES[preprocessing.kind]
    words = words.format(targets=listed(preprocessing.targets))
    return words[0].upper() + words[1:]


def usage(preprocessing: TaskPreprocessing) -> str:
    """Return the commands, what the table holds and what comes out."""
    lines = (
        *usage_lines("new.csv", "answers.csv"),
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
        made_with(preprocessing.versions),
    )
    return "\n".join(lines)


def _needs(preprocessing: TaskPreprocessing) -> str:
    """Say what the table holds."""
    reading, group = preprocessing.reading, preprocessing.group
    columns = listed(f"`{name}`" for name in _columns(preprocessing))
    answer = ""
    if preprocessing.kind not in INPUT_KINDS:
        answer = f"; {listed(preprocessing.targets)} need not be there"
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
    is_input = preprocessing.kind in INPUT_KINDS
    sources = text_columns(preprocessing.categories)
    names = [
        *(preprocessing.targets if is_input else ()),
        *preprocessing.past_features,
        *preprocessing.known_features,
    ]
    group = [] if preprocessing.group is None else [preprocessing.group]
    columns = [*group, *preprocessing.time.columns]
    columns += [sources.get(name, name) for name in names]
    return list(dict.fromkeys(columns))
