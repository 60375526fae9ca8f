"""The audit of each task before it starts: samples are clean, planted leaks are not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from search.analysis.diagnosis.leak_audit import audit_data
from search.config import Roles, Task, TaskKind
from search.data.group_samples import GROUP_SAMPLES, make_group_sample
from search.data.groups.anomalies import mark_anomalies
from search.data.groups.build import build_groups
from search.data.groups.frame import group_frame
from search.data.groups.record import BuiltGroups
from search.data.source import Source
from search.data.table import read_table
from search.evaluation.leaks.audit import Audit
from search.evaluation.panel import make_panel
from search.space.defaults import usual_space
from search.space.task_defaults import TaskWishes, suggest_sample_task
from search.space.task_spaces import task_space
from search.study.settings import StudySettings

CHECKS = {
    "shop_sales": "folds repeats filling first_values future",
    "batch_reactor": "folds groups labels repeats future",
    "engine_wear": "folds groups labels repeats filling first_values future",
    "pump_vibration": "folds groups labels repeats future",
    "dryer_regimes": "folds labels repeats filling first_values future",
    "pump_anomalies": "folds labels normal repeats filling first_values future",
}


def built_sample(name: str) -> BuiltGroups:
    table = read_table(make_group_sample(name), name=f"{name}.csv")
    built = build_groups(table, GROUP_SAMPLES[name].settings)
    return mark_anomalies(built, "anomaly") if name == "pump_anomalies" else built


def settings_of(
    built: BuiltGroups, frame: pd.DataFrame, kind: TaskKind, **wishes: object
) -> StudySettings:
    panel = make_panel(frame, built.roles, kind=kind)
    wished = TaskWishes(
        kind,
        classes=() if kind == "anomaly" else built.groups.classes,
        group_order="time" if built.groups.is_ordered else "none",
        **wishes,  # type: ignore[arg-type]
    )
    task = suggest_sample_task(panel, wished)
    space = task_space(panel, built.roles, task)
    return StudySettings("s", built.source, built.roles, task, space)


@pytest.mark.parametrize("name", GROUP_SAMPLES)
def test_samples_of_the_product_are_clean(name: str) -> None:
    built, kind = built_sample(name), GROUP_SAMPLES[name].kind
    frame = group_frame(built.values, built.groups, built.roles)
    wishes: dict[str, object] = {}
    if kind == "forecasting":
        wishes = {"horizon": 7, "season": 7}
    audit = audit_data(frame, settings_of(built, frame, kind, **wishes))
    # The one input of the shops is a flag, of which nothing can be told.
    skipped = ("inputs",) if name == "shop_sales" else ()
    assert audit == Audit((), tuple(CHECKS[name].split()), skipped)  # type: ignore[arg-type]


def shops(n_rows: int = 120) -> pd.DataFrame:
    """Return three series with an input of their own."""
    random = np.random.default_rng(0)
    parts = []
    for place, name in enumerate(("north", "south", "west")):
        index = pd.date_range("2024-01-01", periods=n_rows, freq="D")
        wave = 10 * place + np.sin(np.arange(n_rows) / 3)
        values = {
            "sales": wave + 0.3 * random.normal(size=n_rows),
            "inlet": random.normal(size=n_rows),
        }
        parts.append(pd.DataFrame(values, index=index).assign(shop=name))
    return pd.concat(parts)


def shop_settings(task: Task, roles: Roles) -> StudySettings:
    space = usual_space(
        lengths=[5], framings=["none"], losses=["mse"], calendars=["none"], batch_size=8
    )
    return StudySettings("s", Source("s.csv"), roles, task, space)


SHOPS = shop_settings(Task(3, 12, folds=2), Roles(("sales",), ("inlet",), group="shop"))


def test_an_input_that_is_a_later_target_of_each_series_is_named() -> None:
    series = shops()
    assert audit_data(series, SHOPS).found == ()
    later = series.groupby("shop")["sales"].shift(-2)
    series["inlet"] = later.fillna(0.0)
    (found,) = audit_data(series, SHOPS).found
    assert (found.kind, found.column) == ("shifted_copy", "inlet")
    assert found.message.endswith("So in 3 of 3 series.")


def test_short_series_are_not_called_clean() -> None:
    audit = audit_data(shops(45), SHOPS)
    assert "inputs" in audit.skipped
    assert "inputs" not in audit.checked


def test_a_series_filled_backward_is_named() -> None:
    series = shops()
    place = series.groupby("shop").cumcount()
    series.loc[(place < 30).to_numpy(), "inlet"] = np.nan
    series["inlet"] = series.groupby("shop")["inlet"].bfill()
    (found,) = audit_data(series, SHOPS).found
    assert (found.kind, found.column) == ("filled_from_future", "inlet")


def test_gaps_filled_from_later_rows_matter_but_for_whole_sequences() -> None:
    source = Source("s.csv", {"missing": "interpolate"}, repairs=("3 were filled.",))
    filled = replace(SHOPS, source=source)
    (found,) = audit_data(shops(), filled).found
    assert found.kind == "filled_from_future"
    built = built_sample("batch_reactor")
    frame = group_frame(built.values, built.groups, built.roles)
    settings = replace(settings_of(built, frame, "regression"), source=source)
    assert audit_data(frame, settings).found == ()


def test_marked_rows_among_the_normal_ones_are_named() -> None:
    built = built_sample("pump_anomalies")
    frame = group_frame(built.values, built.groups, built.roles)
    settings = settings_of(built, frame, "anomaly", normal_rows=1500)
    (found,) = audit_data(frame, settings).found
    assert found.kind == "not_normal"
    n_marked = int((frame["anomaly"].iloc[:1500] != 0).sum())
    assert found.message.startswith(f"{n_marked} of the 1,500 rows")


def test_anomalies_without_labels_do_not_claim_to_compare_with_them() -> None:
    built = built_sample("pump_anomalies")
    built = replace(built, roles=replace(built.roles, label=None))
    frame = group_frame(built.values, built.groups, built.roles)
    audit = audit_data(frame, settings_of(built, frame, "anomaly", normal_rows=1000))
    assert audit.found == ()
    assert not {"labels", "normal"} & set(audit.checked)


def test_an_input_computed_from_rows_that_are_held_out_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def with_mean(series: pd.DataFrame, roles: Roles, **given: object) -> object:
        centred = series.assign(inlet=series["inlet"] - series["inlet"].mean())
        return make_panel(centred, roles, **given)  # type: ignore[arg-type]

    monkeypatch.setattr("search.analysis.diagnosis.leak_audit.make_panel", with_mean)
    kinds = [one.kind for one in audit_data(shops(), SHOPS).found]
    assert kinds == ["changes_with_future"]


def test_a_copied_sequence_and_a_coded_class_are_named() -> None:
    built = built_sample("pump_vibration")
    frame = group_frame(built.values, built.groups, built.roles)
    settings = settings_of(built, frame, "classification")
    frame["pressure [bar]"] = 3.0 - 0.5 * frame["fault"]
    found = audit_data(frame, settings).found
    assert [(one.kind, one.column) for one in found] == [
        ("label_feature", "pressure [bar]")
    ]
    frame = group_frame(built.values.copy(), built.groups, built.roles)
    inputs = list(built.roles.past_features)
    plan = settings.plan_of(make_panel(frame, built.roles, kind="classification"))
    held, learned = (stops[0] for stops in (plan.final.validation, plan.final.training))
    place = frame.columns.get_indexer(inputs)
    frame.iloc[held - 100 : held, place] = frame.iloc[
        learned - 100 : learned, place
    ].to_numpy()
    assert [one.kind for one in audit_data(frame, settings).found] == ["group_twice"]
