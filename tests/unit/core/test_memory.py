"""Pages of a large result are used again only when no array and no view holds them."""

from __future__ import annotations

import mmap
import weakref

import numpy as np
import pytest

from impactmodel.core import memory
from impactmodel.core.memory import large_empty

SHAPE = (300, 400)
needs_free = pytest.mark.skipif(not hasattr(mmap, "MADV_FREE"), reason="no pages kept at hand here")


@pytest.fixture(autouse=True)
def nothing_spare(monkeypatch):
    monkeypatch.setattr(memory, "_SPARE", [])


def place(array):
    return array.__array_interface__["data"][0]


@needs_free
def test_pages_that_nothing_holds_are_used_again():
    first = large_empty(SHAPE)
    first[:] = 1.0
    at = place(first)
    del first
    again = large_empty((400, 250))
    assert place(again) == at
    again[:] = 2.0
    assert again.sum() == 2.0 * 400 * 250


@needs_free
def test_a_view_keeps_its_numbers():
    first = large_empty(SHAPE)
    first[:] = np.arange(300.0)[:, None]
    view = first.T[5:6, ::2]
    end = weakref.ref(first)
    del first
    assert end() is None
    other = large_empty(SHAPE)
    other[:] = -1.0
    np.testing.assert_array_equal(view[0], np.arange(0.0, 300.0, 2.0))


@needs_free
def test_one_result_is_kept_and_only_for_one_of_about_its_size():
    one, two = large_empty(SHAPE), large_empty(SHAPE)
    del one, two
    assert len(memory._SPARE) == 1
    small = large_empty((100, 400))
    assert not memory._SPARE
    assert small.shape == (100, 400)


def test_where_the_system_cannot_numpy_gives_the_array(monkeypatch):
    monkeypatch.delattr(mmap, "MADV_FREE", raising=False)
    found = large_empty(SHAPE)
    assert found.shape == SHAPE
    assert found.base is None


def test_memory_that_cannot_be_had_is_numpys_error():
    with pytest.raises(MemoryError, match="Unable to allocate"):
        large_empty((2**50,))
