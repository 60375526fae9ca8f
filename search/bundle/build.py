"""Pack a winner into one zip that runs without this package."""

import io
import zipfile
from dataclasses import asdict
from pathlib import Path

import msgspec

from search.bundle.card import model_card
from search.bundle.contents import BundleContents
from search.bundle.holdout import holdout_inputs
from search.bundle.preprocessing import Preprocessing, make_preprocessing
from search.bundle.scripts import SCRIPT, task_scripts, template
from search.bundle.tasks.card import task_card
from search.bundle.tasks.holdout import task_holdout_inputs
from search.bundle.tasks.preprocessing import make_task_preprocessing
from search.bundle.tasks.usage import task_readme
from search.errors import SearchError
from search.files import write_bytes
from search.study.folders import StudyDocument

BUNDLE_FILE = "bundle.zip"
_NEEDS = {
    "numpy": "arrays",
    "onnxruntime": "runs model.onnx; keras and tensorflow can take its place",
    "pandas": "reads tables; also pip install openpyxl for Excel, pyarrow for Parquet",
}


def write_bundle(folder: Path, contents: BundleContents) -> Path:
    """Write ``bundle.zip`` into `folder` and return its path.

    An older bundle stays as it is until the new one is complete.

    Raises
    ------
    SearchError
        If a file that belongs in it cannot be read, or the disk is full.
    """
    target = folder / BUNDLE_FILE
    try:
        make_texts = _texts if contents.is_one_series else _task_texts
        texts = make_texts(contents)
        paths = {
            "model.keras": contents.model.keras_path,
            "model.onnx": contents.model.onnx_path,
            "holdout_predictions.csv": contents.predictions,
        }
        members = texts | {name: path.read_bytes() for name, path in paths.items()}
        write_bytes(target, _zipped(members))
    except OSError as error:
        raise SearchError(f"The bundle could not be written: {error}") from error
    return target


def _texts(contents: BundleContents) -> dict[str, bytes]:
    preprocessing = make_preprocessing(contents)
    return {
        "model_card.md": model_card(contents, preprocessing).encode(),
        SCRIPT: template(),
        "holdout_inputs.csv": holdout_inputs(contents.series, preprocessing),
        **_records(contents, preprocessing),
    }


def _task_texts(contents: BundleContents) -> dict[str, bytes]:
    preprocessing = make_task_preprocessing(contents)
    return {
        "model_card.md": task_card(contents, preprocessing).encode(),
        "README.md": task_readme(preprocessing).encode(),
        "holdout_inputs.csv": task_holdout_inputs(contents, preprocessing),
        **task_scripts(),
        **_records(contents, preprocessing),
    }


def _records(
    contents: BundleContents, preprocessing: Preprocessing
) -> dict[str, bytes]:
    return {
        "requirements.txt": _requirements(preprocessing.versions).encode(),
        "preprocessing.json": _json(preprocessing),
        "metrics.json": _metrics(contents),
        "study.json": _study(contents, preprocessing),
    }


def _zipped(members: dict[str, bytes]) -> bytes:
    """Return a zip of `members`, the same bytes for the same members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name)  # its time is fixed: 1980-01-01
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, members[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _requirements(versions: dict[str, str]) -> str:
    pins = {f"{name}=={versions[name]}": reason for name, reason in _NEEDS.items()}
    lines = ["# What predict.py needs. Python 3.11 to 3.13."]
    lines += [f"{pin:<24}# {reason}" for pin, reason in pins.items()]
    return "\n".join(lines) + "\n"


def _metrics(contents: BundleContents) -> bytes:
    """Return the scores without the places of files on this machine."""
    record = asdict(contents.result)
    for name in ("bundle", "predictions", "check", "sha256"):
        del record[name]
    return _json({**record, "baselines": dict(contents.baselines)})


def _study(contents: BundleContents, preprocessing: Preprocessing) -> bytes:
    document = StudyDocument(
        uuid=contents.study_uuid,
        created=contents.created,
        optuna_name=contents.settings.name,
        data_sha256=contents.data_sha256,
        n_rows=len(contents.series),
        settings=contents.settings,
        versions=preprocessing.versions,
    )
    return _json(document)


def _json(record: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(record), indent=2)
