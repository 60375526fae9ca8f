"""Time to quality: when our default search is as good as the script it replaces.

The script (`alternatives/plain_keras.py`: Optuna's TPE, median pruning on the mean of
the folds so far, early stopping in each fold with the best weights restored) has 30
trials. Our search starts with its defaults, two workers and an empty cache through
`python -m search run`, and is watched until it has a complete trial that is as good as
the best of the script. Series, folds, space, windows, scaling, largest number of epochs
and patience are the same.

There are two yardsticks. The first is the number that the script prints: the mean over
the folds of the best validation score of each fold. It takes the best epoch of every
fold by itself, which nothing that is delivered can do. The second is the configuration
that the script found: scored by our search, which judges all folds after one and the
same epoch (median of three seeds). Where a yardstick is not reached in a share
(`--give-up-after`) of the time that the script took, its ratio is 1.

To save time, scripts run two at a time, each on one core. What a second core would have
saved them is measured beside: the same configurations on one core, as they ran, and
alone on all cores. The seconds of the scripts are corrected by that factor, and reduced
by what other processes took from their core::

    python -m benchmarks.quality
    python -m benchmarks.quality --series airline,births --seeds 1 --rows 300
    python -m benchmarks.quality --quick       # minutes; prints, records nothing

An interrupted run goes on with the series and seeds that are left. `--fresh ours`
forgets former searches of ours, as after a change of the engine, `--fresh all` those of
the script too.
"""

import argparse
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue

import msgspec
import numpy as np

from benchmarks.alternatives.job import Job, Note, Planned, read_notes
from benchmarks.reports.quality import (
    YARDSTICKS,
    Found,
    OurRun,
    OurTrial,
    Targets,
    report,
)
from benchmarks.support.our_search import OurSearch, our_search
from benchmarks.support.places import CACHE
from benchmarks.support.problems import Problem, draw_configurations, problem_of, say
from benchmarks.support.recording import record
from benchmarks.support.scripts import (
    CORE_FILE,
    PLAIN_KERAS,
    run_configurations,
    run_job,
)
from benchmarks.support.series import PublicSeries, public_series
from search.space.lines import Value
from search.study.trials.listing import TrialView

POLL_SECONDS = 1.0
CORES = sorted(os.sched_getaffinity(0))
FACTOR_EPOCHS = 10
JUDGING_SEEDS = 3


@dataclass(frozen=True)
class Case:
    """One series of this run; its results are kept in `folder`."""

    series: PublicSeries
    options: tuple[str, ...]
    problem: Problem
    folder: Path


def run_script(case: Case, *, n_trials: int, core: int) -> None:
    """Run the script on one series, unless what it gave is there."""
    folder = case.folder
    results = folder / f"{PLAIN_KERAS.module}.jsonl"
    notes = read_notes(results)
    if len(notes) < n_trials:
        # Its sampler lives in its process, so half a search cannot go on.
        results.unlink(missing_ok=True)
        training = case.problem.settings.training
        job = Job(
            options=case.options,
            results=str(results),
            n_trials=n_trials,
            epochs=training.epochs,
            patience=training.patience,
        )
        run_job(PLAIN_KERAS, job, folder=folder, core=core)


def on_each_core(work: Callable[[Case, int], None], cases: Sequence[Case]) -> None:
    """Do `work` for every case, as many at a time as there are cores."""
    free: SimpleQueue[int] = SimpleQueue()
    for core in CORES:
        free.put(core)

    def on_free_core(case: Case) -> None:
        core = free.get()
        try:
            work(case, core)
        finally:
            free.put(core)

    with ThreadPoolExecutor(len(CORES)) as pool:
        for done in [pool.submit(on_free_core, case) for case in cases]:
            done.result()


def measure_core_factor(cases: Sequence[Case]) -> float:
    """Return the seconds of the script alone on all cores over those on one core."""

    def on_one_core(case: Case, core: int) -> None:
        _train_planned(case, case.folder / "one-core", core)

    on_each_core(on_one_core, cases)
    ratios = []
    for case in cases:
        alone = _train_planned(case, case.folder / "all-cores", None)
        shared = _train_planned(case, case.folder / "one-core", None)
        ratios.append(alone / shared)
    return min(float(np.exp(np.mean(np.log(ratios)))), 1.0)


def _train_planned(case: Case, folder: Path, core: int | None) -> float:
    """Return the seconds of one configuration a cell, or read what they took."""
    drawn = draw_configurations(case.problem.space, 1, seed=0)
    planned = [Planned(k, params, FACTOR_EPOCHS) for k, params in enumerate(drawn)]
    run = run_configurations(
        PLAIN_KERAS, case.options, planned, folder=folder, core=core
    )
    return sum(note.seconds for note in run.notes)


def judge_best(case: Case) -> float:
    """Return the score that our search gives to the best configuration of the script.

    The median of `JUDGING_SEEDS` trainings, or of what they gave before.
    """
    kept = case.folder / "judged.json"
    if kept.exists():
        return float(np.median(msgspec.json.decode(kept.read_bytes())))
    notes = read_notes(case.folder / f"{PLAIN_KERAS.module}.jsonl")
    best = min((note for note in notes if note.score is not None), key=_script_score)
    scores = [_judge(case, best.params, seed) for seed in range(JUDGING_SEEDS)]
    kept.write_bytes(msgspec.json.encode(scores))
    return float(np.median(scores))


def _script_score(note: Note) -> float:
    assert note.score is not None
    return note.score


def _judge(case: Case, params: dict[str, Value], seed: int) -> float:
    """Train one configuration as the only trial of a search and return its score."""
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "first.json"
        first.write_bytes(msgspec.json.encode([params]))
        asked = ["--enqueue", str(first), "--trials", "1", "--seed", str(seed)]
        with our_search([*case.options, *asked], studies=Path(folder)) as search:
            while True:
                for trial in search.trials:
                    if trial.state == "complete" and trial.score is not None:
                        return trial.score
                search.wait(POLL_SECONDS)


def run_ours(
    options: Sequence[str], *, targets: Targets, limit: float, seed: int, folder: Path
) -> OurRun:
    """Run our search until it is as good as both targets, or read what it gave."""
    kept = folder / f"ours-{seed}.json"
    if kept.exists():
        return msgspec.json.decode(kept.read_bytes(), type=OurRun)
    # The budget is the time of the script; the search is ended before, where it can.
    budget = ["--seed", str(seed), "--timeout", f"{limit + 60:.0f}"]
    with (
        tempfile.TemporaryDirectory() as studies,
        our_search([*options, *budget], studies=Path(studies)) as search,
    ):
        run = _watch(search, targets=targets, limit=limit, seed=seed)
    kept.write_bytes(msgspec.json.encode(run))
    return run


def _watch(search: OurSearch, *, targets: Targets, limit: float, seed: int) -> OurRun:
    seen: dict[int, OurTrial] = {}
    while True:
        seconds, trials = search.seconds, search.trials
        for trial in trials:
            if trial.state == "complete" and trial.number not in seen:
                seen[trial.number] = _scored(search, trial)
        n_pruned = sum(trial.state == "pruned" for trial in trials)
        run = OurRun(seed, seconds, n_pruned, tuple(seen.values()))
        if run.has_reached(targets) or seconds > limit:
            return run
        search.wait(POLL_SECONDS)


def _scored(search: OurSearch, trial: TrialView) -> OurTrial:
    assert trial.score is not None
    scores = np.array([point.valid for point in search.curve(trial)], dtype=float)
    return OurTrial(
        search.finished_after(trial),
        float(np.nanmin(scores, axis=0).mean()),
        trial.score,
    )


def case_of(series: PublicSeries, args: argparse.Namespace, cache: Path) -> Case:
    """Return the case of one series."""
    options = (*series.run_options(args.rows), *args.extra)
    problem = problem_of(options)
    training = problem.settings.training
    name = f"{series.name}-{args.trials}x{training.epochs}-{training.patience}"
    folder = cache / f"{name}-{len(problem.series)}"
    folder.mkdir(parents=True, exist_ok=True)
    return Case(series, options, problem, folder)


def measure(
    wanted: Sequence[PublicSeries], args: argparse.Namespace, cache: Path
) -> str:
    """Run both sides on every series and return the report."""
    cases = [case_of(one, args, cache) for one in wanted]

    def run(case: Case, core: int) -> None:
        say(f"{case.series.name}: {len(case.problem.series)} rows on core {core}")
        run_script(case, n_trials=args.trials, core=core)

    factor = measure_core_factor(cases[: len(CORES)])
    say(f"The script needs {factor:.2f} of the time when it has all cores for itself.")
    on_each_core(run, cases)
    found = [_compare(case, args.seeds, factor, args.give_up_after) for case in cases]
    return report(found, factor, args.give_up_after)


def _compare(case: Case, n_seeds: int, factor: float, give_up_after: float) -> Found:
    notes = tuple(read_notes(case.folder / f"{PLAIN_KERAS.module}.jsonl"))
    others = float((case.folder / CORE_FILE).read_text())
    found = Found(
        name=case.series.name,
        n_rows=len(case.problem.series),
        notes=notes,
        core_factor=factor,
        share_of_others=others,
        judged=judge_best(case),
        ours=(),
    )
    say(
        f"{found.name}: {found.targets.printed:.5g}, judged {found.judged:.5g}, "
        f"in {found.script_seconds:.0f} s"
    )
    runs = []
    for seed in range(n_seeds):
        run = run_ours(
            case.options,
            targets=found.targets,
            limit=give_up_after * found.script_seconds,
            seed=seed,
            folder=case.folder,
        )
        runs.append(run)
        times = [run.seconds_until(found.targets, which) for which in YARDSTICKS]
        shown = ["not" if time is None else f"after {time:.0f} s" for time in times]
        say(f"  ours, seed {seed}: {' and '.join(shown)} reached; {run.ended:.0f} s")
    return replace(found, ours=tuple(runs))


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", default="", help="names, comma between (all)")
    parser.add_argument("--trials", type=int, default=30, help="trials of the script")
    parser.add_argument("--seeds", type=int, default=3, help="searches of ours")
    parser.add_argument(
        "--give-up-after",
        type=float,
        default=1.0,
        help="share of the script's time after which ours counts as not reached (1)",
    )
    parser.add_argument("--rows", type=int, help="keep at most so many last rows")
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
    names = [name for name in args.series.split(",") if name]
    wanted = public_series(names)
    if names:
        wanted.sort(key=lambda one: names.index(one.name))
    if args.quick:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(wanted, args, Path(folder)))
        return
    cache = CACHE / "quality"
    if args.fresh == "all":
        shutil.rmtree(cache, ignore_errors=True)
    elif args.fresh == "ours":
        for kept in cache.glob("*/ours-*.json"):
            kept.unlink()
    body = measure(wanted, args, cache)
    print(body)
    record("Time to quality", body)


if __name__ == "__main__":
    main()
