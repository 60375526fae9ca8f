"""`run` for every task: small tables, the toy, and files that tell what is reported."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from search.cli.main import main
from search.evaluation.kind_metrics import anomaly_result, class_result
from search.worker.toy import TOY_VARIABLE

GENERATOR_SEED = 4


def sequences() -> pd.DataFrame:
    """24 sequences of 6 to 9 rows, with a class and a number each."""
    generator = np.random.default_rng(GENERATOR_SEED)
    parts = []
    for number in range(24):
        n_rows = 6 + number % 4
        level = float(number % 2)
        parts.append(
            pd.DataFrame(
                {
                    "batch": f"b{number:02}",
                    "wave": generator.normal(level, 0.1, n_rows),
                    "speed": ("slow", "fast")[number % 2],
                    "quality": round(level + number / 100, 3),
                }
            )
        )
    return pd.concat(parts)


def rows() -> pd.DataFrame:
    """240 rows of two sensors, a phase that comes in runs, and a late fault."""
    generator = np.random.default_rng(GENERATOR_SEED)
    fault = np.zeros(240, dtype=int)
    fault[200:220] = 1
    return pd.DataFrame(
        {
            "heat": generator.normal(size=240),
            "flow": generator.normal(size=240),
            "phase": np.where(np.arange(240) // 12 % 2, "idle", "work"),
            "fault": fault,
        }
    )


def shops() -> pd.DataFrame:
    """Three series of 70 days."""
    generator = np.random.default_rng(GENERATOR_SEED)
    days = pd.date_range("2024-01-01", periods=70).strftime("%Y-%m-%d")
    return pd.concat(
        pd.DataFrame({"shop": name, "day": days, "sales": generator.normal(size=70)})
        for name in ("east", "north", "west")
    )


@pytest.fixture
def run_table(tmp_path: Path, empty_studies: Path) -> Callable[..., dict[str, Any]]:
    """Save a table, run a study of two trials on it and return its results."""

    def run(frame: pd.DataFrame, *arguments: str) -> dict[str, Any]:
        table, out = tmp_path / "table.csv", tmp_path / "out.json"
        frame.to_csv(table, index=False)
        code = main(
            [
                *("run", str(table), *arguments, "--cells", "gru"),
                *("--trials", "1", "--workers", "1", "--epochs", "1"),
                *("--json", str(out)),
            ]
        )
        assert code == 0
        found: dict[str, Any] = json.loads(out.read_bytes())
        return found

    return run


def predictions(found: dict[str, Any]) -> pd.DataFrame:
    [winner] = found["winners"].values()
    return pd.read_csv(winner["predictions"])


def holdout(found: dict[str, Any]) -> dict[str, Any]:
    [winner] = found["winners"].values()
    metrics: dict[str, Any] = winner["holdout"]
    return metrics


@pytest.mark.parametrize(
    ("frame", "arguments"),
    [
        (
            sequences().drop(columns="quality"),
            ("--task", "classification", "--target", "speed"),
        ),
        (
            rows().drop(columns="fault"),
            ("--task", "labelling", "--target", "phase"),
        ),
    ],
)
def test_classes_in_the_file_give_the_reported_metrics(
    run_table: Callable[..., dict[str, Any]],
    frame: pd.DataFrame,
    arguments: tuple[str, ...],
) -> None:
    found = run_table(frame, *arguments)
    table = predictions(found)
    assert list(table.columns[:5]) == [
        *("group", "row", "timestamp", "actual", "predicted"),
    ]
    classes = [name.removeprefix("p_") for name in table.columns[5:]]
    assert classes == sorted(frame[arguments[-1]].unique())
    actual = table["actual"].map(classes.index).to_numpy()
    again = class_result(actual, table.iloc[:, 5:].to_numpy(), classes=classes)
    assert holdout(found)["accuracy"] == pytest.approx(again.accuracy)
    assert holdout(found)["log_loss"] == pytest.approx(again.log_loss)
    given = frame.reset_index(drop=True)[arguments[-1]]
    assert list(given[table["row"]]) == list(table["actual"])


def test_values_in_the_file_give_the_reported_metrics(
    run_table: Callable[..., dict[str, Any]],
) -> None:
    found = run_table(
        sequences().drop(columns="speed"), "--task", "regression", "--target", "quality"
    )
    table = predictions(found)
    assert list(table.columns) == [
        *("group", "row", "timestamp", "actual", "predicted"),
    ]
    error = table["predicted"] - table["actual"]
    assert holdout(found)["rmse"] == pytest.approx(np.sqrt((error**2).mean()))
    assert len(table) == 4  # a fifth of 24 groups


def test_anomalies_in_the_file_give_the_reported_metrics(
    run_table: Callable[..., dict[str, Any]],
) -> None:
    found = run_table(
        rows().drop(columns="phase"),
        *("--task", "anomaly", "--target", "heat,flow", "--label", "fault"),
    )
    table = predictions(found)
    assert list(table.columns) == [
        *("group", "row", "timestamp", "label", "score", "threshold", "anomaly"),
    ]
    assert table["label"].sum() == 20
    called = table["score"] > table["threshold"]
    assert list(called.astype(int)) == list(table["anomaly"])
    again = anomaly_result(
        table["label"].to_numpy(dtype=float),
        called.to_numpy(),
        rows=table["row"].to_numpy(),
        groups=np.zeros(len(table), dtype=int),
    )
    assert holdout(found)["recall"] == pytest.approx(again.recall)
    assert holdout(found)["n_events"] == 1


def test_forecasts_of_many_series_give_the_reported_metrics(
    run_table: Callable[..., dict[str, Any]],
) -> None:
    found = run_table(shops(), "--target", "sales", "--group", "shop", "--horizon", "2")
    table = predictions(found)
    assert list(table.columns) == [
        *("group", "origin", "step", "timestamp", "actual", "predicted"),
    ]
    assert set(table["group"]) == {"east", "north", "west"}
    error = table["predicted"] - table["actual"]
    assert holdout(found)["mae"] == pytest.approx(error.abs().mean())
    second = table[table["step"] == 2].iloc[0]
    actual = shops()["sales"].to_numpy()[int(second["origin"]) + 1]
    assert second["actual"] == actual


@pytest.mark.slow
def test_many_series_are_forecast_beyond_their_ends_with_the_calendar(
    run_table: Callable[..., dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The file of the winner and the answers of its download are the same."""
    monkeypatch.delenv(TOY_VARIABLE)  # the network that is delivered forecasts
    space = tmp_path / "space.json"
    space.write_text('{"calendar": {"choices": ["cycles"]}}')
    found = run_table(
        *(shops(), "--target", "sales", "--group", "shop", "--horizon", "2"),
        *("--space", str(space), "--refits", "1"),
    )
    winner = found["winners"]["GRU"]
    ends = pd.read_csv(Path(winner["predictions"]).with_name("forecast.csv"))
    assert list(ends.columns) == ["group", "step", "timestamp", "predicted"]
    assert ends["group"].tolist() == ["east"] * 2 + ["north"] * 2 + ["west"] * 2
    assert ends["timestamp"].tolist() == ["2024-03-11", "2024-03-12"] * 3
    out = tmp_path / "answers.csv"
    table = tmp_path / "table.csv"
    assert main(["predict", winner["bundle"], str(table), "--out", str(out)]) == 0
    answers = pd.read_csv(out)
    assert {"drift", "ets", "theta", "ridge"} <= set(found["baselines"])
    np.testing.assert_allclose(answers["predicted"], ends["predicted"], atol=1e-4)
    assert answers["step"].tolist() == ends["step"].tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "classification", "--target", "colour"), "no column 'colour'"),
        (("--task", "anomaly", "--target", "wave"), "Say what is normal"),
        (("--task", "classification", "--shape", "zip"), "`--shape` is zip"),
        (("--task", "labelling", "--score", "rmse", "--target", "speed"), "`score`"),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence(
    tmp_path: Path,
    empty_studies: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    table = tmp_path / "table.csv"
    sequences().to_csv(table, index=False)
    assert main(["run", str(table), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_groups_of_a_second_file_are_held_out(
    tmp_path: Path, empty_studies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.csv"
    frame = sequences().drop(columns="quality").reset_index(drop=True)
    frame.to_csv(table, index=False)
    others = tmp_path / "others.csv"
    frame[frame["batch"] < "b05"].assign(wave=frame["wave"] + 0.01).to_csv(
        others, index=False
    )
    code = main(
        [
            *("run", str(table), "--task", "classification", "--target", "speed"),
            *("--test", str(others), "--explain-space"),
        ]
    )
    assert code == 0
    assert "5 groups of the test set held out" in capsys.readouterr().err
