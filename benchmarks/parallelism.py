"""Runs of stages of several GPUs beside those of single GPUs; collectives as flows.

    python benchmarks/parallelism.py

Whole runs, costs and metrics included: TP 8 x PP 4 in both pools beside TP 1 x PP 4 on the same
machines, collectives aggregated. Then the rate of events of the engine: with collectives as flows,
one by one and with transfers alike as one, beside TP 1. All in one process, in turn, best of
several, in processor time: compare the ratios, not the times.
"""

import time
from dataclasses import replace

from simcore import Scenario, run
from simcore.engine.execute import execute
from simcore.machine import rules_of, topology_of
from simcore.pipelines import choosing, make_plan, pipeline_graph
from simcore.run import cost_model_of

ROUNDS = 7
MACHINES = {
    "HGX H100 on rails": {"topology": "hgx-rail", "gpu": "NVIDIA H100", "llm": "Mistral-Small-24B"},
    "MI300X": {"topology": "mi300x", "gpu": "AMD Instinct MI300X", "llm": "LLaMA-3.1-70B"},
}
# Where collectives share lanes with handoffs and activations.
CONTENDED = {"topology": "pcie-p2p", "gpu": "NVIDIA RTX PRO 6000", "llm": "Mistral-Small-24B"}
SIZE = {"pp": 4, "prompt_tokens": 16384, "chunk_tokens": 512, "prefill_nics": 8}


def main():
    for name, machine in MACHINES.items():
        for cost_model in ("calibrated", "physical"):
            single = scenario_on(machine, cost_model=cost_model)
            many = single.replace(tp=8, collectives="aggregated")
            best = fastest({"one": lambda s=single: run(s), "many": lambda s=many: run(s)})
            print(
                f"{name}, {cost_model} costs: TP 1 x PP 4 {best['one'] * 1e3:.2f} ms, "
                f"TP 8 x PP 4 {best['many'] * 1e3:.2f} ms, {best['many'] / best['one']:.2f} x"
            )
    plain = scenario_on(CONTENDED, tp=1)
    flows = scenario_on(CONTENDED, tp=8, collectives="flows", prompt_tokens=2048)
    graphs = {
        "TP 1": graph_of(plain),
        "TP 8, flows, transfers alike as one": graph_of(flows),
        "TP 8, flows, one by one": graph_of(flows, one_by_one=True),
    }
    best = fastest({name: lambda g=graph: execute(g) for name, (graph, _) in graphs.items()})
    usual = None
    for name, (_, events) in graphs.items():
        rate = events / best[name]
        usual = usual or rate
        print(f"{name}: {events:,} events, {rate:,.0f} events/s, {rate / usual:.2f} of TP 1's")
    merged = scenario_on(CONTENDED, tp=8, collectives="auto")
    best = fastest({"auto": lambda: run(merged)})
    result = run(merged)
    print(f"{result.plan.collectives.text} {result.metrics.events:,} events, whole run "
          f"{best['auto'] * 1e3:.0f} ms")  # fmt: skip


def scenario_on(machine, **fields):
    """A scenario on a kind of machine."""
    gpu = machine["gpu"]
    return Scenario(
        **SIZE | {"topology": machine["topology"], "llm": machine["llm"]} | fields,
        prefill_gpu=gpu,
        decode_gpu=gpu,
    )


def graph_of(scenario, *, one_by_one=False):
    """The task graph, and how many events its run has; `one_by_one`, however many these are."""
    costs = cost_model_of(scenario)
    topology = topology_of(scenario, costs)
    usual = choosing.MOST_ONE_BY_ONE, choosing.MOST_ASKED_FOR
    choosing.MOST_ONE_BY_ONE = float("inf") if one_by_one else 0
    choosing.MOST_ASKED_FOR = float("inf")
    plan = make_plan(
        costs,
        topology,
        workload=scenario.workload,
        prefill=scenario.prefill_pool,
        decode=scenario.decode_pool,
        rules=replace(rules_of(scenario, topology), one_by_one=one_by_one),
    )
    choosing.MOST_ONE_BY_ONE, choosing.MOST_ASKED_FOR = usual
    return pipeline_graph(plan), plan.events


def fastest(rivals):
    """Best time of each rival [s], taken in turn so that a slow moment hits them alike."""
    best = dict.fromkeys(rivals, float("inf"))
    for _ in range(ROUNDS):
        for name, work in rivals.items():
            started = time.process_time()
            work()
            best[name] = min(best[name], time.process_time() - started)
    return best


if __name__ == "__main__":
    main()
