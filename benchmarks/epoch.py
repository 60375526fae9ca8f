"""One epoch over five folds: the compiled engine against `keras.Model.fit`.

Each side runs in a process of its own, the engine on one thread, Keras on all cores,
both with the same network, the same windows and validation after each epoch. What is
compared is the fastest epoch of each, because other work on the machine only adds::

    python -m benchmarks.epoch
    python -m benchmarks.epoch --cell GRU --units 64
    python -m benchmarks.epoch --compile        # what the compiler flags are worth
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.support.places import ROOT
from benchmarks.support.processes import benchmark_command
from search.config import CELLS, Roles, Task
from search.evaluation.framing import frame_series
from search.evaluation.panel import Panel, make_panel
from search.evaluation.scaling import fit_scaler
from search.evaluation.splits import SplitPlan, plan_splits
from search.evaluation.windows import gather_targets, gather_windows
from search.space.lines import LIMITS, TrialParams
from search.study.trials.curves import EpochPoint


def make_problem(args: argparse.Namespace) -> tuple[Panel, SplitPlan, Task]:
    """Return a noisy wave of `args.points` rows and its five folds."""
    rows = np.arange(args.points)
    noise = np.random.default_rng(0).normal(0, 0.1, args.points)
    series = pd.DataFrame({"wave": np.sin(rows / 10) + noise})
    task = Task(horizon=args.horizon, holdout=args.horizon, folds=5)
    plan = plan_splits(args.points, task, first_origin=args.length)
    return make_panel(series, Roles(("wave",))), plan, task


def make_params(args: argparse.Namespace) -> TrialParams:
    """Return the configuration that both sides train."""
    return TrialParams(
        cell=args.cell,
        units=args.units,
        layers=args.layers,
        dropout=0.0,
        sequence_length=args.length,
        learning_rate=1e-3,
        clipnorm=1.0,
        batch_size=args.batch,
        architecture=args.architecture,
        normalization=args.normalization,
        dense_units=args.dense_units,
    )


def time_engine(args: argparse.Namespace) -> dict[str, float]:
    """Return seconds of compiling and of one epoch over all folds."""
    from search.worker.environment import prepare_environment

    prepare_environment(threads=1, cache_dir=args.cache)
    from search.config import Training
    from search.worker.training import train_folds

    panel, plan, task = make_problem(args)
    points: list[EpochPoint] = []
    outcome = train_folds(
        panel,
        plan,
        make_params(args),
        task=task,
        training=Training(epochs=args.epochs, patience=0),
        seed=0,
        on_epoch=points.append,
    )
    seconds = [point.seconds for point in points[1:]]
    return {
        "epoch": min(seconds),
        "compile": outcome.seconds_compile,
        "score": points[-1].score or 0.0,
    }


def time_keras(args: argparse.Namespace) -> dict[str, float]:
    """Return seconds of one epoch of `fit` over all folds, tracing left out."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    import keras

    from search.worker.models import build_model, network_shape

    panel, plan, task = make_problem(args)
    params = make_params(args)
    total, scores = 0.0, []
    for number, fold in enumerate(plan.folds):
        scaler = fit_scaler(panel, params.scaler, stop=fold.valid_start)
        framed = frame_series(
            panel, scaler, "none", horizon=task.horizon, season=task.season
        )
        data = []
        for start, stop in (
            (params.first_origin(1), fold.train_stop),
            (fold.valid_start, fold.valid_stop),
        ):
            origins = np.arange(start, stop)
            windows = gather_windows(
                framed, origins, sequence_length=args.length, n_known=0
            )
            targets = gather_targets(framed.targets, origins, horizon=task.horizon)
            data.append((windows.past, targets))
        (x, y), validation = data
        model = build_model(network_shape(params, panel, task), seed=number)
        optimizer = keras.optimizers.Adam(params.learning_rate, clipnorm=1.0)
        model.compile(optimizer, loss="mse")
        fit = {"batch_size": args.batch, "validation_data": validation, "verbose": 0}
        marks: list[float] = []
        clock = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda *_: marks.append(time.perf_counter()),  # noqa: B023
            on_epoch_end=lambda *_: marks.append(time.perf_counter()),  # noqa: B023
        )
        # The first epoch traces and is left out.
        n_epochs = 1 + max(3, args.epochs // 5)
        history = model.fit(x, y, epochs=n_epochs, callbacks=[clock], **fit).history
        total += min(np.diff(marks)[2::2])
        scores.append(float(np.sqrt(history["val_loss"][-1]) * scaler.scale[0]))
    return {"epoch": total, "score": float(np.mean(scores))}


def run_side(side: str, args: argparse.Namespace, **extra: str) -> dict[str, float]:
    """Run one side in a fresh process and return what it measured."""
    options = [f"--{name.replace('_', '-')}={getattr(args, name)}" for name in OPTIONS]
    options += [f"--cache={args.cache}"] if args.cache else []
    command = benchmark_command("epoch", "--side", side, *options)
    environment = {
        name: value for name, value in os.environ.items() if name != "XLA_FLAGS"
    }
    output = subprocess.run(
        command,
        check=True,
        env=environment | extra,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    ).stdout
    return json.loads(output.splitlines()[-1])


def measure(args: argparse.Namespace) -> tuple[dict[str, float], dict[str, float]]:
    """Return what the engine, before and after the other, and `fit` measured."""
    before, keras_fit = run_side("engine", args), run_side("keras", args)
    after = run_side("engine", args)
    return min(before, after, key=lambda side: side["epoch"]), keras_fit


def compare(args: argparse.Namespace) -> None:
    """Print the seconds of both sides and their ratio."""
    engine, keras_fit = measure(args)
    print(
        f"{args.cell}, {args.units} units x {args.length} steps, {args.layers} layer, "
        f"{args.points} points, batch {args.batch}, 5 folds, {os.cpu_count()} cores"
    )
    print(f"engine, 1 thread   {engine['epoch']:8.3f} s an epoch over five folds")
    print(f"engine, compiling  {engine['compile']:8.3f} s once")
    print(f"model.fit, default {keras_fit['epoch']:8.3f} s an epoch over five folds")
    print(f"ratio              {keras_fit['epoch'] / engine['epoch']:8.1f}")
    print(f"load of the machine {os.getloadavg()[0]:7.1f}")


def compare_flags(args: argparse.Namespace) -> None:
    """Print compile and epoch seconds under each choice of compiler settings."""
    with tempfile.TemporaryDirectory() as folder:
        for cell in CELLS:
            args.cell, args.cache = cell, None
            rows = {
                "flags off": run_side(
                    "engine", args, XLA_FLAGS="--xla_cpu_use_fusion_emitters=true"
                ),
                "flags on": run_side("engine", args),
            }
            args.cache = Path(folder)
            rows["cache empty"] = run_side("engine", args)
            rows["cache filled"] = run_side("engine", args)
            for name, row in rows.items():
                print(
                    f"{cell:10s} {name:13s} compile {row['compile']:6.2f} s   "
                    f"epoch {row['epoch']:6.3f} s   score {row['score']:.7f}"
                )


OPTIONS = (
    "cell",
    "units",
    "layers",
    "length",
    "points",
    "batch",
    "epochs",
    "horizon",
    "architecture",
    "normalization",
    "dense_units",
)


def make_parser(description: str) -> argparse.ArgumentParser:
    """Return the options of the network and of the series."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--cell", choices=CELLS, default="LSTM")
    parser.add_argument("--units", type=int, default=32)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--length", type=int, default=24, help="steps of the window")
    parser.add_argument("--points", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--horizon", type=int, default=1)
    for name in ("architecture", "normalization"):
        choices = LIMITS[name].choices
        parser.add_argument(f"--{name}", choices=choices, default=choices[0])
    parser.add_argument("--dense-units", type=int, default=0)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    return parser


def main() -> None:
    """Read the options and measure."""
    parser = make_parser(__doc__.splitlines()[0])
    parser.add_argument("--compile", action="store_true", help="compare compiler flags")
    parser.add_argument("--side", choices=("engine", "keras"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        time_side = time_engine if args.side == "engine" else time_keras
        print(json.dumps(time_side(args)))
    elif args.compile:
        compare_flags(args)
    else:
        compare(args)


if __name__ == "__main__":
    main()
