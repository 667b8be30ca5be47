"""Laws of arrivals, one file each."""

from simcore.serving.workload.arrivals.base import ARRIVALS, Arrivals, Renewal

__all__ = ["ARRIVALS", "Arrivals", "Renewal"]
