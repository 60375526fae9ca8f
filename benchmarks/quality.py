"""Time to quality: when our default search is as good as the script it replaces.

The script (`alternatives/plain_keras.py`: Optuna's TPE, median pruning on the mean of
the folds so far, early stopping in each fold with the best weights restored, one
process, all cores) has 30 trials. Our search starts with its defaults, two workers and
an empty cache through `python -m search run`, and is watched until it has a complete
trial that is as good as the best of the script. Series, folds, space, windows, scaling,
largest number of epochs and patience are the same.

The common yardstick is the one of the script: the mean over the folds of the best
validation score of each fold. Ours is stricter, one epoch for all folds; both are
shown. Where our search does not get there in the time that the script took, it counts
as not reached, with the ratio 1::

    python -m benchmarks.quality
    python -m benchmarks.quality --series airline,births --seeds 1
    python -m benchmarks.quality --quick       # minutes; prints, records nothing

An interrupted run goes on with the series and seeds that are left. `--fresh ours`
forgets former searches of ours, as after a change of the engine, `--fresh all` those of
the script too.
"""

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.alternatives.job import Job, Note, read_notes
from benchmarks.reports.quality import (
    SHARE_FOR_STRICTER,
    Found,
    OurRun,
    OurTrial,
    report,
)
from benchmarks.support.our_search import OurSearch, our_search
from benchmarks.support.places import CACHE
from benchmarks.support.problems import Problem, problem_of, say
from benchmarks.support.recording import record
from benchmarks.support.scripts import PLAIN_KERAS, run_job
from benchmarks.support.series import PublicSeries, public_series
from search.study.curves import EpochPoint

POLL_SECONDS = 1.0


def run_script(
    problem: Problem, options: Sequence[str], *, n_trials: int, folder: Path
) -> tuple[Note, ...]:
    """Run the script on one series, or read what it gave."""
    results = folder / f"{PLAIN_KERAS.module}.jsonl"
    notes = read_notes(results)
    if len(notes) < n_trials:
        # Its sampler lives in its process, so half a search cannot go on.
        results.unlink(missing_ok=True)
        training = problem.settings.training
        job = Job(
            options=tuple(options),
            results=str(results),
            n_trials=n_trials,
            epochs=training.epochs,
            patience=training.patience,
        )
        run_job(PLAIN_KERAS, job, folder=folder)
        notes = read_notes(results)
    return tuple(notes)


def run_ours(
    options: Sequence[str], *, target: float, limit: float, seed: int, folder: Path
) -> OurRun:
    """Run our search until it is as good as `target`, or read what it gave."""
    kept = folder / f"ours-{seed}.json"
    if kept.exists():
        return msgspec.json.decode(kept.read_bytes(), type=OurRun)
    # The budget is the time of the script; the search is ended before, where it can.
    budget = ["--seed", str(seed), "--timeout", f"{limit + 60:.0f}"]
    with (
        tempfile.TemporaryDirectory() as studies,
        our_search([*options, *budget], studies=Path(studies)) as search,
    ):
        run = _watch(search, target=target, limit=limit, seed=seed)
    kept.write_bytes(msgspec.json.encode(run))
    return run


def _watch(search: OurSearch, *, target: float, limit: float, seed: int) -> OurRun:
    seen: dict[int, OurTrial] = {}
    while True:
        seconds, trials = search.seconds, search.trials
        for trial in trials:
            if trial.state == "complete" and trial.number not in seen:
                seen[trial.number] = _scored(
                    search.curve(trial), search.finished_after(trial)
                )
        is_common = any(one.common <= target for one in seen.values())
        is_own = any(one.own <= target for one in seen.values())
        is_late = is_common and seconds > SHARE_FOR_STRICTER * limit
        if is_own or is_late or seconds > limit:
            n_pruned = sum(trial.state == "pruned" for trial in trials)
            return OurRun(seed, seconds, n_pruned, tuple(seen.values()))
        search.wait(POLL_SECONDS)


def _scored(curve: Sequence[EpochPoint], finished: float) -> OurTrial:
    scores = np.array([point.valid for point in curve], dtype=float)
    return OurTrial(
        finished=finished,
        common=float(np.nanmin(scores, axis=0).mean()),
        own=float(np.nanmin(scores.mean(axis=1))),
    )


def measure(series: PublicSeries, args: argparse.Namespace, cache: Path) -> Found:
    """Run both sides on one series."""
    options = [*series.run_options(), *args.extra]
    problem = problem_of(options)
    training = problem.settings.training
    folder = cache / (
        f"{series.name}-{args.trials}x{training.epochs}-{training.patience}"
    )
    folder.mkdir(parents=True, exist_ok=True)
    say(f"{series.name}: {len(problem.series)} rows")
    notes = run_script(problem, options, n_trials=args.trials, folder=folder)
    found = Found(series.name, len(problem.series), notes, ())
    say(f"  script: {found.target:.5g} in {found.script_seconds:.0f} s")
    runs = []
    for seed in range(args.seeds):
        run = run_ours(
            options,
            target=found.target,
            limit=found.script_seconds,
            seed=seed,
            folder=folder,
        )
        runs.append(run)
        best = min((trial.common for trial in run.trials), default=float("nan"))
        say(f"  ours, seed {seed}: {best:.5g} in {run.ended:.0f} s")
    return Found(series.name, len(problem.series), notes, tuple(runs))


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", default="", help="names, comma between (all)")
    parser.add_argument("--trials", type=int, default=30, help="trials of the script")
    parser.add_argument("--seeds", type=int, default=3, help="searches of ours")
    parser.add_argument(
        "--fresh", choices=("ours", "all"), help="forget these former results"
    )
    parser.add_argument("--quick", action="store_true", help="a short try-out")
    args = parser.parse_args()
    args.extra = []
    if args.quick:
        args.series, args.trials, args.seeds = args.series or "airline", 2, 1
        args.extra = ["--epochs", "8"]
    return args


def main() -> None:
    """Measure, print the table, record it."""
    args = parse()
    wanted = public_series([name for name in args.series.split(",") if name])
    if args.quick:
        with tempfile.TemporaryDirectory() as folder:
            print(report([measure(one, args, Path(folder)) for one in wanted]))
        return
    cache = CACHE / "quality"
    if args.fresh == "all":
        shutil.rmtree(cache, ignore_errors=True)
    elif args.fresh == "ours":
        for kept in cache.glob("*/ours-*.json"):
            kept.unlink()
    body = report([measure(one, args, cache) for one in wanted])
    print(body)
    record("Time to quality", body)


if __name__ == "__main__":
    main()
