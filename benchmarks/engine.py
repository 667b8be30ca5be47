"""The engine against a fixed time step, and against SimGrid where that is installed.

    python benchmarks/engine.py

All in one process and one run, in turn, best of several, in processor time: compare the ratios,
not the times. The engine is measured in both its forms: the task graph that `run` uses, and the
callbacks.
"""

import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from _fixed_step import FixedStepSimulator

from simcore import CommNetworkSimulator, DisaggregatedPDSystemPP, Scenario, predicted_events, run
from simcore.engine import execute as engine
from simcore.engine.execute import execute
from simcore.pipelines import pipeline_graph
from simcore.run import cost_model_of, plan_of, topology_of
from simcore.topologies import ReferenceFabric

STEP_S = 10e-6
ROUNDS = 15
CALM = Scenario(cost_model="reference")
CONGESTED = Scenario(
    cost_model="reference", pp=16, batch_size=8, chunk_tokens=96, prompt_tokens=4096
)
# All handoffs share one NIC, which cannot keep up: up to 3,800 of them wait.
QUEUEING = Scenario(
    cost_model="physical", pp=32, batch_size=20, chunk_tokens=32, prompt_tokens=16384
)
# That at other N: from calm to hopeless.
BATCHES = (1, 4, 8, 20, 50, 128)


def main():
    for name, scenario in (("default", CALM), ("congested", CONGESTED), ("queueing", QUEUEING)):
        plan = _plan(scenario)
        graph = pipeline_graph(plan)
        rivals = {
            "task graph": lambda graph=graph: execute(graph),
            "callbacks": lambda plan=plan: _drive(CommNetworkSimulator(), plan),
        }
        if scenario is CALM:
            rivals["fixed step, rates solved when the set of transfers changes"] = (
                lambda plan=plan: _drive(FixedStepSimulator(STEP_S), plan)
            )
            rivals["fixed step, rates solved at each step"] = lambda plan=plan: _drive(
                FixedStepSimulator(STEP_S, solve_each_step=True), plan
            )
        seconds = _best(rivals, 1 if scenario is QUEUEING else ROUNDS)
        _print(name, scenario, seconds)
        if scenario is CALM:
            _simgrid(seconds["task graph"])
    first = _cold(CONGESTED)
    print(f"congested, first run on a new machine, nothing remembered: {first * 1e3:.2f} ms")
    for batch_size in BATCHES:
        _queueing(QUEUEING.replace(batch_size=batch_size))
    for scenario in (CALM, Scenario(cost_model="physical"), Scenario()):
        label = scenario.cost_model
        whole = _best({label: lambda scenario=scenario: run(scenario)})[label]
        print(f"run(Scenario()) whole, {label} costs, metrics included: {whole * 1e3:.2f} ms")


def _print(name, scenario, seconds):
    events = predicted_events(scenario)
    ours = seconds["task graph"]
    print(f"{name}: {events:,} events, {ours / events * 1e6:.2f} us each")
    for rival, time_s in seconds.items():
        print(f"  {time_s * 1e3:10.2f} ms  {time_s / ours:8.1f} x  {rival}")


def _best(rivals, rounds=ROUNDS):
    """Best time of each rival [s], taken in turn so that a slow moment hits them alike."""
    best = dict.fromkeys(rivals, float("inf"))
    for _ in range(rounds):
        for name, run_once in rivals.items():
            started = time.process_time()
            run_once()
            best[name] = min(best[name], time.process_time() - started)
    return best


def _plan(scenario):
    costs = cost_model_of(scenario)
    return plan_of(scenario, costs, topology_of(scenario, costs))


def _drive(simulator, plan):
    system = DisaggregatedPDSystemPP(simulator, plan)
    system.start()
    simulator.run(system)
    return simulator


def _cold(scenario):
    costs = cost_model_of(scenario)
    topology = ReferenceFabric(
        prefill_gpus=scenario.pp,
        decode_gpus=scenario.decode_stages,
        prefill_nics=scenario.nics,
        link=costs.link,
        full_duplex=costs.semantics.full_duplex,
    )
    graph = pipeline_graph(plan_of(scenario, costs, topology))
    started = time.process_time()
    execute(graph)
    return time.process_time() - started


def _queueing(scenario):
    """With nothing remembered: as it is, and with rates solved for each state to the end."""
    first, events = _cold(scenario), predicted_events(scenario)
    usual = engine.MOST_QUEUED, engine.MOST_NEW_RATES
    engine.MOST_QUEUED = engine.MOST_NEW_RATES = float("inf")
    solved = _cold(scenario)
    engine.MOST_QUEUED, engine.MOST_NEW_RATES = usual
    print(
        f"queueing, N {scenario.batch_size}: {first:.2f} s, {first / events * 1e6:.1f} us each, "
        f"{solved:.2f} s if rates are solved for each state"
    )


def _simgrid(ours_s, rounds=5):
    """Compare with SimGrid's Python binding, which runs once in a process."""
    if find_spec("simgrid") is None:
        print("  (the simgrid package is not installed: not compared)")
        return
    script = Path(__file__).with_name("_simgrid.py")
    runs = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, script], capture_output=True, text=True, check=True, timeout=120
        )
        runs.append([float(word) for word in done.stdout.split()[-2:]])
    best, ttds = min(runs)
    print(f"  {best * 1e3:10.2f} ms  {best / ours_s:8.1f} x  SimGrid, actors in Python")
    print(f"  (it finds a TTDS of {ttds:.5f} s, the task graph {run(CALM).metrics.ttds_s:.5f} s)")


if __name__ == "__main__":
    main()
