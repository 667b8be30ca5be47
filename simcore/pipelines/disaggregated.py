"""Prefill and decode on pools of their own, each a pipeline."""

from simcore.engine import CommNetworkSimulator
from simcore.engine.graph_system import GraphSystem
from simcore.pipelines.graph import pipeline_graph
from simcore.pipelines.plan import PipelinePlan


class DisaggregatedPDSystemPP(GraphSystem):
    """A batch of prompts is prefilled chunk by chunk, handed over, and decoded token by token.

    Example: `system = DisaggregatedPDSystemPP(simulator, plan)`, `system.start()`, then
    `simulator.run(system)`. What waits for what is stated in `pipeline_graph`.
    """

    def __init__(self, simulator: CommNetworkSimulator, plan: PipelinePlan):
        super().__init__(simulator, pipeline_graph(plan))
