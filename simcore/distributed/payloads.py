"""What programs send each other: bytes, numpy arrays, tensors, and sizes without values.

A `PayloadKind` knows one type of payload. Those of the standard library and of numpy are here;
tensors register themselves where there is torch.
"""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import numpy as np

from simcore.distributed.errors import ProgramError

Bytes = np.ndarray
"""One-dimensional, of unsigned bytes."""


class Reduction(Enum):
    """How the values of several ranks become one."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"
    PRODUCT = "product"

    @classmethod
    def _missing_(cls, value):
        names = ", ".join(str(op) for op in cls)
        raise ProgramError(f"{value!r} is no reduction; use one of {names}")


@dataclass(frozen=True, slots=True)
class Virtual:
    """A payload of `nbytes` [byte] whose values nobody looks at.

    It adds and multiplies like a value, and is cut like one, by bytes.
    """

    nbytes: int

    def __post_init__(self):
        if isinstance(self.nbytes, bool) or not isinstance(self.nbytes, int) or self.nbytes < 0:
            raise ProgramError(
                f"Virtual({self.nbytes!r}): nbytes must be a whole number, 0 or more"
            )

    def __getitem__(self, part: slice) -> "Virtual":
        start, stop, step = part.indices(self.nbytes)
        if step != 1:
            raise ProgramError(f"a Virtual payload is cut into bytes on end, not every {step}th")
        return Virtual(max(0, stop - start))

    def __add__(self, other) -> "Virtual":
        return other if isinstance(other, Virtual) and other.nbytes > self.nbytes else self

    __radd__ = __mul__ = __rmul__ = __add__


class PayloadKind(Protocol):
    """One type of payload. A flat payload is one-dimensional, contiguous, and can be sliced."""

    def size(self, payload) -> int:
        """Its size [byte]."""

    def element_type(self, payload) -> str:
        """What its elements are called; ranks that reduce together must agree on it."""

    def outgoing(self, payload) -> Bytes | None:
        """The bytes to send, a view where it can be one; None where there are no values."""

    def incoming(self, payload) -> tuple[Bytes | None, Callable[[], None] | None]:
        """Where to write what arrives, and what is to be called when it has."""

    def flat_copy(self, payload) -> Any:
        """A flat payload of the same values, in memory of its own."""

    def flat_empty_like(self, payload) -> Any:
        """A flat payload of the same size, with any values."""

    def count(self, flat) -> int:
        """Elements of a flat payload."""

    def restored(self, flat, like) -> Any:
        """The flat payload in the shape of `like`."""

    def fill(self, payload, flat) -> None:
        """Write the values of a flat payload into `payload`, whatever its shape."""

    def reduce_into(self, target, source, reduction: Reduction) -> None:
        """Reduce the flat `source` into the flat `target`, in place."""


_KINDS: dict[type, PayloadKind] = {}
# Where a library is loaded, this module knows its payloads.
_LEARNT_WITH = {"torch": "simcore.distributed.with_torch"}


def register_payload(payload_type: type, kind: PayloadKind) -> None:
    """Payloads of `payload_type`, and of types derived from it, are of that kind from now on."""
    _KINDS[payload_type] = kind


def kind_of(payload) -> PayloadKind:
    """The kind of a payload; raises ProgramError for what cannot be sent."""
    kind = _KINDS.get(type(payload))
    return kind if kind is not None else _find_kind(payload)


def _find_kind(payload):
    for attempt in range(2):
        for base in type(payload).__mro__:
            if base in _KINDS:
                _KINDS[type(payload)] = _KINDS[base]
                return _KINDS[base]
        if attempt == 0:
            for library, module in _LEARNT_WITH.items():
                if library in sys.modules:
                    importlib.import_module(module)
    raise ProgramError(
        f"a {type(payload).__name__} cannot be sent; payloads are torch tensors, numpy arrays, "
        "bytes (bytearray to receive), or Virtual(nbytes)"
    )


class _VirtualKind:
    def size(self, payload):
        return payload.nbytes

    def element_type(self, payload):
        return "byte"

    def outgoing(self, payload):
        return None

    def incoming(self, payload):
        return None, None

    def flat_copy(self, payload):
        return payload

    flat_empty_like = flat_copy

    def count(self, flat):
        return flat.nbytes

    def restored(self, flat, like):
        return flat

    def fill(self, payload, flat):
        pass

    def reduce_into(self, target, source, reduction):
        pass


_REDUCE = {
    Reduction.SUM: np.add,
    Reduction.MAX: np.maximum,
    Reduction.MIN: np.minimum,
    Reduction.PRODUCT: np.multiply,
}


class _ArrayKind:
    def size(self, payload):
        return payload.nbytes

    def element_type(self, payload):
        return payload.dtype.name

    def outgoing(self, payload):
        _check_plain(payload)
        return np.ascontiguousarray(payload).reshape(-1).view(np.uint8)

    def incoming(self, payload):
        _check_plain(payload)
        if not payload.flags.writeable:
            raise ProgramError("this array is read-only; receive into one that can be written")
        if payload.flags.c_contiguous:
            return payload.reshape(-1).view(np.uint8), None
        room = np.empty(payload.shape, payload.dtype)

        def finish():
            payload[...] = room

        return room.reshape(-1).view(np.uint8), finish

    def flat_copy(self, payload):
        _check_plain(payload)
        return np.array(payload, order="C").reshape(-1)

    def flat_empty_like(self, payload):
        return np.empty(payload.size, payload.dtype)

    def count(self, flat):
        return flat.size

    def restored(self, flat, like):
        return flat.reshape(like.shape)

    def fill(self, payload, flat):
        payload[...] = flat.reshape(payload.shape)

    def reduce_into(self, target, source, reduction):
        _REDUCE[reduction](target, source, out=target)


class _BytesKind(_ArrayKind):
    """Bytes can be sent, and received into a bytearray. As a flat payload they are an array."""

    def size(self, payload):
        return len(payload)

    def element_type(self, payload):
        return "byte"

    def outgoing(self, payload):
        return np.frombuffer(payload, np.uint8)

    def incoming(self, payload):
        if isinstance(payload, bytes):
            raise ProgramError("bytes cannot be written; receive into a bytearray")
        return np.frombuffer(payload, np.uint8), None

    def flat_copy(self, payload):
        return np.frombuffer(payload, np.uint8).copy()

    def flat_empty_like(self, payload):
        return np.empty(len(payload), np.uint8)

    def restored(self, flat, like):
        return type(like)(flat.tobytes())

    def fill(self, payload, flat):
        if isinstance(payload, bytes):
            raise ProgramError("bytes cannot be written; receive into a bytearray")
        payload[:] = flat.tobytes()


def _check_plain(array):
    if array.dtype.hasobject:
        raise ProgramError(
            f"an array of {array.dtype.name} holds references, which mean nothing to another rank; "
            "send numbers or bytes"
        )


register_payload(Virtual, _VirtualKind())
register_payload(np.ndarray, _ArrayKind())
register_payload(bytes, _BytesKind())
register_payload(bytearray, _BytesKind())
