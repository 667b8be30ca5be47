"""Sends and receives that set out together, for a library that does one after the other.

NCCL matches messages of two ranks by their order alone, and does not begin one before the last has
ended: two ranks that both receive first would wait for ever. What is posted is therefore kept, and
goes out as one batch as soon as the rank waits for any of it.
"""

import threading

from simcore.distributed.with_torch import torch

dist = torch.distributed


class Together:
    """A process group whose sends and receives set out when one of them is waited for.

    Parameters
    ----------
    group : process group of all ranks
    """

    def __init__(self, group):
        self._group = group
        self._kept: list[tuple[dist.P2POp, _Kept]] = []
        # A collective in the background posts and waits, too.
        self._lock = threading.Lock()

    def rank(self) -> int:
        """Of this process in the group."""
        return self._group.rank()

    def size(self) -> int:
        """Of the group."""
        return self._group.size()

    def send(self, tensors, to: int, tag: int) -> "_Kept":
        """Keep a send of the one tensor."""
        return self._keep(dist.P2POp(dist.isend, tensors[0], to, self._group, tag))

    def recv(self, tensors, source: int, tag: int) -> "_Kept":
        """Keep a receive into the one tensor."""
        return self._keep(dist.P2POp(dist.irecv, tensors[0], source, self._group, tag))

    def set_out(self) -> None:
        """Begin all that was kept."""
        with self._lock:
            if self._kept:
                batch = _Batch(dist.batch_isend_irecv([operation for operation, _ in self._kept]))
                for _, kept in self._kept:
                    kept.batch = batch
                self._kept = []

    def _keep(self, operation):
        kept = _Kept(self)
        with self._lock:
            self._kept.append((operation, kept))
        return kept


class _Batch:
    """What has set out together, and ends together."""

    def __init__(self, works):
        self._works = works
        self._lock = threading.Lock()

    def wait(self):
        with self._lock:
            # A work can be waited for once.
            while self._works:
                self._works.pop().wait()


class _Kept:
    def __init__(self, together):
        self.batch: _Batch | None = None
        self._together = together

    def wait(self):
        if self.batch is None:
            self._together.set_out()
        self.batch.wait()
