"""The series as one array: channel order, counts and what is refused."""

import numpy as np
import pandas as pd
import pytest

from search.config import Roles
from search.errors import SeriesError
from search.evaluation.panel import make_panel


def make_series() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "price": [10.0, 20.0, 30.0],
            "load": [1.0, 2.0, 3.0],
            "wind": [7.0, 8.0, 9.0],
            "unused": [0.0, 0.0, 0.0],
        },
        index=pd.date_range("2024-01-01 06:00", periods=3, freq="h"),
    )


def test_make_panel_orders_channels_by_role() -> None:
    roles = Roles(
        targets=("load",),
        past_features=("wind",),
        known_features=("price",),
        calendar=("hour",),
    )
    panel = make_panel(make_series(), roles)
    assert panel.channels == ("load", "wind", "price", "hour (sine)", "hour (cosine)")
    assert panel.values[:, :3].tolist() == [[1, 7, 10], [2, 8, 20], [3, 9, 30]]
    assert panel.values[0, 3:] == pytest.approx([1.0, 0.0])
    assert (panel.n_rows, panel.n_channels) == (3, 5)
    assert (panel.n_targets, panel.n_known, panel.n_calendar) == (1, 3, 2)
    assert panel.values.flags.c_contiguous


def test_make_panel_puts_several_targets_first() -> None:
    panel = make_panel(make_series(), Roles(targets=("wind", "load")))
    assert panel.targets.tolist() == [[7, 1], [8, 2], [9, 3]]
    assert panel.n_known == 0


def test_make_panel_leaves_the_calendar_out_when_told() -> None:
    roles = Roles(targets=("load",), calendar=("hour", "weekday"))
    panel = make_panel(make_series(), roles, calendar=False)
    assert panel.channels == ("load",)
    assert (panel.n_known, panel.n_calendar) == (0, 0)


def test_make_panel_copies_the_series() -> None:
    series = make_series()
    panel = make_panel(series, Roles(targets=("load",)))
    series.loc[:, "load"] = 0.0
    assert panel.values[:, 0].tolist() == [1, 2, 3]


def test_make_panel_refuses_an_absent_column() -> None:
    with pytest.raises(SeriesError, match=r"no column 'rain', 'snow'"):
        make_panel(make_series(), Roles(targets=("rain", "load", "snow")))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_make_panel_refuses_what_is_not_a_finite_number(bad: float) -> None:
    series = make_series()
    series.iloc[1:, 1] = bad
    message = r"'load' has 2 values that are not finite .* the first at position 1"
    with pytest.raises(SeriesError, match=message):
        make_panel(series, Roles(targets=("load",)))


def test_make_panel_counts_bad_values_of_the_named_column_only() -> None:
    """The count once added up the bad values of all columns."""
    series = make_series()
    series.iloc[0, 1] = np.nan
    series.iloc[1:, 2] = np.nan
    with pytest.raises(SeriesError, match=r"'load' has 1 value"):
        make_panel(series, Roles(targets=("load", "wind")))
