"""Numbers as people write them."""

from datetime import UTC, datetime, timedelta

import pytest

from pages.components.numbers import ago, count, duration, three_digits, with_unit


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (12.345, "12.3"),
        (-0.0012345, "−0.00123"),
        (999.6, "1,000"),
        (123_456.0, "123,000"),
        (4.56e-7, "4.56e-07"),
        (3.2e9, "3.20e+09"),
        (float("nan"), "–"),
        (float("inf"), "–"),
        (None, "–"),
    ],
)
def test_three_digits(value: float | None, shown: str) -> None:
    assert three_digits(value) == shown


def test_negative_numbers_have_a_minus_sign() -> None:
    assert [three_digits(-0.1234), three_digits(-5e-7)] == ["−0.123", "−5.00e-07"]


def test_with_unit_leaves_an_absent_unit_out() -> None:
    assert [with_unit(2.5, "°C"), with_unit(2.5, None)] == ["2.50\u00a0°C", "2.50"]


def test_count_groups_thousands() -> None:
    assert count(1_234_567) == "1,234,567"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.2, "under 1 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3_599, "1 h"),
        (7_800, "2 h 10 min"),
        (200_000, "2 d"),
        (None, "–"),
        (float("inf"), "–"),
    ],
)
def test_duration(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


def test_ago_reads_utc_without_an_offset() -> None:
    moment = datetime.now(UTC) - timedelta(minutes=5, seconds=2)
    assert ago(moment.replace(tzinfo=None)) == "5 min ago"


def test_ago_of_now() -> None:
    assert ago(datetime.now(UTC).isoformat()) == "just now"
