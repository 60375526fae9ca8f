"""The audit of delivered models of each task: sound bundles pass, others do not."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from search.analysis.diagnosis.winner_audit import audit_winner
from search.evaluation.leaks.audit import Audit
from tests.bundle.tasks.conftest import CASES, Made


def audited(made: Made, bundle: Path, *, trial: int = 7) -> Audit:
    contents = made.contents
    return audit_winner(
        contents.series, contents.settings, contents.params, bundle, trial=trial
    )


def changed(
    made: Made,
    path: Path,
    *,
    document: dict | None = None,
    judged: pd.DataFrame | None = None,
) -> Path:
    """Write the bundle again with other preprocessing or predictions."""
    preprocessing = made.preprocessing | (document or {})
    stored = made.stored if judged is None else judged
    with zipfile.ZipFile(made.zip_path) as old, zipfile.ZipFile(path, "w") as new:
        new.writestr("preprocessing.json", json.dumps(preprocessing))
        new.writestr("metrics.json", old.read("metrics.json"))
        buffer = io.StringIO()
        stored.to_csv(buffer, index=False)
        new.writestr("holdout_predictions.csv", buffer.getvalue())
    return path


def kinds(audit: Audit) -> list[str]:
    return [one.kind for one in audit.found]


@pytest.mark.parametrize("name", CASES)
def test_delivered_models_of_the_product_are_clean(task_bundle, name: str) -> None:
    made = task_bundle(name)
    assert audited(made, made.zip_path) == Audit((), ("scalers", "judged"))
    assert audited(made, made.zip_path, trial=8) == Audit()


@pytest.mark.parametrize("name", CASES)
def test_a_scaler_that_saw_other_rows_is_named(
    task_bundle, name: str, tmp_path: Path
) -> None:
    made = task_bundle(name)
    document = made.preprocessing
    if document["group_scalers"]:
        scalers = document["group_scalers"]
        last = list(scalers)[-1]
        center = [one + 0.5 for one in scalers[last]["center"]]
        scalers = scalers | {last: scalers[last] | {"center": center}}
        other = {"group_scalers": scalers}
    else:
        other = {"center": [one + 0.5 for one in document["center"]]}
    found = audited(made, changed(made, tmp_path / "other.zip", document=other))
    assert kinds(found) == ["scaler"]
    absent: dict = {"group_scalers": {}, "center": [], "scale": []}
    found = audited(made, changed(made, tmp_path / "absent.zip", document=absent))
    assert kinds(found) == ["scaler"]


def test_a_scaler_of_answers_is_looked_at(task_bundle, tmp_path: Path) -> None:
    made = task_bundle("regression")
    other = {"label_center": [made.preprocessing["label_center"][0] + 0.5]}
    found = audited(made, changed(made, tmp_path / "other.zip", document=other))
    assert kinds(found) == ["scaler"]
    assert "of the answers in the rows" in found.found[0].message


@pytest.mark.parametrize("name", CASES)
def test_a_model_judged_on_what_it_learned_from_is_named(
    task_bundle, name: str, tmp_path: Path
) -> None:
    made = task_bundle(name)
    plan = made.contents.settings.plan_of(made.panel)
    judged = made.stored
    key = "origin" if "origin" in judged else "row"
    judged.loc[0, key] = int(plan.final.training[-1]) - 1
    found = audited(made, changed(made, tmp_path / "other.zip", judged=judged))
    is_whole = name in ("regression", "classification")
    assert kinds(found) == ["group_on_both_sides" if is_whole else "judged_rows"]


@pytest.mark.parametrize("name", ["forecasting", "classification", "anomaly"])
def test_windows_that_cross_into_another_series_are_named(
    task_bundle, name: str, tmp_path: Path
) -> None:
    made = task_bundle(name)
    blind = {"group": None}
    found = audited(made, changed(made, tmp_path / "blind.zip", document=blind))
    assert kinds(found) == ["group_border"]
    longer = {"sequence_length": 100}
    found = audited(made, changed(made, tmp_path / "longer.zip", document=longer))
    assert kinds(found) == ["group_border"]


def test_sequences_without_padding_are_named(task_bundle, tmp_path: Path) -> None:
    made = task_bundle("regression")
    found = audited(made, changed(made, tmp_path / "a.zip", document={"padding": None}))
    assert kinds(found) == ["group_border"]


def test_predictions_that_name_no_rows_are_not_called_clean(
    task_bundle, tmp_path: Path
) -> None:
    made = task_bundle("labelling")
    judged = made.stored.drop(columns="row")
    found = audited(made, changed(made, tmp_path / "a.zip", judged=judged))
    assert found == Audit((), ("scalers",), ("judged",))


def test_another_scaler_of_the_search_is_another_configuration(task_bundle) -> None:
    made = task_bundle("labelling")
    contents = made.contents
    robust = replace(contents.params, scaler="robust")
    found = audit_winner(
        contents.series, contents.settings, robust, made.zip_path, trial=7
    )
    assert kinds(found) == ["scaler"]
