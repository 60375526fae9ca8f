"""The protocols of the accuracy table, checked on the naive errors others computed."""

import numpy as np
import pytest

from benchmarks.support.accuracy_rows import ACCURACY_ROWS, AccuracyRow, Errors
from benchmarks.support.places import DATA
from search.analysis.holdout.predictions import Predictions

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"there is no folder {DATA}"),
]
ROWS = {row.name: row for row in ACCURACY_ROWS}


def naive_errors(row: AccuracyRow, *, lag: int) -> Errors:
    """Return the errors of repeating the last `lag` rows over the holdout."""
    table, options = row.table().reset_index(drop=True), row.options
    horizon = 1
    if "--horizon" in options:
        horizon = int(options[options.index("--horizon") + 1])
    holdout = int(options[options.index("--holdout") + 1])
    origins = np.arange(len(table) - holdout, len(table) - horizon + 1)
    rows = origins[:, None] + np.arange(horizon)
    past = rows - -(-(np.arange(horizon) + 1) // lag) * lag
    forecasts = {}
    for target in options[options.index("--target") + 1].split(","):
        values = table[target].fillna(0).to_numpy(float)
        forecasts[target] = Predictions(
            origins, np.arange(1, horizon + 1), rows, values[rows], values[past]
        )
    return row.errors(forecasts, table)


@pytest.mark.parametrize(
    ("name", "lag", "known"),
    [
        ("airline", 12, (41.85,)),
        ("temperatures", 1, (2.582,)),
        ("sunspots", 1, (20.09,)),
        ("pollution", 1, (26.559,)),
        ("power", 7, (469.4,)),
        ("gas-furnace", 1, (0.813,)),
        ("winding", 1, (0.203, 0.538)),
    ],
)
def test_naive_forecasts_have_the_errors_that_others_computed(name, lag, known):
    assert naive_errors(ROWS[name], lag=lag) == pytest.approx(known, rel=5e-3)
