"""What the simulator moves and runs: channels, transfers over them, compute jobs."""

import sys

import gpu_catalog
from simcore.errors import SimulationError

# Also of integers, which know no bound of their own.
LARGEST = sys.float_info.max


class CommChannel:
    """One direction of one wire. Two transfers contend only if they share the object.

    Parameters
    ----------
    name : a link of the catalog, whose specification values are taken (its own where the
        specification has none), or any name if `bandwidth_bps` is given
    bandwidth_bps : bandwidth [BYTE/s; the name is the specification's]
    latency_s : time one crossing takes before the first byte arrives [s]

    Raises SimulationError for a bandwidth that is not positive and finite or a latency that is
    negative or not finite, and CatalogError for an unknown link.
    """

    __slots__ = ("bandwidth_bps", "latency_s", "name")

    def __init__(self, name: str, bandwidth_bps: float | None = None, latency_s: float = 0.0):
        if bandwidth_bps is None:
            link = gpu_catalog.link(name)
            link = link.reference or link
            bandwidth_bps, latency_s = link.bandwidth, link.latency
        self.name = name
        self.bandwidth_bps = _number(f"channel {name!r}: bandwidth_bps", bandwidth_bps)
        self.latency_s = _number(f"channel {name!r}: latency_s", latency_s)
        if bandwidth_bps == 0:
            raise SimulationError(f"channel {name!r}: bandwidth_bps = 0 would never deliver")

    def __repr__(self):
        return f"CommChannel({self.name!r}, {self.bandwidth_bps:g} B/s, {self.latency_s:g} s)"


def check_path(path):
    """Raises SimulationError if something on `path` is no CommChannel."""
    for channel in path:
        if not isinstance(channel, CommChannel):
            raise SimulationError(f"a path holds CommChannels, not {channel!r}")


class Device:
    """Something that runs compute jobs. Jobs queue for each other only if they share the object.

    Attributes
    ----------
    exclusive : whether it runs one job at a time, in submission order; if not, its jobs overlap
    """

    __slots__ = ("exclusive", "name")

    def __init__(self, name: str, exclusive: bool = True):
        self.name = name
        self.exclusive = exclusive

    def __str__(self):
        return self.name

    def __repr__(self):
        return f"Device({self.name!r}, exclusive={self.exclusive})"


class DataBatch:
    """A payload that travels over the channels of `path`.

    It first spends the sum of its path's latencies in flight, then moves at its max-min fair rate.

    Attributes
    ----------
    total_size, rem_size : payload, and what of it has not arrived yet [byte]
    path : the channels crossed; one that stands twice is crossed twice
    latency_remaining : time still to spend before the payload moves [s]
    start_time, end_time : when it was added and when it arrived [s]; None before
    tag : facts for the system that sent it, and for the trace

    Parameters
    ----------
    latency_s : time in flight [s]; None for the sum of the path's latencies
    """

    __slots__ = (
        "_due",
        "_latency",
        "_route",
        "_seq",
        "_simulator",
        "_target",
        "end_time",
        "name",
        "path",
        "start_time",
        "tag",
        "total_size",
    )

    def __init__(self, name, size_bytes, path, tag=None, latency_s=None):
        try:
            if not 0 <= size_bytes <= LARGEST:
                raise TypeError
        except TypeError:
            _number(f"transfer {name!r}: size_bytes", size_bytes)
        if latency_s is not None:
            _number(f"transfer {name!r}: latency_s", latency_s)
        self._latency = latency_s
        self.name = name
        self.total_size = size_bytes
        self.path = path if type(path) is tuple else tuple(path)
        self.tag = tag
        self.start_time = self.end_time = self._simulator = self._route = None

    @property
    def rem_size(self) -> float:
        if self.end_time is not None:
            return 0.0
        if self._route is None:
            return self.total_size
        left = self._target - self._route.served(self._simulator.current_time)
        return min(max(0.0, left), self.total_size)  # rounding aside, it is between the two

    @property
    def latency_remaining(self) -> float:
        if self._simulator is None:
            if self._latency is not None:
                return self._latency
            return sum(channel.latency_s for channel in self.path)
        return max(0.0, self._due - self._simulator.current_time)

    def __repr__(self):
        return f"DataBatch({self.name!r}, {self.total_size:g} B)"


class ComputeJob:
    """A pure delay; jobs of one exclusive device run one at a time in submission order.

    Attributes
    ----------
    total_duration, rem_duration : run time, and what of it is still to run [s]
    device : a Device, or any hashable value, which then stands for an exclusive one; None for none
    start_time, end_time : when it began to run and when it ended [s]; None before
    tag : facts for the system that submitted it, and for the trace
    """

    __slots__ = (
        "_due",
        "_queue",
        "_seq",
        "_simulator",
        "device",
        "end_time",
        "name",
        "start_time",
        "tag",
        "total_duration",
    )

    def __init__(self, name, duration_s, device=None, tag=None):
        try:
            if not 0 <= duration_s <= LARGEST:
                raise TypeError
        except TypeError:
            _number(f"job {name!r}: duration_s", duration_s)
        self.name = name
        self.total_duration = duration_s
        self.device = device
        # The value to queue on, or None: read once here rather than at every start and end.
        self._queue = device if type(device) is not Device or device.exclusive else None
        self.tag = tag
        self.start_time = self.end_time = self._simulator = None

    @property
    def rem_duration(self) -> float:
        if self.end_time is not None:
            return 0.0
        if self.start_time is None:
            return self.total_duration
        return max(0.0, self._due - self._simulator.current_time)

    def __repr__(self):
        return f"ComputeJob({self.name!r}, {self.total_duration:g} s)"


def _number(what, value) -> float:
    """`value` if it is a finite number >= 0; raises SimulationError saying `what` it is."""
    try:
        fine = 0 <= value <= LARGEST
    except TypeError:
        fine = False
    if not fine:
        raise SimulationError(f"{what} = {value!r}; it must be a finite number, 0 or more")
    return value
