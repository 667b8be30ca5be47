"""The reference pipeline in SimGrid, through its Python binding: one run in a process of its own.

    python benchmarks/_simgrid.py

Prints the seconds that `Engine.run` took and the TTDS it found. Its network model is told to leave
bandwidths and latencies as they are; what it cannot be told is to share without weighting by
latency, so contended transfers, and with them the TTDS, differ a little. SimGrid is C++, but actors
written in Python are threads, and every one of their waits switches between them.
"""

import sys
import time

from simgrid import Actor, Engine, LinkInRoute, Mailbox, NetZone, Semaphore, this_actor

from simcore import Scenario
from simcore.run import cost_model_of, plan_of, topology_of

OPTIONS = ("network/model:CM02", "network/TCP-gamma:0", "network/weight-S:0",
           "network/bandwidth-factor:1", "network/latency-factor:1")  # fmt: skip


def main():
    scenario = Scenario(cost_model="reference")
    costs = cost_model_of(scenario)
    topology = topology_of(scenario, costs)
    plan = plan_of(scenario, costs, topology)
    engine = Engine(
        [sys.argv[0], *(f"--cfg={option}" for option in OPTIONS), "--log=root.thres:error"]
    )
    hosts = _platform(plan, topology)
    ttds = _deploy(plan, hosts)
    started = time.perf_counter()
    engine.run()
    print(time.perf_counter() - started, ttds[0])


def _platform(plan, topology):
    zone = NetZone.create_full_zone("world")
    stages = len(plan.prefill_seconds)
    hosts = {
        (pool, stage): zone.create_host(f"{pool}-{stage}", 1.0).seal()
        for pool in ("prefill", "decode")
        for stage in range(stages)
    }
    links = {}
    for number, channel in enumerate(topology.channels):
        link = zone.create_link(f"link-{number}", channel.bandwidth_bps)
        links[channel] = link.set_latency(channel.latency_s).seal()

    def route(source, target, path):
        hops = [LinkInRoute(links[channel]) for channel in path]
        zone.add_route(source.netpoint, target.netpoint, None, None, hops, False)

    for stage, path in enumerate(plan.activation_paths):
        route(hosts["prefill", stage], hosts["prefill", stage + 1], path)
    for stage, routes in enumerate(plan.handoffs):
        for handoff in routes:
            route(hosts["prefill", stage], hosts["decode", handoff.receiver], handoff.path)
    for stage, path in enumerate(plan.decode_activation_paths):
        route(hosts["decode", stage], hosts["decode", stage + 1], path)
    zone.seal()
    return hosts


def _deploy(plan, hosts):
    """Three actors a stage: one that prefills, one that receives its KV cache, one that decodes."""
    stages, chunks = len(plan.prefill_seconds), plan.chunks
    handed_over = [Semaphore(0) for _ in range(stages)]
    ttds = []
    receipts = []  # kept alive until the end

    def expected(name):
        # Asked for beforehand: a transfer starts only when both ends have named it.
        box = Mailbox.by_name(name)
        mine = [box.get_async() for _ in range(chunks)]
        receipts.append(mine)
        return [comm for comm, _ in mine]

    def prefill(stage):
        pending = []
        arrivals = expected(f"activations-{stage}") if stage else []
        for chunk in range(chunks):
            if stage:
                arrivals[chunk].wait()
                handed_over[stage - 1].acquire()
            this_actor.sleep_for(plan.prefill_seconds[stage][chunk])
            size = int(plan.handoffs[stage][0].bytes[chunk])
            pending.append(Mailbox.by_name(f"kv-{stage}").put_async(chunk, size))
            if stage + 1 < stages:
                size = int(plan.activation_bytes[chunk])
                pending.append(Mailbox.by_name(f"activations-{stage + 1}").put_async(chunk, size))
        for comm in pending:
            comm.wait()

    def receive(stage):
        for arrival in expected(f"kv-{stage}"):
            arrival.wait()
            handed_over[stage].release()

    def decode(stage):
        if stage:
            Mailbox.by_name(f"token-{stage}").get()
        else:
            for _ in range(chunks):
                handed_over[stages - 1].acquire()
            ttds.append(Engine.clock)
        this_actor.sleep_for(plan.decode_seconds[stage][0])
        if stage + 1 < stages:
            Mailbox.by_name(f"token-{stage + 1}").put(0, int(plan.decode_activation_bytes))

    for stage in range(stages):
        Actor.create(f"prefill-{stage}", hosts["prefill", stage], prefill, stage)
        Actor.create(f"receive-{stage}", hosts["decode", stage], receive, stage)
        Actor.create(f"decode-{stage}", hosts["decode", stage], decode, stage)
    return ttds


if __name__ == "__main__":
    main()
