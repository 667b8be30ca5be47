"""Scenarios run with other rules than they have fields for."""

from dataclasses import replace

import numpy as np

from simcore import Scenario
from simcore.engine.execute import execute
from simcore.engine.trace import Trace
from simcore.machine import rules_of, topology_of
from simcore.metrics import Metrics, measure
from simcore.pipelines import make_plan, pipeline_graph
from simcore.run import cost_model_of, work_of

ROOMY = {"prefill_gpu": "AMD Instinct MI300X", "decode_gpu": "AMD Instinct MI300X"}


def planned(scenario: Scenario, **rules):
    """The plan of a scenario by other `rules`, and its topology."""
    costs = cost_model_of(scenario)
    topology = topology_of(scenario, costs)
    plan = make_plan(
        costs,
        topology,
        workload=scenario.workload,
        prefill=scenario.prefill_pool,
        decode=scenario.decode_pool,
        rules=replace(rules_of(scenario, topology), **rules),
    )
    return plan, topology


def metrics_of(scenario: Scenario, **rules) -> Metrics:
    """What a scenario gives by other `rules`."""
    plan, topology = planned(scenario, **rules)
    graph = pipeline_graph(plan)
    trace = Trace.of_graph(graph, *map(np.array, execute(graph)))
    return measure(trace, topology.channels, work_of(scenario))


def times(metrics: Metrics):
    """What must not depend on how transfers are written down."""
    return [metrics.ttds_s, metrics.tpot_s, metrics.ttft_s, metrics.bubble]
