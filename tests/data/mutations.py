"""Good files damaged at random, each from a seed of its own."""

import io
import random
from collections.abc import Callable

import pandas as pd

from tests.data.tables import as_csv, daily_rows

Mutate = Callable[[random.Random, bytes], bytes]

_CELLS = (
    *("", "NaN", "inf", "-", "abc", "1e999", "0x1F", "1_0", "2024-02-30", "12:00", "٣"),
    *('"', '""', "'", "=1+1", "<b>", "\u202e", "\x00", "9" * 400, "#", "%", "//", "?"),
)
_MARKS = (b",", b";", b"\t", b"|", b" ", b"\n", b"\r", b'"', b".")
_ENCODINGS = ("utf-16", "utf-16-le", "utf-8-sig", "cp1252", "utf-32", "utf-7", "cp037")


def text_file(seed: int) -> bytes:
    """Return the good table as text, in one of four notations."""
    plain = as_csv(daily_rows())
    notations = (
        plain,
        plain.replace(b",", b";").replace(b"1;", b"1,5;"),
        plain.replace(b",1", b',"1').replace(b"0,", b'0",'),
        plain.replace(b"other", "größe".encode()),
    )
    return notations[seed % len(notations)]


def binary_file(seed: int) -> bytes:
    """Return the good table as an Excel or a Parquet file."""
    frame = pd.DataFrame(daily_rows(), columns=["date", "target", "other"])
    frame = frame.astype({"target": float, "other": float})
    buffer = io.BytesIO()
    if seed % 2:
        frame.to_excel(buffer, index=False)
    else:
        frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def mutated(content: bytes, seed: int, *, is_text: bool = True) -> bytes:
    """Return the file after one to three kinds of damage."""
    dice = random.Random(seed)
    kinds = TEXT_KINDS if is_text else BINARY_KINDS
    for _ in range(dice.choice((1, 1, 2, 3))):
        content = dice.choice(kinds)(dice, content)
    return content


def _place(dice: random.Random, content: bytes) -> int:
    return dice.randint(0, len(content))


def _flip(dice: random.Random, content: bytes) -> bytes:
    damaged = bytearray(content)
    for _ in range(dice.randint(1, 8) if damaged else 0):
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def _cut(dice: random.Random, content: bytes) -> bytes:
    start = _place(dice, content)
    stop = start + dice.randint(1, 1 + len(content) // 3)
    return content[:start] if dice.random() < 0.4 else content[:start] + content[stop:]


def _insert(dice: random.Random, content: bytes) -> bytes:
    place = _place(dice, content)
    return content[:place] + dice.randbytes(dice.randint(1, 12)) + content[place:]


def _double_lines(dice: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    start = dice.randrange(len(lines))
    again = lines[start : start + dice.randint(1, 5)]
    place = dice.randint(0, len(lines))
    return b"\n".join([*lines[:place], *again, *lines[place:]])


def _replace_cells(dice: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    mark = dice.choice((b",", b";"))
    for _ in range(dice.randint(1, 6)):
        place = dice.randrange(len(lines))
        cells = lines[place].split(mark)
        cells[dice.randrange(len(cells))] = dice.choice(_CELLS).encode()
        lines[place] = mark.join(cells)
    return b"\n".join(lines)


def _swap_marks(dice: random.Random, content: bytes) -> bytes:
    one, other = dice.sample(_MARKS, 2)
    if dice.random() < 0.5:
        return content.replace(one, other)
    start = _place(dice, content)
    part = content[start : start + 60].replace(one, other)
    return content[:start] + part + content[start + 60 :]


def _mix_encodings(dice: random.Random, content: bytes) -> bytes:
    start = 0 if dice.random() < 0.5 else _place(dice, content)
    text = content[start:].decode("utf-8", "replace") + dice.choice(("", "ä", "€ß"))
    return content[:start] + text.encode(dice.choice(_ENCODINGS), "replace")


def _move_lines(dice: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    dice.shuffle(lines)
    return b"\n".join(lines)


TEXT_KINDS: tuple[Mutate, ...] = (
    *(_flip, _cut, _insert, _double_lines, _replace_cells, _replace_cells),
    *(_swap_marks, _mix_encodings, _move_lines),
)
BINARY_KINDS: tuple[Mutate, ...] = (_flip, _flip, _cut, _insert)
