"""What earlier versions stored under other names, or did not have yet.

Everything that is read from a file or from the storage and holds lines of a search
space, or a configuration, goes through `current`.
"""

from dataclasses import fields
from typing import Any

from search.space.lines import LIMITS, TrialParams

# The lines of version 0.1.0, `bidirectional` aside. The others came later, and a space
# without them had them fixed at the defaults of `TrialParams`.
_FIRST_LINES = (
    "cell",
    "units",
    "layers",
    "dropout",
    "sequence_length",
    "learning_rate",
    "clipnorm",
    "framing",
    "calendar",
    "loss",
    "scaler",
    "batch_size",
    "recurrent_dropout",
    "optimizer",
)
_OLD, _NEW = "bidirectional", "architecture"
_ARCHITECTURES = {False: "stacked", True: "bidirectional"}


def current(document: Any) -> Any:
    """Return decoded JSON in which everything is called as it is now.

    ``bidirectional`` is read as ``architecture``, in configurations, in lines and in
    the file of a search space, and a space gets the lines that it lacks.

    Examples
    --------
    >>> current({"cell": "GRU", "bidirectional": True})
    {'cell': 'GRU', 'architecture': 'bidirectional'}
    """
    if isinstance(document, list | tuple):
        return [current(entry) for entry in document]
    if not isinstance(document, dict):
        return document
    if document.get("name") == _OLD and "choices" in document:
        return {**document, "name": _NEW, "choices": _values(document["choices"])}
    found: dict[Any, Any] = {}
    for name, entry in document.items():
        if name == _OLD and isinstance(entry, bool):
            found[_NEW] = _ARCHITECTURES[entry]
        elif name == _OLD and isinstance(entry, dict) and "choices" in entry:
            found[_NEW] = {**entry, "choices": _values(entry["choices"])}
        elif name == "lines" and isinstance(entry, list):
            found[name] = _complete(current(entry))
        else:
            found[name] = current(entry)
    return found


def _values(choices: Any) -> Any:
    if not isinstance(choices, list | tuple):
        return choices
    return [_ARCHITECTURES[v] if isinstance(v, bool) else v for v in choices]


def _complete(lines: list[Any]) -> list[Any]:
    """Add the lines that are missing and bring all of them into the order of now."""
    if not all(isinstance(line, dict) for line in lines):
        return lines
    present = {line.get("name") for line in lines}
    defaults = {field.name: field.default for field in fields(TrialParams)}
    missing = [
        {"name": name, "choices": [defaults[name]]}
        for name in LIMITS
        if name not in _FIRST_LINES and name not in present
    ]
    places = {name: place for place, name in enumerate(LIMITS)}
    return sorted(
        [*lines, *missing], key=lambda line: places.get(line.get("name"), len(places))
    )
