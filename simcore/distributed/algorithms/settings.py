"""What a shipped algorithm is run on: the model, the work, and the device of each rank."""

from dataclasses import dataclass, replace
from math import isfinite

from simcore.distributed.models import Device, TransformerShape, shape_named
from simcore.errors import ScenarioError

# Whole numbers, with the most that makes sense; what a program needs beyond them it checks itself.
LIMITS = {
    "ranks": 1024,
    "layers": 1024,
    "tokens": 1 << 20,
    "batch": 4096,
    "micro_batches": 4096,
    "tp": 1024,
    "requests": 100_000,
    "output_tokens": 100_000,
    "max_batch": 4096,
}
# One core of a CPU and one channel of DDR4, roughly; docs/howto-distributed.md says what it is.
EDGE_DEVICE = Device(flops_per_s=100e9, bytes_per_s=20e9)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an algorithm is run on. Each algorithm says which of these it looks at.

    Attributes
    ----------
    ranks : processes
    model : a name that `shape_named` knows
    layers : of the model; None for as many as it has
    tokens : positions of each sequence
    batch : sequences
    micro_batches : pieces that a pipeline cuts the batch into
    tp : ranks that share each layer, where the algorithm has stages, too
    device : what each rank computes on; None for the GPU that the timing of the run names
    requests, rate_per_s, seed : how many arrive, how many each second on average [1/s], by chance
    output_tokens : generated for each request
    max_batch : requests that one step takes at most

    Raises
    ------
    ScenarioError
        A number is out of bounds, or no model is called so.
    """

    ranks: int = 4
    model: str = "Llama-3.2-1B"
    layers: int | None = None
    tokens: int = 64
    batch: int = 1
    micro_batches: int = 4
    tp: int = 2
    device: Device | None = EDGE_DEVICE
    requests: int = 200
    rate_per_s: float = 1.0
    seed: int = 0
    output_tokens: int = 8
    max_batch: int = 8

    def __post_init__(self):
        for name, limit in LIMITS.items():
            value = getattr(self, name)
            if name == "layers" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= limit:
                raise ScenarioError(
                    f"{name} = {value!r}: must be a whole number from 1 to {limit}", field=name
                )
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise ScenarioError(
                f"seed = {self.seed!r}: must be a whole number, 0 or more", field="seed"
            )
        rate = self.rate_per_s
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not rate > 0:
            raise ScenarioError(f"rate_per_s = {rate!r}: must be positive", field="rate_per_s")
        if not isfinite(rate):
            raise ScenarioError(f"rate_per_s = {rate!r}: must be finite", field="rate_per_s")
        shape_named(self.model)

    @property
    def shape(self) -> TransformerShape:
        """Of the model, with as many layers as are asked for."""
        shape = shape_named(self.model)
        return shape if self.layers is None else replace(shape, layers=self.layers)

    @property
    def known_device(self) -> Device:
        """The device, for closed forms; raises ScenarioError where only the run's timing knows."""
        self.need(
            self.device is not None,
            "a closed form needs to know how fast a rank computes: name a device, such as "
            "Device(flops_per_s=100e9, bytes_per_s=20e9)",
            "device",
        )
        return self.device

    def need(self, condition: bool, message: str, field: str) -> None:
        """Raise ScenarioError with `message` unless `condition` holds."""
        if not condition:
            raise ScenarioError(message, field=field)
