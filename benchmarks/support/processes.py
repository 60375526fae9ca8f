"""Commands for the parts of a benchmark that need a process of their own."""

import sys


def benchmark_command(name: str, *options: str) -> list[str]:
    """Return the command that runs the benchmark `name` once more with `options`."""
    return [sys.executable, "-m", f"benchmarks.{name}", *options]
