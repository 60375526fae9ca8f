"""Every kind of bad file gets its verdict: refused in words, found wanting, or read."""

import re
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from search.errors import UserInputError
from tests.data.bad_files import BAD_FILES, BadFile, judge

# Files of each group in the catalogue of faults, which names 69 of them.
CATALOGUE = {"U1": 10, "U2": 5, "U3": 9, "U4": 12, "U5": 17, "U6": 8, "U7": 8}
PROVOKED = {
    "U1": "files that are no tables",
    "U2": "encodings",
    "U3": "delimiters, quotes, line ends",
    "U4": "shapes: fields, names, rows",
    "U5": "texts where numbers should be",
    "U6": "time stamps",
    "U7": "hostile texts in cells and names",
}
# Asserted only against a hang; the figure says how long it took.
HANG_SECONDS = 60.0


@pytest.mark.parametrize(
    "group",
    [pytest.param(group, marks=pytest.mark.case(group, PROVOKED[group]))
     for group in CATALOGUE],
)  # fmt: skip
def test_every_file_of_a_group_gets_its_verdict(
    group: str, record_property: Callable[[str, object], None]
) -> None:
    files = [file for file in BAD_FILES if file.group == group]
    assert len(files) >= CATALOGUE[group]
    wrong, longest = {}, 0.0
    for file in files:
        started = time.perf_counter()
        complaint = _complaint(file)
        longest = max(longest, time.perf_counter() - started)
        if complaint:
            wrong[file.name] = complaint
    assert not wrong
    assert longest < HANG_SECONDS
    counts = Counter(file.kind for file in files)
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in sorted(counts))
    record_property("figure", f"{len(files)} files: {kinds}; longest {longest:.2f} s")


def test_names_of_the_files_are_distinct() -> None:
    labels = [file.label for file in BAD_FILES]
    assert len(set(labels)) == len(labels) >= 69


@pytest.mark.faults
@pytest.mark.case("U8", "memory after every bad file and 300 mutations")
def test_memory_comes_back(record_property: Callable[[str, object], None]) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.data.judged_memory"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    growth = float(ran.stdout)
    assert growth < 50
    record_property("figure", f"{growth:+.1f} MB")


def _complaint(file: BadFile) -> str:
    """Return what is wrong with the verdict of a file; empty if it is right."""
    try:
        verdict = judge(file.content, file.settings)
    except UserInputError as error:
        return f"not judged: {error}"
    if verdict.kind != file.kind:
        return f"{verdict.kind} instead of {file.kind}: {verdict.words[:300]}"
    if not re.search(file.says, verdict.words):
        return f"the words lack {file.says!r}: {verdict.words[:300]}"
    longest = max(map(len, verdict.words.splitlines()), default=0)
    if longest > 1_000 or not all(map(_is_inert, verdict.words)):
        return f"not fit to be shown: {verdict.words[:300]!r}"
    if verdict.built is not None:
        values = verdict.built.values[file.target].to_numpy()
        if not np.isfinite(values).all() or "\ufffd" in file.target:
            return "the series is not finite"
        if values[: len(file.first)].tolist() != list(file.first):
            return f"the series begins with {values[:3]}"
    return ""


def _is_inert(letter: str) -> bool:
    return letter == "\n" or unicodedata.category(letter) not in {"Cc", "Cf", "Cs"}
