"""How flat payloads are cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simcore.distributed import Virtual
from simcore.distributed.collectives.pieces import Room, cut


@given(count=st.integers(0, 100), parts=st.integers(1, 20))
def test_pieces_are_the_whole_and_differ_by_one_element_at_most(count, parts):
    flat = np.arange(count)
    pieces = cut(flat, parts)
    assert len(pieces) == parts
    assert np.array_equal(np.concatenate(pieces), flat)
    assert all(np.shares_memory(piece, flat) for piece in pieces if piece.size)
    lengths = [piece.size for piece in pieces]
    assert max(lengths) - min(lengths) <= 1
    assert lengths == sorted(lengths, reverse=True)


@given(nbytes=st.integers(0, 100), parts=st.integers(1, 20))
def test_sizes_without_values_are_cut_like_bytes(nbytes, parts):
    lengths = [piece.size for piece in cut(np.zeros(nbytes, np.uint8), parts)]
    assert [piece.nbytes for piece in cut(Virtual(nbytes), parts)] == lengths


def test_room_is_as_long_as_the_longest_and_given_in_part():
    pieces = [np.zeros(3, np.float32), np.zeros(5, np.float32)]
    room = Room(pieces)
    assert [room.like(piece).nbytes for piece in pieces] == [12, 20]
    assert np.shares_memory(room.like(pieces[0]), room.like(pieces[1]))
