"""Identities of blocks of a prompt, each of which stands for all tokens up to its end."""

from functools import lru_cache

from simcore.serving.request import Piece

KNOWN_PROMPTS = 256
"""Prompts whose keys are kept: a router asks every replica about the same one."""

KNOWN_BEGINNINGS = 64
"""Prompts but for their last piece, which many share."""


@lru_cache(maxsize=KNOWN_PROMPTS)
def block_keys(pieces: tuple[Piece, ...], block_tokens: int) -> tuple[int, ...]:
    """Keys of the full blocks of a prompt of these pieces, in order.

    A key is the hash of the key before and of what the block holds, so two prompts have a key in
    common where they are alike from their first token to the end of that block. Of the answer's
    tokens the same holds: they are another piece. Hashes of whole numbers are the same in every
    process; that two of 10^8 blocks get the same by chance has a probability below 1 %.
    """
    if len(pieces) < 2:
        return _extended((), 0, (), pieces, block_tokens)[0]
    begun = _beginning(pieces[:-1], block_tokens)
    return _extended(*begun, pieces[-1:], block_tokens)[0]


@lru_cache(maxsize=KNOWN_BEGINNINGS)
def _beginning(pieces, block_tokens):
    return _extended((), 0, (), pieces, block_tokens)


def _extended(keys, chain, block, pieces, block_tokens):
    """`keys`, the last of them `chain`, and what is in the unfinished `block`, after `pieces`."""
    keys, block = list(keys), list(block)
    for identity, tokens in pieces:
        offset = 0
        if block:
            room = block_tokens - sum(count for _, _, count in block)
            offset = min(room, tokens)
            if offset:
                block.append((identity, 0, offset))
            if offset < room:
                continue
            chain = hash((chain, *block))
            keys.append(chain)
            block = []
        # Blocks of one piece are by far the most: where one ends says where it starts.
        for end in range(offset + block_tokens, tokens + 1, block_tokens):
            chain = hash((chain, identity, end))
            keys.append(chain)
        rest = (tokens - offset) % block_tokens
        if rest:
            block = [(identity, tokens - rest, rest)]
    return tuple(keys), chain, tuple(block)
