"""`sample`: write a built-in table to a file, or list them."""

import argparse
import sys
from pathlib import Path

from search.data.group_samples import GROUP_SAMPLES, make_group_sample
from search.data.samples import SAMPLES, make_sample
from search.errors import UserInputError


def write_sample(options: argparse.Namespace) -> int:
    """Write the sample that is named, or without a name say which there are."""
    titles = {name: one.title for name, one in SAMPLES.items()}
    titles |= {name: one.title for name, one in GROUP_SAMPLES.items()}
    if options.name is None:
        for name, title in titles.items():
            sys.stdout.write(f"{name:16} {title}\n")
        return 0
    if options.name not in titles:
        raise UserInputError(
            f"There is no sample {options.name!r}; choose from {', '.join(titles)}."
        )
    make = make_sample if options.name in SAMPLES else make_group_sample
    path = options.out or Path(f"{options.name}.csv")
    try:
        path.write_bytes(make(options.name))
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserInputError(f"{path} cannot be written: {reason}.") from error
    sys.stderr.write(f"Wrote {path}.\n")
    return 0
