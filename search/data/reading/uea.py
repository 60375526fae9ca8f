"""Read the UCR/UEA text format of sequences (``.ts``): a header, then one a line.

The format is described by Bagnall et al. (2018), The UEA multivariate time series
classification archive, https://arxiv.org/abs/1811.00075; channels are separated by
colons, values by commas, and the class or the target value comes last.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from search.data.findings import Finding, counted, listed, shown
from search.data.reading.header import check_size
from search.data.reading.numbers import to_numbers
from search.data.reading.options import ReadOptions
from search.data.reading.origin import Origin
from search.data.reading.sniffing import decode, detect_encoding
from search.data.reading.uea_header import Header, read_header
from search.errors import TableFormatError

_OUTSIDE_BRACKETS = re.compile(r":(?![^()]*\))")
_PAIR = re.compile(r"\s*\(([^(),]*),([^(),]*)\)\s*(?:,(?!\s*$)|$)")


@dataclass(frozen=True)
class Sequences:
    """Sequences below each other, one row a step.

    Attributes
    ----------
    frame
        Columns ``sequence`` (from 1), ``step`` (from 1) or ``time``, then ``value`` or
        ``channel 1``, ``channel 2`` and so on, then ``class`` or ``target``.
    lines
        Line in the file of each row.
    origin
        Place of each row in its line.
    findings
        Where header and data contradict each other without harm.
    """

    frame: pd.DataFrame
    lines: np.ndarray
    origin: Origin
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Case:
    """One line of data: texts by channel, time stamps of each step, the label."""

    line: int
    channels: list[list[str]]
    times: list[str] | None
    label: str | None


def read_uea(content: bytes, options: ReadOptions | None) -> Sequences:
    """Read a ``.ts`` file.

    Raises
    ------
    TableFormatError
        If the header lacks a line or contradicts the data, or a line cannot be cut
        into channels and values; the message names the line.
    """
    encoding = options.encoding if options else detect_encoding(content)
    raw = decode(content, encoding)
    check_size(raw.count(b",") + raw.count(b"\n"), 1)
    header = read_header(raw.decode("utf-8", "replace").split("\n"))
    cases = [
        _case(text, line, header)
        for line, text in header.body
        if text.strip() and not text.lstrip().startswith(("#", "%"))
    ]
    if not cases:
        raise TableFormatError("The file has a header but no sequence after @data.")
    _check_channels(cases, header)
    check_size(sum(len(case.channels[0]) for case in cases), 3 + len(cases[0].channels))
    return _framed(cases, header)


def _case(text: str, line: int, header: Header) -> _Case:
    parts = _OUTSIDE_BRACKETS.split(text.strip())
    label = None
    if header.label is not None:
        if len(parts) < 2:
            raise TableFormatError(
                f"Row {line} has no {header.label} after the last colon. Each sequence "
                "ends with a colon and its "
                f"{header.label}, because the header has @{header.label_tag}."
            )
        label = parts.pop().strip()
        _check_label(label, line, header)
    pairs = [_channel(part, line, number, header) for number, part in enumerate(parts)]
    times = pairs[0][0]
    for number, (other, _) in enumerate(pairs[1:], 2):
        if other != times:
            raise TableFormatError(
                f"Row {line}: channel {number} has other time stamps than channel 1. "
                "All channels of a sequence need the same ones."
            )
    channels = [values for _, values in pairs]
    for number, values in enumerate(channels[1:], 2):
        if len(values) != len(channels[0]):
            raise TableFormatError(
                f"Row {line}: channel {number} has {counted(len(values), 'value')}, "
                f"channel 1 has {len(channels[0]):,}. All channels of a sequence need "
                "equally many; write ? where a value is missing."
            )
    return _Case(line, channels, times, label)


def _check_label(label: str, line: int, header: Header) -> None:
    if not label:
        raise TableFormatError(f"Row {line}: the {header.label} at the end is empty.")
    if header.classes and label not in header.classes:
        raise TableFormatError(
            f"Row {line}: the class {shown(label)} is not among those of @classLabel "
            f"({', '.join(map(shown, header.classes[:8]))}"
            f"{', …' if len(header.classes) > 8 else ''}). Correct one of them."
        )


def _channel(
    part: str, line: int, number: int, header: Header
) -> tuple[list[str] | None, list[str]]:
    """Return the time stamps, if the file has them, and the values of a channel."""
    where = f"Row {line}, channel {number + 1}"
    if not part.strip():
        raise TableFormatError(f"{where} has no values.")
    if not header.has_times:
        values = [value.strip() for value in part.split(",")]
        _check_present(values, where)
        return None, values
    times, values, place = [], [], 0
    while place < len(part):
        found = _PAIR.match(part, place)
        if found is None:
            raise TableFormatError(
                f"{where}, value {len(values) + 1}: {shown(part[place : place + 30])} "
                "is not a time stamp and a value in brackets such as (0,1.5), which "
                "@timeStamps true asks for."
            )
        times.append(found[1].strip())
        values.append(found[2].strip())
        place = found.end()
    _check_present(values, where)
    return times, values


def _check_present(values: list[str], where: str) -> None:
    if "" in values:
        raise TableFormatError(
            f"{where}, value {values.index('') + 1} is empty. Write ? where a value is "
            "missing."
        )


def _check_channels(cases: Sequence[_Case], header: Header) -> None:
    n_channels = len(cases[0].channels)
    for case in cases:
        n_found = len(case.channels)
        if header.n_channels is not None and n_found != header.n_channels:
            raise TableFormatError(
                f"Row {case.line} has {counted(n_found, 'channel')}; the header says "
                f"{header.n_channels} ({header.channels_tag}). Channels are separated "
                "by colons."
            )
        if n_found != n_channels:
            raise TableFormatError(
                f"Row {case.line} has {counted(n_found, 'channel')}, row "
                f"{cases[0].line} has {n_channels}. All sequences need equally many."
            )
        if header.is_univariate is False and n_found == 1:
            raise TableFormatError(
                f"Row {case.line} has one channel, but the header says @univariate "
                "false. Correct one of them."
            )


def _framed(cases: Sequence[_Case], header: Header) -> Sequences:
    lengths = np.array([len(case.channels[0]) for case in cases])
    lines = np.repeat([case.line for case in cases], lengths)
    step = np.concatenate([np.arange(length) for length in lengths])
    columns: dict[str, object] = {
        "sequence": np.repeat(np.arange(1, len(cases) + 1), lengths)
    }
    if header.has_times:
        times = [time for case in cases for time in case.times or ()]
        columns["time"] = pd.Series(times, dtype="str")
    else:
        columns["step"] = step + 1
    n_channels, n_missing = len(cases[0].channels), 0
    for number in range(n_channels):
        name = f"channel {number + 1}" if n_channels > 1 else "value"
        texts = [text for case in cases for text in case.channels[number]]
        values = _numbers(texts, lines, step, f"channel {number + 1}")
        n_missing += int(np.isnan(values).sum())
        columns[name] = values
    if header.label == "class":
        names = np.array([case.label for case in cases], dtype=object)
        columns["class"] = pd.Series(np.repeat(names, lengths), dtype="str")
    elif header.label:
        of_case = np.array([case.line for case in cases])
        targets = [str(case.label) for case in cases]
        values = _numbers(targets, of_case, None, "the target value")
        columns["target"] = np.repeat(values, lengths)
    findings = _contradictions(cases, lengths, n_missing, header)
    return Sequences(pd.DataFrame(columns), lines, Origin(step_of=step), findings)


def _numbers(
    texts: list[str], lines: np.ndarray, step: np.ndarray | None, name: str
) -> np.ndarray:
    """Return the texts as numbers, missing ones as NaN; others are an error."""
    numbers = to_numbers(pd.Series(texts, dtype="str"), ReadOptions())
    if numbers.is_unreadable.any():
        place = int(np.flatnonzero(numbers.is_unreadable)[0])
        value = "" if step is None else f", value {int(step[place]) + 1}"
        raise TableFormatError(
            f"Row {int(lines[place])}, {name}{value}: {shown(texts[place])} is not a "
            "number. Write ? where a value is missing."
        )
    return np.where(numbers.is_infinite, np.inf, numbers.values)


def _contradictions(
    cases: Sequence[_Case], lengths: np.ndarray, n_missing: int, header: Header
) -> tuple[Finding, ...]:
    """Report what the header says otherwise, where the data can be read anyway."""
    found = list(header.findings)
    if n_missing and header.has_missing is False:
        text = (
            f"The header says @missing false, but {counted(n_missing, 'value')} "
            f"{'is' if n_missing == 1 else 'are'} missing."
        )
        found.append(Finding("ts_header", "notice", text, count=n_missing))
    expected = header.length
    if expected is None and header.is_equal_length:
        expected = int(lengths[0])
    if expected is not None and (lengths != expected).any():
        wrong = [
            case.line for case, n in zip(cases, lengths, strict=True) if n != expected
        ]
        text = (
            f"The header says that each sequence has {expected:,} values; "
            f"{listed(wrong, n_all=len(wrong))} {'has' if len(wrong) == 1 else 'have'} "
            "another number. The lengths were kept as they are."
        )
        rows = tuple(wrong[:5])
        found.append(Finding("ts_header", "notice", text, None, rows, len(wrong)))
    return tuple(found)
