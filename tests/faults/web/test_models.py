"""Models: none of a user is loaded, and ours only if nobody changed them."""

import ast
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.components.downloads import bundle_path
from pages.components.intake.views import FILE_TYPES
from search.analysis.delivered.network import WEIGHTS_FILE, load_network, save_weights
from search.arrays import read_arrays
from search.bundle.build import BUNDLE_FILE
from search.cli.main import main
from search.data.table import read_table
from search.errors import StudyCorrupted, UserInputError
from search.files import sha256
from search.study.folders import StudyHandle, winner_folder
from search.study.results import WinnerResult, load_results, save_results
from tests.pages.conftest import MAIN, words
from tests.pages.study_factory import (
    add_trials,
    finish,
    make_environment,
    make_settings,
    new_study,
)

ROOT = Path(__file__).parents[3]
LOADERS = {"load_model", "read_pickle", "unpickle", "Unpickler", "load_weights",
           "model_from_json", "from_config", "deserialize_keras_object"}  # fmt: skip
MODULES = {"pickle", "cloudpickle", "dill", "joblib", "yaml", "shelve", "marshal",
           "h5py", "torch"}  # fmt: skip
# The network that a worker has just written is read again to compare it; whoever has a
# bundle and no ONNX runtime reads its Keras file by the script in it.
OWN = {
    ("search/worker/export.py", "load_model"),
    ("search/worker/export.py", "from_config"),
    ("search/bundle/template/predict.py", "load_model"),
}


def sources() -> list[Path]:
    folders = (ROOT / "search", ROOT / "pages")
    return [ROOT / "app.py", *(one for part in folders for one in part.rglob("*.py"))]


@pytest.mark.case("X6", "source: what could load a model")
@pytest.mark.case("X10", "source: pickle, joblib, YAML, HDF5")
def test_nothing_loads_what_could_run_code() -> None:
    found, pickles = set(), []
    for path in sources():
        place = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).split(".")[-1]
                if name in LOADERS:
                    found.add((place, name))
            if isinstance(node, ast.Import):
                pickles += [place for one in node.names if one.name in MODULES]
            if isinstance(node, ast.ImportFrom) and node.module in MODULES:
                pickles.append(place)
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert ast.unparse(node.value) == "False", place
    assert found <= OWN
    assert ("search/bundle/template/predict.py", "load_model") in found
    assert pickles == []


@pytest.mark.case("X6", "a .keras, .h5, zip and pickle uploaded as a table")
@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04" + b"config.json" * 20,
        b"\x89HDF\r\n\x1a\n" + b"\0" * 200,
        b"\x80\x04\x95" + b"cposix\nsystem\n" * 5,
    ],
    ids=["keras", "h5", "pickle"],
)
def test_a_model_is_no_table(content: bytes) -> None:
    assert not {"keras", "h5", "hdf5", "pkl", "onnx", "pb"} & set(FILE_TYPES)
    for name in ("model.csv", "model.zip"):
        with pytest.raises(UserInputError):
            read_table(content, name=name)


@pytest.fixture
def study(tmp_path: Path) -> StudyHandle:
    """Return a finished study whose winners have digests, as a worker leaves them."""
    return finished(tmp_path / "studies", "Own")


def finished(folder: Path, name: str, *, shift: float = 0.0) -> StudyHandle:
    study = new_study(make_environment(folder), make_settings(name))
    add_trials(study, "ccc")
    results = finish(study)
    winners = {}
    for cell, winner in results.winners.items():
        place = winner_folder(study, cell)
        if shift:
            arrays = read_arrays(place / WEIGHTS_FILE)
            arrays.pop("made")
            weights = [one + shift for one in arrays.values()]
            save_weights(place, [weights], trial=winner.trial)
            with (place / BUNDLE_FILE).open("ab") as bundle:
                bundle.write(b"other")
        names = (WEIGHTS_FILE, BUNDLE_FILE)
        digests = {name: sha256(place / name) for name in names}
        winners[cell] = replace(winner, sha256=digests)
    save_results(study.folder, replace(results, winners=winners))
    return study


def winner_of(study: StudyHandle) -> WinnerResult:
    results = load_results(study.folder)
    assert results is not None
    return results.winners["GRU"]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_what_was_scored_is_loaded(study: StudyHandle) -> None:
    winner = winner_of(study)
    assert load_network(study, "GRU", winner) is not None
    assert bundle_path(winner) is not None


@pytest.mark.case("X7", "one bit of the delivered weights flipped")
def test_flipped_weights_are_refused(study: StudyHandle) -> None:
    path = winner_folder(study, "GRU") / WEIGHTS_FILE
    arrays = {name: one.copy() for name, one in read_arrays(path).items()}
    arrays["arr_0"].flat[0] += 1e-3
    np.savez(path.with_suffix(""), **arrays)
    with pytest.raises(StudyCorrupted, match=r"not those that were scored.*SHA-256"):
        load_network(study, "GRU", winner_of(study))
    flip(path)
    with pytest.raises(StudyCorrupted):
        load_network(study, "GRU", winner_of(study))


@pytest.mark.case("X7", "the weights of two studies swapped")
def test_weights_of_another_study_are_refused(
    study: StudyHandle, tmp_path: Path
) -> None:
    other = finished(tmp_path / "others", "Other", shift=0.5)
    mine, theirs = (winner_folder(one, "GRU") / WEIGHTS_FILE for one in (study, other))
    shutil.copy(theirs, mine)
    with pytest.raises(StudyCorrupted, match="not those that were scored"):
        load_network(study, "GRU", winner_of(study))
    assert load_network(other, "GRU", winner_of(other)) is not None


@pytest.mark.case("X7", "a bundle flipped, or swapped with that of another study")
@pytest.mark.parametrize("how", ["flipped", "swapped"])
def test_a_changed_bundle_is_not_delivered(
    study: StudyHandle,
    how: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = winner_folder(study, "GRU") / BUNDLE_FILE
    if how == "flipped":
        flip(path)
    else:
        other = finished(tmp_path / "others", "Other", shift=0.5)
        shutil.copy(winner_folder(other, "GRU") / BUNDLE_FILE, path)
    assert bundle_path(winner_of(study)) is None
    monkeypatch.setenv("STUDIES_DIR", str(study.environment.studies_dir))
    monkeypatch.delenv("STUDIES_STORAGE", raising=False)
    out = tmp_path / "out.zip"
    assert main(["export", "Own", "gru", "--out", str(out)]) == 2
    assert "was changed after it was checked" in capsys.readouterr().err
    assert not out.exists()
    page = AppTest.from_file(str(MAIN), default_timeout=60)
    page.switch_page("forecast.py")
    page.query_params["study"] = study.uuid
    page.run()
    assert "the file was changed after it was checked" in words(page).replace("\\", "")
