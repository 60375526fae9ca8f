"""What the benchmarks of time make of logs and of trials."""

from pathlib import Path

import pytest

from benchmarks.scaling import WorkerRun
from benchmarks.study_time import read_times, storage_table
from search.config import Environment, Roles, Task
from search.data.source import Source
from search.space.defaults import default_space
from search.study.folders import StudyHandle
from search.study.settings import StudySettings
from search.worker.clock import PHASES, trial_line, worker_line


def seconds_of(**seconds: float) -> dict[str, float]:
    return dict.fromkeys(PHASES, 0.0) | seconds


@pytest.fixture
def handle(tmp_path: Path) -> StudyHandle:
    """Return a study of which only the logs exist."""
    roles, task = Roles(("load",)), Task(horizon=1, holdout=10)
    settings = StudySettings(
        name="Power",
        source=Source("power.csv"),
        roles=roles,
        task=task,
        space=default_space(200, roles, task),
    )
    (tmp_path / "logs").mkdir()
    environment = Environment(tmp_path, "sqlite://")
    return StudyHandle("ab", tmp_path, environment, settings, "", "", "", 200)


def test_read_times_compares_the_account_with_what_the_supervisor_saw(
    handle: StudyHandle,
) -> None:
    logs = handle.folder / "logs"
    first = worker_line("ab", seconds_of(start=3.0, train=80.0, compile=10.0))
    second = worker_line("ab", seconds_of(start=2.0, train=90.0, tell=4.0))
    trial = trial_line("ab", 0, seconds_of(train=80.0))
    (logs / "worker-1.log").write_text(f"INFO {trial}\nINFO {first}\n")
    (logs / "worker-2.log").write_text(f"INFO {second}\n")
    (logs / "supervisor.log").write_text(
        "Study ab: worker 7 is gone after 95.00 s (in order), trials {}.\n"
        "Study ab: worker 8 is gone after 105.00 s (in order), trials {}.\n"
    )
    times = read_times(handle)
    assert (times.total, times.seconds("train", "compile")) == (200.0, 180.0)
    assert times.exit_seconds == pytest.approx(11.0)
    assert times.overhead == pytest.approx(0.1)
    assert [line.trial for line in times.trials] == [0]


def test_storage_table_takes_the_median_of_fifty_trials(handle: StudyHandle) -> None:
    lines = [
        trial_line("ab", number, seconds_of(claim=0.001 * number, tell=0.02))
        for number in range(50)
    ]
    (handle.folder / "logs" / "worker-1.log").write_text("\n".join(lines))
    (handle.folder / "logs" / "supervisor.log").touch()
    table = storage_table(read_times(handle))
    assert table.splitlines()[-1] == "| 1 to 50 | 24.5 | 0.0 | 0.0 | 20.0 |"


def test_work_weighs_a_trial_by_what_it_takes_alone() -> None:
    alone = WorkerRun({0: (0.0, 10.0), 1: (10.0, 40.0), 2: (40.0, 50.0)})
    both = WorkerRun({0: (0.0, 12.0), 1: (0.0, 36.0), 2: (12.0, 24.0)})
    assert alone.work(25.0, alone) == pytest.approx(25.0)
    # All of the first and the third, and two thirds of the second.
    assert both.work(24.0, alone) == pytest.approx(10.0 + 10.0 + 20.0)
    assert (both.n_finished(24.0), alone.n_finished(24.0)) == (2, 1)
    assert both.seconds == 36.0
