"""A device that programs compute on, where the catalog of GPUs has none like it."""

from dataclasses import dataclass

from simcore.distributed.models.costs import Cost
from simcore.errors import ScenarioError


@dataclass(frozen=True, kw_only=True)
class Device:
    """A roofline (Williams, Waterman & Patterson, CACM 52(4), 2009).

    Attributes
    ----------
    flops_per_s : what it reaches in matrix products [FLOP/s]
    bytes_per_s : what it reaches reading its memory [byte/s]

    Raises
    ------
    ScenarioError
        One of them is no finite number above 0.
    """

    flops_per_s: float
    bytes_per_s: float

    def __post_init__(self):
        for name in ("flops_per_s", "bytes_per_s"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise ScenarioError(
                    f"{name} = {value!r}: a device needs a finite speed above 0", field="device"
                )

    def seconds(self, cost: Cost) -> float:
        """Time of one piece of work [s]."""
        return max(cost.flops / self.flops_per_s, cost.traffic / self.bytes_per_s)
