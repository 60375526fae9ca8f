"""No answer changes with what comes after the row that it is about."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from search.config import Cell, Roles, Task
from search.evaluation.panel import Panel
from search.evaluation.samples import find_samples
from search.space.combinations import refused
from search.space.lines import Architecture
from tests.worker.test_padding import ENDS, N_ROWS, Pair, shape_of
from tests.worker.test_sample_answers import CLASSES, LENGTHS, PARAMS, pair, rows

LABELS = Task(1, 1, kind="labelling", classes=CLASSES, score="f1_error")
ROLES = Roles(("what",), ("x", "y"), group="id")
ROW = 9  # of 31, within the second group
WINDOWED = tuple(name for name in get_args(Architecture) if name != "encoder_decoder")
CELLS: tuple[Cell, ...] = ("SimpleRNN", "LSTM", "GRU", "GRU")


def with_other_future(frame: pd.DataFrame) -> pd.DataFrame:
    """Return other values in every row after `ROW`."""
    changed = frame.copy()
    changed.loc[frame.index > ROW, ["x", "y"]] = 100.0
    return changed


@pytest.mark.parametrize(
    ("cell", "architecture"), list(zip(CELLS, WINDOWED, strict=True))
)
def test_labels_do_not_change_with_rows_after_them(
    cell: Cell, architecture: str
) -> None:
    """Changed and cut off, for Keras and for the network in NumPy; both directions."""
    params = replace(PARAMS, cell=cell, architecture=architecture)  # type: ignore[arg-type]
    keras, numpy, panel, scalers = pair(LABELS, ROLES, params)
    stops = np.arange(1, ROW + 2)  # the last one labels `ROW`
    expected = keras.predict(panel, scalers.inputs, stops)
    frame = rows(label=False)
    assert numpy.stops(numpy.panel(frame)).tolist() == list(range(1, 32))
    for other in (with_other_future(frame), frame[frame.index <= ROW]):
        new = numpy.panel(other)
        found = keras.predict(new, scalers.inputs, stops)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
        np.testing.assert_allclose(numpy.answers(new, stops), expected, atol=1e-5)
    # What it does see changes the label, the row itself first of all.
    seen = frame.copy()
    seen.loc[ROW, "x"] += 5
    found = keras.predict(numpy.panel(seen), scalers.inputs, stops)
    assert np.abs(found[-1] - expected[-1]).max() > 1e-4
    np.testing.assert_allclose(found[:-1], expected[:-1], rtol=0, atol=1e-6)


def test_training_and_scores_do_not_change_with_rows_after_the_labels() -> None:
    """In the compiled epoch, with both directions."""
    stop = int(ENDS[5])
    order, judged = np.arange(1, stop - 9), np.arange(stop - 9, stop + 1)
    outcomes = []
    for value in (None, 50.0):
        trained = Pair(shape_of("LSTM", architecture="bidirectional"))
        if value is not None:
            inputs = trained.framed.inputs.copy()
            inputs[stop:] = value
            trained.framed = replace(trained.framed, inputs=inputs)
        outcome = trained.run(order, judged)
        outcomes.append((outcome, trained.program.weights(trained.state)))
    (first, weights), (second, others) = outcomes
    assert first.loss == second.loss
    np.testing.assert_array_equal(first.squared, second.squared)
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(one, other)
    assert stop < N_ROWS


TASKS = {
    "forecasting": Task(3, 3),
    "regression": Task(1, 1, kind="regression"),
    "windows": Task(1, 1, kind="regression", samples="sliding"),
    "classification": Task(
        1, 1, kind="classification", classes=CLASSES, score="log_loss"
    ),
    "labelling": LABELS,
    "forecaster": Task(1, 1, kind="anomaly", normal_rows=5),
    "autoencoder": Task(1, 1, kind="anomaly", normal_rows=5, detector="autoencoder"),
}


@pytest.mark.parametrize("name", TASKS)
def test_windows_of_every_task_end_at_the_row_that_is_answered(name: str) -> None:
    """So reading them from their end looks ahead nowhere, and is refused nowhere."""
    panel = Panel(
        np.zeros((31, 1)), ("x",), 0, 0, 0, tuple(np.cumsum((0, *LENGTHS[:3])).tolist())
    )
    task = TASKS[name]
    samples = find_samples(panel, task, longest=3)
    last_read = samples.stops - 1
    answered = samples.target_rows(samples.stops)[:, -1]
    assert (last_read <= answered).all()
    assert refused({"architecture": ("bidirectional",)}, task) is None
