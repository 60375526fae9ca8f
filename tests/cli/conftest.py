"""A folder of studies of its own, and one finished study made through `run`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.cli.main import main
from search.worker.toy import EPOCH_VARIABLE, TOY_VARIABLE


@dataclass(frozen=True)
class Finished:
    """What `run` left behind."""

    exit_code: int
    json: Path
    studies: Path
    table: Path


def save_table(folder: Path) -> Path:
    """Write 120 days with a weekly wave, a second column and a text column."""
    days = pd.date_range("2024-01-01", periods=120, freq="D")
    steps = np.arange(120)
    path = folder / "plant.csv"
    pd.DataFrame(
        {
            "day": days.strftime("%Y-%m-%d"),
            "load": 10 + np.sin(2 * np.pi * steps / 7) + steps / 50,
            "flow, in": steps % 5,
        }
    ).to_csv(path, index=False)
    return path


def set_up(patch: pytest.MonkeyPatch, studies: Path) -> None:
    patch.setenv("STUDIES_DIR", str(studies))
    patch.delenv("STUDIES_STORAGE", raising=False)
    patch.setenv(TOY_VARIABLE, "toy")
    patch.setenv(EPOCH_VARIABLE, "0")


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("finished")
    table = save_table(folder)
    out = folder / "out.json"
    with pytest.MonkeyPatch.context() as patch:
        set_up(patch, folder / "studies")
        code = main(
            [
                *("run", str(table), "--target", "load", "--horizon", "2"),
                *("--cells", "lstm,gru", "--trials", "2", "--workers", "1"),
                *("--epochs", "2"),
                *("--name", "Plant", "--json", str(out)),
            ]
        )
    return Finished(code, out, folder / "studies", table)


@pytest.fixture
def finished(finished_once: Finished, monkeypatch: pytest.MonkeyPatch) -> Finished:
    """Return the finished study, with the environment pointing to it."""
    set_up(monkeypatch, finished_once.studies)
    return finished_once


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return save_table(tmp_path)


@pytest.fixture
def empty_studies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    set_up(monkeypatch, tmp_path / "studies")
    return tmp_path / "studies"
