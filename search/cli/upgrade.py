"""`upgrade`: bring the storage of an older version up to date, with a copy."""

import argparse

from search.cli.exit_codes import EXIT_OK
from search.cli.screen import stdout, write_line
from search.config import Environment
from search.study.storage.upgrading import upgrade_storage


def upgrade(options: argparse.Namespace) -> int:
    """Upgrade the storage and say where its copy lies."""
    environment = Environment.from_process(storage_url=options.storage)
    copy = upgrade_storage(environment.storage_url)
    sentence = (
        "The storage is up to date; nothing was changed."
        if copy is None
        else f"The storage was upgraded. It is kept as it was in {copy}."
    )
    write_line(stdout(), sentence)
    return EXIT_OK
