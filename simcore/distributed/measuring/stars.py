"""The star that was measured, for simulations."""

from simcore.distributed.measuring.network_profile import NetworkProfile
from simcore.errors import PdscopeError

MOST_BANDWIDTH = 1e15
MOST_LATENCY_S = 3600.0


def star_of(profile: NetworkProfile) -> tuple[float, float]:
    """Bandwidth [byte/s] and latency [s] of the star that the sends of `profile` tell of.

    A star has one latency and one bandwidth, so it is of the one line of all sizes, also where
    there is a knee. The other operations are not used: they tell how well a star predicts them.

    Raises
    ------
    PdscopeError : where sends were not measured, took no longer for larger sizes, or are what no
        network is
    """
    line = profile["send"].line
    if line.seconds_per_byte <= 0:
        raise PdscopeError(
            "sends took no longer for larger sizes, so their bandwidth is unknown; measure larger "
            "ones, with --max-bytes"
        )
    bandwidth = 1 / line.seconds_per_byte
    if bandwidth > MOST_BANDWIDTH or line.latency_s > MOST_LATENCY_S:
        raise PdscopeError(
            f"sends have {bandwidth:g} byte/s and {line.latency_s:g} s of latency in this profile, "
            "which no network has; measure it anew"
        )
    return bandwidth, line.latency_s
