"""The Explain page of sequences, labels, anomalies and many series."""

import numpy as np
import streamlit as st

from pages.components.charts.answers import moment, score_chart, share_chart
from pages.components.charts.attention import attention_chart
from pages.components.charts.explain import attribution_chart, importance_chart
from pages.components.charts.record import Scale, show_chart
from pages.components.choosing import choose_position
from pages.components.explain_parts import MOST_WORK, N_REPEATS, show_gate_pictures
from pages.components.numbers import with_unit
from pages.components.scales import target_scale, time_title
from pages.components.scoring.data import SampleWinner, known_answers
from pages.components.scoring.pictures import MOST_SHOWN
from pages.components.text import plain, raw_text, text
from search.analysis.delivered.sample_explaining import (
    attribute,
    input_importance,
    sample_window,
    step_answer,
    stop_of,
)
from search.analysis.newer.answers import Answers
from search.evaluation.windows import is_padding
from search.explain.attention import WeightRange, weight_range
from search.explain.importance import MOST_WINDOWS, Importance

_FROM_END = raw_text("explain.rows_to_end")


def show_samples(winner: SampleWinner, target: str) -> None:
    """Explain a winner by the samples of its holdout."""
    network = winner.delivered.network
    if len(network.members) > 1:
        st.markdown(text("explain.average", n=len(network.members)))
    _show_importance(winner)
    if winner.detector is not None:
        _show_row(winner)
    else:
        _show_sample(winner, target)


def _show_importance(winner: SampleWinner) -> None:
    is_anomaly = winner.detector is not None
    words = "normal_importance_help" if is_anomaly else "sample_importance_help"
    st.subheader(
        text("explain.importance_heading"),
        help=text(f"explain.{words}", n=N_REPEATS),
        anchor=False,
    )
    measure = "error"
    if winner.study.settings.task.has_classes:
        measure = st.segmented_control(
            text("explain.measure"),
            ["accuracy", "log_loss"],
            default="accuracy",
            format_func=lambda name: raw_text(f"explain.measure_{name}"),
            help=text("explain.measure_help"),
            key="explain_measure",
            required=True,
        )
    with st.spinner(text("explain.wait")):
        channels, steps = _importance(winner.name, measure, winner)
    growth = "explain.growth" if measure == "error" else f"explain.growth_{measure}"
    is_percent = measure != "log_loss"
    left, right = st.columns(2)
    with left:
        chart = importance_chart(
            channels,
            title=text("explain.channels_title"),
            axis=raw_text("explain.input"),
            summary=f"explain.channels_summary_{measure}",
            growth=growth,
            is_percent=is_percent,
        )
        show_chart(chart, key="channels")
    with right:
        chart = importance_chart(
            steps,
            title=text("explain.steps_title"),
            axis=raw_text("explain.rows_from_end"),
            summary=f"explain.steps_summary_{measure}",
            growth=growth,
            is_percent=is_percent,
            are_rows=True,
        )
        show_chart(chart, key="steps_used")


@st.fragment
def _show_sample(winner: SampleWinner, target: str) -> None:
    """Let a sample of the holdout be chosen, and show what made its answer."""
    st.subheader(
        text("explain.sample_heading"), help=text("explain.sample_help"), anchor=False
    )
    with st.spinner(text("scoring.waiting")):
        answers = known_answers(winner)
    place = _choose_sample(winner, answers, _losses(answers))
    step = choose_position(
        winner.study.settings.task.horizon, text("compare.step"), key="explain_step"
    )
    stop = stop_of(winner.delivered, int(answers.rows[place]))
    number = winner.study.settings.roles.targets.index(target)
    if answers.task.kind == "forecasting":
        st.markdown(_forecast_words(winner, stop, step, number))
    else:
        st.markdown(_answer_words(answers, place, number))
    if answers.task.has_classes:
        classes = answers.task.classes
        name = st.selectbox(
            text("explain.sample_class"),
            classes,
            index=int(answers.values[place].argmax()),
            help=text("explain.sample_class_help"),
            key=f"explain_class_{place}",
            width=400,
        )
        number, scale = classes.index(name), Scale(raw_text("explain.sample_evidence"))
        title = text("explain.sample_class_title", name=name)
    else:
        scale, title = target_scale(target), text("explain.sample_value_title")
    found = attribute(winner.delivered, stop, step=step, target=number)
    chart = attribution_chart(
        found.values,
        found.channels,
        scale,
        title=title,
        summary="explain.sample_summary",
    )
    chart.figure.update_xaxes(title_text=_FROM_END)
    show_chart(chart, key="attribution")
    _show_inside(winner, stop)


def _choose_sample(winner: SampleWinner, answers: Answers, losses: np.ndarray) -> int:
    """Return the place of the answer that is chosen; at first the worst one."""
    names = list(dict.fromkeys(answers.groups.tolist()))
    worst = int(losses.argmax())
    places = np.arange(len(answers))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(names) > 1:
            name = st.selectbox(
                plain(winner.study.settings.roles.group),
                names,
                index=names.index(answers.groups[worst]),
                key="explain_group",
                width=400,
            )
            places = answers.of_group(name)
        if len(places) == 1:
            return int(places[0])
        return int(
            places[
                _choose_row(
                    winner,
                    answers.rows[places],
                    losses[places],
                    label=text("explain.sample_row"),
                    note=text("explain.sample_row_help"),
                    key=f"explain_row_{answers.groups[places[0]]}",
                )
            ]
        )


def _choose_row(
    winner: SampleWinner,
    rows: np.ndarray,
    worst: np.ndarray,
    *,
    label: str,
    note: str,
    key: str,
) -> int:
    """Return the place in `rows`, all of one group, of the row that is chosen.

    Parameters
    ----------
    winner
        Whose answers they are.
    rows, worst
        Rows of its panel in rising order, and what makes one the first choice where it
        is largest.
    label, note, key
        Of the field; it counts from 1 within the group.
    """
    numbers = rows - winner.delivered.panel.group_starts[rows] + 1
    chosen = st.number_input(
        label,
        min_value=int(numbers[0]),
        max_value=int(numbers[-1]),
        value=int(numbers[worst.argmax()]),
        help=note,
        key=key,
        width=200,
    )
    # Of very many answers an even part is there: the nearest one is shown.
    return int(np.abs(numbers - int(chosen)).argmin())


def _losses(answers: Answers) -> np.ndarray:
    """Return how far off each answer is; 0 where nobody knows."""
    if answers.known is None:
        return np.zeros(len(answers))
    known = answers.known
    if answers.task.has_classes:
        right = np.where(np.isfinite(known[:, 0]), known[:, 0], 0).astype(int)
        return 1 - answers.values[np.arange(len(answers)), right]
    found: np.ndarray = np.nan_to_num(np.abs(answers.values - known)).mean(axis=1)
    return found


def _answer_words(answers: Answers, place: int, number: int) -> str:
    known = None if answers.known is None else answers.known[place]
    unknown = raw_text("explain.sample_unknown")
    if answers.task.has_classes:
        values, classes = answers.values[place], answers.task.classes
        is_known = known is not None and bool(np.isfinite(known[0]))
        return text(
            "explain.sample_says_class",
            name=classes[int(values.argmax())],
            share=f"{100 * values.max():.0f}",
            actual=classes[int(known[0])]
            if known is not None and is_known
            else unknown,
        )
    unit = target_scale(answers.targets[number]).unit
    return text(
        "explain.sample_says_value",
        value=with_unit(float(answers.values[place, number]), unit),
        actual=unknown if known is None else with_unit(float(known[number]), unit),
    )


def _forecast_words(winner: SampleWinner, stop: int, step: int, number: int) -> str:
    values, actual = step_answer(winner.delivered, stop, step)
    unit = target_scale(winner.study.settings.roles.targets[number]).unit
    return text(
        "explain.sample_says_forecast",
        value=with_unit(float(values[number]), unit),
        actual=with_unit(float(actual[number]), unit),
    )


def _show_inside(winner: SampleWinner, stop: int) -> None:
    """Show attention and gates over the rows of a window, without its padding."""
    delivered = winner.delivered
    past = sample_window(delivered, stop).past
    is_row = ~is_padding(past[0])
    if not is_row.all():
        st.caption(
            text(
                "explain.sample_padding",
                rows=int(is_row.sum()),
                length=len(is_row),
            )
        )
    network = delivered.network
    if network.has_attention:
        st.subheader(
            text("explain.attention_heading"),
            help=text("explain.attention_help"),
            anchor=False,
        )
        (weights,) = network.attention(past)
        usual = _usual(winner.name, winner)
        n_rows = int(is_row.sum())
        chart = attention_chart(weights[is_row], usual.last(n_rows))
        chart.figure.update_xaxes(title_text=_FROM_END)
        show_chart(chart, key="attention")
    show_gate_pictures(
        winner.cell,
        network,
        past,
        reading=text(f"explain.sample_read_{delivered.params.architecture}"),
        is_row=is_row,
        axis=_FROM_END,
    )


@st.fragment
def _show_row(winner: SampleWinner) -> None:
    """Let a row be chosen, and show which channels made its score."""
    st.subheader(
        text("explain.score_heading"), help=text("explain.score_help"), anchor=False
    )
    with st.spinner(text("scoring.waiting")):
        answers = known_answers(winner)
    names = list(dict.fromkeys(answers.groups.tolist()))
    places = np.arange(len(answers))
    scores = answers.values[:, 0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(names) > 1:
            best = names.index(answers.groups[int(scores.argmax())])
            name = st.selectbox(
                plain(winner.study.settings.roles.group),
                names,
                index=best,
                key="explain_group",
                width=400,
            )
            places = answers.of_group(name)
        chosen = _choose_row(
            winner,
            answers.rows[places],
            scores[places],
            label=text("scoring.choose_row"),
            note=text("scoring.choose_row_help"),
            key=f"explain_score_row_{answers.groups[places[0]]}",
        )
    detector = answers.detector
    assert detector is not None
    first = int(np.clip(chosen - MOST_SHOWN // 2, 0, max(0, len(places) - MOST_SHOWN)))
    shown = places[first : first + MOST_SHOWN]
    chart = score_chart(
        scores[shown],
        answers.times[shown],
        detector.threshold,
        x_title=time_title(winner.study),
        known=None if answers.known is None else answers.known[shown, 0],
        chosen=chosen - first,
    )
    show_chart(chart, key="scores")
    place = int(places[chosen])
    chart = share_chart(
        answers.shares[place],
        detector.channels,
        where=moment(answers.times[place]),
        smoothing=detector.smoothing,
    )
    show_chart(chart, key="shares")


@st.cache_resource(max_entries=16, show_spinner=False)
def _importance(
    name: tuple[object, ...], measure: str, _winner: SampleWinner
) -> tuple[Importance, Importance]:
    return input_importance(
        _winner.delivered, measure, n_repeats=N_REPEATS, most_work=MOST_WORK
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _usual(name: tuple[object, ...], _winner: SampleWinner) -> WeightRange:
    """Return the attention over samples that are spread over the whole holdout."""
    delivered = _winner.delivered
    stops = delivered.plan.final.validation
    places = np.linspace(0, len(stops) - 1, min(MOST_WINDOWS, len(stops))).astype(int)
    past = delivered.model.windows(delivered.panel, stops[np.unique(places)]).past
    return weight_range(delivered.network.attention(past))
