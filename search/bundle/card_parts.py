"""What the cards of all tasks share: sentences of the winner, the table of scores."""

from collections.abc import Iterable, Sequence

import numpy as np

from search.bundle.contents import BundleContents
from search.evaluation.metrics import KindMetrics
from search.space.lines import Architecture, TrialParams
from search.study.delivery import delivery_sentence, divergence_sentence
from search.study.results import WinnerResult

# Field of the metrics, and the title of its column.
Metric = tuple[str, str]
Row = tuple[str, list[str]]

_ARCHITECTURES: dict[Architecture, str] = {
    "stacked": "",
    "bidirectional": ", read in both directions",
    "attention": ", with attention over all steps",
    "convolutional": ", behind a convolution over three steps",
    "encoder_decoder": ", with a decoder over the forecast steps",
}
NOT_CHOSEN_BY_SCORE = (
    "It was settled before anything was scored, not because it scored best."
)
KNOWS_WHAT_IT_SAW = (
    "- It knows only what it saw: after a change of plant, product or measurement it "
    "has to be trained again."
)
SINGLE_VALUES = "- The network gives single values without an interval."


def joined(*sections: str) -> str:
    """Return sections of Markdown one below the other."""
    return "\n\n".join(sections) + "\n"


def network_words(params: TrialParams, result: WinnerResult) -> str:
    """Return what the network is made of, the beginning of a sentence."""
    kind = "A recurrent network"
    if result.n_networks > 1:
        kind = f"The average of {result.n_networks} recurrent networks of one kind"
    return (
        f"{kind} ({params.cell}, {numbered(params.layers, 'layer')} of {params.units} "
        f"units{_structure(params)}, {result.n_parameters:,} weights)"
    )


def winner_words(contents: BundleContents, *, learned_from: str) -> str:
    """Say how the network was found and trained, and which one is delivered."""
    params, result = contents.params, contents.result
    return (
        f"It is the best {params.cell} of the study “{contents.settings.name}” (trial "
        f"{result.trial}), trained again for {numbered(result.epochs, 'epoch')} on all "
        f"{learned_from} before the holdout. {delivery_sentence(result)}"
    )


def data_section(contents: BundleContents, lines: Iterable[str]) -> str:
    """Return the section on the data: `lines`, and what was changed."""
    repairs = contents.settings.source.repairs or ("Nothing.",)
    changes = (f"  - {sentence}" for sentence in repairs)
    return "\n".join(
        ["## Data", "", *lines, "- Changed before training:", *changes],
    )


def score_table(
    contents: BundleContents, metrics: Sequence[Metric], rows: Iterable[Row]
) -> list[str]:
    """Return the table of the holdout: what is delivered, its seeds, the baselines.

    Seeds that diverged are named below it.

    Parameters
    ----------
    contents
        What is bundled.
    metrics
        The columns.
    rows
        Name and cells of each baseline.
    """
    result = contents.result
    name = "This network"
    if result.n_networks > 1:
        name = f"This average of {result.n_networks} networks"
    table = [(f"**{name}**", score_cells(result.holdout, metrics))]
    if len(result.seeds) > 1:
        words = f"{len(result.seeds)} trainings from other starts, mean ± spread"
        every = [seed.holdout for seed in result.seeds]
        table.append((words, [_spread(every, field) for field, _ in metrics]))
    return [
        f"| On the holdout | {' | '.join(title for _, title in metrics)} |",
        "|---" * (len(metrics) + 1) + "|",
        *(f"| {name} | {' | '.join(cells)} |" for name, cells in (*table, *rows)),
        "",
        *_divergence(result),
    ]


def _divergence(result: WinnerResult) -> list[str]:
    if not result.diverged:
        return []
    reasons = [f"- Seed {one.seed}: {one.reason}" for one in result.diverged]
    return [divergence_sentence(result), "", *reasons, ""]


def search_words(result: WinnerResult, *, score: str, folds: str) -> str:
    """Say what the configuration scored in the search."""
    return (
        f"In the search this configuration had a mean {score} of {number(result.cv)} "
        f"over {len(result.cv_folds)} {folds} "
        f"({', '.join(map(number, result.cv_folds))})."
    )


def usage_lines(table: str, out: str) -> tuple[str, ...]:
    """Return the heading and the commands that run the bundle."""
    return (
        "## How to use it",
        "",
        "```",
        "pip install -r requirements.txt",
        f"python predict.py {table}",
        f"python predict.py {table} --out {out}",
        "python predict.py --check",
        "```",
    )


def made_with(versions: dict[str, str]) -> str:
    """Name the versions of Python and of the packages."""
    return f"Made with {', '.join(f'{k} {v}' for k, v in versions.items())}."


def score_cells(metrics: KindMetrics, columns: Sequence[Metric]) -> list[str]:
    """Return the numbers of a row; a dash for what the task does not have."""
    return [number(getattr(metrics, name, None)) for name, _ in columns]


def number(value: float | None) -> str:
    """Return four digits; a dash where a metric is undefined."""
    return "–" if value is None else f"{value:.4g}"


def numbered(n: int, noun: str) -> str:
    """Return ``1 row`` or ``7 rows``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def listed(names: Iterable[str]) -> str:
    """Return names with commas between; ``none`` without any."""
    return ", ".join(names) or "none"


def _structure(params: TrialParams) -> str:
    """Return what the network has beside its stack of recurrent layers."""
    words = _ARCHITECTURES[params.architecture]
    if params.normalization != "none":
        words += f", {params.normalization} normalization"
    if params.dense_units:
        words += f", a hidden dense layer of {params.dense_units} units"
    return words


def _spread(every: Sequence[KindMetrics], name: str) -> str:
    values = [getattr(one, name, None) for one in every]
    defined = [value for value in values if value is not None]
    if len(defined) < len(values):
        return "–"
    return f"{number(float(np.mean(defined)))} ± {np.std(defined, ddof=1):.2g}"
