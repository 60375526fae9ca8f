"""Windows gathered in the compiled program against their plain definition."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from search.config import Task
from search.evaluation.framing import FramedSeries, FramingName, frame_series
from search.evaluation.panel import Panel
from search.evaluation.scaling import fit_scaler
from search.evaluation.windows import gather_targets, gather_windows
from search.space.lines import TrialParams
from search.worker.gathering import gather_batch, series_tensors
from search.worker.models import network_shape


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("framing", ["none", "last_value", "seasonal"])
@pytest.mark.parametrize("which", ["panel", "rich_panel"])
def test_gather_batch_agrees_with_gather_windows(
    which: str,
    framing: FramingName,
    jit: bool,
    request: pytest.FixtureRequest,
    task: Task,
    make_params: Callable[..., TrialParams],
) -> None:
    """The first legal origin, the last one, and some between, in any order."""
    panel: Panel = request.getfixturevalue(which)
    params = make_params(framing=framing)
    shape = network_shape(params, panel, task)
    scaler = fit_scaler(panel, "standard", stop=70)
    framed = frame_series(
        panel, scaler, framing, horizon=task.horizon, season=task.season
    )
    first = params.first_origin(task.season)
    origins = np.array([40, first, panel.n_rows - task.horizon, 41], np.int32)
    gather = tf.function(
        lambda series, rows: gather_batch(series, rows, shape),
        jit_compile=jit,
        autograph=False,
    )
    batch = gather(series_tensors(framed), tf.constant(origins))
    windows = gather_windows(framed, origins, sequence_length=5, n_known=shape.n_known)
    ahead = gather_targets(framed.targets, origins, horizon=task.horizon)
    np.testing.assert_array_equal(batch.inputs[0], windows.past)
    if shape.n_known:
        np.testing.assert_array_equal(batch.inputs[1], windows.known)
    np.testing.assert_array_equal(batch.targets, ahead - windows.base)


def test_gather_batch_by_hand(make_params: Callable[..., TrialParams]) -> None:
    """Values 0, 10, 20 and so on: the window is seen from the last value."""
    values = np.arange(0, 100, 10, dtype=np.float32)[:, None]
    framed = FramedSeries(
        inputs=values,
        targets=values,
        base_offsets=np.array([-1, -1], np.int32),
        is_anchored=True,
        has_base=True,
        center=np.zeros((10, 1), np.float32),
        scale=np.ones((10, 1), np.float32),
    )
    panel = Panel(values.astype(float), ("y",), n_targets=1, n_known=0, n_calendar=0)
    params = replace(make_params(), sequence_length=3)
    shape = network_shape(params, panel, Task(horizon=2, holdout=2))
    batch = gather_batch(series_tensors(framed), tf.constant([4]), shape)
    assert batch.inputs[0].numpy()[0, :, 0].tolist() == [-20, -10, 0]
    assert batch.targets.numpy()[0, :, 0].tolist() == [10, 20]
