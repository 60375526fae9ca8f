import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.analysis.comparison.baselines import make_baselines
from search.config import Cell
from search.errors import StudyCorrupted
from search.evaluation.baselines.naive import NAIVE_NAMES
from search.evaluation.baselines.suite import BASELINE_NAMES
from search.evaluation.kind_metrics import as_values
from search.evaluation.metrics import Metrics
from search.files import write_json
from search.jobs.finishing import finish_study
from search.jobs.refitting import (
    SEEDS_FOLDER,
    RefitPool,
    needs_refit,
    read_winner,
    refit_cells,
    save_failure,
)
from search.study.folders import StudyHandle, winner_folder
from search.study.results import (
    BundleCheck,
    DivergedSeed,
    SeedResult,
    WinnerResult,
    load_results,
)

MakeStudy = Callable[..., StudyHandle]
ANY_METRICS = Metrics(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)


def winner_of(trial: int, cv: float, predictions: Path) -> WinnerResult:
    return WinnerResult(
        trial=trial,
        params={"units": 16},
        cv=cv,
        cv_folds=(cv, cv, cv),
        epochs=2,
        holdout=ANY_METRICS,
        seeds=(SeedResult(0, ANY_METRICS, 1.0),),
        targets={"load": ANY_METRICS},
        n_parameters=10,
        seconds=1.0,
        inference_ms=0.1,
        bundle=None,
        predictions=str(predictions),
    )


def save_winner(handle: StudyHandle, cell: Cell, *, cv: float, error: float) -> None:
    """Write a winner whose forecasts are all too high by `error`."""
    folder = winner_folder(handle, cell)
    folder.mkdir(parents=True)
    load = np.sin(np.arange(120) / 3.0)
    rows = [
        (origin, step, origin + step - 1, load[origin + step - 1])
        for origin in range(100, 119)
        for step in (1, 2)
    ]
    frame = pd.DataFrame(rows, columns=["origin", "step", "timestamp", "actual"])
    frame.assign(predicted=frame["actual"] + error).to_csv(
        folder / "holdout_predictions.csv", index=False
    )
    winner = winner_of(4, cv, folder / "holdout_predictions.csv")
    write_json(folder / "winner.json", winner)


def test_finish_study_ranks_by_cross_validation_and_judges_on_the_holdout(
    make_study: MakeStudy,
) -> None:
    handle = make_study()
    make_baselines(handle, names=NAIVE_NAMES)
    save_winner(handle, "LSTM", cv=0.5, error=0.2)
    save_winner(handle, "GRU", cv=0.6, error=0.1)
    results = finish_study(
        handle,
        state="finished",
        refitted=("GRU", "LSTM"),
        skipped={"SimpleRNN": "why"},
        seconds=12.0,
    )
    assert results.best_cell == "LSTM"
    assert list(results.winners) == ["LSTM", "GRU"]
    assert results.skipped_cells == {"SimpleRNN": "why"}
    between = results.comparisons[0]
    assert (between.first, between.second, between.n_origins) == ("LSTM", "GRU", 19)
    assert between.relative_difference == pytest.approx(1.0)
    assert results.data["holdout_start"] == 100
    assert load_results(handle.folder) == results


def test_finish_study_scores_baselines_on_the_same_windows(
    make_study: MakeStudy,
) -> None:
    handle = make_study()
    make_baselines(handle, names=NAIVE_NAMES)
    results = finish_study(
        handle, state="stopped", refitted=(), skipped={}, seconds=0.0
    )
    load = np.sin(np.arange(120) / 3.0)
    errors = [
        load[origin + step] - load[origin - 1]
        for origin in range(100, 119)
        for step in (0, 1)
    ]
    found = as_values(results.baselines["last_value"])
    assert found.mae == pytest.approx(np.mean(np.abs(errors)))
    assert found.mse == pytest.approx(np.mean(np.square(errors)))
    scale = np.mean(np.abs(np.diff(load[:100])))
    assert found.mase == pytest.approx(np.mean(np.abs(errors)) / scale)
    assert results.best_cell is None


def test_needs_refit_keeps_a_winner_of_the_same_trial(make_study: MakeStudy) -> None:
    handle = make_study()
    assert needs_refit(handle, "GRU", 4)
    save_winner(handle, "GRU", cv=0.6, error=0.1)
    assert not needs_refit(handle, "GRU", 4)
    assert needs_refit(handle, "GRU", 5)

    path = winner_folder(handle, "GRU") / "winner.json"
    broken = BundleCheck(None, None, False, "predict.py ended with 1")
    winner = read_winner(handle, "GRU")
    assert winner is not None
    write_json(path, replace(winner, check=broken))
    assert needs_refit(handle, "GRU", 4)

    path.write_text("{")
    assert needs_refit(handle, "GRU", 4)
    with pytest.raises(StudyCorrupted, match="The winner of GRU cannot be read"):
        read_winner(handle, "GRU")


def test_a_winner_that_lacks_seeds_for_want_of_memory_is_made_again(
    make_study: MakeStudy,
) -> None:
    handle = make_study()
    folder = winner_folder(handle, "GRU")
    folder.mkdir(parents=True)
    lacking = replace(
        winner_of(4, 1.0, folder / "p.csv"),
        diverged=(DivergedSeed(1, "Training ran out of memory.", kind="memory"),),
    )
    write_json(folder / "winner.json", lacking)
    assert not needs_refit(handle, "GRU", 4)  # all of it would be trained again
    (folder / SEEDS_FOLDER).mkdir()
    (folder / SEEDS_FOLDER / "0.npz").write_bytes(b"")
    assert needs_refit(handle, "GRU", 4)


def make_pool(
    handle: StudyHandle,
    *cells: Cell,
    n_processes: int,
    memory_limit_bytes: int = 10**12,
) -> RefitPool:
    return RefitPool(
        handle,
        cells,
        n_processes=n_processes,
        supervisor_pid=1,
        memory_limit_bytes=memory_limit_bytes,
    )


@pytest.mark.case("T4", "refit above the memory limit")
def test_refit_cells_ends_a_refit_that_takes_too_much_memory(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = make_study()
    monkeypatch.setattr(
        "search.jobs.commands.command", lambda *arguments: ["sleep", "600"]
    )
    monkeypatch.setattr("search.jobs.memory.resident_bytes", lambda pid: 2_600_000_000)
    pool = make_pool(handle, "GRU", n_processes=1, memory_limit_bytes=2_500_000_000)
    pause = threading.Event()

    def wait(_: object) -> None:
        pause.wait(0.01)

    refits = refit_cells(pool, is_ending=lambda: False, wait=wait)
    assert refits is not None
    assert refits.skipped == {
        "GRU": "Training the winner again ran out of memory: the process took 2.6 GB, "
        "the limit is 2.5 GB. Free memory or allow more, then resume the study: only "
        "what is missing is trained."
    }
    assert needs_refit(handle, "GRU", 0)


@pytest.mark.case("T4", "refit killed by the kernel, with and without trained seeds")
@pytest.mark.parametrize("has_seeds", [True, False])
@pytest.mark.parametrize("last_code", [0, -9])
def test_a_refit_killed_for_memory_is_made_from_the_seeds_it_has(
    make_study: MakeStudy,
    monkeypatch: pytest.MonkeyPatch,
    has_seeds: bool,
    last_code: int,
) -> None:
    """The first process is ended by the kernel, the one that trains nothing may not."""
    handle = make_study()
    kills = [0]
    monkeypatch.setattr("search.jobs.memory.kernel_kills", lambda: kills[0])
    monkeypatch.setattr("search.jobs.memory.group_limit", lambda: 3_000_000_000)
    script = (
        "import os, sys; last = '--kept' in sys.argv; "
        f"os._exit(0) if last and not {last_code} else os.kill(os.getpid(), 9)"
    )
    started: list[tuple[str, ...]] = []

    def command(*arguments: str) -> list[str]:
        started.append(arguments)
        kills[0] += 1
        return ["python3", "-c", script, *arguments]

    monkeypatch.setattr("search.jobs.commands.command", command)
    if has_seeds:
        seeds = winner_folder(handle, "GRU") / SEEDS_FOLDER
        seeds.mkdir(parents=True)
        (seeds / "0.npz").write_bytes(b"")
    pool = make_pool(handle, "GRU", n_processes=1)
    pause = threading.Event()
    refits = refit_cells(pool, is_ending=lambda: False, wait=lambda _: pause.wait(0.01))
    assert refits is not None
    assert ["--kept" in words for words in started] == [False, True][: 1 + has_seeds]
    if has_seeds and last_code == 0:
        assert refits.refitted == ("GRU",)
        assert refits.skipped == {}
        return
    assert refits.skipped == {
        "GRU": "Training the winner again ran out of memory (limit 3.0 GB): the system "
        "ended the process. Free memory or allow more, then resume the study: only "
        "what is missing is trained."
    }
    assert needs_refit(handle, "GRU", 0)


@pytest.mark.case("T4", "refit killed twice by somebody, after it had trained a seed")
def test_a_refit_killed_twice_is_made_from_the_seeds_it_has(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = make_study()
    monkeypatch.setattr("search.jobs.memory.kernel_kills", lambda: 0)
    script = "import os, sys; '--kept' in sys.argv or os.kill(os.getpid(), 9)"
    started: list[bool] = []

    def command(*arguments: str) -> list[str]:
        started.append("--kept" in arguments)
        return ["python3", "-c", script, *arguments]

    monkeypatch.setattr("search.jobs.commands.command", command)
    seeds = winner_folder(handle, "GRU") / SEEDS_FOLDER
    seeds.mkdir(parents=True)
    (seeds / "0.npz").write_bytes(b"")
    pool = make_pool(handle, "GRU", n_processes=1)
    pause = threading.Event()
    refits = refit_cells(pool, is_ending=lambda: False, wait=lambda _: pause.wait(0.01))
    assert refits is not None
    assert started == [False, False, True]
    assert refits.refitted == ("GRU",)


def test_refit_cells_records_why_a_cell_has_no_winner(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One cell says why, one dies without a word; the study goes on."""
    handle = make_study()
    script = "import os, sys; os._exit(7 if 'LSTM' in sys.argv else 1)"
    monkeypatch.setattr(
        "search.jobs.commands.command",
        lambda *arguments: ["python3", "-c", script, *arguments],
    )
    pool = make_pool(handle, "GRU", "LSTM", n_processes=1)

    def wait(_: object) -> None:
        if pool.running == ("GRU",):
            save_failure(handle, "GRU", "The loss was not a number.")

    refits = refit_cells(pool, is_ending=lambda: False, wait=wait)
    assert refits is not None
    assert refits.refitted == ()
    assert refits.skipped == {
        "GRU": "The loss was not a number.",
        "LSTM": "The training of the winner ended with exit code 7.",
    }


def test_refit_cells_ends_at_once_when_told(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = make_study()
    monkeypatch.setattr(
        "search.jobs.commands.command", lambda *arguments: ["sleep", "600"]
    )
    pool = make_pool(handle, "GRU", n_processes=2)
    assert refit_cells(pool, is_ending=lambda: True, wait=lambda _: None) is None
    assert pool.pids == ()


def test_finish_study_says_why_there_are_no_baselines(make_study: MakeStudy) -> None:
    results = finish_study(
        make_study(),
        state="stopped",
        refitted=(),
        skipped={},
        seconds=0.0,
        without_baselines="The machine was on fire.",
    )
    assert results.baselines == {}
    assert set(results.absent_baselines) == set(BASELINE_NAMES)
    assert results.absent_baselines["ridge"] == "The machine was on fire."
