"""What earlier versions stored, read as it is called now."""

import json
from dataclasses import replace

import msgspec
import optuna
import pytest

from search.errors import StudyCorrupted
from search.space.earlier import current
from search.space.file import parse_space
from search.space.lines import LIMITS, Line, TrialParams
from search.study.folders import STUDY_FILE, StudyDocument, load_document, save_document
from search.study.settings import StudySettings
from search.study.trials.listing import view_trial

LATER = list(LIMITS)[list(LIMITS).index("optimizer") + 1 :]


def as_before(settings: StudySettings) -> dict:
    """Return settings as version 0.1.0 wrote them, with both directions searched."""
    document = json.loads(msgspec.json.encode(settings))
    lines = document["space"]["lines"]
    lines = [line for line in lines if line["name"] not in LATER]
    both = {"name": "bidirectional", "choices": [False, True], "low": None}
    document["space"]["lines"] = [*lines[:-1], both, lines[-1]]
    document["enqueue"] = [{"cell": "GRU", "bidirectional": True, "units": 64}]
    return document


def test_a_study_of_before_opens(settings, tmp_path):
    new = StudyDocument("ab", "", "", "", 120, settings)
    save_document(tmp_path, new)
    path = tmp_path / STUDY_FILE
    document = json.loads(path.read_text())
    document["settings"] = as_before(settings)
    path.write_text(json.dumps(document))
    found = load_document(tmp_path).settings
    searched = Line("architecture", choices=("stacked", "bidirectional"))
    assert found.space == settings.space.with_line(searched)
    assert found.enqueue == (
        {"cell": "GRU", "architecture": "bidirectional", "units": 64},
    )
    defaults = TrialParams("GRU", 1, 1, 0.0, 1, 1e-3, 1.0)
    for name in LATER[1:]:
        assert found.space[name].values == (getattr(defaults, name),)


def test_a_space_that_lacks_a_line_of_before_is_damaged(settings, tmp_path):
    """Only what came later is filled in."""
    save_document(tmp_path, StudyDocument("ab", "", "", "", 120, settings))
    path = tmp_path / STUDY_FILE
    document = json.loads(path.read_text())
    lines = document["settings"]["space"]["lines"]
    document["settings"]["space"]["lines"] = [
        line for line in lines if line["name"] != "scaler"
    ]
    path.write_text(json.dumps(document))
    with pytest.raises(StudyCorrupted, match="needs exactly these lines"):
        load_document(tmp_path)


def test_a_trial_of_before_has_an_architecture(settings):
    space = settings.space.with_line(
        Line("architecture", choices=("stacked", "bidirectional"))
    )
    choices = optuna.distributions.CategoricalDistribution([False, True])
    trial = optuna.trial.create_trial(
        params={"bidirectional": True},
        distributions={"bidirectional": choices},
        value=1.0,
    )
    params = view_trial(trial, space).params
    assert params["architecture"] == "bidirectional"
    assert "bidirectional" not in params
    assert space.complete({**params, "cell": "GRU"}).architecture == "bidirectional"


@pytest.mark.parametrize(
    ("entry", "values"),
    [
        ("true", ("bidirectional",)),
        ("false", ("stacked",)),
        ('{"choices": [false, true]}', ("stacked", "bidirectional")),
    ],
)
def test_the_file_of_a_space_may_have_the_old_name(settings, entry, values):
    document = f'{{"bidirectional": {entry}}}'.encode()
    assert parse_space(document, settings.space)["architecture"].values == values


def test_only_what_is_meant_is_renamed():
    """A study or a column may be called that too."""
    document = {
        "name": "bidirectional",
        "targets": {"bidirectional": {"rmse": 1.0}},
        "roles": ["bidirectional"],
        "fill": {"bidirectional": "linear"},
        "narrowed": [{"name": "bidirectional", "choices": [True]}],
    }
    narrowed = [{"name": "architecture", "choices": ["bidirectional"]}]
    assert current(document) == {**document, "narrowed": narrowed}


def test_what_is_new_stays(settings):
    document = json.loads(msgspec.json.encode(replace(settings, name="x")))
    assert current(document) == document
