"""How ranks find one another, and the groups of torch.distributed that they make."""

import os
import socket
import time
from datetime import timedelta

from simcore.distributed.with_torch import torch

dist = torch.distributed


class Joined:
    """A process that has joined the others.

    Parameters
    ----------
    backend : "gloo" or "nccl"
    patience_s : how long an operation may wait before the back end gives up [s]
    rank, ranks, store : who this is, of how many, and the path of a file by which they find one
        another, all on this machine; None where the environment says so, as torchrun makes it

    Attributes
    ----------
    device : where the back end takes tensors from
    group : process group of all ranks
    """

    def __init__(
        self,
        backend: str,
        patience_s: float,
        *,
        rank: int | None = None,
        ranks: int | None = None,
        store: str | None = None,
    ):
        self._patience = timedelta(seconds=patience_s)
        self.device = torch.device("cpu")
        if store is None:
            self._store, rank, ranks = next(dist.rendezvous("env://", timeout=self._patience))
        else:
            os.environ.setdefault("GLOO_SOCKET_IFNAME", _loopback())
            self._store = dist.FileStore(store, ranks)
            self._store.set_timeout(self._patience)
        if backend == "nccl":
            local = int(os.environ.get("LOCAL_RANK", rank))
            self.device = torch.device("cuda", local % torch.cuda.device_count())
            torch.cuda.set_device(self.device)
        dist.init_process_group(
            backend, store=self._store, rank=rank, world_size=ranks, timeout=self._patience
        )
        self.group = dist.group.WORLD

    def new_group(self, name: str, rank: int, size: int):
        """A process group of some of the ranks, which all call this with the same name.

        Made directly: `new_group` of torch.distributed must be called by every rank or, where it
        need not, takes names by how many groups a rank is in, which members need not agree on.

        Parameters
        ----------
        rank, size : in the group
        """
        store = dist.PrefixStore(name, self._store)
        if self.device.type == "cpu":
            return dist.ProcessGroupGloo(store, rank, size, timeout=self._patience)
        options = dist.ProcessGroupNCCL.Options()
        options._timeout = self._patience
        return dist.ProcessGroupNCCL(store, rank, size, options)

    def meet(self, one_machine: bool) -> float:
        """Wait for all; returns the time that the run counts from, on this machine's clock [s].

        On one machine it is the same time for all. Clocks of several machines are apart, so that
        each counts from when it left the barrier.
        """
        dist.barrier()
        zero = torch.tensor([time.monotonic()], dtype=torch.float64, device=self.device)
        if one_machine:
            dist.broadcast(zero, 0)
        return zero.item()

    def leave(self) -> None:
        """Take the process group down."""
        dist.destroy_process_group()


def _loopback():
    names = [name for _, name in socket.if_nameindex()]
    return next(name for name in ("lo", "lo0") if name in names)
