"""The settings of a search that goes on from where a study ended."""

from collections.abc import Mapping
from dataclasses import replace

from search.space.lines import Value
from search.study.results import StudyResults
from search.study.settings import StudySettings


def continued_settings(
    settings: StudySettings,
    *,
    file_name: str | None,
    notes: tuple[str, ...] = (),
    filled_ahead: Mapping[str, int] | None = None,
) -> StudySettings:
    """Return the settings of a study for its series with newer rows.

    Parameters
    ----------
    file_name
        File of the newer rows; None where there are none.
    notes
        What was done to them.
    filled_ahead
        How many of them were filled from later rows, by column.
    """
    source = settings.source
    if file_name is not None:
        source = replace(
            source,
            file_name=f"{source.file_name} + {file_name}",
            repairs=(*source.repairs, *(f"{file_name}: {note}" for note in notes)),
            filled_ahead=_summed(source.filled_ahead, filled_ahead or {}),
        )
    return replace(settings, source=source, enqueue=())


def _summed(
    first: Mapping[str, int] | None, second: Mapping[str, int]
) -> dict[str, int] | None:
    """Return the counts of both; None where those of the study were not noted."""
    if first is None:
        return None
    names = dict.fromkeys([*first, *second])
    return {name: first.get(name, 0) + second.get(name, 0) for name in names}


def first_configurations(results: StudyResults) -> tuple[dict[str, Value], ...]:
    """Return the configurations of the winners, best first."""
    ranked = sorted(results.winners.values(), key=lambda winner: winner.cv)
    return tuple(winner.params for winner in ranked)
