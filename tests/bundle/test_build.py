"""The content of a bundle."""

import json
import zipfile
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from search.bundle.build import write_bundle
from search.config import Roles
from search.errors import SearchError
from search.study.results import DivergedSeed

MEMBERS = [
    "holdout_inputs.csv",
    "holdout_predictions.csv",
    "metrics.json",
    "model.keras",
    "model.onnx",
    "model_card.md",
    "predict.py",
    "preprocessing.json",
    "requirements.txt",
    "study.json",
]


@pytest.fixture
def made(make_bundle, hourly, source):
    roles = Roles(("a",), ("b",), calendar=("hour",))
    return make_bundle(hourly, roles, source, framing="seasonal")


def test_members(made):
    with zipfile.ZipFile(made.zip_path) as archive:
        assert archive.namelist() == MEMBERS
        assert archive.testzip() is None


def test_same_contents_give_the_same_bytes(made):
    first = made.zip_path.read_bytes()
    write_bundle(made.zip_path.parent, made.contents)
    assert made.zip_path.read_bytes() == first


def test_predict_py_is_the_template(made):
    template = Path("search/bundle/template/predict.py")
    assert (made.folder / "predict.py").read_bytes() == template.read_bytes()


def test_preprocessing(made):
    content = json.loads((made.folder / "preprocessing.json").read_text())
    assert content["channels"] == ["a", "b", "hour (sine)", "hour (cosine)"]
    assert content["center"][2:] == [0.0, 0.0]
    assert content["scale"][2:] == [1.0, 1.0]
    assert content["n_known"] == 2
    assert content["holdout"] == {"first_row": 39, "start": 48, "stop": 58}
    assert content["reading"]["delimiter"] == ","
    assert content["time"]["frequency"] == "h"
    assert content["versions"]["onnxruntime"] == metadata.version("onnxruntime")


def test_metrics_hold_no_path_of_this_machine(made):
    content = json.loads((made.folder / "metrics.json").read_text())
    assert content["holdout"]["mae"] == 1.5
    assert content["baselines"]["last_value"]["mae"] == 3.0
    assert not {"bundle", "predictions", "check"} & set(content)
    for name in MEMBERS:
        assert b"/somewhere" not in (made.folder / name).read_bytes()


def test_requirements_pin_three_packages(made):
    lines = (made.folder / "requirements.txt").read_text().splitlines()[1:]
    pins = [line.split("#")[0].strip() for line in lines]
    assert pins == [
        f"{name}=={metadata.version(name)}"
        for name in ("numpy", "onnxruntime", "pandas")
    ]
    assert all("# " in line for line in lines)


def test_study_is_the_one_it_came_from(made):
    content = json.loads((made.folder / "study.json").read_text())
    assert content["uuid"] == "0" * 32
    assert content["settings"]["name"] == "pump 1"


def test_card_states_scores_beside_the_baseline(made):
    card = (made.folder / "model_card.md").read_text()
    assert "| **This network** | 1.5 | 2 | 0.8 | 12 | 0.5 |" in card
    assert "3 trainings from other starts, mean ± spread | 1.5 ± 0.1 | 2 ± 0 |" in card
    assert "| Last value | 3 |" in card
    assert "is 50 % lower than that of the best baseline (last value)" in card
    assert "a mean RMSE of 1.75 over 2 time-ordered folds (1.5, 2)" in card
    assert "It needs 9 rows without gaps" in card


@pytest.mark.parametrize(
    ("mae", "sentence"),
    [
        (1.2, "does **not** beat the best baseline (last value): its mean absolute"),
        (0.0, "The best baseline (last value) makes no error here"),
    ],
)
def test_card_says_when_no_network_is_needed(mae, sentence, made, tmp_path):
    baseline = replace(made.contents.baselines["last_value"], mae=mae)
    contents = replace(made.contents, baselines={"last_value": baseline})
    with zipfile.ZipFile(write_bundle(tmp_path, contents)) as archive:
        assert sentence in archive.read("model_card.md").decode()


def card_of(made, tmp_path, **changes: object) -> str:
    contents = replace(made.contents, result=replace(made.contents.result, **changes))
    with zipfile.ZipFile(write_bundle(tmp_path, contents)) as archive:
        return archive.read("model_card.md").decode()


def test_card_says_which_network_is_delivered(made):
    card = (made.folder / "model_card.md").read_text()
    assert (
        "What is delivered is the network of the first seed, whatever the scores"
        in card
    )
    assert "diverged" not in card


def test_card_says_that_an_average_is_delivered(made, tmp_path):
    card = card_of(made, tmp_path, delivered="average")
    assert "The average of 3 recurrent networks of one kind (GRU" in card
    assert "is the average of 3 networks: the mean of the outputs of all" in card
    assert "| **This average of 3 networks** | 1.5 | 2 |" in card
    assert "| 3 trainings from other starts, mean ± spread | 1.5 ± 0.1 |" in card
    assert "**This network**" not in card


def test_card_names_the_seeds_that_diverged(made, tmp_path):
    _, second, third = made.contents.result.seeds
    diverged = (DivergedSeed(0, "Loss is infinite at epoch 3 of the refit."),)
    card = card_of(made, tmp_path, seeds=(second, third), diverged=diverged)
    assert "1 of 3 seeds diverged; scores are over the 2 others." in card
    assert "- Seed 0: Loss is infinite at epoch 3 of the refit." in card
    assert "the network of the first seed that did not diverge, whatever" in card
    assert "| 2 trainings from other starts, mean ± spread | 1.5 ± 0.14 |" in card
    card = card_of(
        made,
        tmp_path,
        seeds=(third,),
        diverged=(*diverged, DivergedSeed(1, "Loss is infinite.")),
        delivered="average",
    )
    assert "2 of 3 seeds diverged; scores are those of the other one." in card
    assert "the network of the only seed that did not diverge; an average" in card
    assert "trainings from other starts" not in card


def test_a_missing_file_keeps_the_older_bundle(made):
    first = made.zip_path.read_bytes()
    contents = replace(made.contents, predictions=made.folder / "absent.csv")
    with pytest.raises(SearchError, match=r"could not be written: .*absent\.csv"):
        write_bundle(made.zip_path.parent, contents)
    assert made.zip_path.read_bytes() == first
