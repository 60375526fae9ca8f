"""Entry of the command line: picks the command, turns errors into exit codes."""

import argparse
import errno
import logging
import sys
from collections.abc import Callable, Sequence

from search.cli.arguments import parse_arguments
from search.cli.exit_codes import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_WRONG_INPUT
from search.config import Environment
from search.disk import full_sentence, is_full
from search.errors import SearchError, UserInputError

# What the system answers where somebody lacks a right, or too much is open.
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EMFILE, errno.ENFILE)

PROCESS_COMMANDS = ("work", "supervise", "baselines", "refit")

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code.

    0 on success, 2 on wrong input, 130 after Ctrl-C, 1 for everything else. Errors
    are one sentence on stderr.
    """
    options = parse_arguments(arguments)
    _configure_logging(options.command)
    try:
        return _COMMANDS[options.command](options)
    except UserInputError as error:
        _say(error)
        return EXIT_WRONG_INPUT
    except SearchError as error:
        _say(error)
        return EXIT_FAILED
    except OSError as error:
        if is_full(error):
            _say(full_sentence(Environment.from_process().studies_dir))
        elif error.errno in _REFUSED:
            from search.study.storage.places import refusal

            _say(refusal(error))
        else:
            raise
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _configure_logging(command: str) -> None:
    is_process = command in PROCESS_COMMANDS
    logging.basicConfig(
        level=logging.INFO if is_process else logging.WARNING,
        format="%(asctime)s %(levelname)s [%(process)d] %(message)s"
        if is_process
        else "%(levelname)s: %(message)s",
        stream=sys.stderr,
    )
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)


def _say(error: Exception | str) -> None:
    sys.stderr.write(f"{error}\n")


def _run(options: argparse.Namespace) -> int:
    from search.cli.run import run_file

    return run_file(options)


def _resume(options: argparse.Namespace) -> int:
    from search.cli.run import resume_study

    return resume_study(options)


def _list(options: argparse.Namespace) -> int:
    from search.cli.manage import list_all

    return list_all(options)


def _show(options: argparse.Namespace) -> int:
    from search.cli.manage import show_study

    return show_study(options)


def _wish(options: argparse.Namespace) -> int:
    from search.cli.manage import change_wish

    return change_wish(options)


def _steer(options: argparse.Namespace) -> int:
    from search.cli.steer import steer

    return steer(options)


def _export(options: argparse.Namespace) -> int:
    from search.cli.manage import export_bundle

    return export_bundle(options)


def _predict(options: argparse.Namespace) -> int:
    from search.cli.predict import predict

    return predict(options)


def _sample(options: argparse.Namespace) -> int:
    from search.cli.sample import write_sample

    return write_sample(options)


def _doctor(options: argparse.Namespace) -> int:
    from search.cli.doctor import examine

    return examine(options)


def _upgrade(options: argparse.Namespace) -> int:
    from search.cli.upgrade import upgrade

    return upgrade(options)


def _process(options: argparse.Namespace) -> int:
    from search.jobs.importing import quick_imports

    with quick_imports():
        from search.cli.processes import run_process
    return run_process(options)


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "resume": _resume,
    "list": _list,
    "show": _show,
    "stop": _wish,
    "pause": _wish,
    "narrow": _steer,
    "widen": _steer,
    "enqueue": _steer,
    "unqueue": _steer,
    "budget": _steer,
    "export": _export,
    "predict": _predict,
    "sample": _sample,
    "doctor": _doctor,
    "upgrade": _upgrade,
    "work": _process,
    "supervise": _process,
    "baselines": _process,
    "refit": _process,
}
