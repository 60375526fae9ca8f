"""Save a trained network in files that run elsewhere, and prove that they do."""

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
import onnxruntime

from search.bundle.contents import ExportedModel
from search.errors import SearchError
from search.evaluation.windows import PADDING

KERAS_FILE, ONNX_FILE = "model.keras", "model.onnx"
LARGEST_DIFFERENCE = 1e-5

Runner = Callable[[Sequence[np.ndarray]], np.ndarray]


def export_model(model: keras.Model, folder: Path) -> ExportedModel:
    """Write `model` as ``model.keras`` and ``model.onnx`` into `folder`.

    Both files are loaded again and compared with `model` on random inputs of one
    and of three windows.

    Parameters
    ----------
    model
        A network with the inputs `past` and, where it has two, `known`.
    folder
        An existing folder; files of the same names are replaced.

    Raises
    ------
    SearchError
        If a file cannot be made, or differs from `model` by more than 1e-5 (of the
        largest output, where that is above 1).
    """
    probes = [_probe(model, n_windows) for n_windows in (1, 3)]
    run_model = _keras_runner(model)
    wanted = [run_model(inputs) for inputs in probes]
    keras_path, onnx_path = folder / KERAS_FILE, folder / ONNX_FILE
    with _explained("saved", KERAS_FILE), _quiet():
        with _written_whole(keras_path) as new:
            model.save(new)
        run_saved = _keras_runner(keras.models.load_model(keras_path, compile=False))
    with _explained("exported", ONNX_FILE), _quiet():
        with _written_whole(onnx_path) as new:
            model.export(str(new), format="onnx", verbose=False)
        run_onnx = _onnx_runner(onnx_path)
    differences = [
        _difference(path.name, wanted, [run(inputs) for inputs in probes])
        for path, run in ((keras_path, run_saved), (onnx_path, run_onnx))
    ]
    return ExportedModel(keras_path, onnx_path, max(differences))


def _probe(model: keras.Model, n_windows: int) -> list[np.ndarray]:
    """Return random inputs of the size that scaled values have.

    The first half of the first window is padding where the network reads none.
    """
    generator = np.random.default_rng(n_windows)
    inputs = [
        generator.standard_normal((n_windows, *tensor.shape[1:])).astype(np.float32)
        for tensor in model.inputs
    ]
    if _skips_padding(model):
        inputs[0][0, : inputs[0].shape[1] // 2] = PADDING
    return inputs


def _skips_padding(model: keras.Model) -> bool:
    return any(
        isinstance(one, keras.layers.Masking)
        or (isinstance(one, keras.Model) and _skips_padding(one))
        for one in model.layers
    )


def _keras_runner(model: keras.Model) -> Runner:
    def run(inputs: Sequence[np.ndarray]) -> np.ndarray:
        given = list(inputs) if isinstance(model.input, list) else inputs[0]
        return np.asarray(model(given, training=False))

    return run


def _onnx_runner(path: Path) -> Runner:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]
    if names != ["past", "known"][: len(names)]:
        raise SearchError(
            f"{path.name} has the inputs {', '.join(names)}; they must be called past "
            "and, where there are two, known."
        )

    def run(inputs: Sequence[np.ndarray]) -> np.ndarray:
        outputs = session.run(None, dict(zip(names, inputs, strict=True)))
        return np.asarray(outputs[0])

    return run


def _difference(
    name: str, wanted: Sequence[np.ndarray], found: Sequence[np.ndarray]
) -> float:
    """Return the largest absolute difference, refusing one that matters."""
    pairs = list(zip(wanted, found, strict=True))
    difference = max(float(np.abs(one - other).max()) for one, other in pairs)
    size = max(float(np.abs(one).max()) for one in wanted)
    if not difference <= LARGEST_DIFFERENCE * max(1.0, size):
        raise SearchError(
            f"{name} differs from the trained network by {difference:.2g}; at most "
            f"{LARGEST_DIFFERENCE:g} is accepted."
        )
    return difference


@contextlib.contextmanager
def _explained(done: str, name: str) -> Iterator[None]:
    """Turn what the exporters raise, which is many types, into one sentence."""
    try:
        yield
    except SearchError:
        raise
    except Exception as error:
        raise SearchError(
            f"{name} could not be {done}: {type(error).__name__}: {error}"
        ) from error


@contextlib.contextmanager
def _written_whole(path: Path) -> Iterator[Path]:
    """Give a name to write to, which becomes `path` once everything is written.

    Exporters write in place: a kill or a full disk would leave half a model.
    """
    new = path.with_name(f".{path.name}")
    try:
        yield new
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hide what Keras and tf2onnx say about numpy on the way."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield
