"""The refit: what it trains on, and that its model is the one that was scored."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from search.config import Roles, Task
from search.data.continuation import future_index
from search.errors import TrialFailed
from search.evaluation.panel import Panel, make_panel
from search.evaluation.scaling import fit_scaler
from search.evaluation.splits import SplitPlan, plan_splits
from search.space.lines import TrialParams
from search.worker import refit as refit_module
from search.worker.folds import Run, start_run
from search.worker.kept_seeds import KeptSeeds
from search.worker.predictor import Predictor
from search.worker.refit import Refit, refit_winner
from search.worker.tables import future_panel


@pytest.fixture(scope="module")
def plan(task: Task) -> SplitPlan:
    return plan_splits(120, task, first_origin=13)


@pytest.fixture(scope="module")
def refit(
    panel: Panel,
    series: pd.DataFrame,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
) -> Refit:
    index = future_index(series.index, task.horizon)
    future = future_panel(
        series, Roles(("level",), past_features=("inlet",)), index, calendar=False
    )
    return refit_winner(
        panel,
        plan,
        make_params(framing="last_value"),
        epochs=4,
        task=task,
        seeds=[7, 8],
        future=future,
    )


def test_refit_forecasts_every_holdout_origin(refit: Refit, plan: SplitPlan) -> None:
    assert [run.seed for run in refit.runs] == [7, 8]
    for run in refit.runs:
        assert run.predictions.shape == (plan.holdout_stop - plan.holdout_start, 3, 1)
        assert run.seconds > 0
    assert not np.allclose(refit.runs[0].predictions, refit.runs[1].predictions)
    assert refit.inference_ms > 0
    assert refit.n_parameters == refit.model.count_params()


def test_refit_delivers_the_model_of_the_first_seed(refit: Refit, panel: Panel) -> None:
    """The forecasts of the first origin, 100, made by hand from the model."""
    scaler = fit_scaler(panel, "standard", stop=100)
    np.testing.assert_array_equal(refit.scaler.center, scaler.center)
    past = scaler.transform(panel.values[95:100])
    past[:, 0] -= past[-1, 0]
    output = refit.model(past[None].astype(np.float32)).numpy()[0]
    forecast = panel.values[99, 0] + output * scaler.scale[0]
    np.testing.assert_allclose(refit.runs[0].predictions[0], forecast, atol=1e-4)


def test_refit_forecasts_the_next_horizon(refit: Refit, panel: Panel) -> None:
    past = refit.scaler.transform(panel.values[-5:])
    past[:, 0] -= past[-1, 0]
    output = refit.model(past[None].astype(np.float32)).numpy()[0]
    expected = panel.values[-1, 0] + output * refit.scaler.scale[0]
    assert refit.forecast is not None
    np.testing.assert_allclose(refit.forecast, expected, atol=1e-4)


@pytest.mark.case("T11", "holdout changed before the refit")
def test_refit_trains_on_nothing_from_the_holdout(
    refit: Refit,
    panel: Panel,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
) -> None:
    """The holdout is changed: weights stay, and so does its first forecast."""
    values = panel.values.copy()
    values[plan.holdout_start :] += 1000
    again = refit_winner(
        replace(panel, values=values),
        plan,
        make_params(framing="last_value"),
        epochs=4,
        task=task,
        seeds=[7],
    )
    for one, other in zip(
        refit.model.get_weights(), again.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(
        refit.runs[0].predictions[0], again.runs[0].predictions[0]
    )
    assert again.forecast is None


def test_refit_compiles_once_for_all_seeds(
    refit: Refit,
    panel: Panel,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
) -> None:
    again = refit_winner(
        panel, plan, make_params(loss="mae"), epochs=1, task=task, seeds=[1, 2]
    )
    assert [run.seconds_compile for run in again.runs] == [0, 0]


def test_refit_with_seasonal_framing_and_calendar(
    series: pd.DataFrame,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
) -> None:
    """The forecast beyond the end knows the hours to come."""
    roles = Roles(("level", "flow"), calendar=("hour",))
    index = future_index(series.index, task.horizon)
    panel = make_panel(series, roles)
    params = make_params(cell="GRU", framing="seasonal")
    refit = refit_winner(
        panel,
        plan,
        params,
        epochs=1,
        task=task,
        seeds=[1],
        future=future_panel(series, roles, index, calendar=True),
    )
    scaler = refit.scaler
    scaled = scaler.transform(panel.values)
    past = scaled[-5:].copy()
    past[:, :2] -= scaled[-13:-8, :2]
    hours = np.asarray(index.hour) * 2 * np.pi / 24
    known = np.column_stack([np.sin(hours), np.cos(hours)])
    inputs = [one[None].astype(np.float32) for one in (past, known)]
    output = refit.model(inputs).numpy()[0] + scaled[-8:-5, :2]
    expected = output * scaler.scale[:2] + scaler.center[:2]
    assert refit.forecast is not None
    np.testing.assert_allclose(refit.forecast, expected, atol=1e-4)


def test_refit_that_diverges_names_the_epoch(
    panel: Panel, plan: SplitPlan, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    params = make_params(optimizer="sgd", learning_rate=1e30, clipnorm=1e3)
    with pytest.raises(TrialFailed, match=r"Loss is .* at epoch 1 of the refit"):
        refit_winner(panel, plan, params, epochs=2, task=task, seeds=[1])


@pytest.mark.parametrize("framing", ["none", "last_value", "seasonal"])
def test_average_forecasts_the_mean_of_its_members(
    panel: Panel,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
    framing: str,
) -> None:
    """The one model that is delivered gives the mean in original units."""
    params = make_params(framing=framing)
    refit = refit_winner(
        panel,
        plan,
        params,
        epochs=1,
        task=task,
        seeds=[1, 2, 3],
        deliver="average",
        future=panel,
    )
    first, second, third = (run.predictions for run in refit.runs)
    mean = (first + second + third) / 3
    assert not np.allclose(first, mean)
    np.testing.assert_allclose(refit.predictions, mean, rtol=1e-12)
    origins = np.arange(plan.holdout_start, plan.holdout_stop)
    predictor = Predictor(refit.model, panel, params, task)
    found = predictor.predict(panel, refit.scaler, origins)
    np.testing.assert_allclose(found, mean, atol=1e-5)
    beyond = [run.forecast for run in refit.runs]
    np.testing.assert_allclose(refit.forecast, sum(beyond) / 3, rtol=1e-12)
    one = refit_winner(panel, plan, params, epochs=1, task=task, seeds=[1])
    assert refit.n_parameters == 3 * one.n_parameters
    assert refit.seconds == pytest.approx(sum(run.seconds for run in refit.runs))
    np.testing.assert_array_equal(one.predictions, first)


def start_broken(*arguments: Any, seed: tuple[int, int], **named: Any) -> Run:
    """Start a training; seed 7 has learned nothing but NaN."""
    run = start_run(*arguments, seed=seed, **named)
    if seed[0] == 7:
        tensors = tf.nest.map_structure(
            lambda one: one * np.nan if one.dtype.is_floating else one,
            run.state.tensors,
        )
        run.state = replace(run.state, tensors=tensors)
    return run


@pytest.mark.parametrize(
    ("epochs", "reason"),
    [
        (0, "A weight is not a number at the end of the refit"),
        (1, "Loss is not a number at epoch 1 of the refit"),
    ],
)
def test_a_seed_that_diverges_leaves_the_others(
    panel: Panel,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
    monkeypatch: pytest.MonkeyPatch,
    epochs: int,
    reason: str,
) -> None:
    monkeypatch.setattr(refit_module, "start_run", start_broken)
    refit = refit_winner(
        panel, plan, make_params(), epochs=epochs, task=task, seeds=[7, 8, 9]
    )
    assert [run.seed for run in refit.runs] == [8, 9]
    assert [one.seed for one in refit.diverged] == [7]
    assert reason in refit.diverged[0].reason
    np.testing.assert_array_equal(refit.predictions, refit.runs[0].predictions)
    for one, other in zip(
        refit.model.get_weights(), refit.runs[0].weights, strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_average_of_the_only_seed_that_is_left_is_its_network(
    panel: Panel,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refit_module, "start_run", start_broken)
    refit = refit_winner(
        panel,
        plan,
        make_params(),
        epochs=1,
        task=task,
        seeds=[7, 8],
        deliver="average",
    )
    np.testing.assert_array_equal(refit.predictions, refit.runs[0].predictions)
    assert refit.model.count_params() == refit.n_parameters


def test_refit_fails_only_when_every_seed_diverges(
    panel: Panel, plan: SplitPlan, task: Task, make_params: Callable[..., TrialParams]
) -> None:
    params = make_params(optimizer="sgd", learning_rate=1e30, clipnorm=1e3)
    with pytest.raises(
        TrialFailed, match=r"^All 2 seeds diverged\. Seed 4: Loss is .* at epoch 1"
    ):
        refit_winner(panel, plan, params, epochs=1, task=task, seeds=[4, 5])


def start_too_large(*arguments: Any, seed: tuple[int, int], **named: Any) -> Run:
    """Start a training; for seed 7 there is no memory."""
    if seed[0] == 7:
        raise tf.errors.ResourceExhaustedError(None, None, "no room for [9,9]")
    return start_run(*arguments, seed=seed, **named)


@pytest.mark.case("T5", "a refit seed runs out of memory")
def test_a_seed_that_runs_out_of_memory_leaves_the_others(
    panel: Panel,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refit_module, "start_run", start_too_large)
    params = make_params()
    refit = refit_winner(panel, plan, params, epochs=1, task=task, seeds=[7, 8])
    assert [run.seed for run in refit.runs] == [8]
    assert [(one.seed, one.kind) for one in refit.diverged] == [(7, "memory")]
    assert refit.diverged[0].reason == "Training ran out of memory."
    with pytest.raises(MemoryError):
        refit_winner(panel, plan, params, epochs=1, task=task, seeds=[7])


class Ended(BaseException):
    """The process is gone."""


@pytest.mark.case("T4", "refit ended while it trains its second of three seeds")
def test_a_refit_that_was_ended_goes_on_with_the_seeds_it_has(
    panel: Panel,
    plan: SplitPlan,
    task: Task,
    make_params: Callable[..., TrialParams],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    params, trained = make_params(), list[int]()
    kept = KeptSeeds(tmp_path, origin=("study", 4))

    def refit(**how: Any) -> Refit:
        return refit_winner(
            panel, plan, params, epochs=1, task=task, seeds=[7, 8, 9], **how
        )

    def start(*arguments: Any, seed: tuple[int, int], **named: Any) -> Run:
        trained.append(seed[0])
        if seed[0] == 8 and trained.count(8) == 1:
            raise Ended
        return start_run(*arguments, seed=seed, **named)

    whole = refit()
    monkeypatch.setattr(refit_module, "start_run", start)
    with pytest.raises(Ended):
        refit(kept=kept)

    least = refit(kept=kept, only_kept=True)
    assert [run.seed for run in least.runs] == [7]
    assert [(one.seed, one.kind) for one in least.diverged] == [
        (8, "memory"),
        (9, "memory"),
    ]
    np.testing.assert_array_equal(least.predictions, whole.predictions)

    again = refit(kept=kept)
    assert trained == [7, 8, 8, 9]
    assert again.diverged == ()
    for one, other in zip(again.runs, whole.runs, strict=True):
        np.testing.assert_array_equal(one.predictions, other.predictions)
        for mine, theirs in zip(one.weights, other.weights, strict=True):
            np.testing.assert_array_equal(mine, theirs)
            assert mine.dtype == theirs.dtype


def test_kept_seeds_of_another_winner_or_damaged_ones_do_not_count(
    refit: Refit, tmp_path: Path
) -> None:
    kept = KeptSeeds(tmp_path, origin=("study", 4))
    assert kept.load(7) is None
    kept.save(refit.runs[0])
    found = kept.load(7)
    assert found is not None
    assert found.seconds == refit.runs[0].seconds
    assert found.forecast is not None
    np.testing.assert_array_equal(found.forecast, refit.runs[0].forecast)
    assert KeptSeeds(tmp_path, origin=("study", 5)).load(7) is None
    [path] = (tmp_path / "seeds").iterdir()
    whole = path.read_bytes()
    for damaged in (b"", whole[:100], whole[: len(whole) // 2], b"x" * 100):
        path.write_bytes(damaged)
        assert kept.load(7) is None
    kept.clear()
    assert list(tmp_path.iterdir()) == []
