"""S3, S7, S9, S14, R7: places that cannot be used are one sentence, and stay as is."""

import ctypes
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from search.cli.main import main
from search.config import Environment
from search.errors import ConfigError, StudyCorrupted
from search.jobs.commands import child_environment
from search.jobs.server_lock import SERVER_LOCK, check_server, lock_server
from search.study.folders import StudyHandle
from search.study.storage import mounts
from search.study.storage import opening as storage
from search.study.storage.mounts import check_local, file_system, is_network
from search.study.storage.opening import open_reader, prepare_storage, sqlite_path
from search.study.storage.places import check_places
from search.study.storage.upgrading import upgrade_storage
from search.study.studies import list_studies
from search.study.trials.listing import read_trials

MakeStudy = Callable[..., StudyHandle]
Record = Callable[[str, object], None]
ROOT = Path(__file__).parents[3]
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
MOUNTS = """\
22 1 254:1 / / rw,relatime - ext4 /dev/vda rw
30 22 0:41 / /home rw - nfs4 server:/home rw
31 30 254:2 / /home/me/local\\040disk rw - ext4 /dev/vdb rw
32 22 0:50 / /mnt/far rw - fuse.sshfs me@host: rw
33 22 0:51 / /mnt/share rw - cifs //host/share rw
"""
OLDER, NEWER = "v3.0.0.d", "v9.9.9"


def storage_file(environment: Environment) -> Path:
    path = sqlite_path(environment.storage_url)
    assert path is not None
    return path


def damage(path: Path, kind: str) -> None:
    """Damage a storage file in one of five ways."""
    content = path.read_bytes()
    damaged = {
        "cut in half": content[: len(content) // 2],
        "empty": b"",
        "header zeroed": bytes(100) + content[100:],
        "4 KB of noise": content[:4096] + os.urandom(4096) + content[8192:],
        "text": b"my notes\n" * 1000,
    }
    path.write_bytes(damaged[kind])


@pytest.fixture
def in_environment(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> Environment:
    monkeypatch.setenv("STUDIES_DIR", str(environment.studies_dir))
    monkeypatch.delenv("STUDIES_STORAGE", raising=False)
    return environment


@pytest.mark.case("S3", "SQLite file damaged in five ways, in the terminal")
@pytest.mark.parametrize(
    "kind", ["cut in half", "empty", "header zeroed", "4 KB of noise", "text"]
)
def test_s3_a_damaged_storage_is_one_sentence_and_kept(
    make_study: MakeStudy,
    in_environment: Environment,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    handle = make_study()
    path = storage_file(in_environment)
    damage(path, kind)
    content = path.read_bytes()

    assert main(["show", handle.uuid]) == 1
    told = capsys.readouterr().err
    assert told.startswith("The storage file optuna.db ")
    assert told.count("\n") == 1
    assert "Traceback" not in told
    assert main(["list"]) == 0
    assert "damaged" in capsys.readouterr().out
    assert path.read_bytes() == content


@pytest.mark.case("S3", "other studies beside a damaged folder")
def test_s3_other_studies_still_work_beside_a_damaged_one(
    make_study: MakeStudy, environment: Environment
) -> None:
    first, second = make_study(), make_study()
    (first.folder / "study.json").write_bytes(b"\0" * 50)
    assert [handle.uuid for handle in list_studies(environment)] == [second.uuid]
    assert len(read_trials(second)) == 3


def stamp(path: Path, revision: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()
    # A process looks once; this one has seen the file as it was.
    storage._check_version.cache_clear()


@pytest.mark.case("S9", "tables of a newer Optuna")
def test_s9_a_newer_storage_is_refused_and_kept(
    environment: Environment,
) -> None:
    path = storage_file(environment)
    stamp(path, NEWER)
    content = path.read_bytes()
    for use in (open_reader, prepare_storage, upgrade_storage):
        with pytest.raises(StudyCorrupted, match=r"newer version of Optuna.*Update"):
            use(environment.storage_url)
    assert path.read_bytes() == content


@pytest.mark.case("S9", "tables of an older Optuna, upgraded with a copy")
def test_s9_an_older_storage_is_upgraded_after_a_copy(
    make_study: MakeStudy,
    in_environment: Environment,
    capsys: pytest.CaptureFixture[str],
) -> None:
    handle = make_study()
    path = storage_file(in_environment)
    stamp(path, OLDER)
    assert main(["show", handle.uuid]) == 1
    assert "`python -m search upgrade`, which keeps a copy" in capsys.readouterr().err

    assert main(["upgrade"]) == 0
    (copy,) = path.parent.glob("optuna.db.backup-*")
    assert copy.name in capsys.readouterr().out.replace("\n", "")
    with closing(sqlite3.connect(copy)) as connection:
        rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert rows == [(OLDER,)]
    assert main(["show", handle.uuid]) == 0
    assert len(read_trials(handle)) == 3
    assert main(["upgrade"]) == 0
    assert "nothing was changed" in capsys.readouterr().out
    assert len(list(path.parent.glob("optuna.db.backup-*"))) == 1


def test_upgrade_leaves_a_database_server_to_its_own_tools() -> None:
    with pytest.raises(ConfigError, match="pg_dump"):
        upgrade_storage("postgresql+psycopg://me@host/db")


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system have the file systems of `MOUNTS`."""
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTS)
    monkeypatch.setattr(mounts, "_MOUNTS", path)


@pytest.mark.usefixtures("mounted")
@pytest.mark.parametrize(
    ("path", "kind", "far"),
    [
        ("/srv/optuna.db", "ext4", False),
        ("/home/me/studies/optuna.db", "nfs4", True),
        ("/home/me/local disk/optuna.db", "ext4", False),
        ("/mnt/far/optuna.db", "fuse.sshfs", True),
        ("/mnt/share/optuna.db", "cifs", True),
        ("/mnt/shared/optuna.db", "ext4", False),
    ],
)
def test_file_system_is_that_of_the_nearest_mount(
    path: str, kind: str, far: bool
) -> None:
    assert file_system(Path(path)) == kind
    assert is_network(kind) == far


@pytest.mark.case("S14", "studies folder on nfs4, sshfs and cifs")
@pytest.mark.usefixtures("mounted")
@pytest.mark.parametrize("folder", ["/home/me", "/mnt/far", "/mnt/share"])
def test_s14_sqlite_on_a_network_file_system_is_refused(folder: str) -> None:
    with pytest.raises(ConfigError, match=r"network file system \(.*PostgreSQL"):
        prepare_storage(f"sqlite:///{folder}/studies/optuna.db")
    with pytest.raises(ConfigError, match="STUDIES_STORAGE"):
        check_local(Path(folder) / "optuna.db")


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """Return a folder into which its user may not write."""
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def give_up_rights() -> None:
    """Let root obey the rights of files, like everybody else, after the next exec."""
    libc = ctypes.CDLL(None)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def run_in(folder: Path, words: list[str]) -> "subprocess.CompletedProcess[str]":
    url = f"sqlite:///{folder / 'studies' / 'optuna.db'}"
    variables = child_environment(Environment(folder / "studies", url))
    del variables["STUDIES_STORAGE"]
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=give_up_rights,
    )


@pytest.mark.case("S7", "folder without the right to write, web server")
def test_s7_a_closed_folder_refuses_the_start_with_path_and_fix(
    closed: Path, record_property: Record
) -> None:
    started = time.monotonic()
    run = run_in(closed, ["-W", "ignore", "-c", "import app"])
    seconds = time.monotonic() - started
    told = run.stderr.strip().splitlines()[-1]
    assert run.returncode == 1
    assert told.startswith(f"Not started. The folder of the studies, {closed}/studies")
    assert "chmod" in told
    assert "STUDIES_DIR" in told
    assert "Traceback" not in run.stderr
    assert list(closed.iterdir()) == []
    record_property("figure", f"refused after {seconds:.1f} s, imports included")


@pytest.mark.case("S7", "folder without the right to write, terminal")
def test_s7_a_closed_folder_is_one_sentence_in_the_terminal(
    closed: Path, tmp_path: Path
) -> None:
    table = tmp_path / "data.csv"
    table.write_text("load\n" + "".join(f"{n % 7}\n" for n in range(300)))
    words = ["run", str(table), "--target", "load", "--time", "none"]
    run = run_in(closed, ["-m", "search", *words])
    assert run.returncode == 2, run.stderr
    assert "cannot be written by the user with the id" in run.stderr
    assert "Traceback" not in run.stderr


def test_check_places_names_a_file_that_stands_for_the_folder(tmp_path: Path) -> None:
    (tmp_path / "studies").write_text("not a folder")
    with pytest.raises(ConfigError, match="is a file"):
        check_places(Environment(tmp_path / "studies", "sqlite:////tmp/none.db"))


@pytest.mark.case("R7", "second web server on the same studies folder")
def test_r7_a_second_server_refuses_and_names_the_first(tmp_path: Path) -> None:
    check_server(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with lock_server(tmp_path, pid=4711):
        for take in (
            lambda: lock_server(tmp_path, pid=1),
            lambda: check_server(tmp_path),
        ):
            with pytest.raises(ConfigError, match=r"already runs \(process 4711\)"):
                take()
        url = f"sqlite:///{tmp_path / 'optuna.db'}"
        run = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", "import app"],
            cwd=ROOT,
            env=child_environment(Environment(tmp_path, url)),
            capture_output=True,
            text=True,
        )
        assert run.returncode == 1
        assert "Not started. A server for the studies in" in run.stderr
        assert "process 4711" in run.stderr
        assert "Traceback" not in run.stderr
    # The kernel frees the lock of a dead server; the file itself means nothing.
    assert (tmp_path / SERVER_LOCK).exists()
    lock_server(tmp_path, pid=4712).close()
