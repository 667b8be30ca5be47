"""KV cache on its way from a prefill pool to a decode pool."""

from dataclasses import dataclass

import numpy as np

from simcore.costs.operators.smooth import smooth_max
from simcore.costs.provenance import Provenance


@dataclass(frozen=True, kw_only=True)
class TransferConstants:
    """One transfer library over one kind of network.

    Attributes
    ----------
    library : as tables of measurements name it
    links : names in the catalog of the networks it was measured on
    startup_s : until the first byte moves, of a whole request [s]
    share : of the network's peak bandwidth
    block_s : of one block, where the request is sent in blocks [s]; 0 where they do not matter
    sharpness : of the maximum of the times of handling and of carrying a block (see `smooth_max`)
    """

    library: str
    links: tuple[str, ...]
    startup_s: float
    share: float
    block_s: float
    sharpness: float
    provenance: Provenance


def transfer_seconds(*, size, bandwidth, constants: TransferConstants):
    """Time [s] of moving the KV cache of `size` byte over a network of `bandwidth` [byte/s]."""
    return constants.startup_s + np.asarray(size, dtype=float) / (bandwidth * constants.share)


def block_bandwidth(*, block, bandwidth, constants: TransferConstants):
    """Bandwidth [byte/s] that a stream of blocks of `block` byte reaches.

    The library handles so many blocks a second, and the network carries so many bytes.
    """
    handled = np.asarray(block, dtype=float) / constants.block_s
    return 1 / smooth_max(
        1 / handled, 1 / (bandwidth * constants.share), sharpness=constants.sharpness
    )
