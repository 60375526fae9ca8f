"""The documentation names everything there is, and nothing that is not there."""

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

import search
from search.cli.arguments import parse_arguments
from search.config import Budget, Task, Training
from search.evaluation.anomaly import AnomalyMetrics
from search.evaluation.baselines.anomalies import ANOMALY_NAMES
from search.evaluation.baselines.sequences import CLASS_NAMES, VALUE_NAMES
from search.evaluation.baselines.suite import BASELINE_NAMES
from search.evaluation.class_metrics import ClassScore
from search.evaluation.diagnosis import Illness
from search.evaluation.leaks.suspicion import Kind
from search.evaluation.metrics import Metrics
from search.space.lines import LIMITS
from search.study.control import State
from search.study.settings import StudySettings

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    path
    for folder in (ROOT, ROOT / "docs", ROOT / "studies")
    for path in sorted(folder.glob("*.md"))
]
USER_GUIDE = ROOT / "docs" / "user-guide.md"
METRICS = ROOT / "docs" / "metrics.md"


def section(path: Path, heading: str) -> str:
    """Return the text below `heading` down to the next one of its level or above."""
    level, title = heading.split(" ", 1)
    pattern = rf"^{level} {re.escape(title)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)"
    found = re.search(pattern, path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found, f"{path.name} has no heading {heading!r}"
    return found[1]


def table_rows(path: Path, heading: str) -> dict[str, list[str]]:
    """Return the rows of the tables below `heading` by the names in their first cell.

    A name is what stands in backticks, or the whole cell.
    """
    rows: dict[str, list[str]] = {}
    lines = section(path, heading).splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        is_head = following.startswith("|---")
        if line.startswith("|") and not line.startswith("|---") and not is_head:
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for name in re.findall(r"`([^`]+)`", cells[0]) or [cells[0]]:
                rows[name] = cells
    return rows


def names(record: type[Any]) -> list[str]:
    return [field.name for field in dataclasses.fields(record)]


@pytest.mark.parametrize("name", names(Metrics))
def test_every_metric_has_formula_unit_and_undefined_case(name: str) -> None:
    cells = table_rows(METRICS, "## The metrics")[name]
    assert len(cells) == 5
    assert all(cells)


@pytest.mark.parametrize("name", sorted({*names(ClassScore), *names(AnomalyMetrics)}))
def test_every_metric_of_other_tasks_is_described(name: str) -> None:
    if not name.startswith("n_"):
        cells = table_rows(METRICS, "## Values, classes and anomalies")[name]
        assert len(cells) == 4
        assert all(cells)


@pytest.mark.parametrize("name", get_args(Illness))
def test_every_illness_is_described(name: str) -> None:
    assert name in table_rows(METRICS, "## Diagnosis")


@pytest.mark.parametrize("name", get_args(Kind))
def test_every_kind_of_leak_is_described(name: str) -> None:
    assert name in table_rows(METRICS, "## Leak audit")


@pytest.mark.parametrize(
    "name", [*BASELINE_NAMES, *VALUE_NAMES, *CLASS_NAMES, *ANOMALY_NAMES]
)
def test_every_baseline_is_described(name: str) -> None:
    assert name in table_rows(METRICS, "## Baselines")


@pytest.mark.parametrize("name", LIMITS)
def test_every_hyperparameter_is_described_with_its_limits(name: str) -> None:
    _, limits, meaning = table_rows(USER_GUIDE, "### Hyperparameters")[name]
    assert len(meaning) > 20
    allowed = LIMITS[name]
    if allowed.kind == "choice":
        assert limits == ", ".join(str(value) for value in allowed.choices).replace(
            "False, True", "false, true"
        )
    else:
        low, high = (float(end) for end in limits.split(" to "))
        assert (low, high) == (allowed.low, allowed.high)


@pytest.mark.parametrize("record", [Task, Budget, Training])
def test_every_setting_is_described(record: type[Any]) -> None:
    rows = table_rows(USER_GUIDE, "## Search")
    assert [name for name in names(record) if name not in rows] == []


@pytest.mark.parametrize(
    ("record", "setting"),
    [
        *((Training, name) for name in names(Training)),
        (Task, "folds"),
        (Task, "score"),
        (Budget, "trials"),
        (StudySettings, "workers"),
    ],
)
def test_defaults_are_the_documented_ones(record: type[Any], setting: str) -> None:
    default = {field.name: field.default for field in dataclasses.fields(record)}
    assert (
        table_rows(USER_GUIDE, "## Search")[setting][1] == str(default[setting]).lower()
    )


@pytest.mark.parametrize("state", get_args(State))
def test_every_state_is_explained(state: str) -> None:
    assert state in table_rows(USER_GUIDE, "## Progress")


def test_every_environment_variable_is_described() -> None:
    source = "".join(
        path.read_text("utf-8")
        for folder in ("search", "pages")
        for path in (ROOT / folder).rglob("*.py")
    )
    variables = set(re.findall(r"\bSTUDIES_[A-Z]+\b", source))
    assert variables >= {"STUDIES_DIR", "STUDIES_STORAGE"}
    described = table_rows(USER_GUIDE, "## Where things are stored")
    assert variables - set(described) == set()


def help_of(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit, match="0"):
        parse_arguments([*arguments, "--help"])
    return capsys.readouterr().out


def commands(capsys: pytest.CaptureFixture[str]) -> set[str]:
    listed = help_of(capsys=capsys).split("options:")[0]
    return set(re.findall(r"^ {4}([a-z]+)", listed, re.MULTILINE))


def options(command: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    listed = help_of(command, capsys=capsys)
    return set(re.findall(r"--[a-z][a-z-]*", listed)) - {"--help"}


def test_every_command_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    found = commands(capsys)
    assert {"run", "list", "predict"} <= found
    described = {
        name.split()[0] for name in table_rows(USER_GUIDE, "### Other commands")
    }
    assert described == found - {"run"}


def test_every_option_of_run_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    rows = table_rows(USER_GUIDE, "### `run FILE`")
    described = {name.split()[0] for name in rows if name.startswith("--")}
    assert described == options("run", capsys)


def test_options_of_other_commands_are_described(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = table_rows(USER_GUIDE, "### Other commands")
    for name, cells in rows.items():
        command = name.split()[0]
        described = set(re.findall(r"--[a-z][a-z-]*", " ".join(cells)))
        assert described == options(command, capsys) - {"--storage"}, command


def test_commands_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    texts = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    used = {
        target
        for path in texts
        for target in re.findall(r"\bmake ([a-z0-9-]+)", path.read_text("utf-8"))
    }
    assert {"run", "test"} <= used
    assert used - targets == set()


def test_every_make_target_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    described = set(re.findall(r"^([a-z0-9-]+):[^#]*## \S", makefile, re.MULTILINE))
    assert set(phony[1].split()) == described


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    local = [target.split("#")[0] for target in targets if "://" not in target]
    missing = [name for name in local if name and not (path.parent / name).exists()]
    assert missing == []


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)
    assert project["version"] == search.__version__ == released[0]
