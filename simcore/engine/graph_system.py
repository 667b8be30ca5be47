"""A task graph driven through the simulator's callbacks, job by job."""

from simcore.engine.graph import COMPUTE, TaskGraph
from simcore.engine.simulator import CommNetworkSimulator
from simcore.engine.system import SimulatedSystem
from simcore.engine.work import ComputeJob, DataBatch


class GraphSystem(SimulatedSystem):
    """Starts each task of `graph` when all it waits for has ended.

    The graph may share the simulator with other work, of which it takes no notice; that is what
    `execute` cannot offer. Until tasks that are released later a job runs, on no device.
    """

    def __init__(self, simulator: CommNetworkSimulator, graph: TaskGraph):
        self.simulator = simulator
        self.graph = graph
        self._missing = list(graph.waits_for)
        self._task = {}
        self._held = {}

    def start(self) -> None:
        """Start the tasks that wait for none."""
        for task, missing in enumerate(self.graph.waits_for):
            if not missing:
                held = self.graph.release.get(task, 0.0)
                if held:
                    job = ComputeJob("held back", held)
                    self._held[job] = task
                    self.simulator.add_compute(job)
                else:
                    self._begin(task)

    def on_data_transfer_complete(self, simulator, batch):
        self._ended(batch)

    def on_compute_complete(self, simulator, job):
        self._ended(job)

    def _ended(self, item):
        if item in self._held:
            self._begin(self._held.pop(item))
            return
        task = self._task.pop(item, None)
        if task is None:
            return
        for waiting in self.graph.successors[task]:
            self._missing[waiting] -= 1
            if not self._missing[waiting]:
                self._begin(waiting)

    def _begin(self, task):
        graph = self.graph
        tag = graph.tag(task)
        amount, route = graph.amount[task], graph.route[task]
        if route == COMPUTE:
            item = ComputeJob(tag.kind, amount, graph.devices[graph.device[task]], tag)
            self.simulator.add_compute(item)
        else:
            path = graph.routes.paths[route]
            item = DataBatch(tag.kind, amount, path, tag, graph.latency_s[task])
            self.simulator.add_batch(item)
        self._task[item] = task
