"""What the network is asked for: offsets by hand, and bases that lie in the past."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.evaluation.framing import (
    FramingName,
    base_offsets,
    first_origin,
    frame_series,
)
from search.evaluation.panel import Panel
from search.evaluation.scaling import Scaler

FRAMINGS: list[FramingName] = ["none", "last_value", "seasonal"]
IDENTITY = Scaler(np.zeros(2), np.ones(2))


def make_panel(n_rows: int = 8) -> Panel:
    """Target 1, 2, 4, 8, ... and a feature that counts down."""
    target = 2.0 ** np.arange(n_rows)
    feature = np.arange(n_rows, 0.0, -1.0)
    return Panel(np.column_stack([target, feature]), ("y", "x"), 1, 0, 0)


@pytest.mark.parametrize(
    ("framing", "expected"), [("none", 12), ("last_value", 12), ("seasonal", 19)]
)
def test_first_origin(framing: FramingName, expected: int) -> None:
    assert first_origin(12, framing, 7) == expected


@pytest.mark.parametrize(
    ("horizon", "season", "expected"),
    [
        (1, 1, [-1]),
        (3, 1, [-1, -1, -1]),
        (2, 4, [-4, -3]),
        (4, 4, [-4, -3, -2, -1]),
        (6, 4, [-4, -3, -2, -1, -4, -3]),
    ],
)
def test_base_offsets_seasonal(horizon: int, season: int, expected: list[int]) -> None:
    offsets = base_offsets("seasonal", horizon=horizon, season=season)
    assert offsets.tolist() == expected
    assert offsets.dtype == np.int32


@pytest.mark.parametrize("framing", ["none", "last_value"])
def test_base_offsets_without_season(framing: FramingName) -> None:
    assert base_offsets(framing, horizon=3, season=4).tolist() == [-1, -1, -1]


@given(
    framing=st.sampled_from(FRAMINGS),
    horizon=st.integers(1, 50),
    season=st.integers(1, 30),
    length=st.integers(1, 40),
)
def test_base_lies_in_the_past_and_inside_the_series(
    framing: FramingName, horizon: int, season: int, length: int
) -> None:
    offsets = base_offsets(framing, horizon=horizon, season=season)
    assert offsets.max() < 0
    assert first_origin(length, framing, season) + offsets.min() >= 0
    if framing == "seasonal":
        distances = np.arange(horizon) - offsets
        assert (distances % season == 0).all()


def test_frame_series_none_scales_only() -> None:
    scaler = Scaler(np.array([1.0, 0.0]), np.array([2.0, 4.0]))
    framed = frame_series(make_panel(3), scaler, "none", horizon=2, season=1)
    assert framed.inputs.tolist() == [[0.0, 0.75], [0.5, 0.5], [1.5, 0.25]]
    assert framed.targets.tolist() == [[0.0], [0.5], [1.5]]
    assert (framed.is_anchored, framed.has_base) == (False, False)
    assert framed.inputs.dtype == framed.targets.dtype == np.float32


def test_frame_series_last_value_keeps_the_values() -> None:
    framed = frame_series(make_panel(4), IDENTITY, "last_value", horizon=2, season=1)
    assert framed.inputs[:, 0].tolist() == [1, 2, 4, 8]
    assert (framed.is_anchored, framed.has_base) == (True, True)


def test_frame_series_seasonal_differences_targets_only() -> None:
    """With a season of 2: 4 - 1, 8 - 2, 16 - 4; the first season is 0."""
    framed = frame_series(make_panel(5), IDENTITY, "seasonal", horizon=3, season=2)
    assert framed.inputs.tolist() == [[0, 5], [0, 4], [3, 3], [6, 2], [12, 1]]
    assert framed.targets[:, 0].tolist() == [1, 2, 4, 8, 16]
    assert framed.base_offsets.tolist() == [-2, -1, -2]
    assert (framed.is_anchored, framed.has_base) == (False, True)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_frame_series_does_not_look_ahead(framing: FramingName) -> None:
    panel = make_panel(30)
    changed = panel.values.copy()
    changed[20:] = -7.0
    future = Panel(changed, panel.channels, 1, 0, 0)
    before = frame_series(panel, IDENTITY, framing, horizon=3, season=4)
    after = frame_series(future, IDENTITY, framing, horizon=3, season=4)
    assert before.inputs[:20].tobytes() == after.inputs[:20].tobytes()
    assert before.targets[:20].tobytes() == after.targets[:20].tobytes()
    assert before.inputs[20:].tobytes() != after.inputs[20:].tobytes()


@pytest.mark.parametrize("framing", FRAMINGS)
def test_frame_series_changes_no_input(framing: FramingName) -> None:
    panel = make_panel()
    kept = panel.values.copy()
    frame_series(panel, IDENTITY, framing, horizon=2, season=3)
    assert np.array_equal(panel.values, kept)
