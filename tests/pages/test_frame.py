"""Errors in words; the details go to the log."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import words

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
