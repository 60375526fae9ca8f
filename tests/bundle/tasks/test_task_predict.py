"""What the bundled script says of new rows, task by task, and what it refuses."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from search.bundle.predict import predict_with_bundle
from search.errors import UserInputError


def test_each_series_is_forecast_by_its_name(task_bundle, tmp_path, capsys):
    """Groups in another order, one after the other or mixed, change nothing."""
    made, path = task_bundle("forecasting"), tmp_path / "new.csv"
    frame = made.table(path)
    found = made.answers(path, capsys)
    assert list(found) == ["group", "step", "timestamp", "predicted"]
    assert found["group"].tolist() == ["north", "north", "south", "south", "7", "7"]
    assert found["step"].tolist() == [1, 2] * 3
    assert found["timestamp"][0] == "2024-03-02 22:00:00"
    frame.sort_values("time", kind="stable").to_csv(path, index=False)
    mixed = made.answers(path, capsys)
    pd.testing.assert_frame_equal(found, mixed)
    frame[frame["pump"] == "south"].to_csv(path, index=False)
    one = made.answers(path, capsys)
    np.testing.assert_allclose(one["predicted"], found["predicted"][2:4], rtol=1e-6)


def test_a_series_that_was_not_learned_is_refused_by_name(
    task_bundle, tmp_path, capsys
):
    made, path = task_bundle("forecasting"), tmp_path / "new.csv"
    frame = made.table(path)
    frame.assign(pump="west").to_csv(path, index=False)
    message = made.refusal(path, capsys)
    assert message.startswith("'west' in column 'pump' was not among the 3")


def test_a_missing_column_is_named(task_bundle, tmp_path, capsys):
    made, path = task_bundle("forecasting"), tmp_path / "new.csv"
    made.table(path).drop(columns=["pump", "flow"]).to_csv(path, index=False)
    message = made.refusal(path, capsys)
    assert message.startswith("new.csv has no column 'pump', 'flow'")


def test_a_gap_in_time_is_refused_with_group_and_row(task_bundle, tmp_path, capsys):
    made, path = task_bundle("forecasting"), tmp_path / "new.csv"
    made.table(path).drop(index=38).to_csv(path, index=False)
    message = made.refusal(path, capsys)
    assert message.startswith("Row 40 of pump 'north' has the time stamp")


def test_each_sequence_gets_a_value(task_bundle, tmp_path, capsys):
    """Without the column of the answer, and the same from one file a sequence."""
    made, path = task_bundle("regression"), tmp_path / "new.csv"
    frame = made.table(path)
    assert "purity" not in frame
    found = made.answers(path, capsys).set_index("group")
    stored = made.stored.set_index("group")
    expected = stored["predicted"]
    np.testing.assert_allclose(
        found["predicted"][expected.index], expected, rtol=1e-5, atol=1e-5
    )
    packed = tmp_path / "new.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name, rows in frame.groupby("pump", observed=True):
            text = rows.drop(columns="pump").to_csv(index=False)
            archive.writestr(f"new/{name}.csv", text)
    again = made.answers(packed, capsys).set_index("group")
    np.testing.assert_allclose(again["predicted"], found["predicted"], rtol=1e-6)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "folder")
    folder = made.answers(tmp_path / "folder", capsys)
    np.testing.assert_allclose(folder["predicted"], found["predicted"], rtol=1e-6)


def test_rows_that_run_backwards_are_refused(task_bundle, tmp_path, capsys):
    made, path = task_bundle("regression"), tmp_path / "new.csv"
    frame = made.table(path)
    minutes = np.arange(len(frame))
    minutes[[1, 2]] = minutes[[2, 1]]
    frame.assign(minute=minutes).to_csv(path, index=False)
    message = made.refusal(path, capsys)
    assert message.startswith("Column 'minute' in row 4 (pump 'b0') is smaller than")


def test_each_window_gets_a_class_and_probabilities(task_bundle, tmp_path, capsys):
    made, path = task_bundle("classification"), tmp_path / "new.csv"
    made.table(path)
    found = made.answers(path, capsys)
    assert list(found) == ["group", "row", "predicted", "p_closed", "p_open"]
    assert found["row"][:3].tolist() == [6, 9, 12]
    np.testing.assert_allclose(found["p_closed"] + found["p_open"], 1.0)
    expected = np.where(found["p_open"] > found["p_closed"], "open", "closed")
    assert found["predicted"].tolist() == expected.tolist()


def test_a_sequence_that_is_too_short_is_refused(task_bundle, tmp_path, capsys):
    made, path = task_bundle("classification"), tmp_path / "new.csv"
    made.table(path).iloc[:4].to_csv(path, index=False)
    message = made.refusal(path, capsys)
    assert message.startswith("pump '0' has 4 rows that can be used; the network needs")


def test_each_row_gets_a_label_and_gaps_are_filled_as_chosen(
    task_bundle, tmp_path, capsys
):
    made, path = task_bundle("labelling"), tmp_path / "new.csv"
    frame = made.table(path)
    frame.loc[10, "level"] = np.nan
    frame.to_csv(path, index=False)
    assert made.script().main([str(path), "--out", str(tmp_path / "out.csv")]) == 0
    notes = capsys.readouterr().err
    assert "1 missing values of 'level' were filled (forward_fill)" in notes
    found = pd.read_csv(tmp_path / "out.csv")
    assert list(found) == ["row", "timestamp", "predicted", "p_closed", "p_open"]
    assert found["row"].tolist() == list(range(1, 61))
    stored = made.stored
    np.testing.assert_allclose(
        found["p_open"].to_numpy()[stored["row"]], stored["p_open"], atol=1e-5
    )


@pytest.mark.parametrize("kind", ["anomaly", "autoencoder"])
def test_rows_get_a_score_a_threshold_and_a_flag(kind, task_bundle, tmp_path, capsys):
    made, path = task_bundle(kind), tmp_path / "new.csv"
    made.table(path, answers=True)
    found = made.answers(path, capsys)
    names = ["group", "row", "label", "score", "threshold", "anomaly"]
    assert list(found) == names
    first = 6 if kind == "anomaly" else 5
    assert found["row"][0] == first
    assert len(found) == 150 - 2 * (first - 1)
    is_above = found["score"] > found["threshold"]
    assert found["anomaly"].tolist() == is_above.astype(int).tolist()
    assert set(found["label"]) == {0.0, 1.0}


def test_a_machine_that_was_not_learned_gets_no_score(task_bundle, tmp_path, capsys):
    made, path = task_bundle("anomaly"), tmp_path / "new.csv"
    made.table(path).assign(pump="c").to_csv(path, index=False)
    assert made.refusal(path, capsys).startswith("'c' in column 'pump' was not among")


def test_a_cell_that_is_no_number_is_refused_with_its_place(
    task_bundle, tmp_path, capsys
):
    made, path = task_bundle("anomaly"), tmp_path / "new.csv"
    frame = made.table(path).astype({"level": object})
    frame.iloc[3, frame.columns.get_loc("level")] = "off"
    frame.to_csv(path, index=False)
    message = made.refusal(path, capsys)
    assert message == (
        "Column 'level' in row 5 (pump 'a') is 'off', which is not a number."
    )


def test_predict_with_bundle_runs_the_scripts_of_this_package(
    task_bundle, tmp_path, capsys
):
    """None of the scripts in a foreign zip is run."""
    made, path = task_bundle("classification"), tmp_path / "new.csv"
    made.table(path)
    trapped = tmp_path / "foreign.zip"
    with zipfile.ZipFile(trapped, "w") as archive:
        for one in made.folder.iterdir():
            if one.is_file():
                content = b"raise SystemExit(9)" if one.suffix == ".py" else None
                archive.writestr(one.name, content or one.read_bytes())
    text = predict_with_bundle(trapped, path, None).csv
    assert text.startswith("group,row,predicted,p_closed,p_open\n")


def test_predict_with_bundle_refuses_a_newer_format(task_bundle, tmp_path):
    made = task_bundle("classification")
    content = (made.folder / "preprocessing.json").read_text()
    newer = content.replace('"format_version": 2', '"format_version": 3')
    assert newer != content
    path = tmp_path / "newer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("preprocessing.json", newer)
        archive.write(made.folder / "model.onnx", "model.onnx")
    with pytest.raises(UserInputError, match=r"\(format 3, known up to 2\)"):
        predict_with_bundle(path, tmp_path / "new.csv", None)
