"""The files of a bundle of each task."""

import zipfile
from dataclasses import replace

import pytest

from search.bundle.build import write_bundle
from search.bundle.preprocessing import FORMAT_VERSION
from search.bundle.scripts import TASK_MODULES
from search.study.results import DivergedSeed

KINDS = {
    "forecasting": ("Forecast of level of many series", "the next 2 steps of level"),
    "regression": ("Estimate of purity", "Each sequence, named by the column `pump`"),
    "classification": ("Classification by state", "2 classes (closed, open)"),
    "labelling": ("Label of each row: state", "nothing later is used"),
    "anomaly": ("Anomalies in level, flow", "it forecasts the next row of level, flow"),
    "autoencoder": ("Anomalies in level, flow", "It repeats windows of 5 rows"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_card_says_what_comes_out(kind, task_bundle):
    made = task_bundle(kind)
    title, sentence = KINDS[kind]
    card = (made.folder / "model_card.md").read_text()
    assert card.startswith(f"# SimpleRNN: {title}\n")
    assert sentence in card
    assert "| **This network** | " in card
    assert "| first baseline | " in card
    readme = (made.folder / "README.md").read_text()
    assert readme.startswith(f"# {title}\n")
    assert "python predict.py new.csv" in readme


def test_members_and_settings_of_many_series(task_bundle):
    made = task_bundle("forecasting")
    with zipfile.ZipFile(made.zip_path) as archive:
        names = set(archive.namelist())
    assert {"README.md", "one_series.py", *TASK_MODULES} <= names
    settings = made.preprocessing
    assert settings["format_version"] == FORMAT_VERSION + 1
    assert settings["group"] == "pump"
    assert list(settings["group_scalers"]) == ["north", "south", "7"]
    assert settings["center"] == []
    assert settings["padding"] is None
    # The holdout of 4 rows, and the 5 rows before it.
    assert settings["first_rows"] == {"north": 31, "south": 75, "7": 116}


def test_settings_of_sequences(task_bundle):
    settings = task_bundle("regression").preprocessing
    assert settings["padding"] == -(2.0**20)
    assert len(settings["label_center"]) == 1
    assert settings["order_by"] == ["minute"]
    assert settings["channels"] == ["level", "flow"]


def test_metrics_are_those_of_the_task(task_bundle):
    made = task_bundle("labelling")
    text = (made.folder / "metrics.json").read_text()
    assert '"confusion"' in text
    assert str(made.zip_path.parent) not in text


def test_the_card_says_average_and_names_the_seeds_that_diverged(task_bundle, tmp_path):
    contents = task_bundle("classification").contents
    seed, *_ = contents.result.seeds
    average = replace(
        contents.result,
        delivered="average",
        seeds=(replace(seed, seed=1), replace(seed, seed=2)),
        diverged=(DivergedSeed(0, "Loss is infinite at epoch 3 of the refit."),),
    )
    made = write_bundle(tmp_path, replace(contents, result=average))
    with zipfile.ZipFile(made) as archive:
        card = archive.read("model_card.md").decode()
    assert "| **This average of 2 networks** | " in card
    assert "- Seed 0: Loss is infinite at epoch 3 of the refit." in card
    assert "This network" not in card
