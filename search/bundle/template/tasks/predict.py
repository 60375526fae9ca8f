"""Predict with the recurrent network in this folder.

::

    python predict.py new.csv                     say what the network says of a table
    python predict.py new.csv --out answers.csv   the same, into a file
    python predict.py --check                     repeat the holdout predictions

The file has the columns of the table that the network was made from; CSV, TSV, Excel,
Parquet and ``.ts`` are read, and a folder or zip with one CSV for each sequence. What
is asked for, and everything else, is in ``preprocessing.json``; ``README.md`` says what
comes out. Needs numpy, pandas and onnxruntime (``pip install -r requirements.txt``), or
keras instead of onnxruntime.

The other files: ``task_files.py`` reads cells, ``task_rows.py`` makes numbers of them,
group by group, ``task_windows.py`` scales them, cuts windows and runs the network,
``task_answers.py`` makes the table, ``task_check.py`` repeats the holdout.
``one_series.py`` reads cells, numbers and time stamps, and loads the network.

Exit codes: 0, 1 where ``--check`` finds a difference, 2 where the input cannot be used.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # also with python -I

from one_series import ForecastError, write
from task_answers import next_answers
from task_check import check
from task_files import read_table
from task_rows import make_rows
from task_setup import FOLDER, load_setup


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(description="Predict with a recurrent network.")
    parser.add_argument("file", nargs="?", type=Path, help="table with new rows")
    parser.add_argument("--out", type=Path, help="CSV file to write; default: print")
    parser.add_argument("--check", action="store_true", help="repeat the holdout")
    options = parser.parse_args(arguments)
    try:
        setup = load_setup(FOLDER)
        if options.check:
            return check(setup, options.out)
        if options.file is None:
            raise ForecastError("Name a table, such as: python predict.py new.csv")
        table = read_table(options.file, setup)
        rows = make_rows(table, setup, all_rows=setup.kind != "forecasting")
        write(next_answers(rows, setup).table, options.out)
    except ForecastError as error:
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
