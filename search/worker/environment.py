"""Set the process up for training; to be called before TensorFlow is imported."""

import hashlib
import logging
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

logger = logging.getLogger(__name__)

# About half the compile time at equal speed and equal values:
# `python -m benchmarks.epoch --compile` measures it.
XLA_FLAGS = (
    "--xla_cpu_use_fusion_emitters=false "
    "--xla_cpu_parallel_codegen_split_count=1 "
    "--xla_backend_optimization_level=1 "
    "--xla_backend_extra_options=xla_cpu_disable_loop_unrolling=true"
)


def prepare_environment(threads: int = 1, *, cache_dir: Path | None = None) -> None:
    """Choose the threads of TensorFlow and how its compiler works.

    One thread a process is the default, because several processes with one thread
    each do more work together than one process with several. Values that the
    process environment already holds stay. Once TensorFlow is loaded nothing can be
    changed any more; a warning says so.

    Parameters
    ----------
    threads
        Threads within one operation and between operations.
    cache_dir
        Folder in which compiled programs are kept for other processes; see
        `compile_cache`. None keeps none.
    """
    if "tensorflow" in sys.modules:
        logger.warning("TensorFlow is loaded already; its settings stay as they are.")
        return
    settings = {
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
        # oneDNN rounds differently from run to run.
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "KERAS_BACKEND": "tensorflow",
        "XLA_FLAGS": XLA_FLAGS,
    }
    if cache_dir is not None:
        settings["TF_XLA_FLAGS"] = (
            f"--tf_xla_persistent_cache_directory={cache_dir} "
            "--tf_xla_persistent_cache_device_types=CPU"
        )
    for name, value in settings.items():
        os.environ.setdefault(name, value)


def compile_cache(studies_dir: Path) -> Path | None:
    """Make the folder of this user's compiled programs inside `studies_dir`.

    Programs in it are machine code that TensorFlow runs, so the folder belongs to one
    user and nobody else may write to it; where that cannot be had there is no cache.
    Another kind of processor, another version of TensorFlow or other flags have
    another folder, because their programs may not run here.
    """
    user = os.getuid() if os.name == "posix" else 0
    folder = studies_dir / ".cache" / f"xla-{user}-{_machine()}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = folder.stat()
    except OSError as error:
        logger.warning("No cache of compiled programs: %s", error)
        return None
    if os.name == "posix" and (status.st_uid != user or status.st_mode & 0o022):
        logger.warning("No cache of compiled programs: others may write to %s", folder)
        return None
    return folder


def _machine() -> str:
    """Return a short name for this kind of processor and this compiler."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = [platform.processor()]
    # The first processor stands for all; its present speed is no property of it.
    kept = ("model name", "flags", "Features", "CPU part")
    processor = [line for line in lines if line.startswith(kept)][:4]
    flags = os.environ.get("XLA_FLAGS", XLA_FLAGS)
    parts = [platform.machine(), *processor, version("tensorflow"), flags]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
