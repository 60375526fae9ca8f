"""A process that makes workers by fork, which takes milliseconds and not seconds.

It reads lines of JSON, ``{"uuid": ..., "folder": ..., "start": variables}`` or
``{"code": pid}``, and answers each with a process id or an exit code. What it forks
runs ``python -m search work UUID`` in a session of its own. TensorFlow is not loaded
here; the toy objective needs none.
"""

import json
import os
import sys
from pathlib import Path

from search.cli.main import main
from search.fault_points import _fault
from search.worker import loop  # noqa: F401 - imported once for all workers


def serve() -> None:
    """Answer until the input ends."""
    codes: dict[int, int] = {}
    for line in sys.stdin:
        request = json.loads(line)
        _collect(codes)
        if "start" in request:
            folder = Path(request["folder"])
            answer: int | None = _give_birth(folder, request["uuid"], request["start"])
        else:
            answer = codes.get(request["code"])
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


def _collect(codes: dict[int, int]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        codes[pid] = os.waitstatus_to_exitcode(status)


def _give_birth(folder: Path, uuid: str, variables: dict[str, str]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        log = os.open(
            folder / "logs" / "worker-1.log",
            os.O_WRONLY | os.O_CREAT | os.O_APPEND,
        )
        nothing = os.open(os.devnull, os.O_RDONLY)
        for place, descriptor in enumerate((nothing, log, log)):
            os.dup2(descriptor, place)
        os.environ.clear()
        os.environ.update(variables)
        _fault.cache_clear()
        code = main(["work", uuid])
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve()
