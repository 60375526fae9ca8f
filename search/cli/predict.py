"""`predict`: use a downloaded bundle."""

import argparse
import sys

from search.bundle.predict import predict_with_bundle
from search.errors import UserInputError


def predict(options: argparse.Namespace) -> int:
    """Print what the bundle says as CSV, or write it where ``--out`` says."""
    if not options.bundle.is_file():
        raise UserInputError(f"There is no file {options.bundle}.")
    if not options.file.exists():
        raise UserInputError(f"There is no file {options.file}.")
    answers = predict_with_bundle(options.bundle, options.file, options.out)
    if options.out is None:
        sys.stdout.write(answers.csv)
    else:
        sys.stderr.write(f"Wrote {options.out}.\n")
    for sentence in answers.scores:
        sys.stderr.write(f"{sentence}\n")
    return 0
