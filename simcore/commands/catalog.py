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
    header = ["GPU", "memory GiB", "GB/s", "BF16", "FP8", "FP4 TFLOP/s"]
    header += ["fabric GB/s", "W", "rent $/h", "product"]
    return header, [
        [
            gpu.name,
            f"{gpu.memory / GIB:.1f}",
            f"{gpu.bandwidth / GB:,.0f}",
            *(_tera(flops) for flops in (gpu.flops, gpu.flops_fp8, gpu.flops_fp4)),
            f"{gpu.fabric.bandwidth / GB:g}" if gpu.fabric else "-",
            f"{gpu.power:g}" if gpu.power else "-",
            _range(gpu.rent.usd) if gpu.rent else "-",
            gpu.product,
        ]
        for gpu in gpu_catalog.gpus()
    ]


def _tera(flops):
    return f"{flops / TERA:,.1f}" if flops else "-"


def _range(pair):
    low, high = pair
    return f"{low:g}" if low == high else f"{low:g}-{high:g}"


def _llms():
    header = ["model", "parameters 1e9", "active", "layers", "hidden", "query heads"]
    header += ["weights", "KV kB/token", "KV"]
    return header, [
        [
            llm.name,
            f"{gpu_catalog.parameters(llm) / BILLION:,.1f}",
            f"{gpu_catalog.active_parameters(llm) / BILLION:,.1f}",
            str(llm.layers),
            f"{llm.hidden:,}",
            str(llm.attention.query_heads),
            (llm.experts or llm).weight_dtype,
            f"{gpu_catalog.kv_elements_per_token(llm) * llm.kv_bytes_per_element / 1000:,.1f}",
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
            f"{link.reference.bandwidth / GB:g}" if link.reference else "-",
            f"{link.reference.latency / MICRO:g}" if link.reference else "-",
            link.product,
        ]
        for link in gpu_catalog.links()
    ]


LISTS = {"gpus": _gpus, "llms": _llms, "links": _links}
