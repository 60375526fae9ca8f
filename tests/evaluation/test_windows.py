"""Windows by hand, for each framing, and proof that nothing looks ahead."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.evaluation.framing import FramingName, first_origin, frame_series
from search.evaluation.panel import Panel
from search.evaluation.scaling import Scaler
from search.evaluation.windows import Windows, gather_targets, gather_windows

FRAMINGS: list[FramingName] = ["none", "last_value", "seasonal"]


def make_panel(n_rows: int = 10) -> Panel:
    """Target 0, 10, 20, ...; feature 100, 101, ...; known value 500, 501, ..."""
    steps = np.arange(float(n_rows))
    values = np.column_stack([10 * steps, 100 + steps, 500 + steps])
    return Panel(values, ("y", "x", "k"), n_targets=1, n_known=1, n_calendar=0)


def windows(
    panel: Panel,
    framing: FramingName,
    origins: list[int],
    *,
    length: int = 2,
    horizon: int = 3,
    season: int = 2,
) -> Windows:
    identity = Scaler(np.zeros(panel.n_channels), np.ones(panel.n_channels))
    framed = frame_series(panel, identity, framing, horizon=horizon, season=season)
    return gather_windows(
        framed, np.array(origins), sequence_length=length, n_known=panel.n_known
    )


def test_gather_windows_without_framing() -> None:
    found = windows(make_panel(), "none", [2, 5])
    assert found.past.tolist() == [
        [[0, 100, 500], [10, 101, 501]],
        [[30, 103, 503], [40, 104, 504]],
    ]
    assert found.known[..., 0].tolist() == [[502, 503, 504], [505, 506, 507]]
    assert found.base.tolist() == [[[0]] * 3, [[0]] * 3]


def test_gather_windows_last_value() -> None:
    """Only the target is taken relative to the last observed value."""
    found = windows(make_panel(), "last_value", [5])
    assert found.past.tolist() == [[[-10, 103, 503], [0, 104, 504]]]
    assert found.base[..., 0].tolist() == [[40, 40, 40]]


def test_gather_windows_seasonal() -> None:
    """Differences over a season of 2 are 20; step 2 falls back on step 0."""
    found = windows(make_panel(), "seasonal", [5])
    assert found.past.tolist() == [[[20, 103, 503], [20, 104, 504]]]
    assert found.base[..., 0].tolist() == [[30, 40, 30]]


def test_gather_windows_shapes_and_types() -> None:
    found = windows(make_panel(), "none", [3, 4, 5], length=3, horizon=2)
    assert found.past.shape == (3, 3, 3)
    assert found.known.shape == (3, 2, 1)
    assert found.base.shape == (3, 2, 1)
    assert found.past.dtype == found.known.dtype == found.base.dtype == np.float32


def test_gather_windows_without_known_features() -> None:
    panel = make_panel()
    plain = Panel(panel.values, panel.channels, 1, 0, 0)
    assert windows(plain, "none", [2]).known.shape == (1, 3, 0)


def test_gather_windows_needs_no_rows_after_the_last_without_known_features() -> None:
    """The forecast beyond the end of the data: the origin is the row after it."""
    panel = make_panel()
    plain = Panel(panel.values, panel.channels, 1, 0, 0)
    found = windows(plain, "last_value", [10])
    assert found.past[0, :, 0].tolist() == [-10, 0]
    assert found.base[..., 0].tolist() == [[90, 90, 90]]


def test_gather_windows_refuses_known_values_that_do_not_exist() -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        windows(make_panel(), "none", [8])


@pytest.mark.parametrize("framing", FRAMINGS)
def test_gather_windows_leaves_the_series_unchanged(framing: FramingName) -> None:
    """Anchoring subtracts in place, on the gathered copy only."""
    panel = make_panel()
    first = windows(panel, framing, [4, 5])
    again = windows(panel, framing, [4, 5])
    assert np.array_equal(first.past, again.past)
    assert panel.values[:3, 0].tolist() == [0, 10, 20]


@pytest.mark.parametrize("framing", FRAMINGS)
def test_smallest_legal_window_uses_row_zero(framing: FramingName) -> None:
    origin = first_origin(3, framing, 2)
    found = windows(make_panel(), framing, [origin], length=3, horizon=2)
    assert found.past[0, 0, 1] == 100 + origin - 3


def changed_from(panel: Panel, row: int) -> Panel:
    values = panel.values.copy()
    values[row:] = -1e6
    return Panel(values, panel.channels, panel.n_targets, panel.n_known, 0)


@pytest.mark.case("T11", "rows after the origin changed")
@given(
    framing=st.sampled_from(FRAMINGS),
    length=st.integers(1, 6),
    horizon=st.integers(1, 9),
    season=st.integers(1, 5),
    extra=st.integers(0, 5),
)
def test_past_and_base_do_not_look_ahead(
    framing: FramingName, length: int, horizon: int, season: int, extra: int
) -> None:
    """Whatever happens from the origin on, the past does not move by a bit."""
    panel = make_panel(30)
    origin = first_origin(length, framing, season) + extra
    sizes = {"length": length, "horizon": horizon, "season": season}
    before = windows(panel, framing, [origin], **sizes)
    after = windows(changed_from(panel, origin), framing, [origin], **sizes)
    assert before.past.tobytes() == after.past.tobytes()
    assert before.base.tobytes() == after.base.tobytes()


def test_known_values_hold_only_the_known_channels() -> None:
    """The target and the past feature of the forecast steps never get in."""
    panel = make_panel()
    values = panel.values.copy()
    values[5:, :2] = -1e6
    future = Panel(values, panel.channels, 1, 1, 0)
    before, after = windows(panel, "none", [5]), windows(future, "none", [5])
    assert before.known.tobytes() == after.known.tobytes()


@given(framing=st.sampled_from(FRAMINGS), horizon=st.integers(1, 6))
def test_base_plus_true_change_is_the_target(
    framing: FramingName, horizon: int
) -> None:
    """The network's perfect answer, added to the base, is what happened."""
    panel = make_panel(20)
    found = windows(panel, framing, [8, 9], horizon=horizon, season=3)
    actual = gather_targets(panel.targets, np.array([8, 9]), horizon=horizon)
    expected = [[10.0 * (origin + h) for h in range(horizon)] for origin in (8, 9)]
    assert actual[..., 0].tolist() == expected
    if framing == "last_value":
        assert (actual - found.base)[..., 0].tolist() == [
            [10.0 * (h + 1) for h in range(horizon)]
        ] * 2
    if framing == "seasonal":
        assert (actual - found.base)[..., 0].tolist() == [
            [30.0 * (h // 3 + 1) for h in range(horizon)]
        ] * 2


def test_gather_targets_of_several_targets() -> None:
    values = np.array([[0.0, 5.0], [1.0, 6.0], [2.0, 7.0]])
    found = gather_targets(values, np.array([1]), horizon=2)
    assert found.tolist() == [[[1, 6], [2, 7]]]
