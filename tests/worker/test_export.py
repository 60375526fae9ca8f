"""Files of a network against the network in memory."""

import errno
import os

import keras
import numpy as np
import onnxruntime
import pytest

from search.disk import is_full
from search.errors import SearchError
from search.worker.export import export_model

LENGTH, CHANNELS, HORIZON, KNOWN, TARGETS = 6, 3, 4, 2, 2


def build(cell, *, layers=1, bidirectional=False, known=False, name="past"):
    keras.utils.set_random_seed(1)
    past = keras.Input((LENGTH, CHANNELS), name=name)
    inputs, state = [past], past
    for layer in range(layers):
        recurrent = getattr(keras.layers, cell)(
            5, return_sequences=layer < layers - 1, dropout=0.2, recurrent_dropout=0.2
        )
        wrap = keras.layers.Bidirectional if bidirectional else lambda inner: inner
        state = wrap(recurrent)(state)
    if known:
        inputs.append(keras.Input((HORIZON, KNOWN), name="known"))
        flat = keras.layers.Flatten()(inputs[1])
        state = keras.layers.Concatenate()([state, flat])
    output = keras.layers.Dense(HORIZON * TARGETS)(state)
    output = keras.layers.Reshape((HORIZON, TARGETS))(output)
    return keras.Model(inputs, output)


@pytest.mark.parametrize(
    ("cell", "layers", "bidirectional", "known"),
    [
        ("SimpleRNN", 2, False, False),
        ("LSTM", 2, False, True),
        ("GRU", 1, False, False),
        ("LSTM", 1, True, False),
        ("GRU", 1, True, True),
    ],
)
def test_both_files_predict_the_same(cell, layers, bidirectional, known, tmp_path):
    """Seven windows at once: the batch of the ONNX file is free."""
    model = build(cell, layers=layers, bidirectional=bidirectional, known=known)
    exported = export_model(model, tmp_path)
    assert exported.largest_difference <= 1e-6
    generator = np.random.default_rng(0)
    arrays = {
        "past": generator.normal(size=(7, LENGTH, CHANNELS)).astype(np.float32),
        "known": generator.normal(size=(7, HORIZON, KNOWN)).astype(np.float32),
    }
    given = {name: arrays[name] for name in (("past", "known") if known else ("past",))}
    session = onnxruntime.InferenceSession(exported.onnx_path)
    assert [entry.name for entry in session.get_inputs()] == list(given)
    (found,) = session.run(None, given)
    wanted = np.asarray(model(list(given.values()), training=False))
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    again = keras.models.load_model(exported.keras_path, compile=False)
    same = np.asarray(again(list(given.values()), training=False))
    np.testing.assert_array_equal(same, wanted)


def test_inputs_of_other_names_are_refused(tmp_path):
    with pytest.raises(SearchError, match="has the inputs window; they must be called"):
        export_model(build("SimpleRNN", name="window"), tmp_path)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(SearchError, match=r"model\.keras could not be saved"):
        export_model(build("SimpleRNN"), tmp_path / "absent")


def test_a_file_that_predicts_something_else_is_refused(tmp_path, monkeypatch):
    other = build("SimpleRNN")
    other.set_weights([weight + 0.01 for weight in other.get_weights()])
    monkeypatch.setattr(keras.models, "load_model", lambda *_, **__: other)
    with pytest.raises(SearchError, match=r"model\.keras differs from the trained"):
        export_model(build("SimpleRNN"), tmp_path)


@pytest.mark.case("T8", "disk full, or a kill, while the network is saved")
def test_a_network_that_is_half_written_leaves_the_old_file(tmp_path, monkeypatch):
    model = build("GRU")
    export_model(model, tmp_path)
    old = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def save(_model, path, *_, **__):
        path.write_bytes(b"half a")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(keras.Model, "save", save)
    with pytest.raises(SearchError, match=r"model\.keras could not be saved") as caught:
        export_model(model, tmp_path)
    assert is_full(caught.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == old
