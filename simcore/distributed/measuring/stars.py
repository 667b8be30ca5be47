"""The star that was measured, for simulations."""

from simcore.distributed.measuring.network_profile import NetworkProfile
from simcore.errors import PdscopeError


def star_of(profile: NetworkProfile) -> tuple[float, float]:
    """Bandwidth [byte/s] and latency [s] of the star that the sends of `profile` tell of.

    A star has one latency and one bandwidth, so it is of the one line of all sizes, also where
    there is a knee. The other operations are not used: they tell how well a star predicts them.

    Raises
    ------
    PdscopeError : where sends were not measured, or took no longer for larger sizes
    """
    line = profile["send"].line
    if line.seconds_per_byte <= 0:
        raise PdscopeError(
            "sends took no longer for larger sizes, so their bandwidth is unknown; measure larger "
            "ones, with --max-bytes"
        )
    return 1 / line.seconds_per_byte, line.latency_s
