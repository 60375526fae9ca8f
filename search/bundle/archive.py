"""Unpack a bundle that may come from anywhere."""

import zipfile
from collections.abc import Collection
from pathlib import Path

from search.errors import UserInputError

MOST_MEMBERS = 50
MOST_BYTES = 512 * 2**20


def unpack(
    bundle: Path,
    folder: Path,
    *,
    names: Collection[str],
    most_bytes: int = MOST_BYTES,
) -> None:
    """Write the members `names` of the zip `bundle` into `folder`.

    Other members are not touched, so no path from the zip is ever used.

    Raises
    ------
    UserInputError
        If it is not a zip, lacks one of `names`, or unpacks to more than
        `most_bytes`.
    """
    try:
        with zipfile.ZipFile(bundle) as archive:
            found = set(archive.namelist())
            absent = sorted(set(names) - found)
            if absent or len(found) > MOST_MEMBERS:
                reason = f"lacks {', '.join(absent)}" if absent else "has other files"
                raise UserInputError(
                    f"{bundle.name} is not a bundle of this program: it {reason}."
                )
            n_left = most_bytes
            for name in names:
                n_left -= _write_member(archive, name, folder / name, n_left)
    except FileNotFoundError as error:
        raise UserInputError(f"There is no file {bundle}.") from error
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise UserInputError(
            f"{bundle.name} is not a zip that can be read: {error}."
        ) from error


def _write_member(
    archive: zipfile.ZipFile, name: str, target: Path, most_bytes: int
) -> int:
    """Write one member; what the zip says about its size is not believed."""
    n_bytes = 0
    with archive.open(name) as source, target.open("wb") as file:
        while chunk := source.read(2**20):
            n_bytes += len(chunk)
            if n_bytes > most_bytes:
                raise UserInputError(
                    f"{name} in the zip is too large; at most {MOST_BYTES // 2**20} MB "
                    "are unpacked."
                )
            file.write(chunk)
    return n_bytes
