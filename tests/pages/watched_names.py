"""Uploads each hostile name on the Data page and prints every path that is opened.

A program of its own, because an audit hook cannot be taken back.
"""

import os
import sys
from pathlib import Path

from streamlit.testing.v1 import AppTest

from search.data.series import build_series
from search.data.table import read_table
from search.study.studies import list_studies
from tests.data.bad_files import GOOD
from tests.data.hostile_names import HOSTILE_NAMES
from tests.data.tables import settings_of
from tests.pages.conftest import MAIN
from tests.pages.study_factory import make_environment, make_settings, new_study

_WRITING = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link",
            "os.truncate", "os.chmod"}  # fmt: skip
_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_seen: list[str] = []


def watch(event: str, arguments: tuple) -> None:
    """Note the paths of an event."""
    if event == "open" and isinstance(arguments[0], str | bytes):
        path, mode, flags = arguments
        is_written = bool((flags or 0) & _FLAGS) or any(
            c in (mode or "") for c in "wax+"
        )
        _note(path, is_written=is_written)
    elif event in _WRITING:
        for path in arguments[:2]:
            if isinstance(path, str | bytes):
                _note(path, is_written=True)


def _note(path: str | bytes, *, is_written: bool) -> None:
    _seen.append(f"{'w' if is_written else 'r'} {Path(os.fsdecode(path)).absolute()}")


def main() -> None:
    """Take every name the whole way."""
    folder = Path(os.environ["STUDIES_DIR"])
    folder.mkdir(parents=True)
    environment = make_environment(folder)
    app = AppTest.from_file(str(MAIN), default_timeout=120)
    app.switch_page("data.py").run()
    sys.addaudithook(watch)
    for name in HOSTILE_NAMES:
        table = read_table(GOOD, name=name)
        source = build_series(table, settings_of()).source
        assert source.file_name == name
    for name in HOSTILE_NAMES[::4]:
        app.file_uploader(key="upload").set_value((f"{name}.csv", GOOD, "text/csv"))
        app.run()
        assert not app.exception, name
        app.button(key="other_file").click().run()
    new_study(environment, make_settings(HOSTILE_NAMES[0]))
    assert len(list_studies(environment)) == 1
    for line in dict.fromkeys(_seen):
        sys.stdout.write(line.replace("\n", "\\n") + "\n")
    sys.stdout.write(f"done {len(_seen)}\n")


if __name__ == "__main__":
    main()
