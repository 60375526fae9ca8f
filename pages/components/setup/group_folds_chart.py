"""The folds of sequences and labelled rows: which of them each network learns from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pages.components.text import chart_plain, chart_text, raw_text
from pages.components.theme import ACCENT, ACTUAL, MUTED, class_colour, readable_axes
from search.config import INPUT_KINDS, Task
from search.evaluation.panel import Panel
from search.evaluation.samples import SamplePlan, SampleSplit

MOST_DRAWN = 400
_LANE_PIXELS = 32
_MOST_RUNS = 200
_COLOURS = {"train": MUTED, "valid": ACCENT, "holdout": ACTUAL, "threshold": ACTUAL}
_OPACITY = {"train": 0.35, "valid": 0.8, "holdout": 0.75, "threshold": 0.5}


def keeps_groups(panel: Panel, task: Task) -> bool:
    """Return whether the folds put whole groups on one side."""
    is_from_the_end = task.kind in INPUT_KINDS
    return bool(panel.group_names) and not is_from_the_end


def group_folds_figure(panel: Panel, plan: SamplePlan, task: Task) -> go.Figure:
    """Draw one column a group and one lane a fold.

    Groups without an order in time are sorted by class; of very many, some are drawn.
    """
    shown = _shown_groups(panel, task)
    n_folds = len(plan.folds)
    figure = go.Figure()
    places = _class_places(panel, task)
    top = n_folds
    if places is not None:
        _add_classes(figure, panel, task, places[shown], shown, lane=n_folds)
        top += 1
    held = _groups(panel, plan.final.validation)
    kinds: dict[str, list[np.ndarray]] = {"train": [], "valid": [], "holdout": []}
    for fold in plan.folds:
        for kind, groups in (
            ("train", _groups(panel, fold.training)),
            ("valid", _groups(panel, fold.validation)),
            ("holdout", held),
        ):
            kinds[kind].append(np.isin(shown, groups))
    names = [chart_plain(panel.group_names[group]) for group in shown]
    for kind, lanes in kinds.items():
        _add_cells(figure, kind, lanes, names)
    ticks = [chart_text("setup.lane", fold=n) for n in range(n_folds, 0, -1)]
    if places is not None:
        ticks.append(chart_text("setup.lane_class"))
    is_ordered = task.group_order == "time"
    words = "setup.axis_groups_time" if is_ordered else "setup.axis_groups"
    _lay_out(figure, ticks, top, chart_text(words))
    figure.update_xaxes(showticklabels=False, showgrid=False)
    return figure


def row_folds_figure(panel: Panel, plan: SamplePlan, task: Task) -> go.Figure:
    """Draw one lane a fold over the rows; of many series over those of the shortest."""
    group = int(panel.group_sizes.argmin())
    first, n_rows = panel.first_rows[group], int(panel.group_sizes[group])
    n_folds = len(plan.folds)
    figure = go.Figure()
    held = [("threshold", plan.calibration), ("holdout", plan.final.validation)]
    for number, fold in enumerate(plan.folds, 1):
        parts = [("train", fold.training), ("valid", fold.validation), *held]
        for kind, stops in parts:
            inside = stops[panel.groups[stops - 1] == group]
            rows = np.zeros(n_rows, dtype=bool)
            if len(inside):
                found = plan.samples.target_rows(inside) - first
                rows[found[(found >= 0) & (found < n_rows)]] = True
            _add_runs(figure, kind, rows, lane=n_folds - number, number=number)
    ticks = [chart_text("setup.lane", fold=n) for n in range(n_folds, 0, -1)]
    _lay_out(figure, ticks, n_folds, chart_text("app.axis_row"))
    figure.update_xaxes(range=[0, n_rows])
    return figure


def sample_fold_table(panel: Panel, plan: SamplePlan, task: Task) -> pd.DataFrame:
    """Return one row a fold, with its sequences and windows."""
    rows = []
    for number, fold in enumerate(plan.folds, 1):
        row: dict[str, object] = {raw_text("setup.fold"): number}
        if keeps_groups(panel, task):
            row[raw_text("setup.train_groups")] = len(_groups(panel, fold.training))
            row[raw_text("setup.valid_groups_of_fold")] = len(
                _groups(panel, fold.validation)
            )
        if not _is_one_each(panel, task):
            row[raw_text("setup.train_windows")] = n_learned(plan, fold)
            row[raw_text("setup.valid_windows")] = len(fold.validation)
        rows.append(row)
    return pd.DataFrame(rows)


def n_learned(plan: SamplePlan, split: SampleSplit) -> int:
    """Return the training samples that the most demanding trial can use."""
    return len(plan.samples.usable(split.training, plan.first_origin))


@dataclass(frozen=True)
class GroupCounts:
    """Groups of the folds.

    Attributes
    ----------
    n_groups, n_held
        All of them, and those that are held out.
    smallest, largest
        Fewest and most that a fold is scored on.
    """

    n_groups: int
    n_held: int
    smallest: int
    largest: int


def count_groups(panel: Panel, plan: SamplePlan) -> GroupCounts:
    """Count the groups of the folds."""
    sizes = [len(_groups(panel, fold.validation)) for fold in plan.folds]
    held = len(_groups(panel, plan.final.validation))
    return GroupCounts(panel.n_groups, held, min(sizes), max(sizes))


def _is_one_each(panel: Panel, task: Task) -> bool:
    """Return whether each sequence is one sample."""
    is_of_groups = task.kind in ("regression", "classification")
    return is_of_groups and task.samples == "whole" and bool(panel.group_names)


def _groups(panel: Panel, stops: np.ndarray) -> np.ndarray:
    return np.unique(panel.groups[stops - 1])


def _class_places(panel: Panel, task: Task) -> np.ndarray | None:
    """Return the class of each group; None where it has none of its own."""
    if task.kind != "classification":
        return None
    return panel.targets[np.asarray(panel.first_rows), 0].astype(np.int64)


def _shown_groups(panel: Panel, task: Task) -> np.ndarray:
    groups = np.arange(panel.n_groups)
    places = _class_places(panel, task)
    if places is not None and task.group_order == "none":
        groups = np.argsort(places, kind="stable")
    step = -(-len(groups) // MOST_DRAWN)
    return groups[::step]


def _add_classes(
    figure: go.Figure,
    panel: Panel,
    task: Task,
    places: np.ndarray,
    shown: np.ndarray,
    *,
    lane: int,
) -> None:
    for place in np.unique(places):
        name = chart_plain(task.classes[place])
        mask = places == place
        texts = [chart_plain(panel.group_names[group]) for group in shown]
        figure.add_trace(
            _heat(mask[None, :], class_colour(int(place)), 0.9, lane=lane).update(
                customdata=[texts],
                hovertemplate=f"%{{customdata}}: {name}<extra></extra>",
            )
        )
        _add_legend(figure, name, class_colour(int(place)), 0.9)


def _add_cells(
    figure: go.Figure, kind: str, lanes: list[np.ndarray], names: list[str]
) -> None:
    n_folds = len(lanes)
    mask = np.array(lanes[::-1])
    word = chart_text(f"setup.part_{kind}")
    hover = [
        [f"{chart_text('setup.lane', fold=n_folds - lane)}, {name}: {word}"
         for name in names]
        for lane in range(n_folds)
    ]  # fmt: skip
    figure.add_trace(
        _heat(mask, _COLOURS[kind], _OPACITY[kind], lane=0).update(
            customdata=hover, hovertemplate="%{customdata}<extra></extra>"
        )
    )
    _add_legend(figure, word, _COLOURS[kind], _OPACITY[kind])


def _heat(mask: np.ndarray, colour: str, opacity: float, *, lane: int) -> go.Heatmap:
    return go.Heatmap(
        z=np.where(mask, 1.0, np.nan),
        x=np.arange(mask.shape[1]) + 0.5,
        y=np.arange(len(mask)) + lane + 0.5,
        colorscale=[[0, colour], [1, colour]],
        zmin=0,
        zmax=1,
        opacity=opacity,
        showscale=False,
        xgap=1 if mask.shape[1] <= MOST_DRAWN // 2 else 0,
        ygap=6,
        hoverongaps=False,
    )


def _add_legend(figure: go.Figure, name: str, colour: str, opacity: float) -> None:
    figure.add_scatter(
        x=[None],
        y=[None],
        mode="markers",
        marker={"symbol": "square", "size": 12, "color": colour, "opacity": opacity},
        name=name,
    )


def _add_runs(
    figure: go.Figure, kind: str, rows: np.ndarray, *, lane: int, number: int
) -> None:
    """Draw the runs of rows of one part as boxes of one trace."""
    edges = np.flatnonzero(np.diff(rows.astype(np.int8), prepend=0, append=0))
    runs = edges.reshape(-1, 2)[:_MOST_RUNS]
    if not len(runs):
        return
    x: list[float | None] = []
    y: list[float | None] = []
    low, high = lane + 0.14, lane + 0.86
    for start, stop in runs:
        x += [start, stop, stop, start, start, None]
        y += [low, low, high, high, low, None]
    word = chart_text(f"setup.part_{kind}")
    figure.add_scatter(
        x=x,
        y=y,
        fill="toself",
        mode="lines",
        line={"width": 0},
        fillcolor=_COLOURS[kind],
        opacity=_OPACITY[kind],
        name=word,
        legendgroup=kind,
        showlegend=number == 1,
        hoveron="fills",
        text=f"{chart_text('setup.lane', fold=number)}: {word}",
        hoverinfo="text",
    )


def _lay_out(figure: go.Figure, ticks: list[str], lanes: int, x_title: str) -> None:
    figure.update_layout(
        height=_LANE_PIXELS * lanes + 130,
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        hovermode="closest",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    figure.update_yaxes(
        tickvals=list(np.arange(lanes) + 0.5),
        ticktext=ticks,
        range=[0, lanes],
        showgrid=False,
        zeroline=False,
        automargin=True,
    )
    figure.update_xaxes(title_text=x_title, zeroline=False)
    readable_axes(figure)
