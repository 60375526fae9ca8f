"""`doctor`: audit studies, say what is wrong, mend what is safe."""

import argparse

from search.cli.exit_codes import EXIT_FAILED, EXIT_OK
from search.cli.screen import stdout, write_line
from search.environment import Environment
from search.jobs.audit import audit_folders, audit_storage, audit_study
from search.study.studies import find_study, list_studies


def examine(options: argparse.Namespace) -> int:
    """Print each fault; return 1 if one of them could not be mended."""
    environment = Environment.from_process(storage_url=options.storage)
    console = stdout()
    faults = list(audit_storage(environment))
    if options.study is None:
        handles = list_studies(environment)
        faults.extend(audit_folders(environment))
    else:
        handles = (find_study(environment, options.study),)
    for handle in handles:
        faults.extend(audit_study(handle))
    for fault in faults:
        word = "mended" if fault.is_mended else "wrong"
        write_line(console, f"{fault.study[:8]} {word}: {fault.message}")
    count = "1 study" if len(handles) == 1 else f"{len(handles)} studies"
    if not faults:
        console.print(f"{count} examined; all is in order.")
    is_sound = all(fault.is_mended for fault in faults)
    return EXIT_OK if is_sound else EXIT_FAILED
