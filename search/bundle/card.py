"""`model_card.md`: what the network is, how it was scored, what it cannot do."""

from collections.abc import Iterable, Sequence

import numpy as np

from search.bundle.contents import BundleContents
from search.bundle.preprocessing import Preprocessing
from search.evaluation.kind_metrics import as_values
from search.evaluation.metrics import KindMetrics
from search.space.lines import Architecture, TrialParams
from search.study.delivery import delivery_sentence, divergence_sentence
from search.study.results import WinnerResult

_BASELINES = {
    "last_value": "Last value",
    "seasonal_naive": "Same time one season before",
    "drift": "Straight line through first and last value",
    "ets": "Exponential smoothing (ETS)",
    "theta": "Theta method",
    "ridge": "Ridge regression on the window",
}
_ARCHITECTURES: dict[Architecture, str] = {
    "stacked": "",
    "bidirectional": ", read in both directions",
    "attention": ", with attention over all steps",
    "convolutional": ", behind a convolution over three steps",
    "encoder_decoder": ", with a decoder over the forecast steps",
}
_FRAMINGS = {
    "none": "the value itself",
    "last_value": "the change since the last known value",
    "seasonal": "the change against one season before",
}
_METRICS = ("mae", "rmse", "mase", "smape", "r2")
_TITLES = ("MAE", "RMSE", "MASE", "sMAPE in %", "R²")


def model_card(contents: BundleContents, preprocessing: Preprocessing) -> str:
    """Return the card as Markdown, headed by what the network does."""
    sections = (
        _what(contents, preprocessing),
        _data(contents, preprocessing),
        _scores(contents),
        _limits(contents, preprocessing),
        _use(preprocessing),
    )
    return "\n\n".join(sections) + "\n"


def network_words(params: TrialParams, result: WinnerResult) -> str:
    """Return what the network is made of, the beginning of a sentence."""
    n_layers = "1 layer" if params.layers == 1 else f"{params.layers} layers"
    return (
        f"{_kind(result)} ({params.cell}, {n_layers} of {params.units} "
        f"units{_structure(params)}, {result.n_parameters:,} weights)"
    )


def _structure(params: TrialParams) -> str:
    """Return what the network has beside its stack of recurrent layers."""
    words = _ARCHITECTURES[params.architecture]
    if params.normalization != "none":
        words += f", {params.normalization} normalization"
    if params.dense_units:
        words += f", a hidden dense layer of {params.dense_units} units"
    return words


def _what(contents: BundleContents, preprocessing: Preprocessing) -> str:
    params, result = contents.params, contents.result
    steps = numbered(preprocessing.horizon, "step")
    lines = (
        f"# {params.cell} forecast of {_names(preprocessing.targets)}",
        "",
        f"{network_words(params, result)}. From "
        f"{numbered(preprocessing.sequence_length, 'row')} it predicts the next "
        f"{steps} of {_names(preprocessing.targets)} at once. What it is asked for is "
        f"{_FRAMINGS[params.framing]}.",
        "",
        f"It is the best {params.cell} of the study “{contents.settings.name}” (trial "
        f"{result.trial}), trained again for {numbered(result.epochs, 'epoch')} on all "
        f"rows before the holdout. {delivery_sentence(result)}",
    )
    return "\n".join(lines)


def _kind(result: WinnerResult) -> str:
    if result.n_networks == 1:
        return "A recurrent network"
    return f"The average of {result.n_networks} recurrent networks of one kind"


def _data(contents: BundleContents, preprocessing: Preprocessing) -> str:
    series, settings = contents.series, contents.settings
    source, n_rows = settings.source, len(series)
    step = preprocessing.time.frequency
    span = (
        f", from {series.index[0]} to {series.index[-1]}, step {step}" if step else ""
    )
    lines = [
        "## Data",
        "",
        f"- File: {source.file_name}, {n_rows:,} rows{span}.",
        f"- Predicted: {_names(preprocessing.targets)}.",
        f"- Features known up to the present: {_names(preprocessing.past_features)}.",
        f"- Features known in advance: {_names(preprocessing.known_features)}.",
        f"- Calendar: {_names(preprocessing.calendar)}.",
        f"- Scaling of the inputs: {contents.params.scaler}, from the rows before the "
        "holdout.",
    ]
    repairs = source.repairs or ("Nothing.",)
    return "\n".join([*lines, "- Changed before training:", *_indented(repairs)])


def _scores(contents: BundleContents) -> str:
    result, task = contents.result, contents.settings.task
    n_seeds = len(result.seeds)
    origins = task.holdout - task.horizon + 1
    name = "**This network**"
    if result.n_networks > 1:
        name = f"**This average of {result.n_networks} networks**"
    rows = [(name, _cells(as_values(result.holdout)))]
    if n_seeds > 1:
        spread = [
            _spread([getattr(s.holdout, m) for s in result.seeds]) for m in _METRICS
        ]
        rows.append((f"{n_seeds} trainings from other starts, mean ± spread", spread))
    rows += [
        (_BASELINES.get(name, name), _cells(metrics))
        for name, metrics in contents.baselines.items()
    ]
    table = [
        f"| On the holdout | {' | '.join(_TITLES)} |",
        "|---" * (len(_TITLES) + 1) + "|",
        *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows),
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
        *table,
        "",
        *_divergence(result),
        _comparison(contents),
        "",
        f"In the search this configuration had a mean {task.score.upper()} of "
        f"{number(result.cv)} over {len(result.cv_folds)} time-ordered folds "
        f"({', '.join(map(number, result.cv_folds))}).",
    )
    return "\n".join(lines)


def _divergence(result: WinnerResult) -> list[str]:
    if not result.diverged:
        return []
    reasons = [f"- Seed {one.seed}: {one.reason}" for one in result.diverged]
    return [divergence_sentence(result), "", *reasons, ""]


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
        "- The network gives single values without an interval.",
        "- It knows only what it saw: after a change of plant, product or measurement "
        "it has to be trained again.",
        "- What is delivered was not trained on the holdout rows. It was settled "
        "before anything was scored, not because it scored best.",
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
    made_with = ", ".join(f"{k} {v}" for k, v in preprocessing.versions.items())
    lines = (
        "## How to use it",
        "",
        "```",
        "pip install -r requirements.txt",
        "python predict.py newest.csv",
        "python predict.py newest.csv --out forecast.csv",
        "python predict.py --check",
        "```",
        "",
        "`newest.csv` has the columns of the original file and ends with the newest "
        "row. `--check` repeats the holdout predictions of this folder. "
        "`preprocessing.json` says how rows become network inputs; `predict.py` is "
        "plain code, to be read and changed. `holdout_inputs.csv` holds the rows after "
        "the changes listed above.",
        "",
        f"Made with {made_with}.",
    )
    return "\n".join(lines)


def _cells(metrics: KindMetrics) -> list[str]:
    return [number(getattr(metrics, name)) for name in _METRICS]


def _spread(values: Sequence[float | None]) -> str:
    defined = [value for value in values if value is not None]
    if len(defined) < len(values):
        return "–"
    return f"{number(float(np.mean(defined)))} ± {np.std(defined, ddof=1):.2g}"


def number(value: float | None) -> str:
    """Return four digits; a dash where a metric is undefined."""
    return "–" if value is None else f"{value:.4g}"


def numbered(n: int, noun: str) -> str:
    """Return ``1 row`` or ``7 rows``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _indented(sentences: Iterable[str]) -> list[str]:
    return [f"  - {sentence}" for sentence in sentences]
