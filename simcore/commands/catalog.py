"""`pdscope list`: what the catalog holds."""

import gpu_catalog
from simcore.commands.text import table_text
from simcore.units import GB, GIB

name = "list"
help = "list the GPUs, models or links of the catalog"

TERA = 1e12
BILLION = 1e9
MICRO = 1e-6


def add_arguments(parser):
    parser.add_argument("what", choices=tuple(LISTS))


def execute(arguments) -> int:
    header, rows = LISTS[arguments.what]()
    print(table_text(header, rows))
    return 0


def _gpus():
    header = ["GPU", "memory GiB", "GB/s", "dense BF16 TFLOP/s", "product"]
    return header, [
        [
            gpu.name,
            f"{gpu.memory / GIB:.1f}",
            f"{gpu.bandwidth / GB:,.0f}",
            f"{gpu.flops / TERA:,.1f}",
            gpu.product,
        ]
        for gpu in gpu_catalog.gpus()
    ]


def _llms():
    header = ["model", "parameters 1e9", "layers", "hidden", "query heads", "KV"]
    return header, [
        [
            llm.name,
            f"{llm.published_parameters / BILLION:,.1f}",
            str(llm.layers),
            f"{llm.hidden:,}",
            str(llm.attention.query_heads),
            _kv(llm.attention),
        ]
        for llm in gpu_catalog.llms()
    ]


def _kv(attention):
    match attention:
        case gpu_catalog.LatentAttention(latent=latent):
            return f"MLA, latent {latent}"
        case gpu_catalog.GroupedQueryAttention(kv_heads=heads, head_dim=width, window=window):
            return f"{heads} heads of {width}" + (f", window {window}" if window else "")


def _links():
    header = ["link", "GB/s", "latency us", "specification GB/s", "us", "product"]
    return header, [
        [
            link.name,
            f"{link.bandwidth / GB:g}",
            f"{link.latency / MICRO:g}",
            f"{link.reference.bandwidth / GB:g}",
            f"{link.reference.latency / MICRO:g}",
            link.product,
        ]
        for link in gpu_catalog.links()
    ]


LISTS = {"gpus": _gpus, "llms": _llms, "links": _links}
