"""What the catalog knows of a GPU, a model and a link: frozen values, each number with its unit.

Every item carries two sets of numbers. Its own fields are the true ones, as its maker publishes or
others measured them. `reference` holds what the specification's program used, right or wrong, so
that the `reference` cost model can reproduce that program to the last digit; it is None for what
that program does not know.
"""

from dataclasses import dataclass
from datetime import date

from gpu_catalog.dtypes import PEAKS


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


WIRINGS = ("switch", "pairs", "bridge", "mesh")
"""How a fabric joins GPUs: through switches; by a wire between any two, among which the bandwidth
is divided; in twos, by a bridge; otherwise, as in a torus."""


@dataclass(frozen=True, kw_only=True)
class Fabric:
    """What joins GPUs beside PCIe.

    Attributes
    ----------
    name : as its maker calls it
    bandwidth : peak of one GPU, all its links together, in one direction [byte/s]
    gpus : how many it joins
    wiring : one of `WIRINGS`
    """

    name: str
    bandwidth: float
    gpus: int
    wiring: str = "switch"


@dataclass(frozen=True, kw_only=True)
class Indicative:
    """A price range, for a first idea only: prices differ by seller and change by the month.

    Attributes
    ----------
    usd : lowest and highest seen; per GPU, of a rent per GPU and hour [US dollar]
    seen : when, as "2026-05"
    source : where
    """

    usd: tuple[float, float]
    seen: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Ceilings:
    """The best that others have measured on one GPU; None where nobody has.

    Attributes
    ----------
    flops, flops_fp8, flops_fp4 : over all shapes of matrix products, by format [FLOP/s]
    bandwidth : of matrix-vector products with large matrices [byte/s]
    all_reduce : bus bandwidth among 8 GPUs, large messages [byte/s]
    peer : an NCCL transfer between two GPUs, large messages [byte/s]
    source : where the measurements are
    """

    flops: float | None = None
    flops_fp8: float | None = None
    flops_fp4: float | None = None
    bandwidth: float | None = None
    all_reduce: float | None = None
    peer: float | None = None
    source: str


@dataclass(frozen=True, kw_only=True)
class GPU:
    """One accelerator, as its maker publishes it.

    Attributes
    ----------
    name : what scenarios, files and screens say
    aliases : other names it answers to
    product : the exact product the numbers belong to
    architecture : generation, as its maker calls it; "" where nobody has said
    data_centre : whether it is sold for servers
    memory : capacity the driver reports [byte]
    bandwidth : peak memory bandwidth [byte/s]
    flops : peak dense BF16 throughput, without sparsity, or FP16 where there is no BF16 [FLOP/s]
    flops_fp8, flops_int8, flops_fp4 : the same for those formats; None where its matrix units do
        not have them [FLOP/s, INT8 operation/s]
    fabric : what joins GPUs beside PCIe; None where nothing does
    pcie : generation of its x16 host link; None where it has none or nobody has said
    power : what it may draw [W]
    rent, price : of one GPU, indicative; None where unknown
    measured : what others have reached; None where nothing is known
    source : where the numbers come from, as read on `checked`
    confidence : "high", "medium" or "low"
    """

    name: str
    aliases: tuple[str, ...] = ()
    product: str
    vendor: str
    architecture: str = ""
    data_centre: bool = True
    memory: float
    bandwidth: float
    flops: float
    flops_fp8: float | None
    flops_int8: float | None = None
    flops_fp4: float | None = None
    fabric: Fabric | None = None
    pcie: int | None = None
    power: float | None = None
    rent: Indicative | None = None
    price: Indicative | None = None
    measured: Ceilings | None = None
    source: str
    checked: date
    confidence: str
    notes: str
    reference: ReferenceGPU | None = None

    def peak(self, gemm_dtype: str) -> float:
        """Peak dense throughput of matrix products in "bf16", "fp8", "int8" or "fp4" [FLOP/s].

        That of BF16 where the hardware lacks the format: weights are then unpacked to BF16.
        """
        return getattr(self, PEAKS[gemm_dtype]) or self.flops


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
    qk_norm : whether queries and keys are normalised, with a weight for each place in a head
    joint_norm : whether that is over all heads together, for which tensor parallelism must add up
    qkv_bias, output_bias : whether the projections have biases
    sinks : whether each query head has a learned sink
    """

    query_heads: int
    kv_heads: int
    head_dim: int
    window: int | None = None
    period: int = 1
    local: int = 0
    qk_norm: bool = False
    joint_norm: bool = False
    qkv_bias: bool = False
    output_bias: bool = False
    sinks: bool = False


@dataclass(frozen=True, kw_only=True)
class LatentAttention:
    """Multi-head latent attention: one compressed vector per token is cached, for all heads.

    DeepSeek-AI, "DeepSeek-V2", arXiv:2405.04434, section 2.1.

    Attributes
    ----------
    latent : width of the compressed key-value vector
    query_latent : width of the compressed query vector; None where queries are not compressed
    rope_head_dim, plain_head_dim : widths of a query head with and without position
    value_head_dim : width of a value head
    """

    query_heads: int
    latent: int
    query_latent: int | None = None
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
    shared : experts that every token visits; a wider shared block counts as several
    dense_layers : leading layers with an ordinary feed-forward block instead
    weight_dtype : format of the experts' weights, one of `dtypes.WEIGHTS`
    bytes_per_parameter : of the experts' weights, scales included [byte]
    biases : whether the experts' projections have biases
    router_bias : whether the router has one, for each expert
    """

    experts: int
    active: int
    intermediate: int
    shared: int
    dense_layers: int
    weight_dtype: str = "bf16"
    bytes_per_parameter: float
    biases: bool = False
    router_bias: bool = False


@dataclass(frozen=True, kw_only=True)
class LLM:
    """One decoder-only transformer, as its configuration file states it.

    Attributes
    ----------
    name : what scenarios, files and screens say
    aliases : other names it answers to, those of models of the same architecture among them
    hidden : width of the residual stream
    intermediate : inner width of the dense feed-forward block: gate, up and down projections
    vocabulary : rows of the embedding and of the output head
    tied_embeddings : whether the two share their weights
    norms : normalisations of the residual stream in a layer, each with `hidden` weights
    weight_dtype : format of attention and dense feed-forward weights, one of `dtypes.WEIGHTS`
    bytes_per_parameter : of those, scales included [byte]
    embedding_bytes_per_parameter : of the embedding and the output head [byte]
    kv_bytes_per_element : of the KV cache [byte]
    activation_bytes_per_element : of what pipeline stages send each other [byte]
    gemm_dtype : what its matrix products run in where the hardware can: "bf16", "fp8", "int8" or
        "fp4"
    published_parameters, published_active : the counts its makers give, of all and of those that a
        token visits [count]; None where they give none
    """

    name: str
    aliases: tuple[str, ...] = ()
    layers: int
    hidden: int
    intermediate: int
    vocabulary: int
    tied_embeddings: bool
    norms: int = 2
    attention: GroupedQueryAttention | LatentAttention
    experts: MixtureOfExperts | None
    weight_dtype: str = "bf16"
    bytes_per_parameter: float
    embedding_bytes_per_parameter: float
    kv_bytes_per_element: float
    activation_bytes_per_element: float
    gemm_dtype: str = "bf16"
    published_parameters: float | None = None
    published_active: float | None = None
    source: str
    checked: date
    confidence: str
    notes: str
    reference: ReferenceLLM | None = None


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
    name : what files and screens say
    aliases : other names it answers to
    peak : signalling rate of one direction, after line coding [byte/s]; None where there is none
    bandwidth_range : effective rates seen in one direction, low and high [byte/s]
    latency_range : of one crossing, low and high [s]
    startup_range : until the first byte moves when a library sends: NCCL, or a KV-transfer engine
        [s]; None where nobody has measured it
    all_reduce_range : bus bandwidth of NCCL among 8 GPUs [byte/s]; None where nobody has measured
    """

    name: str
    aliases: tuple[str, ...] = ()
    product: str
    peak: float | None
    bandwidth_range: tuple[float, float]
    latency_range: tuple[float, float]
    startup_range: tuple[float, float] | None = None
    all_reduce_range: tuple[float, float] | None = None
    source: str
    checked: date
    confidence: str
    notes: str
    reference: ReferenceLink | None = None

    @property
    def bandwidth(self) -> float:
        """Effective bandwidth of one direction [byte/s]: the midpoint of its range."""
        return sum(self.bandwidth_range) / 2

    @property
    def latency(self) -> float:
        """Latency of one crossing [s]: the midpoint of its range."""
        return sum(self.latency_range) / 2
