"""Which kernels a step runs for a slice of a model's layers, and how long each kind takes."""

from dataclasses import dataclass, fields

import numpy as np

from gpu_catalog import LLM, GroupedQueryAttention
from gpu_catalog.dtypes import GEMMS
from simcore.costs.constants import FabricConstants, GpuConstants
from simcore.costs.operators.attention import decode_seconds, latent_seconds, prefill_seconds
from simcore.costs.operators.chip import Chip, Format
from simcore.costs.operators.exchange_times import alone_seconds
from simcore.costs.operators.exchanges import ACTIVATION, exchanges_of
from simcore.costs.operators.gemm import gemm_seconds
from simcore.costs.operators.moe import moe_seconds
from simcore.costs.operators.sharing import ALONE, Sharing
from simcore.costs.operators.small import small_seconds
from simcore.costs.transformer import Slice

KERNELS = 4
"""Small kernels of a layer: two normalisations, rotary embedding, activation function."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What one step computes. Numbers, or arrays of one entry per step.

    Attributes
    ----------
    prompts : requests of which a chunk of the prompt is prefilled
    new : tokens of each such chunk
    before : tokens of such a request that are already in the KV cache
    decodes : requests that get one more token
    context : tokens of such a request that are already in the KV cache
    outputs : tokens whose successor is wanted, for which the output head runs
    everyone : tokens of all attention groups that share experts, this batch's among them; None
        where each has as many
    """

    prompts: np.ndarray | float = 0.0
    new: np.ndarray | float = 0.0
    before: np.ndarray | float = 0.0
    decodes: np.ndarray | float = 0.0
    context: np.ndarray | float = 0.0
    outputs: np.ndarray | float = 0.0
    everyone: np.ndarray | None = None

    @property
    def tokens(self) -> np.ndarray:
        """Tokens that go through the products with weights."""
        return np.asarray(self.prompts * self.new + self.decodes, dtype=float)


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """The GPUs that compute a slice together.

    Attributes
    ----------
    sharing : how they share its layers
    fabric : what joins them; None for a single GPU
    all_reduce : which of the fabric's direct libraries reduces; None for the ring
    repeated : whether each kernel finds its KV cache where the same kernel has just left it, as in
        a benchmark of that kernel alone
    """

    chip: Chip
    kernels: GpuConstants
    sharing: Sharing = ALONE
    fabric: FabricConstants | None = None
    all_reduce: str | None = None
    repeated: bool = False


@dataclass(frozen=True, kw_only=True)
class StepTimes:
    """Time of a step by kind of kernel [s].

    Attributes
    ----------
    products : with the weights of attention and of dense feed-forward blocks
    attention : itself
    experts : layers of experts, shared ones included
    small : normalisation, rotary embedding, activation function, embedding
    collectives : between the ranks
    head : output head
    """

    products: np.ndarray
    attention: np.ndarray
    experts: np.ndarray
    small: np.ndarray
    collectives: np.ndarray
    head: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Of the step [s]."""
        return sum(getattr(self, kind.name) for kind in fields(self))


def step_times(llm: LLM, part: Slice, batch: Batch, ranks: Ranks) -> StepTimes:
    """Times of a step that computes `batch` through the layers `part` of `llm` on `ranks`."""
    return StepKernels(llm, batch, ranks).times(part)


def shared_heads(heads: int, tp: int) -> int:
    """Heads on one of `tp` ranks: each head on one of them at least, so that few are copied."""
    return max(1, -(-heads // tp))


class StepKernels:
    """The kernels of a step that computes `batch`, whichever slice of `llm` it goes through.

    The kernels of a layer are timed once, however many slices are asked for.
    """

    def __init__(self, llm: LLM, batch: Batch, ranks: Ranks):
        self.llm, self.batch, self.ranks, self.tokens = llm, batch, ranks, batch.tokens
        self.weights = Format(gemm=llm.gemm_dtype, weight_bytes=llm.bytes_per_parameter)
        self.tp = ranks.sharing.tp
        self._known = {}

    def times(self, part: Slice) -> StepTimes:
        """Times of the step through the layers `part`."""
        none = np.zeros_like(self.tokens)
        each = self._once
        products = part.layers * each(self.attention_products)
        if part.dense_layers:
            products = products + part.dense_layers * each(self.dense)
        experts = part.sparse_layers * each(self.experts) if part.sparse_layers else none
        attention = part.global_layers * each(self.global_attention)
        if part.local_layers:
            attention = attention + part.local_layers * each(self.local_attention)
        small = part.layers * each(self.small)
        if part.embedding:
            small = small + each(self.embedding)
        head = each(self.head) if part.head else none
        return StepTimes(
            products=products,
            attention=attention,
            experts=experts,
            small=small,
            collectives=self.collectives(part),
            head=np.broadcast_to(head, self.tokens.shape),
        )

    def _once(self, kernels):
        name = kernels.__name__
        if name not in self._known:
            self._known[name] = kernels()
        return self._known[name]

    def product(self, n, k, *, tokens=None, weights=None):
        weights = weights or self.weights
        chip = self.ranks.chip
        known = self.ranks.kernels.gemm
        constants = known.get(chip.runs(weights.gemm), known["bf16"])
        m = self.tokens if tokens is None else np.asarray(tokens, dtype=float)
        time = gemm_seconds(m=m, n=n, k=k, weights=weights, chip=chip, constants=constants)
        return np.where(m > 0, time, 0.0)

    def attention_products(self):
        a, h, tp = self.llm.attention, self.llm.hidden, self.tp
        batch = self.batch
        heads = shared_heads(a.query_heads, tp)
        if isinstance(a, GroupedQueryAttention):
            kv = shared_heads(a.kv_heads, tp)
            qkv = (heads + 2 * kv) * a.head_dim
            return self.product(qkv, h) + self.product(h, heads * a.head_dim)
        # DeepSeek-AI, arXiv:2405.04434, appendix C: down for all heads, up for each of them.
        down = (a.query_latent or 0) + a.latent + a.rope_head_dim
        query = heads * (a.plain_head_dim + a.rope_head_dim)
        time = self.product(down, h) + self.product(query, a.query_latent or h)
        time = time + self.product(h, heads * a.value_head_dim)
        # Prefill expands the cache it sees; decode moves the expansion to queries and results.
        expanded = heads * (a.plain_head_dim + a.value_head_dim)
        seen = np.asarray(batch.prompts * (batch.new + batch.before), dtype=float)
        time = time + self.product(expanded, a.latent, tokens=seen)
        return time + self.product(expanded, a.latent, tokens=np.asarray(batch.decodes, float))

    def dense(self):
        return self.feed_forward(self.llm.intermediate)

    def global_attention(self):
        return self.attention(np.inf)

    def local_attention(self):
        return self.attention(self.llm.attention.window)

    def embedding(self):
        return self.one_small(kernels=1, elements=2 * self.llm.hidden)

    def attention(self, window):
        a, tp, ranks = self.llm.attention, self.tp, self.ranks
        batch = self.batch
        heads = shared_heads(a.query_heads, tp)
        kv_bytes = self.llm.kv_bytes_per_element
        chunk = {"requests": batch.prompts, "new": batch.new, "context": batch.before}
        one = {"requests": batch.decodes, "context": batch.context, "chip": ranks.chip}
        if isinstance(a, GroupedQueryAttention):
            shape = {
                "heads": heads,
                "kv_heads": shared_heads(a.kv_heads, tp),
                "width": a.head_dim,
                "window": window,
                "kv_bytes": kv_bytes,
            }
            decode = decode_seconds(
                **one,
                **shape,
                repeated=ranks.repeated,
                mixed=np.asarray(batch.prompts) * np.asarray(batch.new) > 0,
                constants=ranks.kernels.decode,
            )
        else:
            width = (a.plain_head_dim + a.rope_head_dim + a.value_head_dim) / 2
            shape = {"heads": heads, "kv_heads": heads, "width": width, "kv_bytes": ACTIVATION}
            decode = latent_seconds(
                **one,
                heads=heads,
                latent=a.latent,
                rope=a.rope_head_dim,
                kv_bytes=kv_bytes,
                constants=ranks.kernels.decode,
                compute=ranks.kernels.prefill.compute,
            )
        prefill = prefill_seconds(
            **chunk, **shape, chip=ranks.chip, constants=ranks.kernels.prefill
        )
        return prefill + decode

    def feed_forward(self, intermediate, weights=None):
        inner = intermediate / self.tp
        up = self.product(2 * inner, self.llm.hidden, weights=weights)
        return up + self.product(self.llm.hidden, inner, weights=weights)

    def experts(self):
        e, ranks, sharing = self.llm.experts, self.ranks, self.ranks.sharing
        weights = Format(gemm=GEMMS[e.weight_dtype], weight_bytes=e.bytes_per_parameter)
        known = ranks.kernels.moe
        time = self.product(e.experts, self.llm.hidden, weights=ROUTER)
        if e.shared:
            time = time + self.feed_forward(e.shared * e.intermediate, weights)
        return time + moe_seconds(
            tokens=self.tokens,
            everyone=self._everyone() if sharing.dp > 1 else None,
            hidden=self.llm.hidden,
            intermediate=e.intermediate / sharing.expert_tp,
            experts=e.experts,
            active=e.active,
            groups=sharing.ep,
            routing=sharing.routing,
            placement=sharing.placement,
            seed=sharing.seed,
            weights=weights,
            chip=ranks.chip,
            constants=known.get(MOE_KERNELS.get(e.weight_dtype, "bf16"), known["bf16"]),
        )

    def _everyone(self):
        everyone = self.batch.everyone
        return self.tokens * self.ranks.sharing.dp if everyone is None else everyone

    def small(self):
        """Normalisations read and write the residual stream; the others what they change."""
        llm, tp = self.llm, self.tp
        a = llm.attention
        if isinstance(a, GroupedQueryAttention):
            kv = shared_heads(a.kv_heads, tp)
            turned = (shared_heads(a.query_heads, tp) + kv) * a.head_dim
        else:
            turned = shared_heads(a.query_heads, tp) * a.rope_head_dim + a.rope_head_dim
        gated = 0 if llm.experts else 3 * llm.intermediate / tp
        return self.one_small(kernels=KERNELS, elements=2 * 4 * llm.hidden + 2 * turned + gated)

    def one_small(self, *, kernels, elements):
        return small_seconds(
            kernels=kernels,
            traffic=self.tokens * elements * ACTIVATION,
            chip=self.ranks.chip,
            constants=self.ranks.kernels.small,
        )

    def collectives(self, part):
        """All of them, by the fabric's own formulas; none where nothing is known of a fabric."""
        ranks, time = self.ranks, np.zeros_like(self.tokens)
        if ranks.fabric is None:
            return time
        everyone = self.batch.everyone
        exchanges = exchanges_of(
            self.llm, part, ranks.sharing, tokens=self.tokens, everyone=everyone
        )
        for exchange in exchanges:
            time = time + exchange.times * self._alone(exchange)
        return time

    def _alone(self, exchange):
        # Slices differ in how often they exchange, hardly in what.
        key = exchange.kind, exchange.shares, exchange.bytes.tobytes()
        if key not in self._known:
            ranks = self.ranks
            self._known[key] = alone_seconds(
                exchange, fabric=ranks.fabric, all_reduce=ranks.all_reduce
            )
        return self._known[key]

    def head(self):
        rows = self.llm.vocabulary / self.tp
        weights = Format(gemm="bf16", weight_bytes=self.llm.embedding_bytes_per_parameter)
        return self.product(rows, self.llm.hidden, tokens=self.batch.outputs, weights=weights)


ROUTER = Format(gemm="bf16", weight_bytes=2.0)

MOE_KERNELS = {
    "bf16": "bf16",
    "fp8": "fp8_block",
    "nvfp4": "fp4",
    "mxfp4": "mxfp4",
    "int4": "mxfp4",
}
"""The kernels that engines run for experts whose weights are in a format."""
