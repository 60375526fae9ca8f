"""Large packages are imported without what they do not need."""

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from search.jobs.commands import child_environment
from search.jobs.importing import quick_imports
from search.study.folders import StudyHandle
from search.worker.toy import TOY_VARIABLE

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from search.jobs.importing import quick_imports
with quick_imports():
    import keras
print("sklearn" in sys.modules)
import sklearn.base
print(sklearn.base.BaseEstimator.__name__, keras.layers.GRU.__name__)
"""
READY = """
import sys
from search.environment import Environment
from search.study.studies import find_study
from search.worker.objective import make_objective
handle = find_study(Environment.from_process(), sys.argv[1])
objective = make_objective(handle)
print(type(objective).__name__, "keras" in sys.modules, "sklearn" in sys.modules)
"""


def test_collector_rests_in_the_block_only() -> None:
    assert gc.isenabled()
    with quick_imports():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ImportError, match="absent"), quick_imports():
        raise ImportError("absent")
    assert gc.isenabled()


@pytest.mark.slow
def test_keras_is_whole_and_scikit_learn_can_be_imported_afterwards() -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["False", "BaseEstimator", "GRU"]


@pytest.mark.slow
def test_worker_gets_ready_without_scikit_learn(
    make_study: Callable[..., StudyHandle], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take a second of each process of each study."""
    handle = make_study()
    monkeypatch.delenv(TOY_VARIABLE)
    run = subprocess.run(
        [sys.executable, "-c", READY, handle.uuid],
        cwd=ROOT,
        env=child_environment(handle.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["KerasObjective", "True", "False"]
