"""A database server that restarts, is late, crowded, cut off, or in another time.

The supervisor runs here, its workers in processes of their own, with the toy objective.
"""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
import sqlalchemy
from optuna.trial import TrialState

import app
from search.config import Budget, Environment, Roles, Task, Training
from search.data.source import Source
from search.jobs import supervisor
from search.jobs.commands import child_environment
from search.jobs.limits import Limits
from search.jobs.supervisor import supervise
from search.space.defaults import default_space
from search.study.control import wish
from search.study.folders import StudyHandle, log_path
from search.study.optuna_study import open_study
from search.study.settings import StudySettings
from search.study.storage.opening import APPLICATION, prepare_storage
from search.study.studies import create_study
from search.study.trials.curves import read_curve
from search.study.trials.listing import read_trials
from search.study.trials.spool import spooled_paths
from search.worker.toy import EPOCH_VARIABLE, TOY_VARIABLE
from tests.postgres import PASSWORD, Server, free_port, missing, running_server

ROOT = Path(__file__).parents[2]
QUICK = Limits(tick_seconds=0.05, publish_seconds=0.2, first_pause_seconds=0.05)
_TOLD = re.compile(r"trial (\d+) complete with ([\d.]+) after")

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(bool(missing()), reason=missing() or "-"),
]
optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture(autouse=True)
def _closed_connections() -> Iterator[None]:
    """Close what this process leaves open in pools."""
    opened: list[Any] = []

    def note(connection: Any, _record: object) -> None:
        opened.append(connection)

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", note)
    yield
    sqlalchemy.event.remove(sqlalchemy.Engine, "connect", note)
    for connection in opened:
        with suppress(Exception):
            connection.close()


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let workers train the toy, and leave winners and comparison out."""
    monkeypatch.setattr(supervisor, "needs_refit", lambda *_: False)
    monkeypatch.setattr(supervisor, "finish_study", lambda *_, **__: None)
    monkeypatch.setenv(TOY_VARIABLE, "toy")

    def choose(epoch_seconds: float) -> None:
        monkeypatch.setenv(EPOCH_VARIABLE, str(epoch_seconds))

    choose(0.05)
    return choose


@pytest.fixture
def make_study(
    tmp_path: Path, toy: Callable[[float], None]
) -> Callable[..., StudyHandle]:
    """Return a function that makes a study, wished to run, on the storage of a URL."""
    roles, task = Roles(targets=("load",)), Task(horizon=2, holdout=20, folds=3)
    settings = StudySettings(
        name="Power",
        source=Source("power.csv"),
        roles=roles,
        task=task,
        space=default_space(120, roles, task),
        budget=Budget(trials=40),
        training=Training(epochs=4, pruner="none"),
        workers=2,
    )
    series = pd.DataFrame({"load": np.sin(np.arange(120) / 3.0)})

    def make(url: str, **changes: object) -> StudyHandle:
        environment = Environment(tmp_path / "studies", url)
        handle = create_study(environment, replace(settings, **changes), series)
        wish(handle, "run")
        return handle

    return make


@pytest.fixture
def server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@contextmanager
def meanwhile(action: Callable[[], None]) -> Iterator[None]:
    """Do `action` in a thread; an error in it fails the test."""
    errors: list[BaseException] = []

    def act() -> None:
        try:
            action()
        except BaseException as error:
            errors.append(error)
            # It ends the supervisor, which would wait for what does not come.
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert errors == []


def n_done(handle: StudyHandle) -> int:
    return sum(trial.is_done for trial in read_trials(handle))


def await_done(handle: StudyHandle, wanted: int) -> None:
    pause, stop = threading.Event(), time.monotonic() + 120
    while n_done(handle) < wanted:
        assert time.monotonic() < stop, f"{wanted} trials were not done in 2 minutes"
        pause.wait(0.1)


def told(handle: StudyHandle) -> dict[int, float]:
    """Return the results that workers say they stored."""
    found: dict[int, float] = {}
    for path in handle.folder.glob("logs/worker-*.log*"):
        for line in path.read_text().splitlines():
            match = _TOLD.search(line)
            if match and "too late" not in line:
                assert int(match[1]) not in found, "a trial was told twice"
                found[int(match[1])] = float(match[2])
    return found


def audit(handle: StudyHandle, wanted: int) -> Counter[TrialState]:
    """Check totals, numbers, results and leftovers; return how the trials ended."""
    trials = open_study(handle).trials
    states = Counter(trial.state for trial in trials)
    assert states[TrialState.COMPLETE] + states[TrialState.PRUNED] == wanted
    assert states[TrialState.RUNNING] == 0
    assert [trial.number for trial in trials] == list(range(len(trials)))
    complete = {
        trial.number: trial.value
        for trial in trials
        if trial.state == TrialState.COMPLETE
    }
    ledger = told(handle)
    assert {number: complete.get(number) for number in ledger} == ledger
    assert spooled_paths(handle) == []
    assert not any("is_retried" in t.user_attrs for t in trials if t.value is not None)
    return states


@pytest.mark.case("P1", "server killed and started again after 3 s, twice")
def test_a_restart_of_the_server_costs_nothing(
    server, make_study, toy, record_property
):
    toy(0.2)
    handle = make_study(server.create_database("s"))

    def restart() -> None:
        for wanted in (4, 14):
            await_done(handle, wanted)
            server.stop(signal.SIGQUIT)
            threading.Event().wait(3)
            server.start()

    with meanwhile(restart):
        assert supervise(handle, limits=QUICK) == "finished"
    states = audit(handle, 40)
    assert states[TrialState.FAIL] == 0
    record_property("figure", "40 of 40, 0 failed, 0 running, 0 lost")


@pytest.mark.case("P1", "server away for 60 s")
def test_a_minute_without_the_server_costs_nothing(
    server, make_study, toy, record_property
):
    toy(0.2)
    handle = make_study(server.create_database("s"), budget=Budget(trials=20))

    def restart() -> None:
        await_done(handle, 4)
        server.stop(signal.SIGQUIT)
        threading.Event().wait(60)
        server.start()

    with meanwhile(restart):
        assert supervise(handle, limits=QUICK) == "finished"
    states = audit(handle, 20)
    assert states[TrialState.FAIL] == 0
    record_property("figure", "20 of 20, 0 failed, 0 running, 0 lost")


@pytest.mark.case("P2", "server down when a study starts")
def test_a_study_waits_for_its_server(server, make_study, record_property):
    handle = make_study(server.create_database("s"), budget=Budget(trials=4))
    server.stop()
    back: list[float] = []

    def start() -> None:
        threading.Event().wait(6)
        server.start()
        back.append(time.monotonic())

    with meanwhile(start):
        open_study(handle)
        seconds = time.monotonic() - back[0] if back else 0.0
        assert supervise(handle, limits=QUICK) == "finished"
    audit(handle, 4)
    assert seconds <= 5
    record_property("figure", f"works {max(0.0, seconds):.1f} s after it is back")


@pytest.mark.case("P2", "server down when the application starts")
def test_the_application_starts_without_its_server(
    server, tmp_path, monkeypatch, caplog, record_property
):
    url = server.create_database("s")
    server.stop()
    monkeypatch.setenv("STUDIES_DIR", str(tmp_path / "studies"))
    monkeypatch.setenv("STUDIES_STORAGE", url)
    monkeypatch.setattr(app, "WATCH_SECONDS", 1.0)
    tables = (
        "SELECT count(*) FROM information_schema.tables WHERE table_name = 'trials'"
    )

    def count_tables() -> object:
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            return connection.execute(sqlalchemy.text(tables)).scalar()

    async def run() -> float:
        async with app.lifespan(app.app):
            assert "could not be prepared" in caplog.text
            await asyncio.to_thread(server.start)
            started = time.monotonic()
            while await asyncio.to_thread(count_tables) != 1:
                assert time.monotonic() - started < 30
                await asyncio.sleep(0.1)
            return time.monotonic() - started

    seconds = asyncio.run(run())
    assert seconds <= 10
    assert PASSWORD not in caplog.text
    record_property("figure", f"prepared {seconds:.1f} s after it is back")


@pytest.mark.case("P3", "all connections killed every 0.3 s, 60 times")
def test_killed_connections_fail_no_trial(server, make_study, toy, record_property):
    toy(0.1)
    handle = make_study(server.create_database("s"))
    killed: list[int] = []

    def kill() -> None:
        await_done(handle, 1)
        pause = threading.Event()
        for _ in range(60):
            rows = server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE application_name LIKE '{APPLICATION} %'"
            )
            killed.append(len(rows))
            pause.wait(0.3)

    with meanwhile(kill):
        assert supervise(handle, limits=QUICK) == "finished"
    states = audit(handle, 40)
    assert sum(killed) >= 20
    assert states[TrialState.FAIL] == 0
    record_property("figure", f"{sum(killed)} connections killed, 0 trials failed")


# The server lists a connection for a moment after its client closed it; one that was
# last used before a newer one began is such a one.
_IN_USE = f"""
    SELECT application_name, count(*) FROM pg_stat_activity AS one
    WHERE application_name LIKE '{APPLICATION} %' AND state_change >= (
        SELECT max(backend_start) FROM pg_stat_activity AS other
        WHERE other.application_name = one.application_name
    ) GROUP BY 1
"""


@pytest.mark.case("P4", "max_connections=12, 10 workers, 6 readers")
def test_many_workers_share_few_connections(make_study, toy, record_property):
    with running_server("max_connections=12") as server:
        toy(0.3)
        handle = make_study(
            server.create_database("s"), workers=10, budget=Budget(trials=40)
        )
        most: Counter[str] = Counter()
        is_over = threading.Event()

        def sample() -> None:
            while not is_over.wait(0.05):
                with suppress(Exception):  # it is crowded: too many clients
                    rows = server.execute(_IN_USE)
                    for name, count in rows:
                        most[str(name)] = max(most[str(name)], int(str(count)))

        def read() -> None:
            while not is_over.wait(0.1):
                read_trials(handle)

        threads = [threading.Thread(target=sample)]
        threads += [threading.Thread(target=read) for _ in range(6)]
        for thread in threads:
            thread.start()
        try:
            assert supervise(handle, limits=QUICK) == "finished"
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
        states = audit(handle, 40)
    logs = "".join(path.read_text() for path in handle.folder.glob("logs/*"))
    ours = most.pop(f"{APPLICATION} {os.getpid()}")
    assert states[TrialState.FAIL] == 0
    assert "Traceback" not in logs
    assert max(most.values()) == 1
    assert ours <= 3
    figure = f"1 connection a worker, {ours} of supervisor and readers, 0 workers died"
    record_property("figure", figure)


# A worker that believes to be another machine: its process cannot be looked up.
ELSEWHERE = """
import socket, sys
socket.gethostname = lambda: "elsewhere"
from search.worker import heart
heart.BEAT_SECONDS = 1.0
from search.cli.main import main
sys.exit(main(["work", sys.argv[1]]))
"""


def start_elsewhere(
    handle: StudyHandle, url: str, log: Path, **variables: str
) -> "subprocess.Popen[bytes]":
    environment = replace(handle.environment, storage_url=url)
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-c", ELSEWHERE, handle.uuid],
            cwd=ROOT,
            env={**child_environment(environment), **variables},
            stdout=output,
            stderr=output,
        )


class Proxy:
    """A way to the server that can be cut: then nothing goes through any more."""

    def __init__(self, port: int) -> None:
        self.port = free_port()
        self._target = port
        self._is_open = threading.Event()
        self._is_open.set()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._sockets = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._is_open.clear()

    def mend(self) -> None:
        self._is_open.set()

    def close(self) -> None:
        self.mend()
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                upstream = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [client, upstream]
                for pair in ((client, upstream), (upstream, client)):
                    threading.Thread(target=self._copy, args=pair, daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(65536):
                self._is_open.wait()
                target.sendall(content)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@pytest.mark.case("P5", "network of another machine cut for 45 s, grace 15 s")
def test_a_machine_that_is_cut_off_loses_one_trial_once(
    server, make_study, toy, tmp_path, record_property
):
    toy(0.5)
    url = server.create_database("s")
    few = Training(epochs=12, pruner="none")
    handle = make_study(url, workers=1, budget=Budget(trials=14), training=few)
    proxy = Proxy(server.port)
    log = tmp_path / "elsewhere.log"
    remote = start_elsewhere(handle, server.url("s", port=proxy.port), log)
    lost: list[int] = []

    def cut() -> None:
        pause, stop = threading.Event(), time.monotonic() + 120
        while not lost:
            assert time.monotonic() < stop, log.read_text()
            lost.extend(
                trial.number
                for trial in read_trials(handle)
                if trial.state == "running" and trial.worker_pid == remote.pid
            )
            pause.wait(0.1)
        pause.wait(1.5)  # it has given a sign
        proxy.cut()
        pause.wait(45)
        proxy.mend()

    try:
        with meanwhile(cut):
            ending = supervise(handle, limits=replace(QUICK, grace_seconds=15.0))
        assert ending == "finished"
        assert remote.wait(120) == 0, log.read_text()
    finally:
        remote.kill()
        remote.wait()
        proxy.close()
    states = audit(handle, 14)
    assert states[TrialState.FAIL] == 1
    trials = open_study(handle).trials
    assert trials[lost[0]].user_attrs["error"].startswith("Its machine gave no sign")
    assert [t.user_attrs.get("retry_of") for t in trials].count(lost[0]) == 1
    text = log.read_text()
    assert "does not count" in text or "too late to count" in text
    record_property("figure", "1 trial retried once, its late result refused, 14 of 14")


CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long shift(void) { const char *s = getenv("SHIFT"); return s ? atol(s) : 0; }
int clock_gettime(clockid_t id, struct timespec *t) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int r = real(id, t);
  if (id == CLOCK_REALTIME) t->tv_sec += shift();
  return r;
}
int gettimeofday(struct timeval *restrict t, void *restrict z) {
  struct timespec s; int r = clock_gettime(CLOCK_REALTIME, &s);
  t->tv_sec = s.tv_sec; t->tv_usec = s.tv_nsec / 1000; return r;
}
time_t time(time_t *t) {
  struct timespec s; clock_gettime(CLOCK_REALTIME, &s);
  if (t) *t = s.tv_sec; return s.tv_sec;
}
"""


@pytest.mark.case("P7", "another machine whose clock is 10 minutes behind or ahead")
@pytest.mark.parametrize("shift", [-600, 600])
def test_clocks_that_differ_fail_no_trial(
    server, make_study, toy, tmp_path, shift, record_property
):
    source, library = tmp_path / "clock.c", tmp_path / "clock.so"
    source.write_text(CLOCK)
    try:
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True
        )
    except FileNotFoundError:
        pytest.skip("there is no C compiler (gcc) for the clock")
    toy(0.5)
    few = Training(epochs=12, pruner="none")
    handle = make_study(
        server.create_database("s"), workers=1, budget=Budget(trials=8), training=few
    )
    log = tmp_path / "elsewhere.log"
    url = handle.environment.storage_url
    shim = {"LD_PRELOAD": str(library), "SHIFT": str(shift)}
    remote = start_elsewhere(handle, url, log, **shim)
    try:
        limits = replace(QUICK, grace_seconds=5.0)
        assert supervise(handle, limits=limits) == "finished"
        assert remote.wait(120) == 0, log.read_text()
    finally:
        remote.kill()
        remote.wait()
    states = audit(handle, 8)
    theirs = [trial for trial in read_trials(handle) if trial.worker_pid == remote.pid]
    assert states[TrialState.FAIL] == 0
    assert len(theirs) >= 1, log.read_text()
    assert all(trial.seconds_total >= 0 for trial in theirs)
    record_property("figure", f"{shift:+d} s: {len(theirs)} of 8 theirs, 0 failed")


CLIENTS = """
import sys, threading
from dataclasses import replace
from search.config import Environment
from search.study.trials.claims import TrialRecord, claim_trial
from search.study.trials.claims import current_owner, finish_trial
from search.study.optuna_study import open_study
from search.study.studies import find_study

handle = find_study(Environment.from_process(), sys.argv[1])
record = TrialRecord("complete", 1.0, (1.0,), 1, 1, 10, 0.0, 0.0)

def work(turn):
    study = open_study(handle)
    owner = replace(current_owner(), boot_id=f"client-{turn}")
    pause = threading.Event()
    while (claim := claim_trial(handle, study, owner)).reason != "budget":
        if claim.reason == "wait":
            pause.wait(0.2)
            continue
        number = claim.trial.number
        print(number, flush=True)
        assert finish_trial(handle, study, number, record, owner=owner)

threads = [threading.Thread(target=work, args=(n,)) for n in range(int(sys.argv[2]))]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


@pytest.mark.parametrize(
    ("processes", "threads", "trials"),
    [
        pytest.param(
            8, 1, 160, marks=pytest.mark.case("P6", "8 workers, 20 trials each")
        ),
        pytest.param(
            10, 10, 500, marks=pytest.mark.case("P6", "100 clients, 5 trials each")
        ),
    ],
)
def test_totals_are_exact_with_many_clients(
    server, make_study, processes, threads, trials, record_property
):
    handle = make_study(server.create_database("s"), budget=Budget(trials=trials))
    started = time.monotonic()
    clients = [
        subprocess.Popen(
            [sys.executable, "-c", CLIENTS, handle.uuid, str(threads)],
            cwd=ROOT,
            env=child_environment(handle.environment),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    outputs = [client.communicate(timeout=500)[0] for client in clients]
    seconds = time.monotonic() - started
    assert [client.returncode for client in clients] == [0] * processes
    numbers = sorted(int(word) for output in outputs for word in output.split())
    assert numbers == list(range(trials))
    audit(handle, trials)
    record_property("figure", f"exactly {trials}, none twice, {seconds:.0f} s")


@pytest.mark.case("C1", "6 processes, 30 queued trials on PostgreSQL, 20 rounds")
def test_no_queued_trial_is_given_twice(server, make_study, record_property):
    queue = tuple({"cell": "GRU", "units": 16 * 2 ** (k % 4)} for k in range(30))
    prepare_storage(server.create_database("s"))
    handles = [
        make_study(server.url("s"), budget=Budget(trials=30), enqueue=queue)
        for _ in range(20)
    ]
    rounds = "\n".join(
        [
            CLIENTS.replace("handle = find_study", "def find(name): return find_study")
            .replace("sys.argv[1])", "name)", 1)
            .split("threads = [")[0],
            "for name in sys.argv[1].split(','):",
            "    handle = find(name)",
            "    work(0)",
        ]
    )
    clients = [
        subprocess.Popen(
            [sys.executable, "-c", rounds, ",".join(one.uuid for one in handles)],
            cwd=ROOT,
            env=child_environment(handles[0].environment),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    outputs = [client.communicate(timeout=500)[0] for client in clients]
    numbers = Counter(word for output in outputs for word in output.split())
    assert numbers == {str(number): 20 for number in range(30)}
    for handle in handles:
        trials = open_study(handle).trials
        asked = [trial.params["units"] for trial in trials[:30]]
        assert asked == [params["units"] for params in queue]
    record_property("figure", "600 of 600 distinct")


@pytest.mark.case("K1", "workers killed at random on PostgreSQL")
def test_killed_workers_lose_nothing(server, make_study, toy, record_property):
    toy(0.1)
    handle = make_study(server.create_database("s"))
    killed: list[int] = []

    def kill() -> None:
        random, pause = np.random.default_rng(1), threading.Event()
        await_done(handle, 2)
        while len(killed) < 10 and n_done(handle) < 36:
            pause.wait(random.uniform(1.2, 2.4))
            running = [t for t in read_trials(handle) if t.state == "running"]
            if running:
                pid = running[int(random.integers(len(running)))].worker_pid
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)

    with meanwhile(kill):
        assert supervise(handle, limits=QUICK) == "finished"
    audit(handle, 40)
    assert len(killed) >= 5
    record_property("figure", f"{len(killed)} kills, 40 of 40, 0 lost")


@pytest.mark.case("K3", "all workers killed at once on PostgreSQL, three times")
def test_all_workers_killed_at_once(server, make_study, toy, record_property):
    toy(0.1)
    handle = make_study(server.create_database("s"), budget=Budget(trials=20))
    closed: list[float] = []

    def kill() -> None:
        pause = threading.Event()
        for wanted in (2, 6, 10):
            await_done(handle, wanted)
            running = [t for t in read_trials(handle) if t.state == "running"]
            for trial in running:
                with suppress(ProcessLookupError):
                    os.kill(trial.worker_pid, signal.SIGKILL)
            since, numbers = time.monotonic(), {trial.number for trial in running}
            while any(
                trial.state == "running" and trial.number in numbers
                for trial in read_trials(handle)
            ):
                assert time.monotonic() - since < 60
                pause.wait(0.05)
            closed.append(time.monotonic() - since)

    with meanwhile(kill):
        assert supervise(handle, limits=QUICK) == "finished"
    audit(handle, 20)
    assert max(closed) <= 5
    record_property("figure", f"20 of 20, closed within {max(closed):.1f} s")


@pytest.mark.case("P8", "password in the URL; server killed in between")
def test_the_password_appears_nowhere(server, make_study, toy, record_property):
    toy(0.2)
    handle = make_study(server.create_database("s"), budget=Budget(trials=12))
    seen: list[str] = []

    def look() -> None:
        await_done(handle, 2)
        seen.append(subprocess.check_output(["ps", "-ww", "-eo", "args"], text=True))
        server.stop()
        seen.append(_command("show", handle))
        server.start()

    with meanwhile(look):
        assert supervise(handle, limits=QUICK) == "finished"
    seen += [_command("list", handle), _command("show", handle)]
    seen += [_command("doctor", handle)]
    wrong = replace(
        handle.environment,
        storage_url=handle.environment.storage_url.replace(str(server.port), "1"),
    )
    seen.append(_command("show", replace(handle, environment=wrong)))
    assert "does not answer" in seen[-1]
    files = [path for path in handle.environment.studies_dir.rglob("*")]
    seen += [path.read_bytes().decode("latin-1") for path in files if path.is_file()]
    assert log_path(handle, "worker-1").exists()
    assert sum(PASSWORD in text for text in seen) == 0
    record_property("figure", f"0 hits in {len(seen)} texts")


def _command(name: str, handle: StudyHandle) -> str:
    words = [] if name == "list" else [handle.uuid]
    ran = subprocess.run(
        [sys.executable, "-m", "search", name, *words],
        cwd=ROOT,
        env=child_environment(handle.environment),
        capture_output=True,
        text=True,
    )
    return ran.stdout + ran.stderr


@pytest.mark.case("P6", "two hosts with folders of their own, an artifact location")
def test_hosts_meet_in_database_and_artifact_location_only(
    server, make_study, toy, tmp_path, record_property
):
    toy(0.1)
    place = tmp_path / "place"
    place.mkdir()
    few = Training(epochs=8, pruner="none")
    original = make_study(
        server.create_database("s"), workers=1, budget=Budget(trials=24), training=few
    )
    environment = replace(original.environment, artifacts=str(place))
    handle = replace(original, environment=environment)
    elsewhere = replace(handle, environment=replace(environment, studies_dir=tmp_path))
    log = tmp_path / "elsewhere.log"
    remotes: list[subprocess.Popen[bytes]] = []

    def join() -> None:
        await_done(handle, 1)
        remotes.append(start_elsewhere(elsewhere, environment.storage_url, log))

    try:
        with meanwhile(join):
            assert supervise(handle, limits=QUICK) == "finished"
        assert remotes[0].wait(120) == 0, log.read_text()
    finally:
        for remote in remotes:
            remote.kill()
            remote.wait()
    states = audit(handle, 24)
    trials = read_trials(handle)
    theirs = [trial.number for trial in trials if trial.worker_host == "elsewhere"]
    assert states[TrialState.FAIL] == 0
    assert len(theirs) >= 1, log.read_text()
    assert all(len(read_curve(handle.folder, number)) == 8 for number in theirs)
    assert sorted(path.name for path in place.iterdir()) == []
    copy = tmp_path / handle.uuid
    assert (copy / "copy.json").exists()
    assert list((copy / "winners").iterdir()) == []
    record_property("figure", f"24 of 24, {len(theirs)} of them there, curves brought")
