"""The seeds of a winner: mean and spread, which diverged, and what is delivered."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.components.charts.record import Scale
from pages.components.numbers import three_digits, with_unit
from pages.components.text import plain, raw_text, text
from search.analysis.comparison import MetricName, Spread, seed_spread
from search.config import Cell, Score
from search.evaluation.kind_metrics import as_values
from search.evaluation.metrics import Metrics
from search.study.delivery import delivery_sentence, divergence_sentence
from search.study.results import StudyResults, WinnerResult

_METRICS: tuple[MetricName, ...] = ("rmse", "mae", "mse", "mase", "smape", "r2")


def show_seeds(results: StudyResults) -> None:
    """Show the holdout scores of each refit, and warn of those that diverged."""
    for cell, winner in results.winners.items():
        if winner.diverged:
            st.warning(
                f"{cell}: {plain(divergence_sentence(winner))}",
                icon=":material/warning:",
            )
    with st.expander(text("seeds.heading"), key="compare_seeds"):
        st.markdown(text("seeds.body"))
        st.dataframe(seed_table(results), hide_index=True, placeholder="–")
        for line in _reasons(results):
            st.caption(plain(line))


def seed_table(results: StudyResults) -> pd.DataFrame:
    """Return the holdout scores of each winner: delivered, mean, and every seed."""
    rows = [
        row for cell, winner in results.winners.items() for row in _rows(cell, winner)
    ]
    return pd.DataFrame(rows)


def seed_sentences(results: StudyResults) -> list[str]:
    """Say for each winner what is delivered, and which seeds diverged and why."""
    delivered = [
        f"{cell}: {delivery_sentence(winner)} {divergence_sentence(winner)}".strip()
        for cell, winner in results.winners.items()
    ]
    return [*delivered, *_reasons(results)]


def delivery_note(winner: WinnerResult) -> str:
    """Return one caption: what is delivered, and how many seeds diverged."""
    sentences = f"{delivery_sentence(winner)} {divergence_sentence(winner)}"
    return plain(sentences)


def holdout_line(winner: WinnerResult, score: Score, scale: Scale) -> str:
    """Return the holdout score of the delivered model beside its seeds, as raw text."""
    delivered = with_unit(getattr(winner.holdout, score), scale.unit)
    key = "seeds.line_average" if winner.n_networks > 1 else "seeds.line_one"
    return raw_text(
        key,
        name=scale.name,
        score=delivered,
        networks=winner.n_networks,
        seeds=_spread_words(seed_spread(winner, score), len(winner.seeds)),
    )


def spread_cell(spread: Spread | None) -> str:
    """Return mean and standard deviation as people write them."""
    if spread is None:
        return "–"
    if spread.deviation is None:
        return three_digits(spread.mean)
    return raw_text(
        "seeds.spread",
        mean=three_digits(spread.mean),
        deviation=three_digits(spread.deviation),
    )


def _spread_words(spread: Spread | None, n_seeds: int) -> str:
    if spread is None or spread.deviation is None:
        return raw_text("seeds.words_single")
    return raw_text("seeds.words", n=n_seeds, spread=spread_cell(spread))


def _rows(cell: Cell, winner: WinnerResult) -> list[dict[str, str]]:
    delivered = raw_text("seeds.delivered_one")
    if winner.n_networks > 1:
        delivered = raw_text("seeds.delivered_average", n=winner.n_networks)
    rows = [_row(cell, delivered, _numbers(as_values(winner.holdout)))]
    if len(winner.seeds) > 1:
        means = [spread_cell(seed_spread(winner, metric)) for metric in _METRICS]
        name = raw_text("seeds.mean", n=len(winner.seeds))
        rows.append(_row(cell, name, means))
    scored = {one.seed: _numbers(as_values(one.holdout)) for one in winner.seeds}
    kinds = {one.seed: f"seeds.seed_{one.kind}" for one in winner.diverged}
    diverged = dict.fromkeys(kinds, ["–"] * len(_METRICS))
    for seed, numbers in sorted((scored | diverged).items()):
        key = kinds.get(seed, "seeds.seed")
        rows.append(_row(cell, raw_text(key, seed=seed), numbers))
    return rows


def _row(cell: Cell, name: str, numbers: Sequence[str]) -> dict[str, str]:
    titles = [raw_text(f"compare.column_{metric}") for metric in _METRICS]
    return {
        raw_text("compare.column_model"): cell,
        raw_text("seeds.column"): name,
        **dict(zip(titles, numbers, strict=True)),
    }


def _numbers(metrics: Metrics) -> list[str]:
    return [three_digits(getattr(metrics, metric)) for metric in _METRICS]


def _reasons(results: StudyResults) -> list[str]:
    return [
        raw_text("seeds.reason", cell=cell, seed=one.seed, reason=one.reason)
        for cell, winner in results.winners.items()
        for one in winner.diverged
    ]
