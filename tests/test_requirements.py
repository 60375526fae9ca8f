"""The lists of packages are exact, explained, complete and the ones installed."""

import ast
import re
import sys
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest

from search.bundle.scripts import SHARED_MODULE, TASK_MODULES

ROOT = Path(__file__).parents[1]
LISTS = ("requirements.txt", "requirements-dev.txt", "requirements-gpu.txt")
# The scripts of a bundle lie beside each other and import one another.
BUNDLED = {Path(name).stem for name in (SHARED_MODULE, *TASK_MODULES)}
FIRST_PARTY = {"search", "pages", "app", "tests", *BUNDLED}
# Loaded by another package, never imported by name.
LOADED_INDIRECTLY = {"authlib", "httpx", "onnx", "openpyxl", "psycopg", "pyarrow",
                     "tf2onnx"}  # fmt: skip
PIN = re.compile(r"^([A-Za-z0-9_.-]+)(\[[a-z0-9-]+\])?==([^\s#]+)(\s+#\s(.+))?$")


@dataclass(frozen=True)
class Pin:
    """One line of a list."""

    name: str
    version: str
    comment: str


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins(file_name: str) -> list[Pin]:
    lines = (ROOT / file_name).read_text("utf-8").splitlines()
    pins = []
    for line in lines:
        if not line or line.startswith(("#", "-r ")):
            continue
        match = PIN.match(line)
        assert match, f"{file_name}: {line!r} is not `name==version  # reason`"
        pins.append(Pin(normal(match[1]), match[3], match[5] or ""))
    return pins


def imported_packages(*folders: str) -> set[str]:
    """Return the top-level packages that the source imports, ours left out."""
    files = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        # The alternatives of the benchmarks have environments of their own.
        if not any(
            part.startswith(".") or part == "alternatives"
            for part in path.relative_to(ROOT).parts
        )
    ]
    files += [path for path in [ROOT / "app.py"] if path.exists()]
    names: set[str] = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    return names - FIRST_PARTY - set(sys.stdlib_module_names) - {"__future__"}


def distributions(packages: set[str]) -> set[str]:
    known = packages_distributions()
    return {
        normal(min(known[package], key=len)) for package in packages if package in known
    }


@pytest.mark.parametrize("file_name", LISTS)
def test_every_pin_says_which_module_needs_it(file_name: str) -> None:
    pins = read_pins(file_name)
    assert pins
    assert [pin.name for pin in pins if len(pin.comment) < 5] == []


@pytest.mark.parametrize("file_name", LISTS)
def test_modules_named_in_the_comments_exist(file_name: str) -> None:
    for pin in read_pins(file_name):
        for place in re.findall(r"\b(?:search|pages|tests)/[a-z0-9_/]+", pin.comment):
            path = ROOT / place
            assert path.exists() or path.with_suffix(".py").exists(), (
                f"{file_name}: {pin.name} names {place}, which does not exist"
            )


@pytest.mark.parametrize("file_name", LISTS)
def test_pins_are_what_is_installed(file_name: str) -> None:
    installed = {pin.name: version(pin.name) for pin in read_pins(file_name)}
    assert installed == {pin.name: pin.version for pin in read_pins(file_name)}


def test_lists_are_in_alphabetical_order_without_repeats() -> None:
    for file_name in LISTS:
        names = [pin.name for pin in read_pins(file_name)]
        assert names == sorted(set(names))


def test_every_imported_package_is_listed() -> None:
    packages = imported_packages("search", "pages")
    assert "optuna" in packages
    assert packages - set(packages_distributions()) == set(), "not installed"
    listed = {pin.name for pin in read_pins("requirements.txt")}
    assert distributions(packages) - listed == set()


def test_every_listed_package_is_imported() -> None:
    found = distributions(imported_packages("search", "pages"))
    listed = {pin.name for pin in read_pins("requirements.txt")}
    assert listed - found - LOADED_INDIRECTLY == set()


def test_tests_import_listed_packages_only() -> None:
    packages = imported_packages("search", "pages", "tests", "benchmarks")
    listed = {
        pin.name
        for name in ("requirements.txt", "requirements-dev.txt")
        for pin in read_pins(name)
    }
    assert distributions(packages) - listed == set()


def test_gpu_list_adds_to_the_plain_one() -> None:
    text = (ROOT / "requirements-gpu.txt").read_text("utf-8")
    assert "-r requirements.txt" in text.splitlines()
    plain = {pin.name: pin.version for pin in read_pins("requirements.txt")}
    assert all(
        plain[pin.name] == pin.version for pin in read_pins("requirements-gpu.txt")
    )


def test_no_list_holds_the_cpu_only_package() -> None:
    """It owns the same files as `tensorflow`, and has no wheels for ARM."""
    for file_name in LISTS:
        assert "tensorflow-cpu" not in {pin.name for pin in read_pins(file_name)}
