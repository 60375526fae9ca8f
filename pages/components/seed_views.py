"""The seeds of a winner: mean and spread, which diverged, and what is delivered."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from pages.components.charts.record import Scale
from pages.components.metric_columns import (
    SHARES,
    judged_by,
    metric_names,
    metric_title,
    metric_words,
)
from pages.components.numbers import three_digits
from pages.components.text import plain, raw_text, text
from search.analysis.comparison.numbers import Spread, seed_spread
from search.config import Cell, Score
from search.evaluation.metrics import KindMetrics
from search.study.delivery import delivery_sentence, divergence_sentence
from search.study.results import StudyResults, WinnerResult


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
    metric = judged_by(winner.holdout, score)
    delivered = scale.written(getattr(winner.holdout, metric))
    key = "seeds.line_average" if winner.n_networks > 1 else "seeds.line_one"
    return raw_text(
        key,
        name=scale.name,
        score=delivered,
        networks=winner.n_networks,
        seeds=_spread_words(seed_spread(winner, metric), len(winner.seeds), scale),
    )


def spread_cell(
    spread: Spread | None, write: Callable[[float | None], str] = three_digits
) -> str:
    """Return mean and standard deviation as people write them."""
    if spread is None:
        return "–"
    if spread.deviation is None:
        return write(spread.mean)
    return raw_text(
        "seeds.spread", mean=write(spread.mean), deviation=write(spread.deviation)
    )


def _spread_words(spread: Spread | None, n_seeds: int, scale: Scale) -> str:
    if spread is None or spread.deviation is None:
        return raw_text("seeds.words_single")
    return raw_text("seeds.words", n=n_seeds, spread=spread_cell(spread, scale.bare))


def _rows(cell: Cell, winner: WinnerResult) -> list[dict[str, str]]:
    delivered = raw_text("seeds.delivered_one")
    if winner.n_networks > 1:
        delivered = raw_text("seeds.delivered_average", n=winner.n_networks)
    names = metric_names(winner.holdout)
    titles = [metric_title(name) for name in names]

    def line(name: str, numbers: Sequence[str]) -> dict[str, str]:
        return {
            raw_text("compare.column_model"): cell,
            raw_text("seeds.column"): name,
            **dict(zip(titles, numbers, strict=True)),
        }

    rows = [line(delivered, _numbers(winner.holdout))]
    if len(winner.seeds) > 1:
        means = [
            spread_cell(seed_spread(winner, metric), _writer(metric))
            for metric in names
        ]
        name = raw_text("seeds.mean", n=len(winner.seeds))
        rows.append(line(name, means))
    scored = {one.seed: _numbers(one.holdout) for one in winner.seeds}
    kinds = {one.seed: f"seeds.seed_{one.kind}" for one in winner.diverged}
    diverged = dict.fromkeys(kinds, ["–"] * len(names))
    for seed, numbers in sorted((scored | diverged).items()):
        key = kinds.get(seed, "seeds.seed")
        rows.append(line(raw_text(key, seed=seed), numbers))
    return rows


def _writer(metric: str) -> Callable[[float | None], str]:
    if metric not in SHARES:
        return three_digits
    return lambda share: three_digits(None if share is None else 100 * share)


def _numbers(metrics: KindMetrics) -> list[str]:
    return [metric_words(metrics, name) for name in metric_names(metrics)]


def _reasons(results: StudyResults) -> list[str]:
    return [
        raw_text("seeds.reason", cell=cell, seed=one.seed, reason=one.reason)
        for cell, winner in results.winners.items()
        for one in winner.diverged
    ]
