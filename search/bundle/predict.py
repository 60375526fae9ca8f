"""Forecast with a bundle from the command line."""

import logging
import shutil
import tempfile
from pathlib import Path

import msgspec

from search.bundle.archive import unpack
from search.bundle.build import template
from search.bundle.preprocessing import FORMAT_VERSION, Preprocessing
from search.bundle.process import SCRIPT, run_predict
from search.errors import UserInputError

_MEMBERS = ("preprocessing.json", "model.onnx")
_OUTPUT = "forecast.csv"

logger = logging.getLogger(__name__)


def predict_with_bundle(bundle: Path, table: Path, out: Path | None) -> str:
    """Forecast the steps after the last row of `table`.

    Nothing in the bundle is run as a program: this package's own ``predict.py`` reads
    its ``model.onnx`` and ``preprocessing.json`` in a process of its own.

    Parameters
    ----------
    bundle
        Zip of `search.bundle.build.write_bundle`, from whatever source.
    table
        File with the newest rows.
    out
        CSV file to write; None writes none.

    Returns
    -------
    str
        The forecast as CSV with the columns step, timestamp and the targets.

    Raises
    ------
    UserInputError
        If the bundle or the table cannot be used; the message says why.
    """
    table = table.resolve()
    with tempfile.TemporaryDirectory(prefix="bundle-") as name:
        folder = Path(name)
        unpack(bundle, folder, names=_MEMBERS)
        _check_preprocessing(folder / "preprocessing.json", bundle.name)
        (folder / SCRIPT).write_bytes(template())
        run = run_predict(folder, str(table), "--out", _OUTPUT)
        if run.exit_code == 2:
            raise UserInputError(run.messages.strip())
        if run.exit_code:
            last_line = (run.messages.strip().splitlines() or ["no message"])[-1]
            raise UserInputError(f"{bundle.name} could not be run: {last_line}")
        for line in run.messages.splitlines():
            logger.warning(line)
        return _deliver(folder / _OUTPUT, out)


def _check_preprocessing(path: Path, bundle_name: str) -> None:
    try:
        record = msgspec.json.decode(path.read_bytes(), type=Preprocessing)
    except msgspec.MsgspecError as error:
        raise UserInputError(
            f"preprocessing.json in {bundle_name} cannot be read: {error}."
        ) from error
    if record.format_version > FORMAT_VERSION:
        raise UserInputError(
            f"{bundle_name} was made by a newer version of this program (format "
            f"{record.format_version}, known up to {FORMAT_VERSION}). Update it."
        )


def _deliver(forecast: Path, out: Path | None) -> str:
    """Return the forecast, copied to `out`."""
    if out is not None:
        try:
            shutil.copyfile(forecast, out)
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserInputError(f"{out} cannot be written: {reason}.") from error
    return forecast.read_text(encoding="utf-8")
