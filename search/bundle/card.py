"""`model_card.md`: what the network is, how it was scored, what it cannot do."""

from search.bundle.card_parts import (
    KNOWS_WHAT_IT_SAW,
    NOT_CHOSEN_BY_SCORE,
    SINGLE_VALUES,
    data_section,
    joined,
    listed,
    made_with,
    network_words,
    numbered,
    score_cells,
    score_table,
    search_words,
    usage_lines,
    winner_words,
)
from search.bundle.contents import BundleContents
from search.bundle.preprocessing import Preprocessing
from search.evaluation.kind_metrics import as_values

_BASELINES = {
    "last_value": "Last value",
    "seasonal_naive": "Same time one season before",
    "drift": "Straight line through first and last value",
    "ets": "Exponential smoothing (ETS)",
    "theta": "Theta method",
    "ridge": "Ridge regression on the window",
}
_FRAMINGS = {
    "none": "the value itself",
    "last_value": "the change since the last known value",
    "seasonal": "the change against one season before",
}
_METRICS = (
    ("mae", "MAE"),
    ("rmse", "RMSE"),
    ("mase", "MASE"),
    ("smape", "sMAPE in %"),
    ("r2", "R²"),
)


def model_card(contents: BundleContents, preprocessing: Preprocessing) -> str:
    """Return the card as Markdown, headed by what the network does."""
    return joined(
        _what(contents, preprocessing),
        _data(contents, preprocessing),
        _scores(contents),
        _limits(contents, preprocessing),
        _use(preprocessing),
    )


def _what(contents: BundleContents, preprocessing: Preprocessing) -> str:
    params, result = contents.params, contents.result
    steps = numbered(preprocessing.horizon, "step")
    lines = (
        f"# {params.cell} forecast of {listed(preprocessing.targets)}",
        "",
        f"{network_words(params, result)}. From "
        f"{numbered(preprocessing.sequence_length, 'row')} it predicts the next "
        f"{steps} of {listed(preprocessing.targets)} at once. What it is asked for is "
        f"{_FRAMINGS[params.framing]}.",
        "",
        winner_words(contents, learned_from="rows"),
    )
    return "\n".join(lines)


def _data(contents: BundleContents, preprocessing: Preprocessing) -> str:
    series, settings = contents.series, contents.settings
    source, n_rows = settings.source, len(series)
    step = preprocessing.time.frequency
    span = (
        f", from {series.index[0]} to {series.index[-1]}, step {step}" if step else ""
    )
    lines = (
        f"- File: {source.file_name}, {n_rows:,} rows{span}.",
        f"- Predicted: {listed(preprocessing.targets)}.",
        f"- Features known up to the present: {listed(preprocessing.past_features)}.",
        f"- Features known in advance: {listed(preprocessing.known_features)}.",
        f"- Calendar: {listed(preprocessing.calendar)}.",
        f"- Scaling of the inputs: {contents.params.scaler}, from the rows before the "
        "holdout.",
    )
    return data_section(contents, lines)


def _scores(contents: BundleContents) -> str:
    result, task = contents.result, contents.settings.task
    origins = task.holdout - task.horizon + 1
    baselines = [
        (_BASELINES.get(name, name), score_cells(metrics, _METRICS))
        for name, metrics in contents.baselines.items()
    ]
    lines = (
        "## How it was scored",
        "",
        f"The last {task.holdout:,} rows were held out: no part of the search saw "
        f"them. Each model forecast {numbered(task.horizon, 'step')} from each of "
        f"{numbered(origins, 'origin')} in them, once. Errors are over all steps, MAE "
        "and RMSE in units of the target, averaged over targets where there are "
        "several. The spread is the standard deviation.",
        "",
        *score_table(contents, _METRICS, baselines),
        _comparison(contents),
        "",
        search_words(result, score=task.score.upper(), folds="time-ordered folds"),
    )
    return "\n".join(lines)


def _comparison(contents: BundleContents) -> str:
    """Say how the network compares with the best baseline, whichever way."""
    errors = {name: as_values(one).mae for name, one in contents.baselines.items()}
    if not errors:
        return "No baseline was computed."
    best = min(errors, key=lambda name: errors[name])
    name = _BASELINES.get(best, best).lower()
    mae = as_values(contents.result.holdout).mae
    if errors[best] == 0:
        return f"The best baseline ({name}) makes no error here; no network is needed."
    change = 100 * (mae / errors[best] - 1)
    if change >= 0:
        return (
            f"The network does **not** beat the best baseline ({name}): its mean "
            f"absolute error is {change:.0f} % higher. Use the baseline."
        )
    return (
        f"Its mean absolute error is {-change:.0f} % lower than that of the best "
        f"baseline ({name})."
    )


def _limits(contents: BundleContents, preprocessing: Preprocessing) -> str:
    task = contents.settings.task
    n_independent = max(1, task.holdout // task.horizon)
    lines = [
        "## Limits",
        "",
        f"- The scores come from one stretch of {task.holdout:,} rows, about "
        f"{numbered(n_independent, 'forecast')} that do not overlap. Other times may "
        "be harder.",
        SINGLE_VALUES,
        KNOWS_WHAT_IT_SAW,
        f"- What is delivered was not trained on the holdout rows. "
        f"{NOT_CHOSEN_BY_SCORE}",
        f"- It needs {numbered(preprocessing.rows_before_origin, 'row')} without gaps "
        "before the first predicted step, in the same units.",
    ]
    if preprocessing.known_features:
        lines.append(
            "- The features known in advance must be given for the predicted steps; "
            "where they are forecasts themselves, expect larger errors than above."
        )
    return "\n".join(lines)


def _use(preprocessing: Preprocessing) -> str:
    lines = (
        *usage_lines("newest.csv", "forecast.csv"),
        "",
        "`newest.csv` has the columns of the original file and ends with the newest "
        "row. `--check` repeats the holdout predictions of this folder. "
        "`preprocessing.json` says how rows become network inputs; `predict.py` is "
        "plain code, to be read and changed. `holdout_inputs.csv` holds the rows after "
        "the changes listed above.",
        "",
        made_with(preprocessing.versions),
    )
    return "\n".join(lines)
