"""Memory of large results that is used again once nothing holds it.

The system clears a page before it hands it out, which takes longer than filling it, and takes the
memory of a large array back as soon as the array goes. So the pages of the last large result stay
at hand, marked as free: the system may take them whenever it is short of memory.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import weakref

import numpy as np
from numpy.typing import NDArray

LINE = 64
"""Bytes that a processor brings from memory at once."""

WIDTH = LINE // 8
"""Numbers of a line, which the widest registers hold: as many are computed side by side."""

_SPARE: list[mmap.mmap] = []
"""At most the pages of one result."""


def large_empty(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return an array that holds any numbers, as `numpy.empty` does, on used pages if there are.

    Where the system knows no pages that are free but at hand it is `numpy.empty`.

    Examples
    --------
    >>> large_empty((2, 3)).shape
    (2, 3)
    """
    count = math.prod(shape)
    if not hasattr(mmap, "MADV_FREE") or not count:
        return np.empty(shape)
    try:
        pages = _pages(8 * count)
    except OSError:  # numpy says how much could not be had
        return np.empty(shape)
    # Every view of the array holds this one, so that its end is the end of all.
    whole = np.frombuffer(pages, dtype=np.float64, count=count)
    weakref.finalize(whole, _keep, pages).atexit = False
    return whole.reshape(shape)


def _pages(size: int) -> mmap.mmap:
    with contextlib.suppress(IndexError):
        spare = _SPARE.pop()
        if size <= len(spare) <= 2 * size:
            return spare
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a system may do without them
            pages.madvise(mmap.MADV_HUGEPAGE)
    return pages


def _keep(pages: mmap.mmap) -> None:
    with contextlib.suppress(OSError):
        pages.madvise(mmap.MADV_FREE)
        _SPARE[:] = [pages]
