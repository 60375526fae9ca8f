"""Who works on a trial, and whether that process lives."""

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import psutil
import pytest

from search.study.trials import owners
from search.study.trials.owners import (
    Owner,
    current_owner,
    is_alive,
    owner_of,
    read_owner,
)


def test_current_owner_names_this_process():
    owner = current_owner()
    assert owner.pid == os.getpid()
    assert owner.host == socket.gethostname()
    since_boot = psutil.Process().create_time() - psutil.boot_time()
    assert owner.started == pytest.approx(since_boot, abs=1.5)


def test_is_alive_for_this_process():
    assert is_alive(current_owner()) is True


@pytest.mark.case("R1", "time of day corrected by an hour and by ten years")
@pytest.mark.parametrize("seconds", [3600.0, -3600.0, 3.2e8])
def test_is_alive_whatever_the_time_of_day(monkeypatch, seconds):
    """The start of a process in seconds since 1970 moves when the clock is set."""
    owner = current_owner()
    boot = psutil.boot_time()
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: boot + seconds)
    assert is_alive(owner) is True


@pytest.mark.parametrize("files", ["/absent", "/"])
def test_owner_without_the_files_of_linux_goes_by_the_time_of_day(monkeypatch, files):
    monkeypatch.setattr(owners, "_PROCESSES", Path(files))
    owner = current_owner()
    assert owner.started == psutil.Process().create_time()
    assert is_alive(owner) is True


def test_is_alive_for_an_ended_process():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = owner_of(process.pid)
    assert is_alive(owner) is True
    process.communicate()
    assert is_alive(owner) is False


def test_is_alive_for_a_zombie():
    """A killed child that nobody waited for still has a process id."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = owner_of(process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert is_alive(owner) is False
    process.communicate()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"started": 1_000.0}, False),  # the process id was given to another process
        ({"boot_id": "earlier"}, False),  # the machine was started again
        ({"host": "another-machine"}, None),  # nobody here can know
    ],
)
def test_is_alive_compares_more_than_the_process_id(change, expected):
    assert is_alive(replace(current_owner(), **change)) is expected


def test_boot_id_without_linux_is_the_time_of_the_start(monkeypatch):
    monkeypatch.setattr(owners, "_BOOT_ID", Path("/absent/boot_id"))
    monkeypatch.setattr(psutil, "boot_time", lambda: 6_000.0)
    assert owners._boot_id.__wrapped__() == "boot-100"


def test_read_owner_round_trip_through_json():
    owner = current_owner()
    document = msgspec.json.decode(msgspec.json.encode(owner))
    assert read_owner(document) == owner


@pytest.mark.parametrize("document", [None, "text", {"pid": 3}, {}])
def test_read_owner_of_something_else_is_nobody(document):
    assert read_owner(document) is None


def test_owner_is_a_value():
    assert Owner("a", "b", 1, 2.0) == Owner("a", "b", 1, 2.0)
