"""The header of a UCR/UEA text file: what it says about the sequences below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from search.data.findings import Finding, shown
from search.errors import TableFormatError

_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True)
class Header:
    """What the lines before ``@data`` say.

    Attributes
    ----------
    has_times
        Whether each value stands in brackets behind its time stamp.
    has_missing, is_univariate, is_equal_length
        None where the header does not say.
    n_channels, length
        Channels and values of each sequence; None where the header does not say.
    channels_tag
        Tag that gave `n_channels`.
    label
        ``class``, ``target value``, or None without labels.
    classes
        Names of the classes, in the order of the header.
    body
        Line number and text of each line after ``@data``.
    findings
        Tags that are not known.
    """

    has_times: bool
    has_missing: bool | None
    is_univariate: bool | None
    is_equal_length: bool | None
    n_channels: int | None
    channels_tag: str
    length: int | None
    label: Literal["class", "target value"] | None
    classes: tuple[str, ...]
    body: tuple[tuple[int, str], ...]
    findings: tuple[Finding, ...]

    @property
    def label_tag(self) -> str:
        """Tag that announces the label."""
        return "classLabel" if self.label == "class" else "targetLabel"


@dataclass(frozen=True)
class _Tag:
    line: int
    words: tuple[str, ...]


_KNOWN = (
    "problemname",
    "timestamps",
    "missing",
    "univariate",
    "dimension",
    "dimensions",
    "equallength",
    "serieslength",
    "classlabel",
    "targetlabel",
)


def read_header(lines: Sequence[str]) -> Header:
    """Read the header; the first line of `lines` is line 1 of the file.

    Raises
    ------
    TableFormatError
        If ``@data`` is absent, a tag occurs twice or has a value that it cannot have,
        or data begin before ``@data``; the message names the line.
    """
    tags: dict[str, _Tag] = {}
    findings: list[Finding] = []
    for number, raw in enumerate(lines, 1):
        text = raw.strip()
        if not text or text.startswith(("#", "%")):
            continue
        if not text.startswith("@"):
            raise TableFormatError(
                f"Row {number} begins with {shown(text[:30])}, before a line @data. "
                "The sequences come after that line."
            )
        name, *words = text[1:].split()
        tag = name.lower()
        if tag == "data":
            body = tuple(enumerate(lines[number:], number + 1))
            return _header(tags, body, tuple(findings))
        if tag in tags:
            raise TableFormatError(
                f"Rows {tags[tag].line} and {number} both say @{name}. Remove one."
            )
        tags[tag] = _Tag(number, tuple(words))
        if tag not in _KNOWN:
            message = f"Row {number}: the tag {shown('@' + name)} is not known."
            findings.append(Finding("ts_header", "notice", message, rows=(number,)))
    raise TableFormatError(
        "The file has no line @data, so no sequences. It may be cut off."
    )


def _header(
    tags: dict[str, _Tag],
    body: tuple[tuple[int, str], ...],
    findings: tuple[Finding, ...],
) -> Header:
    is_univariate = _flag(tags, "univariate")
    dimensions = "dimensions" if "dimensions" in tags else "dimension"
    n_channels, channels_tag = _number(tags, dimensions), f"@{dimensions}"
    if is_univariate and n_channels not in {None, 1}:
        raise TableFormatError(
            f"Row {tags['univariate'].line} says @univariate true, row "
            f"{tags[dimensions].line} says {n_channels} channels. Correct one of them."
        )
    if is_univariate and n_channels is None:
        n_channels, channels_tag = 1, "@univariate true"
    has_classes = bool(_flag(tags, "classlabel"))
    has_target = bool(_flag(tags, "targetlabel"))
    if has_classes and has_target:
        raise TableFormatError(
            f"Rows {tags['classlabel'].line} and {tags['targetlabel'].line} announce "
            "classes and target values. A sequence has one or the other."
        )
    classes = tags["classlabel"].words[1:] if has_classes else ()
    if has_classes and not classes:
        raise TableFormatError(
            f"Row {tags['classlabel'].line}: @classLabel true names no class. Write "
            "them behind it, such as @classLabel true walking resting."
        )
    twice = sorted({name for name in classes if classes.count(name) > 1})
    if twice:
        raise TableFormatError(
            f"Row {tags['classlabel'].line}: the class {shown(twice[0])} is named "
            "twice."
        )
    return Header(
        has_times=bool(_flag(tags, "timestamps")),
        has_missing=_flag(tags, "missing"),
        is_univariate=is_univariate,
        is_equal_length=_flag(tags, "equallength"),
        n_channels=n_channels,
        channels_tag=channels_tag,
        length=_number(tags, "serieslength"),
        label="class" if has_classes else "target value" if has_target else None,
        classes=classes,
        body=body,
        findings=findings,
    )


def _flag(tags: dict[str, _Tag], name: str) -> bool | None:
    if name not in tags:
        return None
    tag = tags[name]
    word = tag.words[0].lower() if tag.words else ""
    if word not in _FLAGS:
        raise TableFormatError(
            f"Row {tag.line}: @{name} must be true or false, got {shown(word)}."
        )
    return _FLAGS[word]


def _number(tags: dict[str, _Tag], name: str) -> int | None:
    if name not in tags:
        return None
    tag = tags[name]
    word = tag.words[0] if tag.words else ""
    if not (word.isascii() and word.isdecimal() and 0 < int(word[:9])):
        raise TableFormatError(
            f"Row {tag.line}: @{name} must be a whole number above 0, got "
            f"{shown(word)}."
        )
    return int(word[:9])
