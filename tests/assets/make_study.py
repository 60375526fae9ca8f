"""Make the stored study of this version: `python -m tests.assets.make_study`.

It writes ``study-<version>.zip``: a studies folder with one finished study of three
trials, its SQLite file, its curves, its results and a winner with its download. Run
it once before a release, and keep every file that was ever made: a test opens them
all, for ever.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

import search

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
N_ROWS = 120
LEFT_OUT = ("logs", ".cache")
OPTIONS = (
    "--target load --time time --horizon 2 --holdout 12 --folds 2 --cells gru "
    "--trials 3 --epochs 2 --patience 0 --pruner none --refits 1 --workers 1 --seed 1"
)


def main() -> None:
    """Search once with real networks, and zip what that leaves."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        table, space = place / "power.csv", place / "space.json"
        steps = np.arange(N_ROWS)
        noise = np.random.default_rng(1).normal(0, 0.1, N_ROWS)
        days = pd.date_range("2024-01-01", periods=N_ROWS, freq="D")
        load = 10 + np.sin(steps / 3.0) + noise
        pd.DataFrame({"time": days, "load": load.round(3)}).to_csv(table, index=False)
        space.write_text('{"units": 16, "layers": 1, "sequence_length": 8}')
        words = [str(table), *OPTIONS.split(), "--name", "Power"]
        studies = place / "studies"
        subprocess.run(
            [sys.executable, "-m", "search", "run", *words, "--space", str(space)],
            cwd=ROOT,
            env={**os.environ, "STUDIES_DIR": str(studies), "STUDIES_STORAGE": ""},
            check=True,
        )
        save_zip(studies, HERE / f"study-{search.__version__}.zip")


def save_zip(studies: Path, target: Path) -> None:
    """Write all files of `studies` but logs, locks and caches."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(studies.rglob("*")):
            name = path.relative_to(studies)
            is_left_out = any(part in LEFT_OUT for part in name.parts)
            if path.is_file() and not is_left_out and path.suffix != ".lock":
                archive.write(path, name)


if __name__ == "__main__":
    main()
