"""What the catalog knows of a GPU, a model and a link: frozen values, each number with its unit.

Every item carries two sets of numbers. Its own fields are the true ones, as its maker publishes or
others measured them. `reference` holds what the specification's program used, right or wrong, so
that the `reference` cost model can reproduce that program to the last digit.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class ReferenceGPU:
    """One accelerator as the specification's program has it.

    Attributes
    ----------
    memory : capacity [byte]
    bandwidth : memory bandwidth [byte/s]
    flops : throughput [FLOP/s]
    """

    memory: float
    bandwidth: float
    flops: float


@dataclass(frozen=True, kw_only=True)
class GPU:
    """One accelerator, as its maker publishes it.

    Attributes
    ----------
    name : as the specification and this project's users call it
    product : the exact product the numbers belong to
    memory : capacity the driver reports [byte]
    bandwidth : peak memory bandwidth [byte/s]
    flops : peak dense BF16 throughput, without sparsity [FLOP/s]
    flops_fp8 : the same for FP8 [FLOP/s]; None where the tensor cores have no FP8
    source : where the numbers come from, as read on `checked`
    confidence : "high", "medium" or "low"
    """

    name: str
    product: str
    vendor: str
    memory: float
    bandwidth: float
    flops: float
    flops_fp8: float | None
    source: str
    checked: date
    confidence: str
    notes: str
    reference: ReferenceGPU


@dataclass(frozen=True, kw_only=True)
class ReferenceLLM:
    """One model as the specification's program has it.

    Attributes
    ----------
    parameters : all weights [count]
    bytes_per_parameter : of weights, activations and KV cache alike [byte]
    latent : width of the compressed KV vector of MLA; None for MHA and GQA
    """

    parameters: int
    layers: int
    hidden: int
    kv_heads: int
    query_heads: int
    bytes_per_parameter: int
    latent: int | None


@dataclass(frozen=True, kw_only=True)
class GroupedQueryAttention:
    """Query heads that share key-value heads; with as many of each it is multi-head attention.

    Ainslie et al., "GQA", EMNLP 2023.

    Attributes
    ----------
    head_dim : width of one head; not always hidden / query_heads
    window : tokens a sliding-window layer looks back over; None where every layer is global
    period, local : of each `period` consecutive layers the first `local` are sliding-window layers
    """

    query_heads: int
    kv_heads: int
    head_dim: int
    window: int | None = None
    period: int = 1
    local: int = 0


@dataclass(frozen=True, kw_only=True)
class LatentAttention:
    """Multi-head latent attention: one compressed vector per token is cached, for all heads.

    DeepSeek-AI, "DeepSeek-V2", arXiv:2405.04434, section 2.1.

    Attributes
    ----------
    latent : width of the compressed key-value vector
    query_latent : width of the compressed query vector
    rope_head_dim, plain_head_dim : widths of a query head with and without position
    value_head_dim : width of a value head
    """

    query_heads: int
    latent: int
    query_latent: int
    rope_head_dim: int
    plain_head_dim: int
    value_head_dim: int


@dataclass(frozen=True, kw_only=True)
class MixtureOfExperts:
    """The feed-forward layers of a sparse model.

    Attributes
    ----------
    experts, active : routed experts per layer, and how many of them each token visits
    intermediate : inner width of one expert
    shared : experts that every token visits
    dense_layers : leading layers with an ordinary feed-forward block instead
    bytes_per_parameter : of the experts' weights [byte]; a fraction where they are packed
    """

    experts: int
    active: int
    intermediate: int
    shared: int
    dense_layers: int
    bytes_per_parameter: float


@dataclass(frozen=True, kw_only=True)
class LLM:
    """One decoder-only transformer, as its configuration file states it.

    Attributes
    ----------
    hidden : width of the residual stream
    intermediate : inner width of the dense feed-forward block
    vocabulary : rows of the embedding and of the output head
    tied_embeddings : whether the two share their weights
    bytes_per_parameter : of attention and dense feed-forward weights [byte]
    embedding_bytes_per_parameter : of the embedding and the output head [byte]
    kv_bytes_per_element : of the KV cache [byte]
    activation_bytes_per_element : of what pipeline stages send each other [byte]
    fp8_compute : whether its GEMMs run in FP8 where the hardware can
    published_parameters : the count its makers give [count]
    """

    name: str
    layers: int
    hidden: int
    intermediate: int
    vocabulary: int
    tied_embeddings: bool
    attention: GroupedQueryAttention | LatentAttention
    experts: MixtureOfExperts | None
    bytes_per_parameter: float
    embedding_bytes_per_parameter: float
    kv_bytes_per_element: float
    activation_bytes_per_element: float
    fp8_compute: bool
    published_parameters: float
    source: str
    checked: date
    confidence: str
    notes: str
    reference: ReferenceLLM


@dataclass(frozen=True, kw_only=True)
class ReferenceLink:
    """One kind of wire as the specification's program has it: the midpoints of its ranges.

    Attributes
    ----------
    bandwidth : of one direction [byte/s]
    latency : of one crossing [s]
    """

    bandwidth: float
    latency: float


@dataclass(frozen=True, kw_only=True)
class Link:
    """One kind of wire.

    Attributes
    ----------
    peak : signalling rate of one direction, after line coding [byte/s]; None where there is none
    bandwidth_range : effective rates seen in one direction, low and high [byte/s]
    latency_range : of one crossing, low and high [s]
    """

    name: str
    product: str
    peak: float | None
    bandwidth_range: tuple[float, float]
    latency_range: tuple[float, float]
    source: str
    checked: date
    confidence: str
    notes: str
    reference: ReferenceLink

    @property
    def bandwidth(self) -> float:
        """Effective bandwidth of one direction [byte/s]: the midpoint of its range."""
        return sum(self.bandwidth_range) / 2

    @property
    def latency(self) -> float:
        """Latency of one crossing [s]: the midpoint of its range."""
        return sum(self.latency_range) / 2
