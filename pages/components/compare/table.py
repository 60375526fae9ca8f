"""The table of the Compare page: winners and baselines side by side."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.charts.style import model_name
from pages.components.csv_files import csv_bytes
from pages.components.hyperparameters import label, short_value
from pages.components.metric_columns import (
    ANOMALY_METRICS,
    CLASS_METRICS,
    VALUE_METRICS,
    judged_by,
    metric_names,
    metric_title,
    metric_value,
)
from pages.components.numbers import (
    MOST_WORSE,
    count,
    duration,
    percentage,
    three_digits,
)
from pages.components.scales import SCORE_NAMES
from pages.components.text import plain, raw_text, text
from search.analysis.comparison.numbers import ModelRow, ParamRow, Spread, seed_spread
from search.config import Score
from search.evaluation.kind_metrics import AnomalyResult
from search.study.results import Comparison


def show_model_table(rows: Sequence[ModelRow], score: Score) -> None:
    """Show the table, three digits a number, sortable, and offer it as CSV."""
    table = model_table(rows, score)
    shown = _shown(rows, table, score)
    model = raw_text("compare.column_model")
    st.dataframe(
        shown.style.format(_formats(list(shown.columns)), na_rep="–"),
        key="compare_table",
        hide_index=True,
        alt=text("compare.table_alt"),
        placeholder="–",
        column_config={model: st.column_config.Column(pinned=True)},
    )
    st.download_button(
        text("compare.table_numbers"),
        lambda: csv_bytes(table),
        file_name="comparison.csv",
        mime="text/csv",
        key="compare_table_numbers",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def model_table(rows: Sequence[ModelRow], score: Score) -> pd.DataFrame:
    """Return one line a model: scores, spread, skill, metrics, size and time."""
    return pd.DataFrame([_line(row, score) for row in rows])


def show_absent(absent: Mapping[str, str]) -> None:
    """Say in one muted sentence each which baselines are missing, and why."""
    for words in absent_words(absent):
        st.caption(plain(words))


def absent_words(absent: Mapping[str, str]) -> list[str]:
    """Return a sentence for each baseline that could not be computed.

    Parameters
    ----------
    absent
        The reason by the name of the baseline.
    """
    return [
        raw_text(
            "compare.absent_baseline",
            name=model_name(name),
            reason=reason.strip().removesuffix("."),
        )
        for name, reason in absent.items()
    ]


def show_tests(comparisons: Sequence[Comparison], *, of_origins: bool = True) -> None:
    """Show the paired tests behind the verdict."""
    if not comparisons:
        return
    with st.expander(text("compare.tests_heading"), key="compare_tests"):
        st.markdown(text("compare.tests_body"))
        table = test_table(comparisons, of_origins=of_origins)
        show_written(table)


def test_table(
    comparisons: Sequence[Comparison], *, of_origins: bool = True
) -> pd.DataFrame:
    """Return one line a paired test; over origins of forecasts, or groups or blocks."""
    counted = raw_text("compare.test_n" if of_origins else "compare.test_n_other")
    return pd.DataFrame(
        {
            raw_text("compare.test_first"): model_name(c.first),
            raw_text("compare.test_second"): model_name(c.second),
            raw_text("compare.test_difference"): percent(c.relative_difference),
            raw_text("compare.test_interval"): _interval(c.interval),
            raw_text("compare.test_p"): c.p_adjusted,
            counted: c.n_origins,
        }
        for c in comparisons
    )


def show_written(table: pd.DataFrame, *, key: str | None = None) -> None:
    """Show the table with its numbers as people write them, aligned at the right."""
    config = {
        column: st.column_config.Column(alignment="right")
        for column in table.columns
        if pd.api.types.is_numeric_dtype(table[column])
    }
    st.dataframe(
        written(table),
        key=key,
        hide_index=True,
        placeholder="–",
        column_config=config,
    )


def written(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with its numbers as people write them."""
    formats = _formats(list(table.columns))
    return pd.DataFrame(
        {
            column: [_written(value, formats.get(column)) for value in table[column]]
            for column in table.columns
        }
    )


def _written(value: object, how: Callable[[float], str] | None) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return (how or three_digits)(value)
    return str(value)


def _interval(interval: tuple[float, float] | None) -> str | None:
    """Return both ends in percent, such as −16 to −8."""
    if interval is None:
        return None
    low, high = (f"{100 * end:+.1f}".replace("-", "−") for end in interval)
    return raw_text("compare.test_range", low=low, high=high)


def show_parameters(cells: Sequence[str], rows: Sequence[ParamRow]) -> None:
    """Show the winners' hyperparameters; those that differ are marked and first."""
    mark = raw_text("compare.params_differs")
    table = pd.DataFrame(
        [
            {
                raw_text("compare.params_name"): label(row.name),
                **{
                    cell: short_value(row.name, value)
                    for cell, value in zip(cells, row.values, strict=True)
                },
                mark: "●" if row.differs else "",
            }
            for row in rows
        ]
    )
    bold = [row.differs for row in rows]
    styled = table.style.apply(
        lambda column: ["font-weight: bold" if differs else "" for differs in bold],
    )
    st.dataframe(styled, hide_index=True, height=38 + 35 * len(rows))


def show_f1(rows: Sequence[ModelRow], baseline: str) -> None:
    """Show F1 of each winner that looks for anomalies beside that of a baseline.

    Parameters
    ----------
    rows
        The models; those without labelled rows are left out.
    baseline
        Name of the best method without a network.
    """
    found = {
        row.name: row.holdout.f1
        for row in rows
        if isinstance(row.holdout, AnomalyResult) and row.holdout.f1 is not None
    }
    known = [row for row in rows if row.is_winner and row.name in found]
    if not known or baseline not in found:
        return
    reference = three_digits(found[baseline])
    st.caption(text("compare.f1s", baseline=model_name(baseline), f1=reference))
    for column, row in zip(st.columns(len(known)), known, strict=True):
        column.metric(
            f"★ {row.name}" if row.is_best else row.name, three_digits(found[row.name])
        )


def show_skills(rows: Sequence[ModelRow], baseline: str) -> None:
    """Show the skill of each winner against the best method without a network.

    Parameters
    ----------
    rows
        The models; those without a skill are left out.
    baseline
        Name of that method.
    """
    known = [row for row in rows if row.is_winner and row.skill is not None]
    if not known:
        return
    st.caption(text("compare.skills", baseline=model_name(baseline)))
    for column, row in zip(st.columns(len(known)), known, strict=True):
        assert row.skill is not None
        column.metric(
            f"★ {row.name}" if row.is_best else row.name,
            skill_words(100 * row.skill),
        )


def skill_words(value: float) -> str:
    """Return a skill in percent; where it is far below 0, how many times the error.

    Examples
    --------
    >>> [skill_words(value) for value in (12.3, -40.0, -1658.0)]
    ['+12 %', '−40 %', '17.6 × the error']
    """
    if value >= 100 * MOST_WORSE:
        return signed_percent(value)
    return raw_text("compare.times_error", times=three_digits(1 - value / 100))


def signed_percent(value: float) -> str:
    """Return a number of percent with its sign, such as ``+12 %``; 0 has none."""
    shown = f"{value:+.0f} %".replace("-", "\u2212")
    return "0 %" if shown[1:] == "0 %" else shown


def percent(share: float | None) -> float | None:
    """Return a share in percent."""
    return None if share is None else 100 * share


def _shown(rows: Sequence[ModelRow], table: pd.DataFrame, score: Score) -> pd.DataFrame:
    """Return the table for the screen: the chosen one starred, seeds in one column."""
    low, high = raw_text("compare.column_low"), raw_text("compare.column_high")
    model, best = raw_text("compare.column_model"), raw_text("compare.column_best")
    # A metric that the task does not define is not worth a column of dashes.
    metrics = [metric_title(metric) for metric in metric_names(rows[0].holdout)]
    metrics.append(raw_text("compare.column_skill"))
    empty = [name for name in metrics if name in table and table[name].isna().all()]
    shown = table.drop(columns=[low, high, best, *empty])
    shown[model] = [
        f"★ {name}" if row.is_best else name
        for row, name in zip(rows, table[model], strict=True)
    ]
    write = percentage if score == "error_rate" else three_digits
    shown[raw_text("compare.column_seeds")] = [
        _spread(_seeds(row), write) for row in rows
    ]
    return shown


def _seeds(row: ModelRow) -> Spread | None:
    """Return how the metric that judges the holdout spreads over the seeds."""
    if row.winner is None or not isinstance(row.holdout, AnomalyResult):
        return row.seeds
    return seed_spread(row.winner, "f1")


def _spread(seeds: Spread | None, write: Callable[[float | None], str]) -> str:
    if seeds is None:
        return "–"
    if seeds.deviation is None:
        return raw_text("compare.spread_single", mean=write(seeds.mean))
    return raw_text(
        "compare.spread",
        mean=write(seeds.mean),
        low=write(seeds.low),
        high=write(seeds.high),
    )


def _line(row: ModelRow, score: Score) -> dict[str, Any]:
    winner, name = row.winner, SCORE_NAMES[score]
    judge, seeds = judged_by(row.holdout, score), _seeds(row)
    line: dict[str, Any] = {
        raw_text("compare.column_model"): model_name(row.name),
        raw_text("compare.column_best"): raw_text("compare.best_badge")
        if row.is_best
        else "",
        raw_text("compare.column_skill"): percent(row.skill),
        raw_text("compare.column_cv", name=name): row.cv,
        holdout_title(row, score): getattr(row.holdout, judge),
        raw_text("compare.column_seeds"): seeds.mean if seeds else None,
        raw_text("compare.column_low"): seeds.low if seeds else None,
        raw_text("compare.column_high"): seeds.high if seeds else None,
    }
    for metric in metric_names(row.holdout):
        if metric != judge:
            line[metric_title(metric)] = metric_value(row.holdout, metric)
    line |= {
        raw_text("compare.column_weights"): winner.n_parameters if winner else None,
        raw_text("compare.column_train"): winner.seconds if winner else None,
        raw_text("compare.column_inference"): winner.inference_ms if winner else None,
        raw_text("compare.column_epochs"): winner.epochs if winner else None,
        raw_text("compare.column_trial"): winner.trial if winner else None,
    }
    texts = (raw_text("compare.column_model"), raw_text("compare.column_best"))
    return {
        column: value if column in texts or value is not None else float("nan")
        for column, value in line.items()
    }


def holdout_title(row: ModelRow, score: Score) -> str:
    """Return the head of the column that judges the holdout."""
    judge = judged_by(row.holdout, score)
    name = SCORE_NAMES[score] if judge == score else metric_title(judge)
    return raw_text("compare.column_holdout", name=name)


def _formats(columns: Sequence[str]) -> dict[str, Callable[[float], str]]:
    """Return how each of the `columns` of numbers is written."""
    numbers: dict[str, Callable[[float], str]] = {
        metric_title(name): three_digits
        for name in ("inference", *VALUE_METRICS, *CLASS_METRICS, *ANOMALY_METRICS)
    }
    numbers[raw_text("compare.column_holdout", name=metric_title("f1"))] = three_digits
    for score, name in SCORE_NAMES.items():
        write = percentage if score == "error_rate" else three_digits
        numbers[raw_text("compare.column_cv", name=name)] = write
        numbers[raw_text("compare.column_holdout", name=name)] = write
    whole = {
        raw_text(f"compare.column_{name}"): lambda value: count(round(value))
        for name in ("weights", "epochs", "trial")
    }
    known = numbers | whole
    known[raw_text("compare.column_skill")] = skill_words
    known[raw_text("compare.column_train")] = duration
    return {column: known[column] for column in columns if column in known}
