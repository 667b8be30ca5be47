"""The life of one rank: it joins the others, runs the program, and tells what came of it."""

import os
import socket
import time
import traceback
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from simcore.distributed.communicator import Communicator
from simcore.distributed.deployed.profiles import profile_for
from simcore.distributed.deployed.transport import Deployed, DeployedTransport
from simcore.distributed.errors import RankFailed
from simcore.distributed.trace import Recorder
from simcore.distributed.waiting import user_place
from simcore.distributed.with_torch import torch
from simcore.errors import PdscopeError


@dataclass(frozen=True)
class Ended:
    """What a rank has to tell when its program has ended.

    Attributes
    ----------
    value : what the program returned
    recorder : what the rank recorded
    seconds : when it ended, counted from when all ranks had met [s]
    peak_bytes : most that it held for communication [byte]
    """

    value: Any
    recorder: Recorder
    seconds: float
    peak_bytes: int


class RemoteTraceback(Exception):
    """The traceback of another process, as the cause of what is raised here."""

    def __init__(self, text: str):
        super().__init__(text)
        self.text = text

    def __str__(self):
        return f"\n\n{self.text}"


def join(backend: str, timeout_s: float, *, rank=None, ranks=None, store: str | None = None):
    """Make the process group of all ranks; returns the device that it sends from.

    Parameters
    ----------
    backend : "gloo" or "nccl"
    timeout_s : how long an operation may wait before the back end gives up [s]
    rank, ranks, store : who this is, of how many, and the path of a file by which they find one
        another; None where the environment says so, as torchrun makes it
    """
    if store is not None:
        # All are on this machine.
        os.environ.setdefault("GLOO_SOCKET_IFNAME", _loopback())
    device = torch.device("cpu")
    if backend == "nccl":
        local = int(os.environ.get("LOCAL_RANK", rank or 0))
        device = torch.device("cuda", local % max(1, torch.cuda.device_count()))
        torch.cuda.set_device(device)
    where = {} if store is None else {"rank": rank, "world_size": ranks}
    torch.distributed.init_process_group(
        backend,
        init_method="env://" if store is None else f"file://{store}",
        timeout=timedelta(seconds=timeout_s),
        **where,
    )
    return device


def common_zero(device: torch.device, one_machine: bool) -> float:
    """Meet the other ranks; returns the time that the run counts from, on this machine's clock [s].

    On one machine it is the same time for all. Clocks of several machines are apart, so that each
    counts from when it left the barrier.
    """
    torch.distributed.barrier()
    zero = torch.tensor([time.monotonic()], dtype=torch.float64, device=device)
    if one_machine:
        torch.distributed.broadcast(zero, 0)
    return zero.item()


class Rank:
    """Runs a program in this process, which has joined the others.

    Parameters
    ----------
    device, zero_s : see `join` and `common_zero`
    profile : name of the profile of collectives
    """

    def __init__(self, device: torch.device, zero_s: float, profile: str):
        group = torch.distributed.group.WORLD
        self._deployed = Deployed(group, device, zero_s)
        self._transport = DeployedTransport(self._deployed)
        self._profile = profile_for(profile, self._deployed)
        self.rank = self._deployed.rank

    @property
    def waits(self):
        """The operation that the program waits for; None while it computes."""
        return self._transport.waits

    def run(self, program, args: tuple) -> Ended:
        """Run it to its end. Raises RankFailed, or what the program did wrong in communicating."""
        deployed = self._deployed
        try:
            value = program(Communicator(self._transport, self._profile), *args)
        except PdscopeError:
            raise
        except BaseException as error:
            frames = list(traceback.walk_tb(error.__traceback__))
            raise RankFailed(
                f"rank {self.rank} raised {type(error).__name__}: {error}, at "
                f"{user_place(frames[-1][0])}; the other ranks were stopped",
                self.rank,
            ) from error
        self._transport.finish()
        seconds = deployed.now()
        deployed.finish()
        return Ended(value, deployed.recorder, seconds, deployed.peak_bytes)


def _loopback():
    names = [name for _, name in socket.if_nameindex()]
    return next(name for name in ("lo", "lo0") if name in names)
