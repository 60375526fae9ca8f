"""Samples of every task: positions by hand, and what must hold for any panel."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.config import Roles, Task
from search.errors import SeriesError
from search.evaluation.panel import make_panel
from search.evaluation.samples import find_samples
from tests.evaluation.conftest import CLASSES, panel_of


def stops(settings: dict[str, Any], *sizes: int, longest: int = 2) -> list[int]:
    task = Task(**{"horizon": 1, "holdout": 5, **settings})
    found = find_samples(panel_of(*sizes), task, longest=longest).stops
    return [int(stop) for stop in found]


def test_panel_knows_the_group_of_each_row() -> None:
    panel = panel_of(2, 3)
    assert panel.group_sizes.tolist() == [2, 3]
    assert panel.groups.tolist() == [0, 0, 1, 1, 1]
    assert panel.group_starts.tolist() == [0, 0, 2, 2, 2]


def test_panel_of_one_series_is_one_group() -> None:
    panel = make_panel(pd.DataFrame({"y": [1.0, 2.0, 3.0]}), Roles(("y",)))
    assert (panel.first_rows, panel.group_names, panel.labels) == ((0,), (), None)
    assert panel.group_starts.tolist() == [0, 0, 0]


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": [1.0, 2.0, 3.0, 4.0],
            "y": [0.0, 0.0, 1.0, 1.0],
            "id": ["b", "b", "a", "a"],
        }
    )


def test_make_panel_keeps_labels_apart_from_inputs() -> None:
    roles = Roles(("y",), known_features=("x",), group="id")
    panel = make_panel(table(), roles, kind="classification")
    assert panel.channels == ("x",)
    assert (panel.n_targets, panel.n_known) == (0, 0)
    assert panel.targets.tolist() == [[0.0], [0.0], [1.0], [1.0]]
    assert (panel.first_rows, panel.group_names) == ((0, 2), ("b", "a"))


def test_make_panel_reads_an_anomaly_label_that_is_no_input() -> None:
    series = table().assign(bad=[0.0, 0.0, 2.0, 0.0])
    roles = Roles(("x", "y"), group="id", label="bad")
    panel = make_panel(series, roles, kind="anomaly")
    assert panel.channels == ("x", "y")
    assert panel.targets.shape == (4, 2)
    assert panel.labels is not None
    assert panel.labels[:, 0].tolist() == [0.0, 0.0, 1.0, 0.0]


def test_make_panel_refuses_a_group_in_two_places() -> None:
    series = table().iloc[[0, 2, 1, 3]]
    with pytest.raises(SeriesError, match=r"group 'b' .* begin again at position 2"):
        make_panel(series, Roles(("y",), ("x",), group="id"), kind="classification")


def test_make_panel_refuses_a_row_without_a_group() -> None:
    series = table().assign(id=["b", None, "a", "a"])
    with pytest.raises(SeriesError, match="'id' names no group at position 1"):
        make_panel(series, Roles(("y",), ("x",), group="id"))


def test_forecasts_stop_where_their_targets_end() -> None:
    assert stops({"horizon": 2}, 3, 4) == [1, 4, 5]


def test_whole_groups_are_one_sample_each() -> None:
    assert stops({"kind": "classification", **CLASSES}, 3, 4) == [3, 7]


def test_sliding_windows_are_a_stride_apart_from_the_end() -> None:
    sliding = {"kind": "regression", "samples": "sliding", "stride": 3}
    assert stops(sliding, 3, 7) == [3, 4, 7, 10]


def test_labelling_has_every_row() -> None:
    assert stops({"kind": "labelling", **CLASSES}, 2, 3) == [1, 2, 3, 4, 5]


def test_a_forecaster_has_every_row_but_the_first_of_its_group() -> None:
    assert stops({"kind": "anomaly"}, 2, 3) == [1, 3, 4]


def test_an_autoencoder_has_every_whole_window() -> None:
    repeat = {"kind": "anomaly", "detector": "autoencoder"}
    assert stops(repeat, 2, 3, longest=2) == [2, 4, 5]


def test_usable_leaves_out_windows_that_begin_before_their_group() -> None:
    task = Task(1, 5, kind="regression", samples="sliding")
    samples = find_samples(panel_of(3, 4), task, longest=3)
    assert samples.history(samples.stops).tolist() == [1, 2, 3, 1, 2, 3, 4]
    assert samples.usable(samples.stops, 3).tolist() == [3, 6, 7]


KINDS: list[dict[str, Any]] = [
    {"horizon": 3},
    {"kind": "regression"},
    {"kind": "regression", "samples": "sliding", "stride": 2},
    {"kind": "labelling", **CLASSES},
    {"kind": "anomaly"},
    {"kind": "anomaly", "detector": "autoencoder"},
]


@given(
    settings=st.sampled_from(KINDS),
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    longest=st.integers(1, 5),
)
def test_no_sample_crosses_a_group(
    settings: dict[str, Any], sizes: list[int], longest: int
) -> None:
    panel = panel_of(*sizes)
    task = Task(**{"horizon": 1, "holdout": 5, **settings})
    samples = find_samples(panel, task, longest=longest)
    group = panel.groups[samples.stops - 1]
    targets = samples.target_rows(samples.stops)
    assert (np.diff(samples.stops) > 0).all()
    assert (panel.groups[targets] == group[:, None]).all()
    usable = samples.usable(samples.stops, longest)
    if not samples.is_padded:
        first = usable - longest
        assert (panel.groups[first] == panel.groups[usable - 1]).all()
