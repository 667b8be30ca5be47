"""What the page's rail sets, and the run that it means."""

from dataclasses import dataclass, fields, replace

import gpu_catalog
from app.gantt6d.asked import plain_of
from app.lab.networks import STAR, network_names
from simcore.distributed.algorithms import ALGORITHMS
from simcore.distributed.algorithms import Settings as Work
from simcore.distributed.algorithms.settings import EDGE_DEVICE
from simcore.distributed.collectives import PROFILES
from simcore.distributed.models import Device, shape_names
from simcore.errors import ScenarioError
from simcore.parameters import Choice, Number, parameter, parameters_of

MOST_RANKS = 64
LAPTOP = "laptop CPU"
ALWAYS = ("algorithm", "against", "model", "layers", "device", "network", "profile")
"""Settings that every algorithm looks at."""

_WORK = tuple(field.name for field in fields(Work) if field.name != "device")


def _number(key, symbol, label, unit, help, slider, typed, whole=True, optional=None):
    low, high, step = slider
    return Number(
        **{"key": key, "symbol": symbol, "label": label, "unit": unit, "help": help},
        **{"low": low, "high": high, "step": step, "least": typed[0], "most": typed[1]},
        whole=whole,
        optional=optional,
    )


def _choice(key, label, help, options):
    return Choice(key=key, symbol="", label=label, help=help, options=options)


def _devices():
    return (LAPTOP, *(gpu.name for gpu in gpu_catalog.gpus()))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The rail's fields, as people set them: bandwidth in Mbit/s, latency in ms."""

    algorithm: str = parameter(
        _choice("algorithm", "Algorithm", "Which one is run and drawn.", ALGORITHMS.names),
        "kilovolts-direct",
    )
    against: str = parameter(
        _choice("against", "Against", "The other one, on the same machines.", ALGORITHMS.names),
        "voltage",
    )
    model: str = parameter(
        _choice("model", "Model", "Dimensions of the transformer.", shape_names), "Llama-3.2-1B"
    )
    layers: int | None = parameter(
        _number("layers", "L", "Layers", "layers", "As many of the model's, or as it would have.",
                (1, 32, 1), (1, 128), optional="as many as the model has"),
        None,
    )  # fmt: skip
    tokens: int = parameter(
        _number("tokens", "T", "Tokens", "tokens", "Positions of each sequence.",
                (8, 1024, 8), (1, 131_072)),
        64,
    )  # fmt: skip
    batch: int = parameter(
        _number("batch", "N", "Batch", "sequences", "Sequences that are run together.",
                (1, 32, 1), (1, 1024)),
        1,
    )  # fmt: skip
    micro_batches: int = parameter(
        _number("micro", "", "Micro-batches", "",
                "Pieces that a pipeline cuts the batch into: one a sequence at most.",
                (1, 16, 1), (1, 256)),
        4,
    )  # fmt: skip
    tp: int = parameter(
        _number("tp", "TP", "Ranks in a stage", "ranks", "That share each layer of a stage.",
                (1, 8, 1), (1, MOST_RANKS)),
        2,
    )  # fmt: skip
    requests: int = parameter(
        _number("requests", "", "Requests", "requests", "How many arrive.",
                (10, 200, 10), (1, 1000)),
        60,
    )  # fmt: skip
    rate_per_s: float = parameter(
        _number("rate", "λ", "Arrival rate, 1/s", "requests/s", "On average, by chance.",
                (0.1, 5, 0.1), (0.001, 100_000), whole=False),
        0.3,
    )  # fmt: skip
    output_tokens: int = parameter(
        _number("output", "O", "Output", "tokens", "Generated for each request.",
                (1, 64, 1), (1, 512)),
        8,
    )  # fmt: skip
    max_batch: int = parameter(
        _number("max", "", "Largest batch", "requests", "That one step takes at most.",
                (1, 32, 1), (1, 256)),
        8,
    )  # fmt: skip
    seed: int = parameter(
        _number("seed", "", "Seed", "", "Of all that is drawn by chance.",
                (0, 100, 1), (0, 2**31 - 1)),
        0,
    )  # fmt: skip
    ranks: int = parameter(
        _number("ranks", "P", "Ranks", "ranks", "Processes, each on a device of its own.",
                (2, 16, 1), (1, MOST_RANKS)),
        4,
    )  # fmt: skip
    device: str = parameter(
        _choice(
            "device", "Device",
            "What a rank computes on, by its peaks; the laptop's CPU is taken to reach "
            f"{EDGE_DEVICE.flops_per_s / 1e9:g} GFLOP/s and {EDGE_DEVICE.bytes_per_s / 1e9:g} "
            "GB/s.",
            _devices,
        ),
        LAPTOP,
    )  # fmt: skip
    network: str = parameter(
        _choice("network", "Network", "A star has one switch; others have links of their own.",
                network_names),
        STAR,
    )  # fmt: skip
    bandwidth: float = parameter(
        _number("bandwidth", "", "Bandwidth, Mbit/s", "Mbit/s", "Of each rank's NIC, both ways.",
                (10, 2000, 10), (0.1, 1e6), whole=False),
        100.0,
    )  # fmt: skip
    latency: float = parameter(
        _number("latency", "α", "Latency, ms", "ms", "Of a message from rank to rank.",
                (0, 20, 0.1), (0, 10_000), whole=False),
        10.0,
    )  # fmt: skip
    profile: str = parameter(
        _choice("profile", "Collectives", "As what messages collectives are run.", PROFILES.names),
        "portable",
    )  # fmt: skip


FIELDS = parameters_of(Settings)


def settings_of(values) -> Settings:
    """The settings in what the controls hold; raises ScenarioError that names the field."""
    if not isinstance(values, dict):
        raise ScenarioError("`values` maps the fields of the rail to values")
    if any(name not in FIELDS for name in values):
        raise ScenarioError(f"a field that the page does not have; it has {', '.join(FIELDS)}")
    checked = {
        name: FIELDS[name].check(name, plain_of(FIELDS[name], value))
        for name, value in values.items()
    }
    return Settings(**checked)


def other_of(settings: Settings) -> Settings:
    """The same with the algorithm that is compared with."""
    return replace(settings, algorithm=settings.against)


def work_of(settings: Settings) -> Work:
    """What the algorithm is run on."""
    values = {name: getattr(settings, name) for name in _WORK}
    # A batch cannot be cut into more pieces than it has sequences.
    values["micro_batches"] = min(settings.micro_batches, settings.batch)
    return Work(**values, device=device_of(settings))


def device_of(settings: Settings) -> Device:
    """What each rank computes on."""
    if settings.device == LAPTOP:
        return EDGE_DEVICE
    gpu = gpu_catalog.gpu(settings.device)
    return Device(flops_per_s=gpu.flops, bytes_per_s=gpu.bandwidth)


def idle_of(settings: Settings) -> list[str]:
    """Fields without an effect on either algorithm."""
    used = {*ALWAYS, *ALGORITHMS[settings.algorithm].uses, *ALGORITHMS[settings.against].uses}
    used.add("ranks")
    if settings.network == STAR:
        used |= {"bandwidth", "latency"}
    return [name for name in FIELDS if name not in used]


def usual_of(settings: Settings) -> dict:
    """What the algorithm is usually shown on, where that is not what is set: values by field.

    Where the one to compare with cannot be run on that, another one is named.
    """
    algorithm = ALGORITHMS[settings.algorithm]
    fields_of = ("model", "layers", *algorithm.uses)
    usual = {name: getattr(algorithm.defaults, name) for name in fields_of}
    usual["against"] = _comparable(replace(settings, **usual))
    return {name: value for name, value in usual.items() if value != getattr(settings, name)}


def _comparable(settings):
    """The algorithm to compare with if it can be run on the settings, or the first that can."""
    others = [name for name in ALGORITHMS.names() if name != settings.algorithm]
    for name in (settings.against, *others):
        try:
            ALGORITHMS[name].check(work_of(settings))
        except ScenarioError:
            continue
        return name
    return settings.algorithm
