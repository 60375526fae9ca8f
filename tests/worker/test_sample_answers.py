"""Answers of the exported network in NumPy, beside those of Keras."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from search.config import Cell, Roles, Task
from search.evaluation.answering import SampleModel
from search.evaluation.panel import Panel, make_panel
from search.evaluation.samples import find_samples
from search.explain.network import NumpyNetwork
from search.explain.structure import Structure
from search.space.lines import TrialParams
from search.worker.folds import Scalers
from search.worker.models import build_model, network_shape
from search.worker.predictor import Predictor

LENGTHS = (3, 12, 7, 9)
LENGTH = 8
CLASSES = ("bad", "good", "odd")
PARAMS = TrialParams(
    cell="GRU",
    sequence_length=LENGTH,
    units=5,
    layers=1,
    dropout=0.0,
    learning_rate=1e-3,
    clipnorm=1.0,
    batch_size=8,
)


def rows(*, label: bool = True) -> pd.DataFrame:
    """Four sequences, two of them shorter than the window."""
    generator = np.random.default_rng(2)
    groups = np.repeat(["a", "b", "c", "d"], LENGTHS)
    frame = pd.DataFrame(generator.normal(3, 2, (len(groups), 2)), columns=["x", "y"])
    if label:
        frame["what"] = np.repeat([0.0, 1.0, 2.0, 1.0], LENGTHS)
    return frame.assign(id=groups)


def pair(
    task: Task, roles: Roles, params: TrialParams
) -> tuple[Predictor, SampleModel, Panel, Scalers]:
    """Return the same random network for Keras and for NumPy."""
    panel = make_panel(rows(), roles, kind=task.kind)
    scalers = Scalers.fit(
        panel, params.scaler, task, rows=np.ones(panel.n_rows, dtype=bool)
    )
    shape = network_shape(params, panel, task)
    model = build_model(shape, seed=3)
    generator = np.random.default_rng(4)
    model.set_weights(
        [
            np.abs(one) + generator.uniform(0.1, 0.3, one.shape)
            for one in model.get_weights()
        ]
    )
    structure = Structure(
        params.cell,
        params.layers,
        shape.horizon,
        shape.n_outputs,
        params.architecture,
        params.normalization,
        params.dense_units > 0,
    )
    network = NumpyNetwork.of(structure, model.get_weights())
    numpy = SampleModel(
        network=network.predict,
        scaler=scalers.inputs,
        labels=scalers.labels,
        roles=roles,
        task=task,
        sequence_length=params.sequence_length,
        framing="none",
        has_calendar=False,
        group_names=panel.group_names,
        batch_size=2,
    )
    keras = Predictor(model, panel, params, task, labels=scalers.labels)
    return keras, numpy, panel, scalers


@pytest.mark.parametrize(
    ("cell", "architecture"),
    [
        ("SimpleRNN", "stacked"),
        ("LSTM", "bidirectional"),
        ("GRU", "convolutional"),
        ("GRU", "attention"),
    ],
)
def test_padded_classes_have_the_probabilities_of_keras(
    cell: Cell, architecture: str
) -> None:
    params = replace(PARAMS, cell=cell, architecture=architecture)  # type: ignore[arg-type]
    task = Task(1, 1, kind="classification", classes=CLASSES, score="log_loss")
    roles = Roles(("what",), ("x", "y"), group="id")
    keras, numpy, panel, scalers = pair(task, roles, params)
    stops = np.cumsum(LENGTHS)
    expected = keras.predict(panel, scalers.inputs, stops)
    new = numpy.panel(rows(label=False))
    assert numpy.stops(new).tolist() == stops.tolist()
    found = numpy.answers(new, stops)
    assert found.shape == (4, 1, 3)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=-1), 1.0)
    assert np.ptp(found[:, 0], axis=0).max() > 1e-3


def test_values_come_back_in_their_units() -> None:
    task = Task(1, 1, kind="regression")
    roles = Roles(("what",), ("x", "y"), group="id")
    keras, numpy, panel, scalers = pair(task, roles, PARAMS)
    stops = np.arange(1, sum(LENGTHS) + 1)
    expected = keras.predict(panel, scalers.inputs, stops)
    found = numpy.answers(numpy.panel(rows(label=False)), stops)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("detector", ["forecaster", "autoencoder"])
def test_errors_are_those_of_the_last_row_in_the_scale_of_its_group(
    detector: str,
) -> None:
    params = replace(PARAMS, sequence_length=3)
    task = Task(
        1,
        0,
        kind="anomaly",
        normal_rows=2,
        detector=detector,  # type: ignore[arg-type]
    )
    roles = Roles(("x", "y"), group="id")
    keras, numpy, panel, scalers = pair(task, roles, params)
    samples = find_samples(panel, task, longest=3)
    stops = samples.usable(samples.stops, 3)
    last = samples.target_rows(stops)[:, -1]
    predicted = keras.predict(panel, scalers.inputs, stops)[:, -1]
    scale = scalers.inputs.scale[panel.groups[last]]
    expected = np.abs(predicted - panel.values[last]) / scale
    np.testing.assert_allclose(numpy.errors(panel, stops), expected, atol=1e-5)
    # Groups are found by their names, whatever their order in the file.
    turned = numpy.panel(pd.concat([rows().iloc[3:15], rows().iloc[:3]]))
    np.testing.assert_allclose(
        numpy.errors(turned, numpy.stops(turned))[: len(expected)],
        expected[(last >= 3) & (last < 15)].tolist() + expected[last < 3].tolist(),
        atol=1e-5,
    )
