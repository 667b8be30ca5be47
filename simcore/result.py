"""What a run gives."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from simcore.costs.memory import PoolMemory
from simcore.engine.graph import TaskGraph
from simcore.engine.trace import Trace, completion_order
from simcore.machine import Factors
from simcore.metrics import Metrics
from simcore.pipelines import PipelinePlan
from simcore.pipelines.critical_path import CriticalPath
from simcore.pipelines.walk_back import critical_path
from simcore.scenario import Scenario


@dataclass(frozen=True)
class Result:
    """What was simulated, what came of it, and why.

    Attributes
    ----------
    memory : of the prefill and of the decode pool
    faster : what was asked of links: name and factor on its bandwidth
    plan, graph : what was executed
    start_s, end_s : of each task of the graph [s]
    """

    scenario: Scenario
    table: Trace
    metrics: Metrics
    memory: tuple[PoolMemory, PoolMemory]
    faster: Factors
    plan: PipelinePlan
    graph: TaskGraph
    start_s: np.ndarray
    end_s: np.ndarray

    @cached_property
    def trace(self) -> pd.DataFrame:
        """A row for each job and transfer, in order of completion; see the docs for its columns."""
        return self.table.to_frame()

    @cached_property
    def task_of_row(self) -> np.ndarray:
        """The number in `graph` of each row of the trace."""
        return completion_order(self.graph, self.end_s)

    @cached_property
    def critical_path(self) -> CriticalPath:
        """What the first token waited for, from arrival on."""
        rows = np.empty(len(self.graph), dtype=int)
        rows[self.task_of_row] = np.arange(len(rows))
        return critical_path(
            self.graph,
            self.plan,
            self.start_s,
            self.end_s,
            rows,
            ttds_s=self.metrics.ttds_s,
            ttft_s=self.metrics.ttft_s,
        )
