"""Lines of a search space in a file."""

import msgspec

from search.errors import ConfigError, UserInputError
from search.space.earlier import current
from search.space.lines import Line, Space, Value


def parse_space(document: bytes, base: Space) -> Space:
    """Read lines from JSON and put them in the place of those of `base`.

    A line is ``"units": {"low": 16, "high": 64, "step": 16}``,
    ``"framing": {"choices": ["none", "last_value"]}`` or a fixed value,
    ``"dropout": 0.2``.

    Raises
    ------
    ConfigError
        If the text is not such a document; the message names the line.
    """
    try:
        entries = msgspec.json.decode(
            document, type=dict[str, Value | dict[str, object]]
        )
    except msgspec.MsgspecError as error:
        raise ConfigError(f"The search space is not valid JSON: {error}.") from error
    space = base
    for name, entry in current(entries).items():
        fields = {"choices": [entry]} if not isinstance(entry, dict) else entry
        unknown = set(fields) - {"choices", "low", "high", "step", "log"}
        if unknown:
            raise ConfigError(
                f"`{name}` has the unknown setting {', '.join(sorted(unknown))}; use "
                "choices, low, high, step, log."
            )
        try:
            line = msgspec.convert({"name": name, **fields}, Line)
        except UserInputError:
            raise
        except msgspec.ValidationError as error:
            if isinstance(error.__cause__, ConfigError):
                raise error.__cause__ from error
            raise ConfigError(f"`{name}` cannot be read: {error}.") from error
        space = space.with_line(line)
    return space
