"""Which targets a loss can be taken of."""

import pandas as pd
import pytest

from search.config import Roles, Task
from search.errors import SeriesError
from search.evaluation.panel import make_panel
from search.space.defaults import default_space
from search.space.lines import Line
from search.space.loss_targets import check_loss_targets

ROLES = Roles(("load", "price"), ("inlet",))
TABLE = pd.DataFrame(
    {"load": [0.0, 2, 3, 4], "price": [1.0, 0, -2.5, -3], "inlet": [-1.0] * 4},
    index=pd.date_range("2024-01-01", periods=4, freq="h"),
)


def check(losses: tuple[str, ...], table: pd.DataFrame) -> None:
    space = default_space(400, ROLES, Task(horizon=1, holdout=40))
    space = space.with_line(Line("loss", choices=losses))
    check_loss_targets(space, make_panel(table, ROLES))


def test_msle_refuses_a_target_below_zero_and_names_its_row() -> None:
    message = "`loss` = msle .*column 'price' has -2.5 at position 2. Leave msle out"
    with pytest.raises(SeriesError, match=message):
        check(("mse", "msle"), TABLE)


def test_other_losses_and_features_may_be_below_zero() -> None:
    check(("mse", "mae", "huber"), TABLE)
    check(("msle",), TABLE.assign(price=TABLE["price"].abs()))
