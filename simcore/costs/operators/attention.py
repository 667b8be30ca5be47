"""Attention itself: scores and weighted sums over the KV cache, without its projections."""

from dataclasses import dataclass

import numpy as np

from simcore.costs.operators.chip import Chip
from simcore.costs.operators.smooth import smooth_max

ROWS = 128
"""Query rows that a block of threads works on at a time (Dao, "FlashAttention-2", 2023)."""

LATENT_ROWS = 64
"""Heads that latent attention works on at a time."""

NARROW_HEAD = 128
"""Heads narrower than this do not fill the tensor cores."""

CACHE_STEEPNESS = 8
"""How sharply re-reading turns from the cache to memory as the data outgrow it."""


@dataclass(frozen=True, kw_only=True)
class PrefillAttentionConstants:
    """How one GPU's library attends from many new tokens.

    Attributes
    ----------
    launch_s : of a kernel that does nothing [s]
    compute : share of the BF16 peak that long prompts reach
    memory : share of the peak bandwidth
    sharpness : of the maximum of the limits (see `smooth_max`)
    block : keys of a block; half of one is computed in vain on the diagonal of the causal mask
    longest : of the time of the longest block of rows on its own, the part not hidden
    narrow : relative throughput of heads narrower than 128
    rows_s : of starting and ending one block of rows [s]
    """

    launch_s: float
    compute: float
    memory: float
    sharpness: float
    block: float
    longest: float
    narrow: float
    rows_s: float


@dataclass(frozen=True, kw_only=True)
class DecodeAttentionConstants:
    """How one GPU's library attends from one new token per request.

    Attributes
    ----------
    launch_s : of a kernel [s]
    join_s : of the kernel that joins the parts of a context that is split [s]
    gather_s : of the kernel that brings several requests of several KV heads into line [s]
    memory : share of the peak bandwidth that the KV cache is read with
    sharpness : of the maximum of the limits (see `smooth_max`)
    per_token_s : of walking one token along the context, which a part does alone [s]
    unsplit_s : the same, where each query head has its own KV head and the context is not split
    per_head_s : of one request and KV head [s]
    block : tokens by which each request and KV head reads more than its context
    narrow : relative bandwidth of heads narrower than 128
    cached : bandwidth of what is still in the last-level cache, over the peak of the memory
    resident : share of the last-level cache that can hold KV from one call to the next
    mixed : reading in a step that prefills, too, where the kernel for many new tokens serves all,
        over reading in a step that decodes alone
    """

    launch_s: float
    join_s: float
    gather_s: float
    memory: float
    sharpness: float
    per_token_s: float
    unsplit_s: float
    per_head_s: float
    block: float
    narrow: float
    cached: float
    resident: float
    mixed: float


def prefill_seconds(
    *,
    requests,
    new,
    context,
    heads,
    kv_heads,
    width,
    window=np.inf,
    kv_bytes=2.0,
    chip: Chip,
    constants: PrefillAttentionConstants,
):
    """Time [s] of causal attention of `new` tokens per request after `context` earlier ones.

    `heads` and `kv_heads` are those on this GPU, `width` is that of a head (with unlike widths of
    keys and values their mean), `kv_bytes` of one element of the KV cache [byte], `window` of a
    sliding-window layer, infinite for a global one [tokens]. Query heads that share a KV head fill
    a block of rows together. Dao, "FlashAttention-2", 2023, section 3.2, for the split into blocks
    of rows.
    """
    c = constants
    requests, new, context, heads, kv_heads = (
        np.asarray(x, dtype=float) for x in (requests, new, context, heads, kv_heads)
    )
    some = np.maximum(new, 1.0)
    seen = mean_keys(new=some, context=context, window=window)
    rows = np.ceil(new * (heads / kv_heads) / ROWS) * ROWS
    throughput = chip.peak("bf16") * c.compute * np.where(width < NARROW_HEAD, c.narrow, 1.0)
    blocks = requests * kv_heads * rows / ROWS
    work = 4 * requests * kv_heads * width * rows * (seen + c.block / 2)
    computing = work / throughput + c.rows_s * blocks / chip.multiprocessors
    length = np.minimum(context + new, window + ROWS)
    last = (length + c.block) * ROWS * 4 * width / (throughput / chip.multiprocessors)
    queries = 4 * new * heads * width
    keys = 2 * kv_bytes * np.minimum(context + new, window - 1 + new) * kv_heads * width
    reading = requests * (queries + keys) / (chip.bandwidth * c.memory)
    time = c.launch_s + smooth_max(computing, reading, c.longest * last, sharpness=c.sharpness)
    return np.where(requests * new > 0, time, 0.0)


def decode_seconds(
    *,
    requests,
    context,
    heads,
    kv_heads,
    width,
    window=np.inf,
    kv_bytes=2.0,
    repeated=False,
    mixed=False,
    chip: Chip,
    constants: DecodeAttentionConstants,
):
    """Time [s] of attention of one token per request, that sees itself and `context` others.

    Reads the KV cache once for all query heads that share it (Shazeer, arXiv:1911.02150), split
    along the context over the GPU (Dao et al., "Flash-Decoding", 2023). `repeated` is for
    benchmarks that call one kernel again and again, so that a small KV cache stays in the
    last-level cache; in a model the other layers drive it out. `mixed` is for steps that prefill,
    too.
    """
    c = constants
    requests, context, kv_heads = (np.asarray(x, float) for x in (requests, context, kv_heads))
    unsplit = (np.asarray(heads) <= kv_heads) | mixed
    # Whole contexts go to the multiprocessors in waves.
    waves = np.maximum(np.ceil(requests * kv_heads / chip.multiprocessors), 1.0)
    per_token = np.where(unsplit, np.maximum(c.unsplit_s * waves, c.per_token_s), c.per_token_s)
    seen = np.minimum(context + 1, window)
    element = 2 * kv_bytes * width
    bandwidth = chip.bandwidth * c.memory * np.where(width < NARROW_HEAD, c.narrow, 1.0)
    hit = 0.0
    if repeated:
        size = requests * kv_heads * seen * element / (c.resident * chip.cache)
        hit = 1 / (1 + size**CACHE_STEEPNESS)
    per_byte = hit / (c.cached * chip.bandwidth) + (1 - hit) / bandwidth
    reading = requests * kv_heads * (seen + c.block) * element * per_byte
    reading = reading * np.where(mixed, c.mixed, 1.0)
    reading = reading + c.per_head_s * requests * kv_heads
    kernels = c.launch_s + np.where(seen > ROWS, c.join_s, 0.0)
    kernels = kernels + np.where((requests > 1) & (kv_heads > 1), c.gather_s, 0.0)
    time = kernels + smooth_max(reading, per_token * seen, sharpness=c.sharpness)
    return np.where(requests > 0, time, 0.0)


def latent_seconds(
    *,
    requests,
    context,
    heads,
    latent,
    rope,
    kv_bytes=2.0,
    chip: Chip,
    constants: DecodeAttentionConstants,
    compute,
):
    """Time [s] of decode attention on the compressed vectors of latent attention.

    All heads share one vector of `latent` + `rope` elements per token, so it is read once and
    multiplied by each head's query, then its `latent` part by the weights (DeepSeek-AI,
    arXiv:2405.04434, section 2.1). With many heads that computes longer than it reads: `compute`
    is the share of the BF16 peak that it then reaches.
    """
    c = constants
    requests, context, heads = (np.asarray(x, dtype=float) for x in (requests, context, heads))
    seen = context + 1
    element = (latent + rope) * kv_bytes
    reading = requests * (seen + c.block) * element / (chip.bandwidth * c.memory)
    reading = reading + c.per_head_s * requests
    rows = np.ceil(heads / LATENT_ROWS) * LATENT_ROWS
    work = 2 * requests * rows * seen * (2 * latent + rope)
    computing = work / (chip.peak("bf16") * compute)
    alone = c.per_token_s * seen
    kernels = c.launch_s + c.join_s
    time = kernels + smooth_max(reading, computing, alone, sharpness=c.sharpness)
    return np.where(requests > 0, time, 0.0)


def mean_keys(*, new, context, window=np.inf):
    """Keys that a new token sees on average, itself included, in a window at most its width."""
    # Token i (from 1) of the new ones would see context + i keys; beyond the window it is cut.
    free = np.clip(window - context, 0, new)
    cut = np.where(new > free, (new - free) * np.where(np.isinf(window), 0.0, window), 0.0)
    return (free * context + free * (free + 1) / 2 + cut) / new
