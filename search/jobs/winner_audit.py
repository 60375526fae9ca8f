"""Whether the results of a study and the files of its winners are what was proved."""

from collections.abc import Iterator
from pathlib import Path

from search.config import Cell
from search.study.control import ENDED, read_state
from search.study.folders import StudyHandle, winner_folder
from search.study.results import WinnerResult, load_results
from search.study.trials.listing import TrialView, read_trials_anew


def odd_winners(handle: StudyHandle) -> list[str]:
    """Return a sentence for each winner whose trial or files are not as they were.

    Raises
    ------
    StudyCorrupted
        If results or storage cannot be used.
    """
    results = load_results(handle.folder)
    if results is None:
        return []
    trials = {trial.number: trial for trial in read_trials_anew(handle)}
    # While a study goes on, the files of a winner are replaced before the results are.
    is_at_rest = read_state(handle).state in ENDED
    found: list[str] = []
    for cell, winner in results.winners.items():
        found += _odd_trial(cell, winner, trials.get(winner.trial))
        found += _missing_files(cell, winner)
        if is_at_rest:
            found += _changed_files(handle, cell, winner)
    return found


def _odd_trial(
    cell: Cell, winner: WinnerResult, trial: TrialView | None
) -> Iterator[str]:
    name = f"The winner of {cell} comes from trial {winner.trial}"
    if trial is None or trial.state != "complete" or trial.cell != cell:
        yield f"{name}, which is no complete trial of that cell."
    elif trial.score != winner.cv:
        yield f"{name} with the score {winner.cv:g}; the storage has {trial.score}."


def _missing_files(cell: Cell, winner: WinnerResult) -> Iterator[str]:
    for path in (winner.predictions, winner.bundle):
        if path is not None and not Path(path).is_file():
            yield f"{path}, a file of the winner of {cell}, is missing. {_cure(cell)}"


def _changed_files(
    handle: StudyHandle, cell: Cell, winner: WinnerResult
) -> Iterator[str]:
    """Compare the files with the digests of when they were made and checked."""
    folder = winner_folder(handle, cell)
    for name in winner.sha256:
        path = folder / name
        if not path.is_file():
            # The others are named with their path already.
            if str(path) not in (winner.predictions, winner.bundle):
                text = f"{path}, a file of the winner of {cell}, is missing."
                yield f"{text} {_cure(cell)}"
        elif not winner.is_unchanged(path):
            text = f"{path}, a file of the winner of {cell}, was changed."
            yield f"{text} {_cure(cell)}"


def _cure(cell: Cell) -> str:
    return f"Remove the folder winners/{cell} and resume the study to make it again."
