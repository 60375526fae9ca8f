"""Settings: the smallest legal value of each, and the first that is refused."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from search.config import MAX_TRIALS, Budget, Roles, Task, Training
from search.environment import Environment
from search.errors import ConfigError


def test_roles_columns_put_targets_first() -> None:
    roles = Roles(targets=("y", "z"), past_features=("a",), known_features=("b",))
    assert roles.columns == ("y", "z", "a", "b")


def test_roles_refuse_no_target() -> None:
    with pytest.raises(ConfigError, match="Choose at least one target column"):
        Roles(targets=())


def test_roles_refuse_a_column_with_two_roles() -> None:
    with pytest.raises(ConfigError, match="one role only; a, y has two"):
        Roles(targets=("y", "a"), past_features=("y",), known_features=("a",))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"horizon": 0, "holdout": 1}, "`horizon` must be at least 1, got 0"),
        ({"horizon": 3, "holdout": 2}, "`holdout` must be at least 3, got 2"),
        ({"folds": 1}, "`folds` must be at least 2, got 1"),
        ({"season": 0}, "`season` must be at least 1, got 0"),
        ({"valid_size": 0}, "`valid_size` must be at least 1, got 0"),
    ],
)
def test_task_refuses(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Task(**{"horizon": 1, "holdout": 5, **settings})  # type: ignore[arg-type]


def test_task_smallest_legal_settings() -> None:
    task = Task(horizon=3, holdout=3, folds=2, season=1, valid_size=1)
    assert (task.score, task.valid_size) == ("rmse", 1)


CLASSES = {"classes": ("a", "b"), "score": "log_loss"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "regression", "horizon": 2}, "`horizon` must be 1 .* got 2"),
        ({"kind": "regression", "holdout": 0}, "`holdout` must be at least 1, got 0"),
        ({"kind": "regression", "score": "log_loss"}, "must be one of rmse, mae"),
        ({"kind": "regression", "classes": ("a", "b")}, "`classes` must be empty"),
        ({"kind": "labelling", **CLASSES, "score": "rmse"}, "one of log_loss, error_r"),
        ({"kind": "labelling", "score": "f1_error"}, "at least two `classes`, got 0"),
        (
            {"kind": "classification", **CLASSES, "classes": ("b", "a")},
            "must be sorted and without repetition, got b, a",
        ),
        ({"kind": "classification", **CLASSES, "stride": 0}, "`stride` must be at"),
        (
            {"kind": "classification", **CLASSES, "test_groups": ("x",)},
            r"`holdout` must be 0 where `test_groups` \(1\) .* got 5",
        ),
        ({"test_groups": ("x",)}, "`test_groups` must be empty .*'forecasting'"),
        ({"kind": "anomaly", "normal_rows": 0}, "`normal_rows` must be at least 1"),
    ],
)
def test_task_refuses_what_its_kind_cannot_have(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Task(**{"horizon": 1, "holdout": 5, **settings})


@pytest.mark.parametrize(
    ("settings", "roles", "message"),
    [
        (
            {"kind": "labelling", **CLASSES},
            Roles(("y", "z"), ("x",)),
            "one column of classes, got 2: y, z",
        ),
        ({"kind": "regression"}, Roles(("y",), group="id"), "at least one feature: y"),
        ({"kind": "regression"}, Roles(("y",), ("x",)), "whole sequences needs .*grou"),
        ({"kind": "anomaly"}, Roles(("y",)), "Say what is normal"),
        ({}, Roles(("y",), label="bad"), r"`label` \('bad'\) is for anomalies only"),
    ],
)
def test_task_refuses_columns_that_do_not_fit(
    settings: dict[str, Any], roles: Roles, message: str
) -> None:
    task = Task(**{"horizon": 1, "holdout": 5, **settings})
    with pytest.raises(ConfigError, match=message):
        task.check_roles(roles)


def test_task_of_an_older_study_is_a_forecast() -> None:
    stored = {"horizon": 2, "holdout": 4, "folds": 5, "season": 1, "score": "mae"}
    task = msgspec.convert(stored, Task)
    assert task == Task(horizon=2, holdout=4, score="mae")
    task.check_roles(msgspec.convert({"targets": ["y"]}, Roles))
    assert task.kind == "forecasting"


def test_roles_refuse_a_group_that_is_also_a_feature() -> None:
    with pytest.raises(ConfigError, match="one role only; id has two"):
        Roles(targets=("y",), past_features=("id",), group="id")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trials": None}, "Give a budget"),
        ({"trials": 0}, "`trials` must be at least 1, got 0"),
        ({"trials": MAX_TRIALS + 1}, "`trials` must be at most 5000, got 5001"),
        ({"seconds": 0.0}, "`seconds` must lie above 0 .* got 0"),
        ({"seconds": -1.0}, "`seconds` must lie above 0 .* got -1"),
        ({"seconds": float("nan")}, "`seconds` must lie above 0 .* got nan"),
        ({"seconds": float("inf")}, "`seconds` must lie above 0 .* got inf"),
    ],
)
def test_budget_refuses(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Budget(**settings)


@pytest.mark.parametrize(
    "settings",
    [{"trials": 1}, {"trials": MAX_TRIALS}, {"trials": None, "seconds": 0.5}],
)
def test_budget_smallest_and_largest(settings: dict[str, Any]) -> None:
    assert Budget(**settings).trials == settings["trials"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "`epochs` must be at least 1, got 0"),
        ({"patience": -1}, "`patience` must be at least 0, got -1"),
        ({"refit_seeds": 0}, "`refit_seeds` must be at least 1, got 0"),
        ({"seed": -1}, "`seed` must be at least 0, got -1"),
        (
            {"refit_seeds": 1, "deliver": "average"},
            "`refit_seeds` must be at least 2 where the average .* got 1. Ask for more",
        ),
    ],
)
def test_training_refuses(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Training(**settings)


def test_a_new_study_has_ten_refits_at_most() -> None:
    Training(refit_seeds=10, deliver="average").check_new()
    many = Training(refit_seeds=11)  # as a study of an older version may have
    with pytest.raises(ConfigError, match=r"refits of each winner, must be .* 10, got"):
        many.check_new()


def test_training_of_an_older_study_delivers_one_network() -> None:
    stored = b'{"refit_seeds": 20, "seed": 4}'
    training = msgspec.json.decode(stored, type=Training)
    assert (training.refit_seeds, training.deliver) == (20, "one")


def test_training_smallest_legal_settings() -> None:
    training = Training(epochs=1, patience=0, refit_seeds=1, seed=0)
    assert training.patience == 0


def test_environment_defaults_to_a_folder_beside_the_caller(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("STUDIES_DIR", raising=False)
    monkeypatch.delenv("STUDIES_STORAGE", raising=False)
    monkeypatch.chdir(tmp_path)
    environment = Environment.from_process()
    assert environment.studies_dir == tmp_path / "studies"
    assert environment.storage_url == f"sqlite:///{tmp_path}/studies/optuna.db"


def test_environment_reads_the_process_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STUDIES_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("STUDIES_STORAGE", "postgresql+psycopg://host/db")
    environment = Environment.from_process()
    assert environment.studies_dir == tmp_path / "elsewhere"
    assert environment.storage_url == "postgresql+psycopg://host/db"


def test_environment_argument_overrides_the_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STUDIES_DIR", str(tmp_path))
    monkeypatch.setenv("STUDIES_STORAGE", "sqlite:///one.db")
    environment = Environment.from_process(storage_url="sqlite:///two.db")
    assert environment.storage_url == "sqlite:///two.db"


def test_environment_does_not_show_its_password() -> None:
    environment = Environment(Path("studies"), "postgresql+psycopg://me:secret@host/db")
    assert "secret" not in repr(environment)
