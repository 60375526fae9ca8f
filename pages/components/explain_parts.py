"""The parts of the Explain page: importance, one window, its gates."""

import numpy as np
import streamlit as st

from pages.components.charts.explain import (
    attribution_chart,
    gate_chart,
    importance_chart,
)
from pages.components.charts.record import show_chart
from pages.components.charts.windows import step_chart
from pages.components.choosing import choose_position
from pages.components.explain_attention import show_attention
from pages.components.figure import show_figure
from pages.components.scales import target_scale, time_title
from pages.components.study_data import winner_holdout
from pages.components.text import raw_text, text
from search.analysis.delivered.explaining import Explained, load_explained
from search.config import Cell
from search.explain.importance import (
    MOST_STEPS,
    MOST_WINDOWS,
    Importance,
    channel_importance,
    step_importance,
)
from search.explain.network import NumpyAverage, integrated_gradients
from search.study.folders import StudyHandle
from search.study.results import StudyResults

N_REPEATS = 5
# Multiplications that importance may take: some seconds of one core.
MOST_WORK = 4e10


def show_importance(
    study: StudyHandle, cell: Cell, trial: int, explained: Explained
) -> None:
    """Show which inputs and which time steps the network uses."""
    st.subheader(
        text("explain.importance_heading"),
        help=text("explain.importance_help", n=N_REPEATS),
        anchor=False,
    )
    with st.spinner(text("explain.wait")):
        channels, steps = _importance(str(study.folder), cell, trial, explained)
    left, right = st.columns(2)
    with left:
        chart = importance_chart(
            channels,
            title=text("explain.channels_title"),
            axis=raw_text("explain.input"),
            summary="explain.channels_summary",
        )
        show_chart(chart, key="channels")
    with right:
        chart = importance_chart(
            steps,
            title=text("explain.steps_title"),
            axis=raw_text("explain.rows_before"),
            summary="explain.steps_summary",
            are_rows=True,
        )
        show_chart(chart, key="steps_used")


@st.fragment
def show_window(
    study: StudyHandle,
    results: StudyResults,
    cell: Cell,
    explained: Explained,
    target: str,
) -> None:
    """Let a forecast be chosen in the chart, and show what made it."""
    st.subheader(
        text("explain.window_heading"), help=text("explain.window_help"), anchor=False
    )
    targets = study.settings.roles.targets
    horizon = study.settings.task.horizon
    step = choose_position(horizon, text("compare.step"), key="explain_step")
    place = _choose_window(study, results, cell, target, step)
    number = targets.index(target)
    scale = target_scale(target)
    values = integrated_gradients(
        explained.network,
        explained.past[place],
        explained.known[place],
        step=step,
        target=number,
    )
    show_chart(
        attribution_chart(values * explained.scale[number], explained.channels, scale),
        key="attribution",
    )
    show_attention(
        str(study.folder),
        explained,
        place,
        cell=cell,
        trial=results.winners[cell].trial,
    )
    show_gate_pictures(
        cell,
        explained.network,
        explained.past[place][None],
        reading=text(f"explain.read_{explained.architecture}"),
    )


def _choose_window(
    study: StudyHandle, results: StudyResults, cell: Cell, target: str, step: int
) -> int:
    """Return the place of the forecast that was clicked; at first the worst one."""
    holdout = winner_holdout(study, results, cell).get(target)
    if holdout is None:
        return 0
    worst = int(np.abs(holdout.errors[:, step]).argmax())
    chart = step_chart(
        {cell: holdout}, target_scale(target), step=step, x_title=time_title(study)
    )
    chosen = show_figure(
        chart.figure,
        key=f"explain_windows_{cell}_{step}",
        title=text("explain.choose"),
        summary=chart.summary,
        on_select="rerun",
    )
    points = chosen.selection.points if chosen is not None else []
    place = worst
    if points:
        times = holdout.times[:, step].astype(str)
        clicked = np.asarray([points[0]["x"]], dtype=holdout.times.dtype).astype(str)
        matches = np.flatnonzero(times == clicked[0])
        place = int(matches[0]) if len(matches) else worst
    st.caption(
        text(
            "explain.chosen" if points else "explain.chosen_worst",
            time=str(holdout.times[place, step])[:16].replace("T", " "),
        )
    )
    return place


def show_gate_pictures(
    cell: Cell,
    network: NumpyAverage,
    past: np.ndarray,
    *,
    reading: str,
    is_row: np.ndarray | None = None,
    axis: str | None = None,
) -> None:
    """Show the gates of one layer over a window.

    Parameters
    ----------
    past
        The window, of shape (1, n_steps, n_channels).
    reading
        Says how the layers make the answer; markdown.
    is_row
        Which steps are rows, of shape (n_steps,); the others, which lie before the
        beginning of a sequence, are not shown. All of them by default.
    axis
        Name of the rows; by default they lie before a forecast.
    """
    st.subheader(
        text("explain.gates_heading"),
        help=text(f"explain.gates_help_{cell.lower()}"),
        anchor=False,
    )
    members = network.members
    if len(members) > 1:
        st.caption(text("explain.gates_of_member", n=len(members)))
    member = choose_position(len(members), text("explain.member"), key="explain_member")
    layers = members[member].recurrent_traces(past)
    layer = choose_position(len(layers), text("explain.layer"), key="explain_layer")
    trace = layers[layer][_choose_way(len(layers[layer]))]
    st.caption(reading)
    pictures = {name: values[0] for name, values in trace.inside.items()}
    pictures.pop("inner", None)
    pictures["state"] = trace.outputs[0]
    if is_row is not None:
        pictures = {name: values[is_row] for name, values in pictures.items()}
    columns = st.columns(2)
    for number, (name, values) in enumerate(pictures.items()):
        with columns[number % 2]:
            chart = gate_chart(name, values)
            if axis is not None:
                chart.figure.update_xaxes(title_text=axis)
            show_chart(chart, key=f"gate_{name.replace(' ', '_')}")


def _choose_way(n_ways: int) -> int:
    """Return which way of a layer is shown; one is not asked for."""
    if n_ways == 1:
        return 0
    ways = {"forward": text("explain.forward"), "backward": text("explain.backward")}
    chosen = st.segmented_control(
        text("explain.way"),
        list(ways),
        default="forward",
        format_func=ways.__getitem__,
        required=True,
        key="explain_way",
    )
    return list(ways).index(chosen)


@st.cache_resource(max_entries=8, show_spinner=False)
def winner_explained(
    folder: str,
    cell: Cell,
    trial: int,
    _study: StudyHandle,
    _results: StudyResults,
) -> Explained | None:
    """Return a winner that can be explained; None if this one cannot."""
    return load_explained(_study, cell, _results.winners[cell])


@st.cache_resource(max_entries=16, show_spinner=False)
def _importance(
    folder: str, cell: Cell, trial: int, _explained: Explained
) -> tuple[Importance, Importance]:
    network, past = _explained.network, _explained.past
    n_steps, n_inputs = past.shape[1], past.shape[2]
    work = network.work(n_steps)
    n_shuffles = N_REPEATS * (n_inputs + min(MOST_STEPS, n_steps))
    n_windows = int(np.clip(MOST_WORK / (work * n_shuffles), 20, MOST_WINDOWS))
    chosen = np.unique(
        np.linspace(0, len(past) - 1, min(n_windows, len(past))).astype(int)
    )
    given = (past[chosen], _explained.known[chosen], _explained.targets[chosen])
    return (
        channel_importance(
            network.predict,
            *given,
            channels=_explained.channels,
            n_repeats=N_REPEATS,
        ),
        step_importance(network.predict, *given, n_repeats=N_REPEATS),
    )
