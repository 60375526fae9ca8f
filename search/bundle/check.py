"""Prove a bundle: run it elsewhere and compare with what was reported."""

import logging
import tempfile
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from search.bundle.archive import unpack
from search.bundle.preprocessing import Preprocessing, is_of_task
from search.bundle.process import refuse_failure, run_predict
from search.bundle.proof import (
    LARGEST_RELATIVE,
    NOT_FINITE,
    proof,
    refuse_other_rows,
)
from search.bundle.scripts import SHARED_MODULE, TASK_MODULES
from search.bundle.tasks.check import compare_task
from search.errors import SearchError
from search.study.results import BundleCheck

_MEMBERS = (
    "holdout_inputs.csv",
    "holdout_predictions.csv",
    "metrics.json",
    "model.keras",
    "model.onnx",
    "model_card.md",
    "predict.py",
    "preprocessing.json",
    "requirements.txt",
    "study.json",
)

_TASK_MEMBERS = (*_MEMBERS, "README.md", SHARED_MODULE, *TASK_MODULES)

logger = logging.getLogger(__name__)


def check_bundle(zip_path: Path) -> BundleCheck:
    """Unpack a bundle of this program, run it and compare with its predictions.

    Only for bundles that this program made: the ``predict.py`` in the zip is run. It
    runs in a clean process, forecasts from every holdout origin, and its output is
    compared here with ``holdout_predictions.csv``. Whatever goes wrong becomes the
    message of a check that did not pass.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="bundle-") as name:
            folder = Path(name)
            unpack(zip_path, folder, names=_MEMBERS)
            if is_of_task((folder / "preprocessing.json").read_bytes()):
                unpack(zip_path, folder, names=_TASK_MEMBERS)
                return compare_task(folder)
            return _compare(folder)
    except (SearchError, OSError, ValueError, KeyError) as error:
        logger.warning("Bundle %s could not be checked: %s", zip_path, error)
        return BundleCheck(None, None, False, f"The download was not proved: {error}")


def _compare(folder: Path) -> BundleCheck:
    content = (folder / "preprocessing.json").read_bytes()
    holdout = msgspec.json.decode(content, type=Preprocessing).holdout
    first = holdout.start - holdout.first_row
    run = run_predict(
        folder, "holdout_inputs.csv", "--every-origin", str(first), "--out", "again.csv"
    )
    refuse_failure(run)
    stored = _keyed(pd.read_csv(folder / "holdout_predictions.csv"))
    again = pd.read_csv(folder / "again.csv")
    found = _keyed(again.assign(origin=again["origin"] + holdout.first_row))
    refuse_other_rows(stored, found)
    return _verdict(stored, found)


def _keyed(predictions: pd.DataFrame) -> pd.DataFrame:
    """Order predictions by target, origin and step."""
    if "target" not in predictions:
        predictions = predictions.assign(target="")
    return predictions.set_index(["target", "origin", "step"]).sort_index()


def _verdict(stored: pd.DataFrame, found: pd.DataFrame) -> BundleCheck:
    difference = (stored["predicted"] - found["predicted"]).abs()
    by_target = difference.groupby("target").max()
    spread = stored["actual"].groupby("target").std(ddof=0)
    largest = float(difference.max())
    if not np.isfinite(difference).all():
        return NOT_FINITE
    is_constant = bool((spread == 0).any())
    relative = None if is_constant else float((by_target / spread).max())
    if relative is None:
        passed = bool((by_target <= LARGEST_RELATIVE * _size(stored)).all())
    else:
        passed = relative < LARGEST_RELATIVE
    return proof(len(stored), largest=largest, relative=relative, passed=passed)


def _size(stored: pd.DataFrame) -> pd.Series:
    """Return the largest value of each target, at least 1, where none varies."""
    sizes: pd.Series = stored["actual"].abs().groupby("target").max()
    return sizes.clip(lower=1.0)
