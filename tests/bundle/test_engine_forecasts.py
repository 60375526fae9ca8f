"""The forecasts of the pages and those of the bundle are the same numbers."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.analysis.newer.file_forecasts import forecast_file
from search.bundle.predict import predict_with_bundle
from search.config import Roles
from search.data.continuation import continue_series
from search.data.newer.rows import read_newer
from search.evaluation.forecasting import Forecaster
from search.explain.network import NumpyNetwork
from search.explain.structure import Structure

HORIZON, LENGTH = 3, 5
CALENDAR = ("hour", "weekday")


def engine(made) -> Forecaster:
    """Return the network of a bundle as the pages run it: weights and NumPy alone."""
    import keras  # noqa: TID251

    contents = made.contents
    model = keras.models.load_model(contents.model.keras_path, compile=False)
    n_targets = len(contents.settings.roles.targets)
    structure = Structure("SimpleRNN", 1, HORIZON, n_targets)
    network = NumpyNetwork.of(structure, model.get_weights())
    return Forecaster(
        network=network.predict,
        scaler=contents.scaler,
        roles=contents.settings.roles,
        task=contents.settings.task,
        sequence_length=LENGTH,
        framing=contents.params.framing,
        has_calendar=contents.params.calendar != "none",
        batch_size=7,
    )


def by_engine(made, old: pd.DataFrame, path: Path, *, every: bool) -> pd.DataFrame:
    settings = made.contents.settings
    rows = read_newer(
        path.read_bytes(), name=path.name, source=settings.source, roles=settings.roles
    )
    newer = continue_series(old, rows.values)
    return forecast_file(engine(made), old, rows, newer, every=every).table


@pytest.mark.parametrize("framing", ["none", "last_value", "seasonal"])
@pytest.mark.parametrize("targets", [("a",), ("b", "a")])
def test_pages_and_bundle_forecast_the_same(
    framing, targets, make_bundle, hourly, source, tmp_path, capsys
) -> None:
    roles = Roles(targets, known_features=("c",), calendar=CALENDAR)
    made = make_bundle(hourly, roles, source, framing=framing)
    old = hourly[:48][list(roles.columns)]
    path = tmp_path / "newest.csv"
    file = hourly.copy()
    file.iloc[-4:, :2] = np.nan  # four rows of which only `c` is known
    file.rename_axis("time").to_csv(path)
    last = by_engine(made, old, path, every=False)
    next_steps = pd.read_csv(
        io.StringIO(predict_with_bundle(made.zip_path, path, None).csv)
    )
    for k, name in enumerate(targets):
        mine = last["predicted"].to_numpy().reshape(HORIZON, -1)[:, k]
        np.testing.assert_allclose(mine, next_steps[name], rtol=1e-5, atol=1e-5)
    stamps = last["timestamp"].iloc[:: len(targets)].astype(str).tolist()
    assert stamps == next_steps["timestamp"].tolist()
    assert made.script().main([str(path), "--every-origin", "9"]) == 0
    theirs = pd.read_csv(io.StringIO(capsys.readouterr().out))
    every = by_engine(made, old, path, every=True)
    mine = every[(every["origin"] >= 9) & (every["origin"] <= theirs["origin"].max())]
    assert list(mine.columns) == list(theirs.columns)
    assert mine["origin"].tolist() == theirs["origin"].tolist()
    for column in ("predicted", "actual"):
        np.testing.assert_allclose(mine[column], theirs[column], rtol=1e-5, atol=1e-5)


def test_the_engine_repeats_the_holdout(make_bundle, hourly, source) -> None:
    roles = Roles(("a",), past_features=("b",), calendar=CALENDAR)
    made = make_bundle(hourly, roles, source, framing="seasonal")
    stored = pd.read_csv(made.contents.predictions)
    origins = stored["origin"].unique()
    found = engine(made).forecast(hourly[["a", "b"]], origins)
    np.testing.assert_allclose(found.ravel(), stored["predicted"], rtol=1e-5, atol=1e-5)
