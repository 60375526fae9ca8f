"""How good the models are: public series, default settings, five minutes each.

For each series `python -m search run` searches for five minutes with two workers and
its defaults; what the protocol of the series fixes (targets, horizon, holdout, filling
of gaps, the error that counts) is set and nothing else. The winner of each cell is then
trained again and scored once on the holdout, as every study does. The line of a series
counts as reached if the cell with the lowest cross-validation score reaches the goal,
whatever the other cells do::

    python -m benchmarks.accuracy
    python -m benchmarks.accuracy --series airline,gas-furnace
    python -m benchmarks.accuracy --quick      # seconds each; prints, records nothing

An interrupted run goes on with the series that are left; `--fresh` starts anew.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from benchmarks.reports.accuracy import Scored, report
from benchmarks.support.accuracy_rows import ACCURACY_ROWS, AccuracyRow
from benchmarks.support.our_search import clean_environment
from benchmarks.support.places import CACHE, ROOT
from benchmarks.support.problems import say
from benchmarks.support.recording import record
from search.analysis.predictions import load_predictions
from search.config import Cell
from search.study.results import RESULTS_FILE, StudyResults, read_record

SECONDS = 300


def search(row: AccuracyRow, seconds: int, seed: int) -> Scored:
    """Search on one series and score what was found.

    Raises
    ------
    subprocess.CalledProcessError
        If the search failed; its output was shown.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / RESULTS_FILE
        subprocess.run(
            [
                *(sys.executable, "-m", "search", "run", row.write(), *row.options),
                *("--timeout", str(seconds), "--seed", str(seed), "--json", str(out)),
            ],
            cwd=ROOT,
            env=clean_environment() | {"STUDIES_DIR": str(Path(folder) / "studies")},
            stdin=subprocess.DEVNULL,
            check=True,
        )
        results = read_record(msgspec.json.decode(out.read_bytes()), StudyResults)
        return _scored(row, results, seconds)


def _scored(row: AccuracyRow, results: StudyResults, seconds: int) -> Scored:
    table = row.table().reset_index(drop=True)
    targets = row.options[row.options.index("--target") + 1].split(",")
    errors: dict[Cell, tuple[float, ...]] = {}
    goal: tuple[float, ...] = ()
    for cell, winner in results.winners.items():
        forecasts = load_predictions(Path(winner.predictions), targets)
        errors[cell] = row.errors(forecasts, table)
        goal = row.wanted(forecasts, table)
    return Scored(
        name=row.name,
        seconds=seconds,
        goal=goal,
        errors=errors,
        best_cell=results.best_cell,
        winners=results.winners,
        baselines=results.baselines,
        trials=results.trials,
        verdict=results.verdict,
    )


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", default="", help="names, comma between (all)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the searches")
    parser.add_argument("--fresh", action="store_true", help="forget former results")
    parser.add_argument("--quick", action="store_true", help="a short try-out")
    return parser.parse_args()


def main() -> None:
    """Measure, print the table, record it."""
    args = parse()
    names = [name for name in args.series.split(",") if name]
    rows = [row for row in ACCURACY_ROWS if not names or row.name in names]
    found = []
    for row in rows:
        kept = CACHE / "accuracy" / f"{row.name}-{args.seed}.json"
        if args.quick:
            found.append(search(row, 20, args.seed))
            continue
        if args.fresh or not kept.exists():
            say(f"{row.name}: {row.protocol}")
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(msgspec.json.encode(search(row, SECONDS, args.seed)))
        found.append(msgspec.json.decode(kept.read_bytes(), type=Scored))
    body = report(rows, found)
    print(body)
    if not args.quick and not names:
        record("Accuracy on public series", body)


if __name__ == "__main__":
    main()
