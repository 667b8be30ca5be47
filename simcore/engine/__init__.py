"""The discrete-event engine: seconds, bytes and channels. It knows no GPU and no model."""

from simcore.engine.simulator import CommNetworkSimulator
from simcore.engine.system import SilentSystem, SimulatedSystem
from simcore.engine.work import CommChannel, ComputeJob, DataBatch, Device

__all__ = [
    "CommChannel",
    "CommNetworkSimulator",
    "ComputeJob",
    "DataBatch",
    "Device",
    "SilentSystem",
    "SimulatedSystem",
]
