"""The programs of collectives by kind and name.

A program gets a `simcore.distributed.transport.Link` first. Payloads are flat: contiguous 1-D
arrays or tensors, or `Virtual`; their slices share their memory. Between two ranks, messages meet
in the order in which they are posted.
"""

from collections.abc import Callable

from simcore.registry import Registry

PACKAGE = "simcore.distributed.collectives"

BROADCASTS: Registry[Callable] = Registry("broadcast", PACKAGE)
"""(link, flat, root): `flat` of every rank becomes that of `root`."""

ALL_REDUCES: Registry[Callable] = Registry("all-reduce", PACKAGE)
"""(link, flat, op): `flat` of every rank becomes the reduction of all of them."""

ALL_GATHERS: Registry[Callable] = Registry("all-gather", PACKAGE)
"""(link, pieces): flat payloads by rank, of which a rank's own is filled, then all are."""

REDUCE_SCATTERS: Registry[Callable] = Registry("reduce-scatter", PACKAGE)
"""(link, parts, op): parts[rank] becomes the reduction of every rank's; the rest is spoilt."""

ALL_TO_ALLS: Registry[Callable] = Registry("all-to-all", PACKAGE)
"""(link, out, into): into[i] becomes what rank i has in its out[rank], a rank's own included."""

BARRIERS: Registry[Callable] = Registry("barrier", PACKAGE)
"""(link): no rank returns before each has come."""
