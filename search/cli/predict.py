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
    forecast = predict_with_bundle(options.bundle, options.file, options.out)
    if options.out is None:
        sys.stdout.write(forecast)
    else:
        sys.stderr.write(f"Wrote {options.out}.\n")
    return 0
