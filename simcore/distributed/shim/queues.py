"""Queues and pipes between a script and the processes that it starts.

What the script takes from one is put there by its processes, so that those run first. Nothing else
is waited for: whoever finds nothing would wait for ever, with all ranks.
"""

import multiprocessing.connection
import multiprocessing.queues
import queue

from simcore.distributed.errors import ProgramError
from simcore.distributed.shim.world import here_or_none

# A thread of the queue moves what was put there before.
_MOVED_S = 5.0
_EMPTY = (
    "nobody has put there what is to be taken from a {0}; simulated ranks wait for each other in "
    "torch.distributed alone"
)


def _served(original, take):
    def serve(self, *args, **kwargs):
        world = here_or_none()
        if world is None:
            return original(self, *args, **kwargs)
        world.launch.run_added()
        return take(original, self, *args, **kwargs)

    return serve


def _from_queue(original, self, block=True, timeout=None):
    if not block:
        return original(self, block=False)
    try:
        return original(self, timeout=_MOVED_S)
    except queue.Empty:
        raise ProgramError(_EMPTY.format("Queue")) from None


def _from_simple_queue(original, self):
    if self.empty():
        raise ProgramError(_EMPTY.format("SimpleQueue"))
    return original(self)


def _from_pipe(original, self):
    if not self.poll():
        raise ProgramError(_EMPTY.format("Pipe"))
    return original(self)


def replacements():
    """(class, name of its method, what to put there)."""
    for owner, name, take in (
        (multiprocessing.queues.Queue, "get", _from_queue),
        (multiprocessing.queues.SimpleQueue, "get", _from_simple_queue),
        (multiprocessing.connection._ConnectionBase, "recv", _from_pipe),
    ):
        yield owner, name, _served(vars(owner)[name], take)
