"""Load large packages faster when a process of a study starts."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import cast

_HIDDEN = "sklearn"


@contextmanager
def quick_imports() -> Iterator[None]:
    """Spare imports inside the block what they do not need.

    A third of the time of importing TensorFlow goes to the garbage collector, which
    looks through hundreds of thousands of new objects again and again although
    none of them can be freed: it rests in the block, and leaves them alone
    afterwards. Another quarter goes to scikit-learn, which Keras imports only to offer
    wrappers that nobody here uses: it looks absent in the block, as Keras allows, and
    can be imported after it.

    To be used when a process starts, and not while another thread imports.
    """
    was_enabled, was_loaded = gc.isenabled(), _HIDDEN in sys.modules
    gc.disable()
    if not was_loaded:
        sys.modules[_HIDDEN] = cast(ModuleType, None)
    try:
        yield
    finally:
        if not was_loaded:
            del sys.modules[_HIDDEN]
        if was_enabled:
            gc.freeze()
            gc.enable()
