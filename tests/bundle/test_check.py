"""The proof of a bundle, and bundles from elsewhere."""

import json
import re
import zipfile

import numpy as np
import pandas as pd
import psutil
import pytest

from search.bundle.archive import MOST_BYTES, unpack
from search.bundle.check import check_bundle
from search.bundle.predict import predict_with_bundle
from search.config import Roles
from search.errors import UserInputError


def pack(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def repack(made, path, **changed: bytes | str | None):
    """Copy a bundle with changed members; None leaves one out."""
    changes = {name.replace("_dot_", "."): value for name, value in changed.items()}
    with zipfile.ZipFile(made.zip_path) as archive:
        members = {
            name: archive.read(name)
            for name in archive.namelist()
            if name not in changes
        }
    kept = {name: value for name, value in changes.items() if value is not None}
    return pack(path, members | kept)


@pytest.fixture
def made(make_bundle, hourly, source):
    roles = Roles(("a", "b"), ("c",), calendar=("hour",))
    return make_bundle(hourly, roles, source, framing="last_value")


def test_a_good_bundle_passes(made):
    check = check_bundle(made.zip_path)
    assert check.passed
    assert check.largest_difference < 1e-5
    assert check.relative_difference < 1e-6
    assert check.message.startswith(
        "Unpacked and run in a clean process: 60 holdout predictions repeated"
    )


def test_the_difference_counts_in_spreads_of_its_own_target(made, tmp_path):
    """Target b varies by 0.5 and a by 10: a shift of b by 0.01 is 2 % of it."""
    stored = pd.read_csv(made.contents.predictions)
    place = stored.index[stored["target"] == "b"][3]
    spread = np.std(stored["actual"][stored["target"] == "b"])
    stored.loc[place, "predicted"] += 0.01
    path = repack(
        made,
        tmp_path / "changed.zip",
        holdout_predictions_dot_csv=stored.to_csv(index=False),
    )
    check = check_bundle(path)
    assert not check.passed
    assert check.largest_difference == pytest.approx(0.01, rel=1e-3)
    assert check.relative_difference == pytest.approx(0.01 / spread, rel=1e-3)
    assert check.message.endswith("That is too much; the download is not offered.")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"model_dot_onnx": b"no network"}, "ended with 2: model.onnx is not the"),
        ({"model_dot_onnx": None}, "it lacks model.onnx"),
        ({"preprocessing_dot_json": b"{"}, "not proved: "),
        ({"holdout_inputs_dot_csv": b"time,a,b,c\n"}, "No row has a value of a, b."),
        (
            {"holdout_predictions_dot_csv": b"origin,step,actual,predicted\n1,1,1,1\n"},
            "60 predictions were made where 1 are stored",
        ),
    ],
)
def test_a_bad_bundle_does_not_pass_and_says_why(changed, reason, made, tmp_path):
    check = check_bundle(repack(made, tmp_path / "bad.zip", **changed))
    assert not check.passed
    assert check.largest_difference is None
    assert reason in check.message


def test_the_bundle_does_not_see_this_package(made, tmp_path, monkeypatch):
    """Importing `search` must fail where predict.py runs."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path.cwd()))
    path = repack(made, tmp_path / "b.zip", predict_dot_py=b"import search\n")
    check = check_bundle(path)
    assert "ModuleNotFoundError: No module named 'search'" in check.message


def test_predict_with_bundle_writes_and_returns_the_forecast(made, hourly, tmp_path):
    table, out = tmp_path / "newest.csv", tmp_path / "forecast.csv"
    hourly.rename_axis("time").to_csv(table)
    text = predict_with_bundle(made.zip_path, table, out).csv
    assert text.splitlines()[0] == "step,timestamp,a,b"
    assert len(text.splitlines()) == 4
    assert out.read_text() == text


@pytest.mark.case("X6", "a foreign bundle with code in every place")
def test_predict_with_bundle_runs_no_code_of_the_bundle(made, hourly, tmp_path):
    """Neither predict.py nor model.keras of a foreign zip is ever touched."""
    trap = tmp_path / "trap"
    code = f"import pathlib\npathlib.Path({str(trap)!r}).touch()\n".encode()
    path = repack(
        made,
        tmp_path / "foreign.zip",
        predict_dot_py=code,
        model_dot_keras=b"pickle",
        **{"../onnxruntime.py": code, "onnxruntime.py": code},
    )
    table = tmp_path / "newest.csv"
    hourly.rename_axis("time").to_csv(table)
    assert predict_with_bundle(path, table, None).csv.startswith("step,timestamp")
    assert not trap.exists()


def test_predict_with_bundle_names_what_is_wrong_with_the_table(made, tmp_path):
    (tmp_path / "newest.csv").write_text("time,a\n2024-01-01,1\n")
    with pytest.raises(UserInputError, match=r"^newest\.csv has no column 'b', 'c'"):
        predict_with_bundle(made.zip_path, tmp_path / "newest.csv", None)


@pytest.mark.parametrize(
    ("document", "reason"),
    [(b"{}", "cannot be read: Object missing"), (None, "lacks preprocessing.json")],
)
def test_predict_with_bundle_refuses_another_zip(document, reason, made, tmp_path):
    path = repack(made, tmp_path / "other.zip", preprocessing_dot_json=document)
    with pytest.raises(UserInputError, match=reason):
        predict_with_bundle(path, tmp_path / "newest.csv", None)


def test_predict_with_bundle_refuses_a_newer_format(made, tmp_path):
    record = json.loads((made.folder / "preprocessing.json").read_text())
    record["format_version"] = 2
    path = repack(made, tmp_path / "n.zip", preprocessing_dot_json=json.dumps(record))
    with pytest.raises(UserInputError, match=r"newer version .* \(format 2"):
        predict_with_bundle(path, tmp_path / "newest.csv", None)


def test_predict_with_bundle_refuses_a_network_that_cannot_run(made, hourly, tmp_path):
    """Bundles of older versions have no digests, which would refuse it before."""
    record = json.loads((made.folder / "preprocessing.json").read_text())
    del record["sha256"]
    path = repack(
        made,
        tmp_path / "n.zip",
        model_dot_onnx=b"no network",
        preprocessing_dot_json=json.dumps(record),
    )
    hourly.rename_axis("time").to_csv(tmp_path / "newest.csv")
    with pytest.raises(UserInputError, match=r"^n\.zip could not be run: "):
        predict_with_bundle(path, tmp_path / "newest.csv", None)


@pytest.mark.case("X9", "a bundle that unpacks to more than it may")
def test_unpack_stops_at_the_limit_whatever_the_zip_says(tmp_path):
    path = pack(tmp_path / "large.zip", {"model.onnx": b"0" * 1001})
    unpack(path, tmp_path, names=["model.onnx"], most_bytes=1001)
    with pytest.raises(UserInputError, match=r"model\.onnx in the zip is too large"):
        unpack(path, tmp_path, names=["model.onnx"], most_bytes=1000)


@pytest.mark.case("X9", "a zip that unpacks to a thousand times its size")
def test_unpack_of_a_bomb_leaves_disk_and_memory_alone(tmp_path, record_property):
    path, line = tmp_path / "bomb.zip", bytes(2**20)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("model.onnx", "w", force_zip64=True) as member,
    ):
        for _ in range(128):
            member.write(line)
    out = tmp_path / "out"
    out.mkdir()
    before = psutil.Process().memory_info().rss
    with pytest.raises(UserInputError, match=r"model\.onnx in the zip is too large"):
        unpack(path, out, names=["model.onnx"], most_bytes=32 * 2**20)
    growth = psutil.Process().memory_info().rss - before
    written = (out / "model.onnx").stat().st_size
    assert written <= 32 * 2**20
    assert MOST_BYTES == 512 * 2**20
    assert growth < 50 * 2**20
    record_property(
        "figure",
        f"{path.stat().st_size / 2**20:.1f} MB zip: {written / 2**20:.0f} MB written, "
        f"memory {growth / 2**20:+.0f} MB",
    )


@pytest.mark.case("X9", "a zip with 10,000 members, or none of a bundle")
def test_unpack_refuses_what_is_not_a_bundle(tmp_path):
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(UserInputError, match=r"text\.zip is not a zip"):
        unpack(tmp_path / "text.zip", tmp_path, names=["model.onnx"])
    with pytest.raises(UserInputError, match="There is no file"):
        unpack(tmp_path / "none.zip", tmp_path, names=["model.onnx"])
    for name in ("../1.txt", "/1.txt", "a/1.txt"):
        climbing = pack(tmp_path / "climbing.zip", {name: b"", "1.txt": b"1"})
        unpack(climbing, tmp_path, names=["1.txt"])
        assert not (tmp_path.parent / "1.txt").exists()
        assert not (tmp_path / "a").exists()
    many = pack(tmp_path / "many.zip", {f"{i}.txt": b"" for i in range(10_000)})
    with pytest.raises(UserInputError, match="has other files"):
        unpack(many, tmp_path, names=["1.txt"])


@pytest.mark.case("X7", "the network of another bundle under these settings")
@pytest.mark.parametrize("how", ["swapped", "flipped"])
def test_predict_with_bundle_refuses_the_network_of_another(
    how, made, hourly, tmp_path, network
):
    """Scaling of one study around the network of another makes no forecast."""
    content = bytearray((made.folder / "model.onnx").read_bytes())
    content[-1] ^= 1
    if how == "swapped":
        content = network((5, 3, 0, 1))[0].onnx_path.read_bytes()
    path = repack(made, tmp_path / "mixed.zip", model_dot_onnx=bytes(content))
    table = tmp_path / "newest.csv"
    hourly.rename_axis("time").to_csv(table)
    with pytest.raises(UserInputError, match=r"model\.onnx is not the netw.*SHA-256"):
        predict_with_bundle(path, table, None)


@pytest.mark.case("X9", "names and size of the zip that is downloaded")
def test_a_bundle_has_flat_names_that_are_safe_anywhere(made):
    with zipfile.ZipFile(made.zip_path) as archive:
        names = archive.namelist()
    assert all(re.fullmatch(r"[a-z_]+\.[a-z]+", name) for name in names)
    assert len(names) == len(set(names)) <= 20
