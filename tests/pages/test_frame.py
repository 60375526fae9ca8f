"""Errors in words; the details go to the log."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from pages.components import frame
from tests.pages.conftest import OpenPage, words

PAGES = ("home", "data", "setup", "progress", "compare", "forecast", "explain",
         "studies")  # fmt: skip

SCRIPT = """
from pages.components.frame import error_boundary
from search.errors import ConfigError, StudyCorrupted
with error_boundary():
    raise {error}
"""


def run(error: str) -> AppTest:
    return AppTest.from_string(SCRIPT.format(error=error), default_timeout=30).run()


def test_user_error_is_shown_as_its_text() -> None:
    app = run("ConfigError('`folds` must be at least 2, got 1.')")
    assert app.error[0].value == r"\`folds\` must be at least 2, got 1\."


def test_unexpected_error_is_a_sentence_with_a_reference(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = run("RuntimeError('secret path /home/x')")
    reference = re.search(r"reference ([0-9A-F]{6})", app.error[0].value)
    assert reference is not None
    assert "secret" not in words(app)
    assert reference[1] in caplog.text
    assert "secret path" in caplog.text


@pytest.mark.case("W5", "an exception in each page")
@pytest.mark.parametrize("page", PAGES)
def test_an_error_in_any_page_is_one_sentence(
    page: str,
    open_page: OpenPage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise RuntimeError("secret path /home/x")

    monkeypatch.setattr(frame, "current_study", fail)
    app = open_page(page)
    check_one_sentence(app, caplog.text)


@pytest.mark.case("W5", "an exception in what a button does, and outside the pages")
def test_an_error_outside_the_pages_is_one_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Callbacks run before the page, where its frame catches nothing."""
    script = """
from pages.components.errors import answer_script_error
try:
    raise RuntimeError("secret path /home/x")
except RuntimeError as error:
    assert answer_script_error(error) is True
"""
    app = AppTest.from_string(script, default_timeout=30).run()
    check_one_sentence(app, caplog.text)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("OSError(errno.ENOSPC, 'No space left on device')", "disk"),
        ("PermissionError(13, 'Permission denied', '/x/y')", "cannot be opened"),
        ("UserInputError('The name is taken.')", "The name is taken"),
    ],
)
def test_what_a_person_can_mend_has_no_reference(error: str, sentence: str) -> None:
    script = f"""
import errno
from pages.components.errors import answer_script_error
from search.errors import UserInputError
assert answer_script_error({error}) is True
"""
    app = AppTest.from_string(script, default_timeout=30).run()
    assert not app.exception
    assert sentence in app.error[0].value
    assert "reference" not in app.error[0].value


def check_one_sentence(app: AppTest, log: str) -> None:
    assert not app.exception
    [error] = app.error
    reference = re.search(r"reference ([0-9A-F]{6})", error.value)
    assert reference is not None
    shown = "\n".join([words(app), str(app.main)])
    for secret in ("secret", "/home/x", "Traceback", "RuntimeError", ".py"):
        assert secret not in shown
    assert f"reference {reference[1]}" in log
    assert 'raise RuntimeError("secret path /home/x")' in log
