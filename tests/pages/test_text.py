"""Texts: each one exists, and what a user wrote stays what it is."""

import ast
import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from pages.components.text import (
    chart_plain,
    chart_text,
    has_text,
    plain,
    raw_text,
    text,
)
from search.evaluation.diagnosis import Cure, Evidence, Illness

PAGES = Path(__file__).parents[2] / "pages"
SEARCH = PAGES.parent / "search"
TEXTS = PAGES / "components" / "text" / "en"
USED = re.compile(r"\b(?:raw_|chart_)?text\(\s*\"([a-z]+\.[a-z_]+)\"")
# Steps between rows that are not spelled out anywhere in the sources.
NAMES_OF_PANDAS = ("w-sun", "w-mon", "qs-oct", "ys-jan")
APART = "\u2060"


def used_keys() -> list[str]:
    sources = [path.read_text() for path in PAGES.rglob("*.py")]
    return sorted({key for source in sources for key in USED.findall(source)})


def test_each_text_that_a_page_names_exists() -> None:
    keys = used_keys()
    assert len(keys) > 100
    assert [key for key in keys if not has_text(key)] == []


def test_each_text_is_used() -> None:
    """By its whole key, or by a pattern such as ``f"setup.{name}_help"``.

    A pattern begins with the name of its page, and what fills it must stand as a string
    somewhere in the sources.
    """
    constants, patterns = set(NAMES_OF_PANDAS), set[str]()
    for path in [*PAGES.rglob("*.py"), *SEARCH.rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant):
                constants.add(str(node.value).lower().replace(" ", "_"))
            elif isinstance(node, ast.JoinedStr) and path.is_relative_to(PAGES):
                # Two values side by side can be told apart in more ways than one.
                patterns |= {_pattern(node, "(.*)"), _pattern(node, "(.*?)")}
    known = [re.compile(one) for one in patterns if re.match(r"[a-z]+\\\.", one)]
    unused = [
        key
        for key in all_keys()
        if key.lower() not in constants
        and not any(
            constants.issuperset(match.groups())
            for match in (one.fullmatch(key.lower()) for one in known)
            if match
        )
    ]
    assert not unused, "\n".join(unused)


def all_keys() -> list[str]:
    return [
        f"{path.stem}.{name}"
        for path in sorted(TEXTS.glob("*.toml"))
        for name in tomllib.loads(path.read_text())
    ]


def _pattern(node: ast.JoinedStr, value: str) -> str:
    """Return an f-string as a regular expression with a group for each value."""
    return "".join(
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else value
        for part in node.values
    )


@pytest.mark.case("X1", "markup of every kind in an inserted name")
@pytest.mark.parametrize("path", sorted(TEXTS.glob("*.toml")), ids=lambda p: p.stem)
def test_texts_are_plain_words(path: Path) -> None:
    for name, words in tomllib.loads(path.read_text()).items():
        assert "!" not in words, name
        assert "please" not in words.lower(), name


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Passengers", "Passengers"),
        ("feed_flow_rate", r"feed\_flow\_rate"),
        ("temperature [°C]", r"temperature \[°C\]"),
        ("**a**", r"\*\*a\*\*"),
        ("[x](http://y)", rf"\[x\]\(http:{APART}//y\)"),
        ("HTTPS://y/z", f"HTTPS:{APART}//y/z"),
        ("www.y.example", rf"www{APART}\.y\.example"),
        ("ann@y.example", rf"ann\@{APART}y\.example"),
        ("at 5 @ 3", r"at 5 \@ 3"),
        ("<b>a</b>", r"\<b\>a\</b\>"),
        ("$x$", r"\$x\$"),
        (":red[a]", f":{APART}red\\[a\\]"),
        (":smile:", f":{APART}smile:"),
        ("a -> b", f"a \\-{APART}\\> b"),
        ("two\n\nlines", "two lines"),
    ],
)
def test_plain_shows_markdown_as_it_was_typed(typed: str, shown: str) -> None:
    assert plain(typed) == shown


def test_chart_plain_shows_html_as_it_was_typed() -> None:
    assert chart_plain("<b>a</b> & c") == "&lt;b&gt;a&lt;/b&gt; &amp; c"


def test_inserted_words_are_inert_in_text() -> None:
    assert r"**\*x\*** · 1 kB" in text("data.file", name="*x*", size="1 kB")


def test_inserted_words_are_left_in_raw_text() -> None:
    assert raw_text("setup.range_words", low="1_0", high="2") == "1_0 to 2"


def test_inserted_words_are_escaped_in_chart_text() -> None:
    assert chart_text("setup.range_words", low="<i>", high=3) == "&lt;i&gt; to 3"


def test_unknown_key_is_refused() -> None:
    with pytest.raises(KeyError, match="absent"):
        text("app.absent")


@pytest.mark.parametrize("illness", get_args(Illness))
def test_every_illness_has_a_name_and_a_sentence(illness: str) -> None:
    assert has_text(f"diagnosis.{illness}")
    assert has_text(f"diagnosis.{illness}_body")


def test_every_evidence_and_cure_has_words() -> None:
    assert all(has_text(f"diagnosis.seen_{one}") for one in get_args(Evidence))
    of_trials = ("learning", "loss", "folds")
    assert all(has_text(f"diagnosis.seen_trial_{one}") for one in of_trials)
    assert all(has_text(f"diagnosis.cure_{cure}") for cure in get_args(Cure))
