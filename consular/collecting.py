"""Hold the cycle collector back while very many objects are made."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_back() -> Iterator[None]:
    """Look for no cycles meanwhile; leave the collector as it was found.

    For work that makes objects by the hundred thousand and no cycles among them: each
    round would walk them all, and all that is loaded, and find nothing.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
