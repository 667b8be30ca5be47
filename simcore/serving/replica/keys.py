"""Identities of blocks of a prompt, each of which stands for all tokens up to its end."""

from functools import lru_cache

from simcore.serving.request import Piece

KNOWN_PROMPTS = 1024
"""Prompts whose keys are kept: a router asks every replica about the same one."""


@lru_cache(maxsize=KNOWN_PROMPTS)
def block_keys(pieces: tuple[Piece, ...], block_tokens: int) -> tuple[int, ...]:
    """Keys of the full blocks of a prompt of these pieces, in order.

    A key is the hash of the key before and of what the block holds, so two prompts have a key in
    common where they are alike from their first token to the end of that block. Of the answer's
    tokens the same holds: they are another piece. Hashes of whole numbers are the same in every
    process; that two of 10^8 blocks get the same by chance has a probability below 1 %.
    """
    keys: list[int] = []
    chain, block = 0, []
    room = block_tokens
    for identity, tokens in pieces:
        offset = 0
        while tokens - offset >= room:
            end = offset + room
            if block:
                block.append((identity, offset, room))
                chain = hash((chain, *block))
                block = []
            else:
                # A block of one piece, by far the most: its end says where it starts.
                chain = hash((chain, identity, end))
            keys.append(chain)
            offset, room = end, block_tokens
        if offset < tokens:
            block.append((identity, offset, tokens - offset))
            room -= tokens - offset
    return tuple(keys)
