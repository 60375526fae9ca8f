"""Who may import whom, read from the source and seen in a fresh process.

Direction: pages -> pages.components -> search -> (search.worker alone) TensorFlow.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from search.bundle.scripts import SHARED_MODULE, TASK_MODULES

ROOT = Path(__file__).parents[1]
# Runs without this package wherever a bundle is unpacked; falls back on Keras there.
STANDALONE = "search.bundle.template"
TRAINING = {"tensorflow", "keras"}
# The page that optuna-dashboard is mounted by; everything else reads search.study.
MOUNT = "pages.server.dashboard"


@dataclass(frozen=True)
class Import:
    """One imported module, and whether importing the file loads it at once."""

    importer: str
    imported: str
    is_immediate: bool

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}"

    def is_of(self, *packages: str) -> bool:
        return _is_in(self.imported, *packages)

    def is_by(self, *packages: str) -> bool:
        return _is_in(self.importer, *packages)


def _is_in(module: str, *packages: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in packages)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def source_files() -> list[Path]:
    files = [*(ROOT / "search").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    return [*files, *(path for path in [ROOT / "app.py"] if path.exists())]


def read_imports(path: Path) -> Iterator[Import]:
    tree = ast.parse(path.read_text("utf-8"))
    yield from _walk(tree, module_name(path), is_immediate=True)


def _walk(node: ast.AST, importer: str, *, is_immediate: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(importer, alias.name, is_immediate)
        elif isinstance(child, ast.ImportFrom):
            for name in _imported_from(child):
                yield Import(importer, name, is_immediate)
        elif not _is_type_checking(child):
            is_function = isinstance(child, ast.FunctionDef | ast.Lambda)
            yield from _walk(
                child, importer, is_immediate=is_immediate and not is_function
            )


def _imported_from(statement: ast.ImportFrom) -> Iterator[str]:
    """Name the module, and each imported thing that is a module itself."""
    assert statement.module is not None
    yield statement.module
    folder = ROOT / Path(*statement.module.split("."))
    for alias in statement.names:
        target = folder / alias.name
        if target.with_suffix(".py").exists() or target.is_dir():
            yield f"{statement.module}.{alias.name}"


def _is_type_checking(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


@pytest.fixture(scope="module")
def imports() -> list[Import]:
    return [found for path in source_files() for found in read_imports(path)]


def violations(imports: list[Import], *, by: str, of: set[str]) -> list[str]:
    return [str(each) for each in imports if each.is_by(by) and each.is_of(*of)]


def test_reader_sees_every_kind_of_import(tmp_path: Path) -> None:
    """A check that cannot fail is no check."""
    code = (
        "import a.b\nfrom search import config\nif x:\n    import c\n"
        "if TYPE_CHECKING:\n    import hidden\ndef f():\n    from d import e\n"
    )
    found = list(_walk(ast.parse(code), "m", is_immediate=True))
    assert [(each.imported, each.is_immediate) for each in found] == [
        ("a.b", True),
        ("search", True),
        ("search.config", True),
        ("c", True),
        ("d", False),
    ]


def test_engine_knows_nothing_of_pages(imports: list[Import]) -> None:
    banned = {"streamlit", "plotly", "pages", "app", "starlette", "optuna_dashboard"}
    assert violations(imports, by="search", of=banned) == []


def test_only_the_worker_imports_tensorflow(imports: list[Import]) -> None:
    allowed = ("search.worker", STANDALONE)
    found = [str(one) for one in imports if one.is_of(*TRAINING)]
    refused = [
        str(one) for one in imports if one.is_of(*TRAINING) and not one.is_by(*allowed)
    ]
    assert refused == []
    assert found, "no module imports TensorFlow, so this test checks nothing"


def test_worker_is_loaded_late_and_from_search_only(imports: list[Import]) -> None:
    """The command line starts workers; it may load them inside a function."""
    outside = [
        one
        for one in imports
        if one.is_of("search.worker") and not one.is_by("search.worker")
    ]
    assert [str(one) for one in outside if one.is_immediate] == []
    assert [str(one) for one in outside if one.is_by("pages", "app")] == []


def test_studies_are_stored_without_knowing_what_is_read_from_them(
    imports: list[Import],
) -> None:
    below = {"search.study": {"search.analysis", "search.jobs"}}
    below["search.space"] = {*below["search.study"], "search.study"}
    for package in ("search.data", "search.evaluation", "search.explain"):
        below[package] = {*below["search.study"], "search.study"}
    for package, above in below.items():
        assert violations(imports, by=package, of=above) == []


def test_pages_read_studies_through_the_engine(imports: list[Import]) -> None:
    banned = {"optuna", "optuna_dashboard", *TRAINING}
    found = [
        str(one)
        for one in imports
        if one.is_by("pages") and one.is_of(*banned) and not one.is_by(MOUNT)
    ]
    assert found == []


def test_components_know_no_page(imports: list[Import]) -> None:
    found = [
        str(one)
        for one in imports
        if one.is_by("pages.components")
        and one.is_of("pages")
        and not one.is_of("pages.components")
        and one.imported != "pages"
    ]
    assert found == []


def test_stand_alone_script_needs_no_package_of_ours(imports: list[Import]) -> None:
    neighbours = {Path(name).stem for name in (SHARED_MODULE, *TASK_MODULES)}
    packages = {"numpy", "pandas", "onnxruntime", "keras", *sys.stdlib_module_names}
    allowed = packages | neighbours
    found = [
        str(one)
        for one in imports
        if one.is_by(STANDALONE) and one.imported.split(".")[0] not in allowed
    ]
    assert found == []


def web_imports() -> list[str]:
    """Return what app.py and the scripts in pages/ import when they are loaded."""
    scripts = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))]
    found = {
        one.imported
        for path in scripts
        if path.exists()
        for one in read_imports(path)
        if one.is_immediate
    }
    return sorted(found)


def test_web_process_loads_no_training_library() -> None:
    """Importing all that the pages import leaves the heavy packages out."""
    code = (
        "import importlib, sys, warnings\n"
        f"for name in {web_imports()!r}:\n"
        "    importlib.import_module(name)\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'statsmodels'}\n"
        "print(','.join(sorted(heavy & set(sys.modules))))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == ""


def test_importing_a_module_of_the_engine_does_nothing() -> None:
    """No files, no output: constructors store, importing only defines."""
    modules = [
        module_name(path)
        for path in source_files()
        if not _is_in(module_name(path), "search.worker", "search.__main__", STANDALONE)
        and module_name(path).startswith("search")
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        "print(','.join(sorted({'tensorflow', 'keras'} & set(sys.modules))))\n"
    )
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == ""
    assert result.stderr == ""
