"""The stand-alone scripts that run a bundle."""

from importlib.resources import files

SCRIPT = "predict.py"
# What a bundle of any other task than the forecast of one series has beside it.
TASK_MODULES = (
    "task_answers.py",
    "task_check.py",
    "task_files.py",
    "task_rows.py",
    "task_setup.py",
    "task_windows.py",
)
SHARED_MODULE = "one_series.py"


def template() -> bytes:
    """Return the ``predict.py`` of the forecast of one series."""
    return (files("search.bundle") / "template" / SCRIPT).read_bytes()


def task_scripts() -> dict[str, bytes]:
    """Return the scripts of any other task by their names in the bundle."""
    folder = files("search.bundle") / "template" / "tasks"
    names = (SCRIPT, *TASK_MODULES)
    scripts = {name: (folder / name).read_bytes() for name in names}
    return scripts | {SHARED_MODULE: template()}
