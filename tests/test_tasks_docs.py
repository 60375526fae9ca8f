"""The worked examples of docs/tasks.md do what they say."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from search.cli.arguments import parse_arguments
from search.cli.main import main
from search.data.samples import make_sample
from tests.test_docs import ROOT, section

TASKS = ROOT / "docs" / "tasks.md"
TEXTS = ROOT / "pages" / "components" / "text" / "en"


def searches(task: str) -> list[list[str]]:
    """Return the arguments of each call of the program in the section of a task."""
    blocks = re.findall(r"```sh\n(.*?)```", section(TASKS, f"## {task}"), re.DOTALL)
    calls = [shlex.split(line) for block in blocks for line in block.splitlines()]
    program = ["python", "-m", "search"]
    return [call[3:] for call in calls if call[:3] == program]


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the example, which is the working folder."""
    (tmp_path / "daily_sales.csv").write_bytes(make_sample("daily_sales"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUDIES_DIR", str(tmp_path / "studies"))
    monkeypatch.delenv("STUDIES_STORAGE", raising=False)
    return tmp_path


def test_commands_of_forecasting_can_be_read() -> None:
    calls = searches("Forecasting")
    assert [call[0] for call in calls] == ["run", "run", "export", "predict"]
    for call in calls:
        parse_arguments(call)


def test_explanation_of_forecasting_prints_the_lines_shown_and_starts_nothing(
    example: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    explain = searches("Forecasting")[0]
    assert explain[-1] == "--explain-space"
    assert main(explain) == 0
    printed = capsys.readouterr().out.splitlines()
    (shown,) = re.findall(r"```text\n(.*?)```", TASKS.read_text("utf-8"), re.DOTALL)
    assert set(shown.splitlines()) <= set(printed)
    assert not (example / "studies").exists()


def test_words_of_the_pages_are_those_of_the_pages() -> None:
    """What the walk through the pages prints in bold stands on them."""
    known = {
        words
        for path in TEXTS.glob("*.toml")
        for words in tomllib.loads(path.read_text("utf-8")).values()
    }
    known.add("Daily sales")  # the title of the sample
    walk = section(TASKS, "### On the pages")
    assert [one for one in re.findall(r"\*\*(.+?)\*\*", walk) if one not in known] == []


@pytest.mark.slow
def test_example_of_forecasting_on_a_small_budget(example: Path) -> None:
    _, run, export, predict = searches("Forecasting")
    small = ("--trials", "3", "--epochs", "2", "--refits", "1", "--workers", "1")
    assert main([*run, *small]) == 0
    results = json.loads((example / "results.json").read_bytes())
    assert set(results["winners"]) == {"SimpleRNN", "LSTM", "GRU"}
    assert results["data"]["rows"] == 1_461
    assert main(export) == 0
    assert main(predict) == 0
    assert len((example / "forecast.csv").read_text().splitlines()) == 1 + 14
