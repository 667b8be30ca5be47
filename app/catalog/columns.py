"""The columns of the catalog's tables: what engineers compare of GPUs, models and links."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gpu_catalog
from app import numbers
from gpu_catalog import GPU, LLM, GroupedQueryAttention, Link
from simcore.costs.serving_engines import ServingEngine, engine_names, serving_engine
from simcore.units import GB, GIB

TERA, BILLION, MICRO, KILO = 1e12, 1e9, 1e-6, 1e3
NOTHING = "–"
CONFIDENCE = {"high": 2, "medium": 1, "low": 0}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What a row has in a column.

    Attributes
    ----------
    text : as it is read
    sort : by what rows are put in order, a number or a text; None where there is nothing
    note : what stands smaller behind it
    """

    text: str
    sort: float | str | None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column.

    Attributes
    ----------
    key : in the page's ids
    label, unit : at its head
    help : the same in a sentence
    cell : of an item
    number : whether it is read from the right, and put in order from the largest
    """

    key: str
    label: str
    unit: str = ""
    help: str
    cell: Callable[[Any], Cell]
    number: bool = True


@dataclass(frozen=True, kw_only=True)
class Table:
    """One kind of item.

    Attributes
    ----------
    kind : of `session.KINDS`
    title : of all of them
    one : of one
    items : all there are now, in the catalog's order
    columns : after the one with the name
    """

    kind: str
    title: str
    one: str
    items: Callable[[], tuple]
    columns: tuple[Column, ...]


def number_text(value: float, digits: int = 4) -> str:
    """A whole number as it is, any other in so many digits, without zeros at its end."""
    if float(value).is_integer() and abs(value) < 1e15:
        return numbers.count(value)
    text = numbers.significant(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _quantity(value, unit=1.0):
    """A number in a unit; a dash where there is none."""
    if value is None:
        return Cell(text=NOTHING, sort=None)
    return Cell(text=number_text(_in(value, unit)), sort=value)


def _in(value, unit):
    """Without the digits that dividing by a power of ten adds: 15 and not 15.000000000002."""
    return float(f"{value / unit:.12g}")


def _words(text):
    return Cell(text=text or NOTHING, sort=text.casefold() or None)


def _range(pair, unit=1.0, note=""):
    """A range, by its middle; one number where its ends are the same."""
    if pair is None:
        return Cell(text=NOTHING, sort=None)
    low, high = (number_text(_in(end, unit)) for end in pair)
    return Cell(text=low if low == high else f"{low}–{high}", sort=sum(pair) / 2, note=note)


def _confidence(item):
    return Cell(text=item.confidence, sort=CONFIDENCE[item.confidence])


def _rent(gpu):
    return _range(gpu.rent.usd, note=gpu.rent.seen) if gpu.rent else _range(None)


def _peak(field, name):
    return Column(
        key=field,
        label=name,
        unit="TFLOP/s",
        help=f"Peak dense {name} throughput of matrix products, without sparsity",
        cell=lambda gpu: _quantity(getattr(gpu, field), TERA),
    )


def kv_bytes_per_token(llm: LLM) -> float:
    """KV cache of one token in all layers, before any window is full [byte]."""
    return gpu_catalog.kv_elements_per_token(llm) * llm.kv_bytes_per_element


def attention_kind(llm: LLM) -> str:
    """MHA, GQA or MLA, and the window where there is one."""
    a = llm.attention
    if not isinstance(a, GroupedQueryAttention):
        return f"MLA, latent {a.latent}"
    kind = "MHA" if a.kv_heads == a.query_heads else f"GQA {a.query_heads}:{a.kv_heads}"
    if a.window is None:
        return kind
    share = "" if a.local == a.period else f" in {a.local} of {a.period}"
    return f"{kind}, window {numbers.count(a.window)}{share}"


def experts_kind(llm: LLM) -> Cell:
    """How many experts of how many a token visits."""
    e = llm.experts
    if e is None:
        return Cell(text=NOTHING, sort=None)
    shared = f" + {e.shared}" if e.shared else ""
    return Cell(text=f"{e.active} of {e.experts}{shared}", sort=float(e.experts))


_SURE = Column(
    key="confidence",
    label="Confidence",
    help="How sure the catalog is of the numbers",
    cell=_confidence,
)

GPUS = Table(
    kind="gpu",
    title="GPUs",
    one="GPU",
    items=gpu_catalog.gpus,
    columns=(
        Column(
            key="architecture",
            label="Architecture",
            help="Generation, as its maker calls it",
            cell=lambda gpu: _words(gpu.architecture),
            number=False,
        ),
        Column(
            key="memory",
            label="Memory",
            unit="GiB",
            help="Capacity as the driver reports it",
            cell=lambda gpu: _quantity(gpu.memory, GIB),
        ),
        Column(
            key="bandwidth",
            label="Bandwidth",
            unit="GB/s",
            help="Peak memory bandwidth",
            cell=lambda gpu: _quantity(gpu.bandwidth, GB),
        ),
        _peak("flops", "BF16"),
        _peak("flops_fp8", "FP8"),
        _peak("flops_int8", "INT8"),
        _peak("flops_fp4", "FP4"),
        Column(
            key="fabric",
            label="Fabric",
            unit="GB/s",
            help="What joins GPUs beside PCIe: peak of one GPU in one direction",
            cell=lambda gpu: _quantity(gpu.fabric and gpu.fabric.bandwidth, GB),
        ),
        Column(
            key="power",
            label="TDP",
            unit="W",
            help="What it may draw",
            cell=lambda gpu: _quantity(gpu.power),
        ),
        Column(
            key="rent",
            label="Rent",
            unit="$/h",
            help="Indicative, per GPU and hour: lowest to highest seen, and when",
            cell=_rent,
        ),
        _SURE,
    ),
)

LLMS = Table(
    kind="llm",
    title="Models",
    one="model",
    items=gpu_catalog.llms,
    columns=(
        Column(
            key="parameters",
            label="Parameters",
            unit="10⁹",
            help="All of them, counted from the widths",
            cell=lambda llm: _quantity(float(gpu_catalog.parameters(llm)), BILLION),
        ),
        Column(
            key="active",
            label="Active",
            unit="10⁹",
            help="Parameters that a token visits",
            cell=lambda llm: _quantity(float(gpu_catalog.active_parameters(llm)), BILLION),
        ),
        Column(
            key="layers",
            label="Layers",
            help="Number of layers",
            cell=lambda llm: _quantity(llm.layers),
        ),
        Column(
            key="hidden",
            label="Hidden",
            help="Width of the residual stream",
            cell=lambda llm: Cell(text=numbers.count(llm.hidden), sort=llm.hidden),
        ),
        Column(
            key="kv",
            label="KV cache",
            unit="kB/token",
            help="Of one token in all layers, before any window is full",
            cell=lambda llm: _quantity(kv_bytes_per_token(llm), KILO),
        ),
        Column(
            key="attention",
            label="Attention",
            help="Kind of attention, query to key-value heads",
            cell=lambda llm: _words(attention_kind(llm)),
            number=False,
        ),
        Column(
            key="experts",
            label="Experts",
            help="Routed experts that a token visits, of how many, and those it always visits",
            cell=experts_kind,
        ),
        Column(
            key="weights",
            label="Weights",
            help="Format of the weights, of the experts' where there are some",
            cell=lambda llm: _words((llm.experts or llm).weight_dtype.upper()),
            number=False,
        ),
        _SURE,
    ),
)

LINKS = Table(
    kind="link",
    title="Links",
    one="link",
    items=gpu_catalog.links,
    columns=(
        Column(
            key="peak",
            label="Peak",
            unit="GB/s",
            help="Signalling rate of one direction, after line coding",
            cell=lambda link: _quantity(link.peak, GB),
        ),
        Column(
            key="effective",
            label="Effective",
            unit="GB/s",
            help="Rates seen in one direction, low to high; the simulator uses the middle",
            cell=lambda link: _range(link.bandwidth_range, GB),
        ),
        Column(
            key="latency",
            label="Latency",
            unit="µs",
            help="Of one crossing, low to high; the simulator uses the middle",
            cell=lambda link: _range(link.latency_range, MICRO),
        ),
        Column(
            key="startup",
            label="Start-up",
            unit="µs",
            help="Until the first byte moves when a library sends",
            cell=lambda link: _range(link.startup_range, MICRO),
        ),
        Column(
            key="all_reduce",
            label="All-reduce",
            unit="GB/s",
            help="Bus bandwidth of NCCL among 8 GPUs",
            cell=lambda link: _range(link.all_reduce_range, GB),
        ),
        _SURE,
    ),
)


def _factor(field, label, help):
    return Column(
        key=field,
        label=label,
        unit="×",
        help=f"{help}, by their times alone: below 1 where CUDA graphs and overlap hide some",
        cell=lambda engine: _quantity(getattr(engine.release, field)),
    )


def _time(field, label, unit, size, help):
    return Column(
        key=field,
        label=label,
        unit=unit,
        help=help,
        cell=lambda engine: _quantity(getattr(engine.release, field), size),
    )


def _unseen(field):
    def cell(engine):
        error = engine.release.provenance.error.get(field)
        return Cell(text=NOTHING if error is None else numbers.percent(error), sort=error)

    return Column(
        key=f"error_{field}",
        label=f"{field.upper()} off",
        help=f"Mean error of {field.upper()} on rows that a trial fit had not seen",
        cell=cell,
    )


ENGINES = Table(
    kind="engine",
    title="Engines",
    one="serving engine",
    items=lambda: tuple(map(serving_engine, engine_names())),
    columns=(
        _factor("products_bf16", "BF16 products", "Products with weights in BF16"),
        _factor("products_fp8", "FP8 products", "Products with weights in FP8"),
        _factor("attention", "Attention", "Attention in decode steps"),
        _factor("prefill", "Prefill", "Kernels of prefill steps"),
        _time("step_s", "Step", "µs", MICRO, "Time on the host for each step"),
        _time("sequence_s", "Sequence", "µs", MICRO, "Time for each running request in a step"),
        _time("request_s", "Request", "ms", 1e-3, "HTTP, tokenizer and scheduling of a request"),
        _unseen("tpot"),
        _unseen("ttft"),
        Column(
            key="rows",
            label="Rows",
            help="Measurements that the constants were fitted to",
            cell=lambda engine: _quantity(engine.release.provenance.rows or None),
        ),
    ),
)

TABLES = {table.kind: table for table in (GPUS, LLMS, LINKS, ENGINES)}


def searched(item: GPU | LLM | Link | ServingEngine) -> str:
    """What of an item the search looks through."""
    known = ("name", "product", "vendor", "architecture")
    texts = [getattr(item, field, "") for field in known]
    return " ".join([*texts, *item.aliases]).casefold()
