"""Names and values of hyperparameters as people read them, the same on every page.

The words are those of ``text/en/hyperparameters.toml``.
"""

from pages.components.numbers import three_digits
from pages.components.text import has_text, raw_text
from search.space.lines import Line, Value


def label(name: str) -> str:
    """Return the name of a hyperparameter for people; no markdown.

    Examples
    --------
    >>> label("learning_rate")
    'Learning rate'
    """
    return raw_text(f"hyperparameters.{name}")


def value_word(name: str, value: Value) -> str:
    """Return a value of the hyperparameter `name` in words, all its digits kept.

    Examples
    --------
    >>> value_word("framing", "last_value"), value_word("units", 32)
    ('Change from the last value', '32')
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    key = f"hyperparameters.{name}_{str(value).lower()}"
    return raw_text(key) if has_text(key) else str(value)


def short_value(name: str, value: Value | None) -> str:
    """Return a value for a table: three digits of a number, a dash where none is.

    Examples
    --------
    >>> [short_value("dropout", value) for value in (0.123456, None)]
    ['0.123', '–']
    """
    if value is None:
        return "–"
    return three_digits(value) if isinstance(value, float) else value_word(name, value)


def line_words(line: Line) -> str:
    """Return what a line allows, such as ``16 to 64`` or ``12, 24``."""
    if line.choices:
        return ", ".join(value_word(line.name, value) for value in line.choices)
    low, high = line.values
    words = raw_text("setup.range_words", low=f"{low:g}", high=f"{high:g}")
    if line.log:
        return raw_text("setup.log_words", range=words)
    if line.step > 1:
        return raw_text("setup.step_words", range=words, step=line.step)
    return words
