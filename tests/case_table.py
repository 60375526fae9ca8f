"""The table of the fault cases: which, provoked how, with what result and figure.

A test belongs to a case by `@pytest.mark.case("K1", "workers killed at random")` and
may say what it measured by `record_property("figure", "10 kills, 0 lost")`. With the
option `--cases` the table ends the report; `make faults` runs all tests with a case.
"""

from collections.abc import Iterator
from itertools import chain

import pytest

_RESULTS = {"passed": "passed", "failed": "FAILED", "error": "ERROR"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cases", action="store_true", help="end with the table of the fault cases"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--cases"):
        config.pluginmanager.register(_CaseTable(), "case-table")


class _CaseTable:
    """Collects the cases of the tests that run, and their results."""

    def __init__(self) -> None:
        self._cases: dict[str, list[tuple[str, str]]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            found = [mark.args for mark in item.iter_markers("case")]
            if found:
                self._cases[item.nodeid] = [(case, how) for case, how in found]

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        terminalreporter.section("fault cases")
        for line in _lines(sorted(self._rows(terminalreporter), key=_place)):
            terminalreporter.write_line(line)

    def _rows(
        self, reporter: pytest.TerminalReporter
    ) -> Iterator[tuple[str, str, str, str]]:
        for outcome, reports in reporter.stats.items():
            # The empty outcome is that of a set-up or a teardown without a fault.
            for report in reports if outcome else ():
                if not isinstance(report, pytest.TestReport):
                    continue
                for case, how in self._cases.get(report.nodeid, []):
                    yield case, how, *_result(outcome, report)


def _result(outcome: str, report: pytest.TestReport) -> tuple[str, str]:
    if outcome == "skipped":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        return "skipped", str(reason).removeprefix("Skipped: ")
    figures = (str(value) for name, value in report.user_properties if name == "figure")
    return _RESULTS.get(outcome, outcome), "; ".join(figures)


def _place(row: tuple[str, str, str, str]) -> tuple[str, int, str]:
    case = row[0]
    return case[0], int(case[1:]), row[1]


def _lines(rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    head = ("case", "provoked", "result", "figure")
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in chain([head], rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
