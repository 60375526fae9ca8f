"""K5, K6: the web server is killed or asked to end; the study goes on."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from search.config import Budget, Environment, Training
from search.study.control import read_state
from search.study.storage.opening import prepare_storage
from tests.e2e.conftest import Server, free_port
from tests.faults.conftest import Place, is_gone
from tests.faults.oracle import audit, page_faults, processes_of, read_ledger
from tests.jobs.conftest import wait_until

MakePlace = Callable[..., Place]
Toy = Callable[..., None]
Record = Callable[..., None]
TRAINING = Training(epochs=10, pruner="none", patience=0, seed=7)
OUTAGE_SECONDS = 20.0

pytestmark = pytest.mark.faults


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """Return the place of the studies of `server`."""
    folder = tmp_path / "studies"
    url = f"sqlite:///{folder / 'optuna.db'}"
    prepare_storage(url)
    return Environment(folder, url)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, free_port())
    yield server
    if server.process is not None and server.process.poll() is None:
        server.kill()


def begin(server: Server, made: Place) -> None:
    """Let the server start the study, and wait for its first result."""
    server.start()
    wait_until(lambda: len(read_ledger(made.ledger)) > 0, "the first result")


@pytest.mark.case("K5", "web server killed, started again after a while")
def test_k5_server_killed_mid_study(
    place: MakePlace, toy: Toy, server: Server, record_property: Record
) -> None:
    toy(epoch_seconds=0.2)
    made = place(training=TRAINING, budget=Budget(trials=30))
    begin(server, made)
    before, n_before = read_state(made.handle), len(read_ledger(made.ledger))
    server.kill()
    threading.Event().wait(OUTAGE_SECONDS)
    n_during = len(read_ledger(made.ledger)) - n_before
    during = read_state(made.handle)
    began = time.monotonic()
    server.start()
    assert server.status_of(f"/progress?study={made.handle.uuid}") == 200
    assert page_faults(made.handle) == []
    seconds = time.monotonic() - began
    assert seconds < 10.0
    after = read_state(made.handle)
    assert n_during >= 1
    assert (during.supervisor_pid, during.workers) == (
        before.supervisor_pid,
        before.workers,
    )
    assert after.supervisor_pid == before.supervisor_pid
    assert after.workers == before.workers
    wait_until(lambda: read_state(made.handle).state == "finished", "the end")
    server.kill()
    wait_until(lambda: not processes_of(made.handle), "the end of all processes")
    n_told = audit(made.handle, made.ledger, total=30, least=30)
    record_property(
        "figure",
        f"{n_during} results while it was down, back in {seconds:.1f} s, same "
        f"processes, {n_told} told, 0 lost",
    )


@pytest.mark.case("K6", "signal to the group of the web server")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_k6_server_asked_to_end(
    place: MakePlace,
    toy: Toy,
    server: Server,
    number: signal.Signals,
    record_property: Record,
) -> None:
    toy(epoch_seconds=0.05)
    made = place(training=TRAINING, budget=Budget(trials=12))
    begin(server, made)
    before = read_state(made.handle)
    assert server.process is not None
    began = time.monotonic()
    os.killpg(server.process.pid, number)
    server.process.wait(timeout=30)
    seconds = time.monotonic() - began
    assert before.supervisor_pid is not None
    assert not is_gone(before.supervisor_pid)
    wait_until(lambda: read_state(made.handle).state == "finished", "the end")
    wait_until(lambda: not processes_of(made.handle), "the end of all processes")
    n_told = audit(made.handle, made.ledger, total=12, least=12)
    figure = f"{number.name}: ended in {seconds:.1f} s, study went on, {n_told} told"
    record_property("figure", figure)
