"""pdscope's simulator: exact, deterministic, pure Python with numpy.

The engine's names are those of the specification; `run` and `sweep` sit on top of them.
"""

from gpu_catalog import CatalogError
from simcore.costs.memory import PoolMemory
from simcore.engine import (
    CommChannel,
    CommNetworkSimulator,
    ComputeJob,
    DataBatch,
    Device,
    SilentSystem,
    SimulatedSystem,
)
from simcore.errors import DoesNotFit, LimitReached, PdscopeError, ScenarioError, SimulationError
from simcore.metrics import Metrics
from simcore.pipelines import DisaggregatedPDSystemPP
from simcore.run import Result, expected_errors_of, memory_of, predicted_events, run
from simcore.scenario import Scenario
from simcore.sweep import SWEEPS, sweep

__all__ = [
    "SWEEPS",
    "CatalogError",
    "CommChannel",
    "CommNetworkSimulator",
    "ComputeJob",
    "DataBatch",
    "Device",
    "DisaggregatedPDSystemPP",
    "DoesNotFit",
    "LimitReached",
    "Metrics",
    "PdscopeError",
    "PoolMemory",
    "Result",
    "Scenario",
    "ScenarioError",
    "SilentSystem",
    "SimulatedSystem",
    "SimulationError",
    "expected_errors_of",
    "memory_of",
    "predicted_events",
    "run",
    "sweep",
]
