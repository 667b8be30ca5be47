"""The constants that belong to a GPU of the catalog, or those of its nearest relative."""

from dataclasses import replace
from functools import cache

import numpy as np

import gpu_catalog
from gpu_catalog import GPU
from simcore.costs.constants import FabricConstants, GpuConstants, shipped
from simcore.costs.operators.chip import Chip
from simcore.errors import ScenarioError

EXPECTED_ERROR = 0.25
"""Error to expect of a time on hardware that nobody has calibrated [share]."""

RELATIVES = {
    "Ampere": "NVIDIA A100-80GB",
    "Hopper": "NVIDIA H100",
    "Ada Lovelace": "NVIDIA L40S",
    "Blackwell Ultra": "NVIDIA B200",
}
"""By architecture, the calibrated GPU whose kernels a relative's are taken to resemble."""

DATA_CENTRE_BLACKWELL = "NVIDIA B200"
OTHER_BLACKWELL = "NVIDIA RTX PRO 6000 Server"
STRANGER = "NVIDIA A100-80GB"
"""For architectures that nobody has calibrated: the kernels furthest from their peaks."""

WIDE_MEMORY = 3e12
"""Blackwell GPUs with HBM have more than this [byte/s], those with GDDR less."""


def kernels_of(gpu: GPU) -> GpuConstants:
    """The kernel constants of `gpu`; a relative's, marked uncalibrated, where it has none."""
    known = _by_gpu()
    if gpu.name in known and _as_it_ships(gpu):
        return known[gpu.name]
    relative = known[gpu.name if gpu.name in known else relative_of(gpu)]
    # More throughput of the same kind is more multiprocessors.
    units = relative.multiprocessors * gpu.flops / gpu_catalog.shipped_gpu(relative.gpu).flops
    return replace(relative, gpu=gpu.name, calibrated=False, multiprocessors=max(1, round(units)))


def _as_it_ships(gpu):
    """Whether it has the peaks that its constants were fitted with: users may replace a GPU."""
    ships = gpu_catalog.shipped_gpu(gpu.name)
    peaks = ("flops", "flops_fp8", "flops_int8", "flops_fp4", "bandwidth")
    return all(getattr(gpu, peak) == getattr(ships, peak) for peak in peaks)


def relative_of(gpu: GPU) -> str:
    """Name of the calibrated GPU that is most like `gpu`."""
    if gpu.vendor != "NVIDIA":
        return STRANGER
    if gpu.architecture == "Blackwell":
        return DATA_CENTRE_BLACKWELL if gpu.bandwidth > WIDE_MEMORY else OTHER_BLACKWELL
    return RELATIVES.get(gpu.architecture, STRANGER)


def chip_of(gpu: GPU, kernels: GpuConstants) -> Chip:
    """What the formulas need to know of `gpu`."""
    return chip_with(gpu, multiprocessors=kernels.multiprocessors, cache=kernels.cache)


def chip_with(gpu: GPU, *, multiprocessors: int, cache: float) -> Chip:
    """A chip of the catalog's peaks, so many multiprocessors and so large a cache [byte]."""
    peaks = {
        "bf16": gpu.flops,
        "fp8": gpu.flops_fp8,
        "int8": gpu.flops_int8,
        "fp4": gpu.flops_fp4,
    }
    return Chip(
        flops={name: peak for name, peak in peaks.items() if peak},
        bandwidth=gpu.bandwidth,
        multiprocessors=multiprocessors,
        cache=cache,
    )


PCIE_BANDWIDTH = {3: 15.75e9, 4: 31.5e9, 5: 63e9, 6: 126e9}
"""Peak of a x16 link in one direction, by generation [byte/s]."""


def fabric_of(gpu: GPU) -> FabricConstants:
    """The constants of what joins GPUs of this kind in one machine.

    Those of the link of nearest bandwidth, marked uncalibrated, where nobody has measured it.
    """
    for constants in shipped(FabricConstants, "fabrics").values():
        if gpu.name in constants.gpus:
            return constants
    if gpu.fabric is None and gpu.pcie is None:
        raise ScenarioError(f"{gpu.name}: the catalog knows no link between such GPUs; use TP 1")
    bandwidth = gpu.fabric.bandwidth if gpu.fabric else PCIE_BANDWIDTH[gpu.pcie]
    return fabric_like(bandwidth, switched=gpu.fabric is not None)


def own_fabric(gpu: GPU, ranks: int) -> FabricConstants | None:
    """The constants of what joins `ranks` GPUs of this kind in one machine, by the catalog.

    None where the catalog knows no link between them.
    """
    if gpu.fabric is None and gpu.pcie is None:
        return None
    return _for_ranks(fabric_of(gpu), ranks)


def fabric_joining(
    gpu: GPU, bandwidth: float, *, rated: float, ranks: int, switched: bool, nodes: int
) -> FabricConstants:
    """Constants of what joins `ranks` GPUs of a kind: of the measured fabric that is most like it.

    Parameters
    ----------
    bandwidth : that each GPU has into the others, as transfers reach it [byte/s]. Constants are of
        peaks, which transfers do not reach: that of the link that was measured counts as its peak
    rated : the same by what the wires are, by which the fabric is found [byte/s]: one that is
        faster or slower in a trial, or of which others take a part, is of the same kind
    switched : whether a switch joins them; between machines one always does
    nodes : machines that they are spread over
    """
    # A wire between any two of many GPUs, all in use at once, is like a switch.
    own = gpu.fabric
    meshed = own is not None and own.gpus > 2 and rated > own.bandwidth / 2
    nearest = min(
        (
            constants
            for constants in shipped(FabricConstants, "fabrics").values()
            if _joins(constants, gpu, switched=switched or meshed, between=nodes > 1)
        ),
        key=lambda constants: abs(np.log(_reached(constants) / rated)),
    )
    like = bandwidth / _reached(nearest)
    found = nearest if nodes > 1 else _for_ranks(nearest, ranks)
    if like == 1:
        return found
    return replace(found, bandwidth=found.bandwidth * like, calibrated=False)


def _joins(constants, gpu, *, switched, between):
    """Whether constants are of that class of fabric."""
    if between:
        return constants.switched and not constants.gpus
    # A bridge joins two GPUs of the kinds that have one, and no others.
    of_all = constants.gpus and not constants.most_ranks
    return constants.switched == switched and (of_all or gpu.name in constants.gpus)


def _for_ranks(constants, ranks):
    if constants.most_ranks and ranks > constants.most_ranks:
        return shipped(FabricConstants, "fabrics")[constants.beyond]
    return constants


@cache
def _reached_at(peak: float, links: tuple[str, ...]) -> float:
    named = [link for link in gpu_catalog.shipped_links() if link.name in links]
    like = named or [link for link in gpu_catalog.shipped_links() if link.peak == peak]
    return sum(link.bandwidth for link in like) / len(like) if like else peak


def _reached(constants):
    """What transfers over a measured link reach, as the catalog has it [byte/s]."""
    return _reached_at(constants.bandwidth, constants.links)


def fabric_like(bandwidth: float, *, switched: bool) -> FabricConstants:
    """Constants of a link of `bandwidth` [byte/s], from the measured one of nearest bandwidth."""
    known = shipped(FabricConstants, "fabrics").values()
    alike = [constants for constants in known if constants.switched == switched]
    nearest = min(alike, key=lambda c: abs(c.bandwidth - bandwidth) / (c.bandwidth + bandwidth))
    return replace(nearest, bandwidth=bandwidth, calibrated=False)


@cache
def _by_gpu() -> dict[str, GpuConstants]:
    return {constants.gpu: constants for constants in shipped(GpuConstants, "gpus").values()}
