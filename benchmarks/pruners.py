"""Which rule ends hopeless trials best, and how long to train: searches re-enacted.

First, once for each series: random configurations of the default space are trained with
our search on all folds, without early stopping and without pruning, and their curves
and seconds are kept in `benchmarks/.curves`. Then searches over these curves are
simulated, each rule with the same random orders: the textbook configuration of each
cell first, the cells by turns, one trial after the other, with Optuna's pruners. Only
complete trials can win, as in a real search::

    python -m benchmarks.pruners                   # records what is missing first
    python -m benchmarks.pruners --fresh           # records everything anew
    python -m benchmarks.pruners --quick           # minutes; prints, records nothing

Seconds are those of the recording; a program that several configurations share is
compiled by the first of them. `--compile-share 0` asks what would be best if compiling
cost nothing.
"""

import argparse
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.pruning.curves import record_curves
from benchmarks.pruning.measures import (
    N_EQUAL_TRIALS,
    N_LATE,
    REFERENCE_SETTING,
    Measures,
    Pool,
    Setting,
    measure_all,
)
from benchmarks.pruning.report import (
    explanation,
    grid_table,
    pools_table,
    rules_table,
)
from benchmarks.pruning.simulation import RULES
from benchmarks.support.places import CURVES
from benchmarks.support.problems import problem_of
from benchmarks.support.recording import record
from benchmarks.support.series import public_series

SERIES = "airline,births,gas-furnace,winding"
GRID_RULES = (
    "none;median, warm-up 4;halving from epoch 8, a half;top third after epoch 8"
)
PATIENCE = (3, 4, 6, 10, 15, 0)
EPOCHS, LONGER_EPOCHS = (20, 30, 40, 60), (40, 60, 80, 100)
LATER = 60, 15
SHORT_ROWS = 300


def load_pools(args: argparse.Namespace, folder: Path) -> dict[str, Pool]:
    """Return the curves of each series that are recorded in `folder`."""
    pools = {}
    for series in public_series(args.series.split(",")):
        is_short = len(problem_of(series.run_options()).series) < SHORT_ROWS
        pool = record_curves(
            series,
            n_per_cell=args.per_cell,
            epochs=args.short_epochs if is_short else args.epochs,
            workers=args.workers,
            folder=folder,
        )
        pools[series.name] = tuple(
            replace(trial, seconds_compile=args.compile_share * trial.seconds_compile)
            for trial in pool
        )
    return pools


def report(pools: dict[str, Pool], args: argparse.Namespace) -> str:
    """Simulate and return the section of the results."""
    one = REFERENCE_SETTING
    parts = [
        "`python -m benchmarks.pruners`. Recorded curves:",
        pools_table(pools, longest=EPOCHS[-1]),
        explanation(seeds=args.seeds, longest=EPOCHS[-1]),
    ]
    for epochs, patience in ((one.epochs, one.patience), LATER):
        settings = [Setting(rule.name, epochs, patience) for rule in RULES]
        found = _simulated(pools, settings, args, longest=EPOCHS[-1])
        parts += [
            f"Rules, with {epochs} epochs and patience {patience}:",
            rules_table(found, settings),
        ]
    parts += [
        "Epochs and patience: time to 1 %, then excess in the time of "
        f"{N_LATE} trials and loss in {N_EQUAL_TRIALS} trials, both in %:",
        _grid(pools, args, EPOCHS),
    ]
    longer = {
        name: pool
        for name, pool in pools.items()
        if max(len(trial.scores) for trial in pool) >= LONGER_EPOCHS[-1]
    }
    if longer:
        parts += [
            f"The same for {' and '.join(longer)}, whose curves are longer, against "
            f"the best within {LONGER_EPOCHS[-1]} epochs:",
            _grid(longer, args, LONGER_EPOCHS),
        ]
    return "\n\n".join(parts)


def _grid(
    pools: dict[str, Pool], args: argparse.Namespace, epochs: tuple[int, ...]
) -> str:
    """Cross the rules that are asked for with epochs and patience."""
    names = args.grid.split(";")
    settings = [
        Setting(rule, most, patience)
        for rule in names
        for most in epochs
        for patience in PATIENCE
    ]
    found = _simulated(pools, settings, args, longest=epochs[-1])
    return grid_table(found, rules=names, epochs=epochs, patience=PATIENCE)


def _simulated(
    pools: dict[str, Pool],
    settings: list[Setting],
    args: argparse.Namespace,
    *,
    longest: int,
) -> list[Measures]:
    return measure_all(
        pools,
        list(dict.fromkeys([REFERENCE_SETTING, *settings])),
        seeds=args.seeds,
        processes=args.workers,
        longest=longest,
    )


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", default=SERIES, help="names, comma between")
    parser.add_argument("--per-cell", type=int, default=20, help="configurations")
    parser.add_argument(
        "--epochs", type=int, default=60, help="epochs recorded of each configuration"
    )
    parser.add_argument(
        "--short-epochs",
        type=int,
        default=100,
        help=f"the same for series of less than {SHORT_ROWS} rows",
    )
    parser.add_argument("--seeds", type=int, default=10, help="random orders")
    parser.add_argument("--grid", default=GRID_RULES, help="rules; semicolons between")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--compile-share", type=float, default=1.0, help="weight of compile seconds"
    )
    parser.add_argument("--fresh", action="store_true", help="record curves anew")
    parser.add_argument("--quick", action="store_true", help="a short try-out")
    args = parser.parse_args()
    if args.quick:
        args.series, args.seeds, args.grid = "airline", 2, "none"
        args.per_cell, args.epochs, args.short_epochs = 2, 10, 10
    return args


def main() -> None:
    """Record curves, simulate, print the tables, record them."""
    args = parse()
    if args.fresh:
        shutil.rmtree(CURVES, ignore_errors=True)
    if args.quick:
        with tempfile.TemporaryDirectory() as folder:
            print(report(load_pools(args, Path(folder)), args))
        return
    body = report(load_pools(args, CURVES), args)
    print(body)
    if args.compile_share == 1.0 and args.series == SERIES:
        record("Rules for ending trials, epochs and patience", body)


if __name__ == "__main__":
    main()
