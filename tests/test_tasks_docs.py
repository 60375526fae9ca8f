"""The worked examples of docs/tasks.md do what they say."""

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from search.cli.arguments import parse_arguments
from search.cli.main import main
from search.data.group_samples import GROUP_SAMPLES
from tests.test_docs import ROOT, section

TASKS = ROOT / "docs" / "tasks.md"
TEXTS = ROOT / "pages" / "components" / "text" / "en"
SECTIONS = {
    "Forecasting of many series": "shop_sales",
    "Value of a sequence": "batch_reactor",
    "Value of a row": "engine_wear",
    "Class of a sequence": "pump_vibration",
    "Class of a row": "dryer_regimes",
    "Anomalies": "pump_anomalies",
}
BUDGET = ("--epochs", "2", "--refits", "1", "--workers", "1")
SMALL = (*BUDGET, "--trials", "1", "--cells", "gru")


def searches(task: str) -> list[list[str]]:
    """Return the arguments of each call of the program in the section of a task."""
    blocks = re.findall(r"```sh\n(.*?)```", section(TASKS, f"## {task}"), re.DOTALL)
    calls = [shlex.split(line) for block in blocks for line in block.splitlines()]
    program = ["python", "-m", "search"]
    return [call[3:] for call in calls if call[:3] == program]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an example, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUDIES_DIR", str(tmp_path / "studies"))
    monkeypatch.delenv("STUDIES_STORAGE", raising=False)
    return tmp_path


def run_small(task: str, folder: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    """Run an example on a small budget.

    Returns
    -------
    tuple
        The results, and the predictions of the best cell on what was held out.
    """
    sample, run = searches(task)
    assert main(sample) == 0
    assert main([*run, *SMALL]) == 0
    results = json.loads((folder / "results.json").read_bytes())
    assert set(results["winners"]) == {"GRU"}
    best = results["winners"][results["best_cell"]]
    predictions = Path(best["predictions"])
    assert predictions.name == "holdout_predictions.csv"
    return results, pd.read_csv(predictions, dtype={"group": str})


def best_of(results: dict[str, Any]) -> dict[str, Any]:
    """Return the metrics of the best cell on what was held out."""
    holdout: dict[str, Any] = results["winners"][results["best_cell"]]["holdout"]
    return holdout


def test_commands_of_forecasting_can_be_read() -> None:
    calls = searches("Forecasting")
    assert [call[0] for call in calls] == ["sample", "run", "run", "export", "predict"]
    for call in calls:
        parse_arguments(call)


@pytest.mark.parametrize(("task", "sample"), SECTIONS.items())
def test_commands_of_a_task_can_be_read_and_use_its_sample(
    task: str, sample: str
) -> None:
    written, run = (parse_arguments(call) for call in searches(task))
    assert (written.command, written.name) == ("sample", sample)
    assert run.command == "run"
    assert run.file == written.out
    assert run.task == GROUP_SAMPLES[sample].kind
    settings = GROUP_SAMPLES[sample].settings
    assert run.group == settings.roles.group
    assert run.target.split(",") == list(settings.roles.targets)
    assert run.label == settings.label


@pytest.mark.parametrize(("task", "sample"), SECTIONS.items())
def test_rows_that_are_shown_are_the_first_of_the_file(
    task: str, sample: str, folder: Path
) -> None:
    assert main(searches(task)[0]) == 0
    (shown,) = re.findall(r"```text\n(.*?)```", section(TASKS, f"## {task}"), re.DOTALL)
    assert (folder / f"{sample}.csv").read_text("utf-8").startswith(shown)


def test_explanation_of_forecasting_prints_the_lines_shown_and_starts_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample, explain, *_ = searches("Forecasting")
    assert main(sample) == 0
    assert explain[-1] == "--explain-space"
    assert main(explain) == 0
    printed = capsys.readouterr().out.splitlines()
    (shown,) = re.findall(
        r"```text\n(.*?)```", section(TASKS, "## Forecasting"), re.DOTALL
    )
    assert set(shown.splitlines()) <= set(printed)
    assert not (folder / "studies").exists()


@pytest.mark.parametrize("task", ["Forecasting", *SECTIONS])
def test_words_of_the_pages_are_those_of_the_pages(task: str) -> None:
    """What the walk through the pages prints in bold stands on them."""
    known = {
        words
        for path in TEXTS.glob("*.toml")
        for words in tomllib.loads(path.read_text("utf-8")).values()
    }
    known |= {"Daily sales"} | {one.title for one in GROUP_SAMPLES.values()}
    _, walk = section(TASKS, f"## {task}").split("### On the pages")
    walk = " ".join(walk.split("\n### ")[0].split())
    assert [one for one in re.findall(r"\*\*(.+?)\*\*", walk) if one not in known] == []


@pytest.mark.slow
def test_example_of_forecasting_on_a_small_budget(folder: Path) -> None:
    sample, _, run, export, predict = searches("Forecasting")
    assert main(sample) == 0
    assert main([*run, *BUDGET, "--trials", "3"]) == 0
    results = json.loads((folder / "results.json").read_bytes())
    assert set(results["winners"]) == {"SimpleRNN", "LSTM", "GRU"}
    assert results["data"]["rows"] == 1_461
    assert main(export) == 0
    assert main(predict) == 0
    assert len((folder / "forecast.csv").read_text().splitlines()) == 1 + 14


@pytest.mark.slow
class TestSmallBudget:
    """What the sections claim of their results."""

    def test_many_series(self, folder: Path) -> None:
        results, found = run_small("Forecasting of many series", folder)
        columns = ["group", "origin", "step", "timestamp", "actual", "predicted"]
        assert list(found.columns) == columns
        assert found["group"].nunique() == 6
        assert set(found["step"]) == set(range(1, 8))
        rows = found.groupby("group")["timestamp"].max()
        assert set(rows.str[:10]) == {"2023-12-31"}  # the last rows of each shop
        assert best_of(results)["rmse"] > best_of(results)["mae"] > 0

    def test_value_of_a_sequence(self, folder: Path) -> None:
        results, found = run_small("Value of a sequence", folder)
        columns = ["group", "row", "timestamp", "actual", "predicted"]
        assert list(found.columns) == columns
        assert len(found) == found["group"].nunique() == 24
        assert best_of(results)["r2"] <= 0.97
        assert {"mean", "ridge_features"} <= set(results["baselines"])
        assert results["baselines"]["mean"]["r2"] <= 0  # as of any constant

    def test_value_of_a_row(self, folder: Path) -> None:
        _, found = run_small("Value of a row", folder)
        assert found["group"].nunique() == 8
        assert len(found) > 8 * 20
        steps = found.sort_values("row").groupby("group")["actual"].diff().dropna()
        assert (steps == -1).all()  # one line a cycle, counting down
        assert set(found.groupby("group")["actual"].min()) == {0}

    def test_class_of_a_sequence(self, folder: Path) -> None:
        results, found = run_small("Class of a sequence", folder)
        classes = ["bearing damage", "cavitation", "imbalance", "normal"]
        assert [name for name in found.columns if name.startswith("p_")] == [
            f"p_{name}" for name in classes
        ]
        assert found["actual"].value_counts().to_dict() == dict.fromkeys(classes, 6)
        assert found.filter(like="p_").sum(axis=1).to_numpy() == pytest.approx(1)
        best = best_of(results)
        right = (found["actual"] == found["predicted"]).mean()
        assert best["accuracy"] == pytest.approx(right)
        assert [sum(row) for row in best["confusion"]] == [6, 6, 6, 6]
        assert set(results["baselines"]) == {"majority", "nearest", "logistic"}

    def test_class_of_a_row(self, folder: Path) -> None:
        results, found = run_small("Class of a row", folder)
        assert set(found["actual"]) <= {"heating", "holding", "cooling", "cleaning"}
        assert found["row"].max() == 1_499  # the last rows
        assert found["row"].diff().dropna().eq(1).all()
        assert 0 <= best_of(results)["f1"] <= 1
        assert results["best_cell"] is not None

    def test_anomalies(self, folder: Path) -> None:
        results, found = run_small("Anomalies", folder)
        assert {"label", "score", "threshold", "anomaly"} <= set(found.columns)
        judged = found[found["row"] >= 1_000]
        assert len(judged) == 1_000
        called = judged["score"] > judged["threshold"]
        assert (called == (judged["anomaly"] == 1)).all()
        best = best_of(results)
        for name in ("f1", "false_alarm_rate", "missing_rate"):
            assert 0 <= best[name] <= 1
        assert "detection_delay" in best
        assert set(results["baselines"]) == {"never", "always", "zscore", "pca"}
