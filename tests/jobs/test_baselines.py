"""The process that computes the baselines of a study, beside its search."""

import os
from collections.abc import Callable

import pytest

from search.analysis.comparison.baselines import load_baseline_forecasts, load_baselines
from search.data.snapshot import DATA_FILE
from search.evaluation.baselines.naive import NAIVE_NAMES
from search.jobs.baselines import BaselineProcess
from search.study.folders import StudyHandle
from search.worker.toy import TOY_VARIABLE
from tests.jobs.conftest import wait_until

MakeStudy = Callable[..., StudyHandle]


def _run(handle: StudyHandle) -> BaselineProcess:
    process = BaselineProcess(handle, supervisor_pid=os.getpid())
    process.start()
    wait_until(lambda: not process.is_running, "the end of the process")
    return process


def test_baselines_are_computed_once(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOY_VARIABLE, "toy")
    handle = make_study()
    process = _run(handle)
    assert process.failure == ""
    found = load_baselines(handle)
    assert found is not None
    assert set(found.fold_scores) <= set(NAIVE_NAMES)
    assert set(load_baseline_forecasts(handle)) == set(found.holdout)
    again = BaselineProcess(handle, supervisor_pid=os.getpid())
    again.start()
    assert not again.is_running
    again.close()
    process.close()


def test_a_failure_is_said(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOY_VARIABLE, "toy")
    handle = make_study()
    (handle.folder / DATA_FILE).write_bytes(b"damaged")
    process = _run(handle)
    assert process.failure.startswith("The baselines could not be computed.")
    assert "SHA-256" in process.failure
    assert load_baselines(handle) is None
    assert load_baseline_forecasts(handle) == {}
    process.close()
