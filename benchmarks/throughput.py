"""Seconds of a trial at equal work: our search against the scripts it replaces.

Random configurations of the default space, eight for each cell, are trained on every
fold for the same number of epochs with the same batches, without early stopping and
without pruning, on a generated series with one column:

- our search with two workers through `python -m search run`, from the start of the
  process until the last trial is done, with an empty cache of compiled programs;
- Optuna and Keras, KerasTuner, Optuna and PyTorch: scripts in
  `benchmarks/alternatives`, one process each, free to use all cores.

Imports and compilation count on all sides. The time of our search is distributed over
its trials in proportion to the seconds that each spent in its worker; so is what the
scripts spend outside trials::

    python -m benchmarks.throughput --points 2000
    python -m benchmarks.throughput --points 10000 --keras-epochs 3
    python -m benchmarks.throughput --quick       # minutes; prints, records nothing

Epochs that a script did not train are extrapolated; two configurations are trained to
the end to see how far off that is. An interrupted run goes on where it stood.
`--fresh ours` forgets former searches of ours, as after a change of the engine,
`--fresh all` the scripts too.
"""

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from benchmarks.alternatives.job import Planned
from benchmarks.reports.throughput import (
    Comparison,
    OurRun,
    OurTrial,
    report,
)
from benchmarks.support.our_search import OurSearch, our_search
from benchmarks.support.places import CACHE
from benchmarks.support.problems import (
    Problem,
    draw_configurations,
    problem_of,
    say,
)
from benchmarks.support.recording import record
from benchmarks.support.scripts import (
    KERAS_TUNER,
    PLAIN_KERAS,
    PYTORCH,
    Script,
    ScriptRun,
    run_configurations,
)
from search.space.lines import Value

SEASON = 24
DRAW_SEED = 0
SCRIPTS = {"keras": PLAIN_KERAS, "pytorch": PYTORCH, "keras-tuner": KERAS_TUNER}


@dataclass(frozen=True)
class Plan:
    """What is trained.

    Attributes
    ----------
    options
        Options of `python -m search run` for the series.
    configurations
        The configurations.
    epochs
        Epochs of each trial.
    full
        Numbers of the configurations that the scripts train to the end.
    folder
        Where partial results are kept.
    workers
        Workers of our search.
    """

    options: tuple[str, ...]
    configurations: tuple[dict[str, Value], ...]
    epochs: int
    full: tuple[int, ...]
    folder: Path
    workers: int

    def planned(self, epochs: int) -> list[Planned]:
        """Return what a script does that trains `epochs` epochs of most trials."""
        return [
            Planned(number, params, self.epochs if number in self.full else epochs)
            for number, params in enumerate(self.configurations)
        ]


def write_series(path: Path, n_points: int) -> None:
    """Write a noisy daily wave on a slow one, hourly and without time stamps."""
    rows = np.arange(n_points)
    noise = np.random.default_rng(0).normal(0, 0.1, n_points)
    wave = np.sin(2 * np.pi * rows / SEASON) + 0.5 * np.sin(rows / 97) + noise
    pd.DataFrame({"value": wave.round(6)}).to_csv(path, index=False)


def make_plan(args: argparse.Namespace, folder: Path) -> Plan:
    """Write the series and draw the configurations."""
    folder.mkdir(parents=True, exist_ok=True)
    series, space = folder / "wave.csv", folder / "space.json"
    write_series(series, args.points)
    space.write_bytes(msgspec.json.encode({"batch_size": args.batch}))
    options = (
        *(str(series), "--target", "value", "--time", "none", "--horizon", "1"),
        *("--season", str(SEASON), "--folds", str(args.folds), "--space", str(space)),
    )
    problem = problem_of(options)
    drawn = draw_configurations(problem.space, args.per_cell, seed=DRAW_SEED)
    return Plan(
        options=options,
        configurations=tuple(drawn),
        epochs=args.epochs,
        full=() if args.short else _middle_ones(problem, drawn),
        folder=folder,
        workers=args.workers,
    )


def _middle_ones(
    problem: Problem, drawn: Sequence[dict[str, Value]]
) -> tuple[int, ...]:
    """Return the numbers of a small and of a large configuration, by arithmetic."""
    gates = {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}
    completed = [problem.space.complete(params) for params in drawn]
    work = [
        gates[one.cell] * one.sequence_length * one.layers * one.units**2
        for one in completed
    ]
    in_order = np.argsort(work, kind="stable")
    return int(in_order[len(work) // 4]), int(in_order[3 * len(work) // 4])


def run_ours(plan: Plan, name: str) -> OurRun:
    """Run our search once, with an empty folder of studies, or read what it gave."""
    kept = plan.folder / f"{name}.json"
    if kept.exists():
        return msgspec.json.decode(kept.read_bytes(), type=OurRun)
    enqueue = plan.folder / "configurations.json"
    enqueue.write_bytes(msgspec.json.encode(plan.configurations))
    n_trials = len(plan.configurations)
    options = [
        *plan.options,
        *("--enqueue", str(enqueue), "--trials", str(n_trials)),
        *("--epochs", str(plan.epochs), "--patience", "0", "--pruner", "none"),
        *("--workers", str(plan.workers)),
    ]
    with (
        tempfile.TemporaryDirectory() as studies,
        our_search(options, studies=Path(studies)) as search,
    ):
        _wait_for_all(search, n_trials)
        run = _our_run(search)
    kept.write_bytes(msgspec.json.encode(run))
    return run


def _wait_for_all(search: OurSearch, n_trials: int) -> None:
    n_told = 0
    while True:
        trials = search.trials
        failed = [trial for trial in trials if trial.state == "failed"]
        if failed:
            raise RuntimeError(f"Trial {failed[0].number} failed: {failed[0].error}")
        n_done = sum(trial.state == "complete" for trial in trials)
        if n_done > n_told:
            say(f"our search: {n_done} of {n_trials} after {search.seconds:.0f} s")
        if n_done >= n_trials:
            return
        n_told = n_done
        search.wait(2.0)


def _our_run(search: OurSearch) -> OurRun:
    done = [trial for trial in search.trials if trial.state == "complete"]
    return OurRun(
        seconds=max(search.finished_after(trial) for trial in done),
        trials=tuple(
            OurTrial(
                number=trial.number,
                seconds=trial.seconds_total or 0.0,
                seconds_compile=trial.seconds_compile or 0.0,
                n_parameters=trial.n_parameters or 0,
                epoch_scores=tuple(point.score or 0.0 for point in search.curve(trial)),
            )
            for trial in done
        ),
    )


def measure(args: argparse.Namespace, plan: Plan) -> Comparison:
    """Run all sides; ours before and after the scripts."""
    before = run_ours(plan, "ours-before")
    scripts: dict[str, ScriptRun] = {}
    for name in args.scripts.split(","):
        script: Script = SCRIPTS[name]
        epochs = args.keras_epochs if script is PLAIN_KERAS else args.other_epochs
        planned = plan.planned(min(epochs or args.epochs, args.epochs))
        scripts[script.name] = run_configurations(
            script, plan.options, planned, folder=plan.folder
        )
    ours = [before] if args.short else [before, run_ours(plan, "ours-after")]
    return Comparison(
        points=args.points,
        batch=args.batch,
        folds=args.folds,
        epochs=plan.epochs,
        workers=plan.workers,
        n_measured={name: _fewest_epochs(run) for name, run in scripts.items()},
        configurations=plan.configurations,
        full=plan.full,
        ours=ours,
        scripts=scripts,
    )


def _fewest_epochs(run: ScriptRun) -> int:
    return min(len(note.epoch_seconds) for note in run.notes)


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--per-cell", type=int, default=8, help="configurations")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--keras-epochs",
        type=int,
        default=0,
        help="epochs that the Keras script trains; the rest is extrapolated (0: all)",
    )
    parser.add_argument(
        "--other-epochs", type=int, default=3, help="the same for the other scripts"
    )
    parser.add_argument("--scripts", default=",".join(SCRIPTS), help="which to run")
    parser.add_argument(
        "--fresh", choices=("ours", "all"), help="forget these former results"
    )
    parser.add_argument(
        "--short",
        action="store_true",
        help="ours once instead of twice, and no script to the end of its epochs",
    )
    parser.add_argument("--quick", action="store_true", help="a short try-out")
    args = parser.parse_args()
    if args.quick:
        args.short = True
        args.points, args.per_cell, args.folds, args.epochs = 300, 1, 2, 4
        args.keras_epochs = args.other_epochs = 2
    return args


def main() -> None:
    """Measure, print the table, record it."""
    args = parse()
    title = f"Throughput at equal work, {args.points:,} points"
    if args.quick:
        with tempfile.TemporaryDirectory() as quick:
            print(report(measure(args, make_plan(args, Path(quick)))))
        return
    name = f"{args.points}-{args.per_cell}x{args.epochs}-{args.batch}-{args.folds}"
    folder = CACHE / "throughput" / name
    if args.fresh == "all":
        shutil.rmtree(folder, ignore_errors=True)
    elif args.fresh == "ours":
        for kept in folder.glob("ours-*.json"):
            kept.unlink()
    body = report(measure(args, make_plan(args, folder)))
    print(body)
    record(title, body)


if __name__ == "__main__":
    main()
