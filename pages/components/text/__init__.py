"""All visible text, by key, and user text made harmless for where it is shown.

The texts lie in ``en/<page>.toml``; the key ``home.title`` is `title` in
``en/home.toml``. Another language is another folder.
"""

import html
import re
import tomllib
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "en"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&=^@])")
_ESCAPED = re.compile(r"\\(.)")
_SPACES = re.compile(r"\s+")
# Streamlit turns `:name:` into an emoji, `:red[x]` into colour, `->` into an arrow, and
# bare addresses of pages and of people into links after the escapes are resolved; an
# invisible mark keeps the characters apart.
_APART = "\u2060"
_REPLACED = re.compile(
    r":(?=[A-Za-z+_\-])|<(?=-)|-(?=[->])|[<>!](?==)|=(?==)"
    r"|(?i:https?:(?=//)|www(?=\.))|(?<=[\w.+\-])@(?=[\w\-])"
)


def plain(value: object) -> str:
    """Return `value` as markdown text that shows exactly its characters."""
    flat = _SPACES.sub(" ", str(value)).strip()
    apart = _REPLACED.sub(lambda match: match.group(0) + _APART, flat)
    return _MARKDOWN.sub(r"\\\1", apart)


def chart_plain(value: object) -> str:
    """Return `value` for a plotly figure, whose texts understand some HTML."""
    return html.escape(_SPACES.sub(" ", str(value)).strip(), quote=False)


def spoken(markdown: str) -> str:
    """Return markdown text as a screen reader should say it, without escapes.

    Examples
    --------
    >>> spoken("**RMSE** " + plain("17.7"))
    'RMSE 17.7'
    """
    return _ESCAPED.sub(r"\1", markdown.replace("**", "")).replace(_APART, "")


def text(key: str, **values: object) -> str:
    """Return the markdown text of `key`; the inserted strings are made inert."""
    safe = {name: _inert(value) for name, value in values.items()}
    return _template(key).format(**safe)


def raw_text(key: str, **values: object) -> str:
    """Return the text of `key` for places without markdown: cells, options, files."""
    return _template(key).format(**values)


def chart_text(key: str, **values: object) -> str:
    """Return the text of `key` for a plotly figure, with inserted strings escaped."""
    safe = {
        name: chart_plain(value) if isinstance(value, str) else value
        for name, value in values.items()
    }
    return _template(key).format(**safe)


def has_text(key: str) -> bool:
    """Return whether there is a text of that key."""
    page, _, name = key.partition(".")
    return name in _page(page)


def _inert(value: object) -> object:
    return plain(value) if isinstance(value, str) else value


def _template(key: str) -> str:
    page, _, name = key.partition(".")
    return _page(page)[name]


@lru_cache(maxsize=64)
def _page(page: str) -> dict[str, str]:
    path = _FOLDER / f"{page}.toml"
    return dict(tomllib.loads(path.read_text(encoding="utf-8")))
