"""The page on the data format names every finding, choice, option and sample."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from search.data.group_samples import GROUP_SAMPLES
from search.data.groups.settings import GROUP_CHOICES
from search.data.reading.options import ReadOptions
from search.data.reading.spelling import MISSING_SPELLINGS
from search.data.samples import SAMPLES
from search.data.settings import CHOICES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "data-format.md").read_text(encoding="utf-8")
SOURCES = [path.read_text("utf-8") for path in (ROOT / "search/data").rglob("*.py")]
FIRST_ARGUMENT = re.compile(r"(?:\bFinding|choice_finding)\(\s*\"([a-z_]+)\"")


def _codes() -> set[str]:
    found = {code for source in SOURCES for code in FIRST_ARGUMENT.findall(source)}
    return found | {"text_in_numbers", "infinite"}


@pytest.mark.parametrize("code", sorted(_codes()))
def test_every_finding_is_explained(code):
    assert f"`{code}`" in TEXT


@pytest.mark.parametrize(
    "choice",
    sorted(
        {
            choice
            for offered in (CHOICES, GROUP_CHOICES)
            for choices in offered.values()
            for choice in choices
        }
    ),
)
def test_every_choice_is_explained(choice):
    assert f"`{choice}`" in TEXT


def test_every_option_and_sample_is_named():
    options = {field.name for field in fields(ReadOptions)} - {"format"}
    assert all(f"`{name}`" in TEXT for name in {*options, *SAMPLES, *GROUP_SAMPLES})


def test_every_missing_spelling_is_named():
    named = {word.lower() for word in re.findall(r"`([^`]+)`", TEXT)}
    assert MISSING_SPELLINGS - named == {"", "#na", "-nan", "<na>"}
