"""A thousand damaged files: each becomes a series, findings, or one sentence."""

import time
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from search.data.columns import profile_columns
from search.data.series import (
    build_series,
    inspect_series,
    suggest_settings,
    time_index,
)
from search.data.table import read_table
from search.errors import SeriesError, TableFormatError, UserInputError
from search.evaluation.calendar import fitting_cycles
from tests.data.mutations import binary_file, mutated, text_file

Record = Callable[[str, object], None]
HANG_SECONDS = 60.0


def ending(content: bytes) -> str:
    """Go the way of the Data page with what it suggests; return how that ended.

    Whatever is not an error of the product goes on upwards.
    """
    try:
        table = read_table(content, name="damaged.csv")
    except TableFormatError as error:
        return _checked("refused", error)
    profile_columns(table)
    try:
        settings = suggest_settings(table)
    except UserInputError as error:
        return _checked("refused", error)
    fitting_cycles(time_index(table, settings))
    report = inspect_series(table, settings)
    try:
        values = build_series(table, settings).values
    except SeriesError as error:
        assert not report.is_ready
        return _checked("found", error)
    assert report.is_ready
    assert np.isfinite(values.to_numpy()).all()
    return "read"


def _checked(kind: str, error: UserInputError) -> str:
    words = str(error)
    assert len(words) > 20, words
    assert words.endswith((".", "…", "'")), words
    assert "Traceback" not in words
    assert "\x00" not in words
    assert len(words) < 1_500, words[:200]
    return kind


def judge_all(contents: list[bytes], record: Record) -> None:
    counts, longest = Counter[str](), 0.0
    for number, content in enumerate(contents):
        started = time.perf_counter()
        try:
            counts[ending(content)] += 1
        except Exception as error:
            error.add_note(f"file {number}: {content[:2_000]!r}")
            raise
        longest = max(longest, time.perf_counter() - started)
    assert longest < HANG_SECONDS
    assert len(counts) > 1
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in sorted(counts))
    record(
        "figure",
        f"{len(contents)} files, 0 uncaught: {kinds}; longest {longest:.2f} s",
    )


def texts(seeds: range) -> list[bytes]:
    return [mutated(text_file(seed), seed) for seed in seeds]


def test_mutations_repeat() -> None:
    assert texts(range(20)) == texts(range(20))
    assert len(set(texts(range(50)))) > 45


@pytest.mark.case("U8", "100 seeded mutations of a text table")
def test_a_hundred_damaged_texts_end_in_a_verdict(record_property: Record) -> None:
    judge_all(texts(range(100)), record_property)


@pytest.mark.faults
@pytest.mark.case("U8", "1,000 seeded mutations of a text table")
def test_a_thousand_damaged_texts_end_in_a_verdict(record_property: Record) -> None:
    judge_all(texts(range(100, 1_100)), record_property)


@pytest.mark.faults
@pytest.mark.case("U8", "1,000 seeded mutations of Excel and Parquet files")
def test_damaged_workbooks_end_in_a_verdict(record_property: Record) -> None:
    files = [binary_file(0), binary_file(1)]
    contents = [mutated(files[seed % 2], seed, is_text=False) for seed in range(1_000)]
    judge_all(contents, record_property)
