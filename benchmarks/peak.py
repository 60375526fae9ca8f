"""How near the engine comes to what one processor core can do.

The arithmetic of the matrix products of an epoch (forward and backward, and forward in
validation), divided by its time, against the rate at which the same core multiplies
large float32 matrices, measured in the same process just before and after. One thread::

    python -m benchmarks.peak
    python -m benchmarks.peak --quick
"""

import argparse
import json
import os
import subprocess
import sys
import time

import numpy as np
import pandas as pd

from benchmarks.support.processes import benchmark_command
from benchmarks.support.recording import record, table
from search.config import CELLS, Cell, Roles, Task, Training
from search.evaluation.panel import make_panel
from search.evaluation.splits import SplitPlan, plan_splits
from search.space.lines import TrialParams

GATES: dict[Cell, int] = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
POINTS, LENGTH, BATCH = 2000, 24, 32
MATRIX = 2048


def multiply_rate() -> float:
    """Return the floating point operations a second of a product of matrices."""
    matrix = np.random.default_rng(0).random((MATRIX, MATRIX), np.float32)
    seconds = []
    for _ in range(6):
        started = time.perf_counter()
        matrix @ matrix
        seconds.append(time.perf_counter() - started)
    return 2 * MATRIX**3 / min(seconds)


def operations(cell: Cell, units: int, layers: int, plan: SplitPlan) -> float:
    """Return the floating point operations of the products of one epoch.

    A product counts two for each pair of weight and value. Training takes three:
    forward, for the weights and for what lies below, of which there is nothing to be
    had below the first layer.
    """
    n_train = sum(fold.n_train(LENGTH) for fold in plan.folds)
    n_valid = sum(fold.valid_stop - fold.valid_start for fold in plan.folds)
    total, n_inputs = 0.0, 1
    for number in range(layers):
        inputs = 2 * n_inputs * GATES[cell] * units * LENGTH
        states = 2 * units * GATES[cell] * units * LENGTH
        total += (inputs + states) * (3 * n_train + n_valid)
        total -= inputs * n_train if number == 0 else 0
        n_inputs = units
    return total


def measure(cell: Cell, units: int, layers: int, epochs: int) -> dict[str, float]:
    """Return operations a second of the engine and of the plain product."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from search.worker.environment import prepare_environment

    prepare_environment(threads=1)
    from search.worker.training import train_folds

    rows = np.arange(POINTS)
    noise = np.random.default_rng(0).normal(0, 0.1, POINTS)
    series = pd.DataFrame({"wave": np.sin(rows / 10) + noise})
    task = Task(horizon=1, holdout=1, folds=5)
    plan = plan_splits(POINTS, task, first_origin=LENGTH)
    params = TrialParams(
        cell=cell,
        units=units,
        layers=layers,
        dropout=0.1,
        sequence_length=LENGTH,
        learning_rate=1e-3,
        clipnorm=1.0,
        batch_size=BATCH,
    )
    seconds: list[float] = []
    before = multiply_rate()
    train_folds(
        make_panel(series, Roles(("wave",))),
        plan,
        params,
        task=task,
        training=Training(epochs=epochs + 1, patience=0),
        seed=0,
        on_epoch=lambda point: seconds.append(point.seconds),
    )
    peak = max(before, multiply_rate())
    fastest = min(seconds[1:])
    return {
        "rate": operations(cell, units, layers, plan) / fastest,
        "peak": peak,
        "seconds": fastest,
    }


def measure_apart(cell: Cell, units: int, layers: int, epochs: int) -> dict[str, float]:
    """Measure in a process of its own, with one thread from its start."""
    command = benchmark_command("peak", "--side", cell, str(units), str(layers))
    output = subprocess.run(
        [*command, "--epochs", str(epochs)],
        check=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ).stdout
    return json.loads(output.splitlines()[-1])


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--quick", action="store_true", help="fewer, and no record")
    parser.add_argument("--side", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        cell, units, layers = args.side
        print(json.dumps(measure(cell, int(units), int(layers), args.epochs)))
        return
    networks = [(64, 1), (128, 1), (128, 3)]
    rows = []
    for cell in CELLS:
        for units, layers in networks[1:2] if args.quick else networks:
            found = measure_apart(cell, units, layers, 2 if args.quick else args.epochs)
            rows.append(
                [
                    cell,
                    units,
                    layers,
                    f"{found['seconds']:.3f} s",
                    f"{found['rate'] / 1e9:.0f}",
                    f"{found['peak'] / 1e9:.0f}",
                    f"{found['rate'] / found['peak']:.0%}",
                ]
            )
            print(*rows[-1], file=sys.stderr)
    columns = [
        "cell",
        "units",
        "layers",
        "epoch",
        "engine, 10⁹/s",
        "matrix product, 10⁹/s",
        "share",
    ]
    text = (
        f"{POINTS:,} points, {LENGTH} steps, batch {BATCH}, five folds with "
        "validation, one thread. Only the products of matrices are counted. "
        "`make bench-peak`\n\n" + table(columns, rows)
    )
    print(text)
    if not args.quick:
        record("How near the engine comes to the speed of one core", text)


if __name__ == "__main__":
    main()
