"""Forecast with a bundle from the command line."""

import logging
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec

from search.bundle.archive import unpack
from search.bundle.preprocessing import FORMAT_VERSION, Preprocessing, is_of_task
from search.bundle.process import run_predict
from search.bundle.scoring import score_answers
from search.bundle.scripts import SCRIPT, task_scripts, template
from search.bundle.tasks.preprocessing import TASK_FORMAT_VERSION, TaskPreprocessing
from search.errors import UserInputError

_MEMBERS = ("preprocessing.json", "model.onnx")
_OUTPUT = "forecast.csv"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BundleAnswers:
    """What a bundle says of a table.

    Attributes
    ----------
    csv
        A forecast of one series with the columns step, timestamp and the targets; of
        other tasks with those of ``holdout_predictions.csv``.
    scores
        Sentences on how good the answers are, where the table has the right ones.
    """

    csv: str
    scores: tuple[str, ...] = ()


def predict_with_bundle(bundle: Path, table: Path, out: Path | None) -> BundleAnswers:
    """Forecast the steps after the last row of `table`, or say what its rows are.

    Nothing in the bundle is run as a program: this package's own ``predict.py`` reads
    its ``model.onnx`` and ``preprocessing.json`` in a process of its own.

    Parameters
    ----------
    bundle
        Zip of `search.bundle.build.write_bundle`, from whatever source.
    table
        File with the newest rows; where there are many sequences also a folder with
        one CSV for each.
    out
        CSV file to write; None writes none.

    Raises
    ------
    UserInputError
        If the bundle or the table cannot be used; the message says why.
    """
    table = table.resolve()
    with tempfile.TemporaryDirectory(prefix="bundle-") as name:
        folder = Path(name)
        unpack(bundle, folder, names=_MEMBERS)
        preprocessing = _check_preprocessing(folder, bundle.name)
        scripts = {SCRIPT: template()} if preprocessing is None else task_scripts()
        for script, content in scripts.items():
            (folder / script).write_bytes(content)
        run = run_predict(folder, str(table), "--out", _OUTPUT)
        if run.exit_code == 2:
            raise UserInputError(run.messages.strip())
        if run.exit_code:
            last_line = (run.messages.strip().splitlines() or ["no message"])[-1]
            raise UserInputError(f"{bundle.name} could not be run: {last_line}")
        for line in run.messages.splitlines():
            logger.warning(line)
        answers = _deliver(folder / _OUTPUT, out)
        if preprocessing is None:
            return BundleAnswers(answers)
        return BundleAnswers(answers, score_answers(answers, preprocessing))


def _check_preprocessing(folder: Path, bundle_name: str) -> TaskPreprocessing | None:
    """Refuse settings that cannot be used; return those of a task.

    None where one series is forecast.
    """
    content = (folder / "preprocessing.json").read_bytes()
    of_task = None
    try:
        record = msgspec.json.decode(content, type=Preprocessing)
        is_one_series = not is_of_task(content)
        known = FORMAT_VERSION
        if not is_one_series:
            known = TASK_FORMAT_VERSION
            if record.format_version <= known:
                of_task = msgspec.json.decode(content, type=TaskPreprocessing)
    except msgspec.MsgspecError as error:
        raise UserInputError(
            f"preprocessing.json in {bundle_name} cannot be read: {error}."
        ) from error
    if record.format_version > known:
        raise UserInputError(
            f"{bundle_name} was made by a newer version of this program (format "
            f"{record.format_version}, known up to {known}). Update it."
        )
    return of_task


def _deliver(forecast: Path, out: Path | None) -> str:
    """Return the forecast, copied to `out`."""
    if out is not None:
        try:
            shutil.copyfile(forecast, out)
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserInputError(f"{out} cannot be written: {reason}.") from error
    return forecast.read_text(encoding="utf-8")
