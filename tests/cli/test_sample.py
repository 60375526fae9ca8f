from pathlib import Path

import pytest

from search.cli.main import main
from search.data.group_samples import GROUP_SAMPLES, make_group_sample
from search.data.samples import SAMPLES, make_sample


def test_sample_is_written_where_it_is_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "shops.csv"
    assert main(["sample", "shop_sales", "--out", str(path)]) == 0
    assert path.read_bytes() == make_group_sample("shop_sales")
    assert str(path) in capsys.readouterr().err


def test_sample_has_its_own_name_without_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sample", "two_sines"]) == 0
    assert (tmp_path / "two_sines.csv").read_bytes() == make_sample("two_sines")


def test_samples_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[0] for line in lines]
    assert names == [*SAMPLES, *GROUP_SAMPLES]
    assert "Engine wear" in lines[names.index("engine_wear")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sample", "nothing"], "There is no sample 'nothing'; choose from two_sines"),
        (["sample", "two_sines", "--out", "no/such/x.csv"], "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_said(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
