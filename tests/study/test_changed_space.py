"""C5: a search space that was changed after the search began."""

from dataclasses import replace

import pytest

from search.errors import StudyCorrupted
from search.space.lines import Line
from search.study.folders import load_document, open_folder, save_document
from search.study.optuna_study import open_study
from search.study.trials.claims import claim_trial, current_owner


def change(handle, line: Line):
    """Write other settings, as an editor would, and read them back."""
    document = load_document(handle.folder)
    space = document.settings.space.with_line(line)
    settings = replace(document.settings, space=space)
    save_document(handle.folder, replace(document, settings=settings))
    return open_folder(handle.environment, handle.folder)


@pytest.mark.case("C5", "one choice more in the settings of a study that has trials")
@pytest.mark.parametrize(
    "line",
    [
        Line("units", choices=(16, 32, 64, 128, 256)),
        Line("units", low=16, high=128),
        Line("cell", choices=("GRU", "LSTM")),
    ],
)
def test_another_space_is_refused_before_the_first_trial(handle, study, line):
    """Optuna refused it in each trial, and five workers died of that."""
    claim_trial(handle, study, current_owner())
    changed = change(handle, line)
    with pytest.raises(StudyCorrupted, match=f"`{line.name}` has other choices"):
        open_study(changed)


def test_a_space_without_trials_may_change(handle):
    changed = change(handle, Line("units", choices=(16, 32)))
    claim = claim_trial(changed, open_study(changed), current_owner())
    assert claim.reason == "claimed"


def test_a_line_that_is_fixed_now_or_a_wider_range_is_accepted(handle, study):
    """Optuna can live with both."""
    claim_trial(handle, study, current_owner())
    for line in (Line("units", choices=(32,)), Line("dropout", low=0.0, high=0.6)):
        open_study(change(handle, line))
