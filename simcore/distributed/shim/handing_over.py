"""What a script hands to the processes that it starts: pickled, as between real ones."""

import io
import multiprocessing.connection
import multiprocessing.queues
import multiprocessing.synchronize
import pickle

from simcore.distributed.errors import ProgramError
from simcore.distributed.with_torch import torch

# Two ends of these in one process work as in two.
_SHARED = (
    *(multiprocessing.queues.Queue, multiprocessing.queues.SimpleQueue),
    multiprocessing.connection._ConnectionBase,
)
_WAITS = (
    *(multiprocessing.synchronize.SemLock, multiprocessing.synchronize.Condition),
    *(multiprocessing.synchronize.Event, multiprocessing.synchronize.Barrier),
)


class HandedOver:
    """Something handed over, of which each process unpacks its own.

    Classes and functions of the script are found in the main module of the process that unpacks.
    Tensors share their values, as torch.multiprocessing has it, and not their gradients.
    """

    def __init__(self, value):
        self._outside: list = []
        file = io.BytesIO()
        _Pickler(file, self._outside).dump(value)
        self._pickled = file.getvalue()

    def unpacked(self):
        """What a process finds."""
        return _Unpickler(io.BytesIO(self._pickled), self._outside).load()


class _Pickler(pickle.Pickler):
    def __init__(self, file, outside):
        super().__init__(file)
        self._outside = outside
        self._numbers: dict[int, int] = {}

    def persistent_id(self, value):
        if isinstance(value, _WAITS):
            raise ProgramError(
                f"the script hands a multiprocessing {type(value).__name__} to its processes; "
                "simulated ranks wait for each other in torch.distributed alone: use barrier"
            )
        if not isinstance(value, (torch.Tensor, *_SHARED)):
            return None
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self._outside)
            self._outside.append(value)
        return self._numbers[id(value)]


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, outside):
        super().__init__(file)
        self._outside = outside
        self._found: dict[int, object] = {}

    def persistent_load(self, number):
        if number not in self._found:
            value = self._outside[number]
            self._found[number] = _of_same_values(value) if torch.is_tensor(value) else value
        return self._found[number]


def _of_same_values(tensor):
    if tensor.requires_grad and not tensor.is_leaf:
        raise ProgramError(
            "the script hands its processes a tensor that was computed from others and requires "
            "gradients; hand over tensor.detach()"
        )
    if isinstance(tensor, torch.nn.Parameter):
        return torch.nn.Parameter(tensor.data, tensor.requires_grad)
    return tensor.data.requires_grad_(tensor.requires_grad)
