"""Results in the terminal."""

import io
from dataclasses import replace

from rich.console import Console

from search.cli.screen import write_results
from search.evaluation.metrics import Metrics
from search.study.results import (
    DivergedSeed,
    SeedResult,
    StudyResults,
    TrialCounts,
    WinnerResult,
)

METRICS = Metrics(mse=4.0, rmse=2.0, mae=1.5, mase=None, smape=12.5, r2=0.75)
WINNER = WinnerResult(
    trial=3,
    params={"cell": "GRU"},
    cv=1.25,
    cv_folds=(1.0, 1.5),
    epochs=12,
    holdout=METRICS,
    seeds=(
        SeedResult(0, METRICS, 1.0),
        SeedResult(1, replace(METRICS, rmse=3.0), 1.0),
    ),
    targets={"load": METRICS},
    n_parameters=1234,
    seconds=3.5,
    inference_ms=0.75,
    bundle=None,
    predictions="/somewhere/holdout_predictions.csv",
)


def written(winner: WinnerResult, width: int = 100) -> str:
    """Return what the terminal shows of a study with this winner."""
    results = StudyResults(
        study={"uuid": "ab", "name": "Power", "state": "finished"},
        data={},
        trials=TrialCounts(),
        winners={"GRU": winner},
        baselines={"last_value": METRICS},
        best_cell="GRU",
        verdict="The GRU is best.",
        comparisons=(),
        seconds=1.0,
        skipped_cells={"LSTM": "All 3 seeds diverged."},
    )
    stream = io.StringIO()
    write_results(Console(file=stream, width=width, highlight=False), results)
    return stream.getvalue()


def test_mean_and_spread_stand_below_the_delivered_network() -> None:
    lines = written(WINNER).splitlines()
    assert lines[1].split()[:5] == ["GRU", "*", "1.25", "2", "1.5"]
    assert lines[2].split() == ["mean", "of", "2", "2.5", "1.5", "–"]
    assert lines[3].split() == ["spread", "±", "0.7071", "0", "–"]
    assert "GRU: What is delivered is the network of the first seed" in written(WINNER)
    assert "LSTM was left out: All 3 seeds diverged." in written(WINNER)
    assert "seeds diverged;" not in written(WINNER)


def test_diverged_seeds_are_named_with_their_reason() -> None:
    one_left = replace(
        WINNER,
        seeds=WINNER.seeds[1:],
        diverged=(DivergedSeed(0, "Loss is infinite at epoch 2 of the refit."),),
    )
    shown = written(one_left)
    assert "1 of 2 seeds diverged; scores are those of the other one." in shown
    assert "GRU, seed 0: Loss is infinite at epoch 2 of the refit." in shown
    assert "mean," not in shown


def test_nothing_is_cut_in_a_narrow_terminal() -> None:
    lines = written(WINNER, width=40).splitlines()
    assert lines[0].split() == [
        "cv",
        "score",
        "rmse",
        "mae",
        "mase",
        "weights",
        "training",
    ]
    assert lines[1].split()[-3:] == ["1,234", "3.5", "s"]
    assert lines[3].split() == ["spread", "±", "0.7071", "0", "–"]
