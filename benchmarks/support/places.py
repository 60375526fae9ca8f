"""Where the benchmarks read and write."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALTERNATIVES = ROOT / "benchmarks" / "alternatives"
CACHE = ROOT / "benchmarks" / ".cache"
CURVES = ROOT / "benchmarks" / ".curves"
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
DATA = Path(os.environ.get("BENCHMARK_DATA") or ROOT.parent / "shared" / "data")
