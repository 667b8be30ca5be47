"""Task graphs from a few words, and what the callbacks make of them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simcore import CommNetworkSimulator, Device
from simcore.engine.graph import COMPUTE, TaskGraph
from simcore.engine.graph_system import GraphSystem
from simcore.engine.routes import RouteTable


@dataclass(frozen=True)
class Task:
    number: int
    kind: ClassVar[str] = "task"


FREE = Device("free", exclusive=False)


def graph_of(tasks):
    """The graph of (amount, path or None for a job, numbers of the tasks it waits for)."""
    routes = RouteTable()
    n = len(tasks)
    latency = [0.0 if path is None else sum(c.latency_s for c in path) for _, path, _ in tasks]
    return TaskGraph(
        amount=[float(amount) for amount, _, _ in tasks],
        route=[COMPUTE if path is None else routes.number(tuple(path)) for _, path, _ in tasks],
        latency_s=latency,
        successors=[[j for j in range(n) if i in tasks[j][2]] for i in range(n)],
        waits_for=[len(set(needs)) for _, _, needs in tasks],
        routes=routes,
        device=np.array([0 if path is None else -1 for _, path, _ in tasks]),
        devices=(FREE,),
        kind=np.zeros(n, int),
        kinds=(Task,),
        facts={"number": np.arange(n)},
    )


def driven(graph):
    """Starts and ends of the tasks, driven through the simulator's callbacks."""
    simulator = CommNetworkSimulator()
    system = GraphSystem(simulator, graph)
    system.start()
    simulator.run(system)
    done = [*simulator.completed_batches, *simulator.completed_compute]
    times = {item.tag.number: (item.start_time, item.end_time) for item in done}
    return tuple(
        list(column) for column in zip(*(times[i] for i in range(len(graph))), strict=True)
    )
