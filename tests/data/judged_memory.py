"""Judges all bad files twice and prints by how many MB the second time grew memory.

A program of its own: what other tests left behind would count.
"""

import gc
import sys

import psutil

from search.errors import UserInputError
from tests.data.bad_files import BAD_FILES, judge
from tests.data.mutations import mutated, text_file
from tests.data.tables import settings_of


def judge_all(n_mutations: int) -> None:
    for file in BAD_FILES:
        judge(file.content, file.settings)
    for seed in range(n_mutations):
        try:
            judge(mutated(text_file(seed), seed), settings_of())
        except UserInputError:
            continue


def resident_megabytes() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 1e6


def main() -> None:
    # The first time loads what no file has used before.
    judge_all(30)
    before = resident_megabytes()
    judge_all(300)
    sys.stdout.write(f"{resident_megabytes() - before:.1f}\n")


if __name__ == "__main__":
    main()
