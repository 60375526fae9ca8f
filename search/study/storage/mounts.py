"""On what kind of file system a file lies, and why SQLite must not lie on some."""

from pathlib import Path

from search.errors import ConfigError

_MOUNTS = Path("/proc/self/mountinfo")
# Locks and flushes of these do not keep what SQLite relies on.
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "davfs", "lustre")
_NETWORK_FUSE = ("sshfs", "davfs", "davfs2", "glusterfs", "s3fs", "rclone", "smbnetfs")


def check_local(path: Path) -> None:
    """Refuse an SQLite file at `path` on a network file system.

    Raises
    ------
    ConfigError
        With the kind of file system and what to do.
    """
    kind = file_system(path)
    if is_network(kind):
        raise ConfigError(
            f"The storage file {path} would lie on a network file system ({kind}), "
            "where SQLite damages its file. Name a file on a disk of this machine "
            "(STUDIES_STORAGE=sqlite:////folder/optuna.db) or a PostgreSQL server; "
            "the studies folder itself may stay where it is."
        )


def is_network(kind: str) -> bool:
    """Return whether a file system of that kind lies on another machine."""
    name = kind.removeprefix("fuse.")
    return name in (_NETWORK_FUSE if kind != name else _NETWORK)


def file_system(path: Path) -> str:
    """Return the kind of file system that `path` lies on, such as ``ext4``.

    Empty where the system does not say.
    """
    try:
        lines = _MOUNTS.read_text().splitlines()
    except OSError:
        return ""
    place = path.resolve()
    # A later mount hides an earlier one at the same place.
    found, kind = Path(), ""
    for line in lines:
        first, _, last = line.partition(" - ")
        point = Path(first.split()[4].replace("\\040", " "))
        is_deeper = len(point.parts) >= len(found.parts)
        if is_deeper and place.is_relative_to(point):
            found, kind = point, last.split()[0]
    return kind
