"""Small series and configurations that the tests of the engine share."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from search.config import Roles, Task
from search.evaluation.panel import Panel, make_panel
from search.space.lines import TrialParams
from search.worker.environment import prepare_environment

if "tensorflow" not in sys.modules:
    prepare_environment(threads=1)


def waves(n_rows: int = 120) -> pd.DataFrame:
    """Two targets, a past feature and one known in advance, with some noise."""
    rows = np.arange(n_rows)
    noise = np.random.default_rng(7).normal(0, 0.3, (n_rows, 3))
    return pd.DataFrame(
        {
            "level": 20 + 5 * np.sin(rows / 4) + noise[:, 0],
            "flow": 3 + np.cos(rows / 6) + 0.1 * noise[:, 1],
            "inlet": np.sin(rows / 4 + 1) + noise[:, 2],
            "plan": (rows % 8 < 4).astype(float),
        },
        index=pd.date_range("2024-01-01", periods=n_rows, freq="h"),
    )


@pytest.fixture(scope="session")
def series() -> pd.DataFrame:
    return waves()


@pytest.fixture(scope="session")
def panel(series: pd.DataFrame) -> Panel:
    """One target, one past feature."""
    return make_panel(series, Roles(("level",), past_features=("inlet",)))


@pytest.fixture(scope="session")
def rich_panel(series: pd.DataFrame) -> Panel:
    """Two targets, a past and a known feature, and the hour of the day."""
    return make_panel(
        series, Roles(("level", "flow"), ("inlet",), ("plan",), calendar=("hour",))
    )


@pytest.fixture(scope="session")
def task() -> Task:
    return Task(horizon=3, holdout=20, folds=2, season=8)


@pytest.fixture(scope="session")
def make_params() -> Callable[..., TrialParams]:
    """Return a function that makes a tiny configuration."""

    def make(**changes: Any) -> TrialParams:
        values: dict[str, Any] = {
            "cell": "SimpleRNN",
            "units": 4,
            "layers": 1,
            "dropout": 0.0,
            "sequence_length": 5,
            "learning_rate": 0.01,
            "clipnorm": 1.0,
            "batch_size": 16,
            "calendar": "cycles",
        }
        return TrialParams(**(values | changes))

    return make
