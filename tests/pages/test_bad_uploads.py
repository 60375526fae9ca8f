"""Every bad file and every hostile file name on the Data page itself."""

import re
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.text import spoken
from tests.data.bad_files import BAD_FILES, GOOD, BadFile
from tests.data.hostile_names import HOSTILE_NAMES, MARK
from tests.pages.conftest import OpenPage, words

Record = Callable[[str, object], None]
ROOT = Path(__file__).parents[2]
HANG_SECONDS = 120.0
# One of each way that the page can take.
FEW = (
    *("U1 zip", "U2 mixed", "U4 too many fields", "U4 rows 3", "U5 text"),
    *("U6 day 30 February", "U7 HTML in the header"),
)


def is_unseen(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cf"}


def take(app: AppTest, content: bytes, name: str = "upload.csv") -> AppTest:
    app.file_uploader(key="upload").set_value((name, content, "text/csv"))
    return app.run()


def choose(app: AppTest, file: BadFile) -> AppTest:
    """Choose the columns of the file, where the page has got so far."""
    for key, wanted in (
        ("data_time", list(file.time)),
        ("data_targets", [file.target]),
    ):
        found = [widget for widget in app.multiselect if widget.key == key]
        # What is offered may say more than the name, such as "target · empty".
        offered = {shown.partition(" · ")[0] for one in found for shown in one.options}
        if found and found[0].value != wanted and set(wanted) <= offered:
            app = found[0].set_value(wanted).run()
    return app


def complaint_of(app: AppTest, file: BadFile) -> str:
    """Show the file on the page; return what is wrong with that, or nothing."""
    app = choose(take(app, file.content), file)
    shown = re.sub(r"\\([^\w\s])", r"\1", words(app))
    tables = "\n".join(frame.value.to_string() for frame in app.dataframe)
    if app.exception or "Traceback" in shown or "Something went wrong" in shown:
        return f"failed: {shown[-500:]}"
    is_open = any(button.key == "data_next" and not button.disabled
                  for button in app.button)  # fmt: skip
    if is_open != (file.kind == "read"):
        return f"can go on: {is_open}, though it is {file.kind}: {shown[-500:]}"
    if file.kind == "refused" and len(app.error) != 1:
        return f"{len(app.error)} errors instead of one sentence"
    if not re.search(file.says.replace("\\\\x", ".x"), f"{shown}\n{tables}"):
        return f"lacks {file.says!r}: {shown[-500:]}"
    return ""


def show_all(open_page: OpenPage, files: list[BadFile], record: Record) -> None:
    app = open_page("data")
    wrong, longest = {}, 0.0
    for file in files:
        started = time.perf_counter()
        complaint = complaint_of(app, file)
        longest = max(longest, time.perf_counter() - started)
        if complaint:
            wrong[file.label] = complaint
        app.button(key="other_file").click().run()
    assert not wrong
    assert longest < HANG_SECONDS
    record("figure", f"{len(files)} files, 0 exceptions; longest {longest:.2f} s")


@pytest.mark.case("U8", "a bad file of each kind on the page")
def test_the_page_says_what_is_wrong(
    open_page: OpenPage, record_property: Record
) -> None:
    files = [file for file in BAD_FILES if file.label in FEW]
    assert len(files) == len(FEW)
    show_all(open_page, files, record_property)


@pytest.mark.faults
@pytest.mark.case("U8", "every bad file on the page")
def test_the_page_says_what_is_wrong_with_every_file(
    open_page: OpenPage, record_property: Record
) -> None:
    show_all(open_page, list(BAD_FILES), record_property)


@pytest.mark.case("U11", "hostile file names, shown on the page")
def test_hostile_names_are_shown_as_text_and_cut(open_page: OpenPage) -> None:
    app = open_page("data")
    names = [name for name in HOSTILE_NAMES if name][::6]
    for name in [*names, *(n for n in HOSTILE_NAMES if len(n) > 200)]:
        # The suffix is checked by the widget before the page sees the file.
        app = take(app, GOOD, f"{name}.csv")
        assert not app.exception
        line = next(m.value for m in app.markdown if m.value.startswith("**"))
        assert len(line) < 250, name
        assert not any(map(is_unseen, spoken(line))), name
        assert "<img" not in line.replace("\\<", "")
        assert not re.search(r"(?<!\\)\[.*(?<!\\)\]\(", line), name
        app.button(key="other_file").click().run()


@pytest.mark.faults
@pytest.mark.case("U11", "hostile file names, opened paths watched")
def test_hostile_names_reach_no_file_system(
    tmp_path: Path, record_property: Record
) -> None:
    """The way from upload to study in a process that reports every path it opens."""
    assert len(HOSTILE_NAMES) >= 40
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.pages.watched_names"],
        cwd=ROOT,
        env={"STUDIES_DIR": str(tmp_path / "studies"), "PATH": "/usr/bin:/bin",
             "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    paths = ran.stdout.splitlines()
    assert any(path.startswith("done ") for path in paths)
    assert not [path for path in paths if MARK in path]
    written = [path.removeprefix("w ") for path in paths if path.startswith("w ")]
    outside = [path for path in written if not path.startswith(str(tmp_path))]
    assert not outside
    record_property(
        "figure", f"{len(HOSTILE_NAMES)} names, 0 of {len(written)} paths outside"
    )
