"""Max-min fair sharing of many flows, side by side with SimGrid.

    python benchmarks/solver.py

Random flows over 64 links, in one group and in 8 groups of 8 links; then 10,000 KV transfers
through a fat-tree of 1,024 GPUs. SimGrid is C++: its driver, `_simgrid_flows.cpp`, is compiled
against Debian's libsimgrid-dev where that is installed, and run with lazy and with full updates.
Latencies are part of a flow's start there, as SimGrid would weigh the sharing by them. Both are
measured in processor time, in turn; compare the ratios.
"""

import random
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from simcore import CommChannel, CommNetworkSimulator, ComputeJob, DataBatch, SimulatedSystem

LINKS = 64
FLOWS = (100, 1_000, 10_000)
GROUPS = (1, 8)
MANY = 100_000
FAT_TREE_SPANS_S = (0.4, 0.1)  # of 10,000 transfers; the second is more than it can take
SEED = 1

SOURCE = Path(__file__).with_name("_simgrid_flows.cpp")
# Bandwidths and latencies as they are, and the finest precisions it has a use for.
OPTIONS = ("network/model:CM02", "network/TCP-gamma:0", "network/weight-S:0",
           "network/bandwidth-factor:1", "network/latency-factor:1", "network/crosstraffic:0",
           "surf/precision:1e-12", "maxmin/precision:1e-9")  # fmt: skip
UPDATES = ("Lazy", "Full")


@dataclass(frozen=True)
class Workload:
    """channels, and flows as (start [s], size [byte], channel indices)."""

    channels: tuple
    flows: tuple


def random_flows(count, groups):
    """`count` flows over 2 to 4 links of one group each; they start within 1 s, and take 20 s."""
    draw = random.Random(SEED)
    channels = tuple(
        CommChannel(str(i), draw.uniform(1e9, 10e9), draw.uniform(1e-6, 5e-6)) for i in range(LINKS)
    )
    width = LINKS // groups
    flows = []
    for _ in range(count):
        first = draw.randrange(groups) * width
        path = draw.sample(range(first, first + width), draw.randint(2, 4))
        flows.append((draw.uniform(0.0, 1.0), _size(draw, 5e11 / count), path))
    return Workload(channels, tuple(sorted(flows)))


def _size(draw, mean):
    """A payload [byte]; SimGrid takes whole bytes."""
    return float(round(draw.uniform(0.5, 1.5) * mean))


def fat_tree(transfers=10_000, servers=128, leaves=16, spines=8, within_s=0.1):
    """KV transfers between the 8 GPUs of each of 128 servers, over a tree of 400 Gb/s links.

    Every GPU has a lane of 64 GB/s and a NIC; a leaf joins 8 servers, with half the bandwidth going
    up to the spines. Each transfer takes a spine at random, and starts `within_s` [s].
    """
    draw = random.Random(SEED)
    gpus = servers * 8
    channels = []

    def wires(name, count, bandwidth):
        channels.extend(CommChannel(f"{name} {i}", bandwidth, 1e-6) for i in range(count))
        return range(len(channels) - count, len(channels))

    lane_out, lane_in = wires("lane out", gpus, 64e9), wires("lane in", gpus, 64e9)
    nic_out, nic_in = wires("nic out", gpus, 50e9), wires("nic in", gpus, 50e9)
    up, down = wires("up", leaves * spines, 200e9), wires("down", leaves * spines, 200e9)
    per_leaf = gpus // leaves
    flows = []
    for _ in range(transfers):
        a, b = draw.sample(range(gpus), 2)
        spine = draw.randrange(spines)
        path = [lane_out[a], nic_out[a]]
        if a // per_leaf != b // per_leaf:
            path += [up[a // per_leaf * spines + spine], down[b // per_leaf * spines + spine]]
        path += [nic_in[b], lane_in[b]]
        flows.append((draw.uniform(0.0, within_s), _size(draw, 1e9), path))
    return Workload(tuple(channels), tuple(sorted(flows)))


class Starter(SimulatedSystem):
    """Sends a flow when the job that carries it ends."""

    def on_compute_complete(self, simulator, job):
        simulator.add_batch(job.tag)


def ours(workload):
    """Processor time of one run [s], and when each flow has arrived [s]."""
    simulator = CommNetworkSimulator()
    batches = []
    for start, size, path in workload.flows:
        batch = DataBatch("flow", size, [workload.channels[c] for c in path])
        batches.append(batch)
        simulator.add_compute(ComputeJob("start", start, tag=batch))
    started = time.process_time()
    simulator.run(Starter())
    return time.process_time() - started, [batch.end_time for batch in batches]


class Rival:
    """SimGrid's driver, compiled into a folder of its own."""

    def __init__(self, folder):
        self._driver = Path(folder, "driver")
        self._flows = Path(folder, "flows.txt")
        subprocess.run(
            ["g++", "-O2", "-std=c++17", SOURCE, "-lsimgrid", "-o", self._driver],
            check=True, capture_output=True, text=True,
        )  # fmt: skip

    def run(self, workload, update):
        """Processor time of one run [s], and when each flow has arrived [s]."""
        delays = [
            sum(workload.channels[c].latency_s for c in path) for _, _, path in workload.flows
        ]
        starts = [start + d for (start, _, _), d in zip(workload.flows, delays, strict=True)]
        order = sorted(range(len(starts)), key=starts.__getitem__)
        lines = [f"{len(workload.channels)} {len(starts)}"]
        lines += [repr(channel.bandwidth_bps) for channel in workload.channels]
        for i in order:
            _, size, path = workload.flows[i]
            lines.append(f"{starts[i]!r} {size!r} {len(path)} {' '.join(map(str, path))}")
        self._flows.write_text("\n".join(lines))
        options = [f"--cfg={option}" for option in (*OPTIONS, f"network/optim:{update}")]
        done = subprocess.run(
            [self._driver, self._flows, *options, "--log=root.thres:error"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        seconds, *finishes = map(float, done.stdout.split())
        ends = [None] * len(starts)
        for i, finish in zip(order, finishes, strict=True):
            ends[i] = finish
        return seconds, ends


def compare(name, workload, rival, rounds):
    best, ends = min(ours(workload) for _ in range(rounds))
    line = f"{name:28} {best:9.4f} s"
    for update in UPDATES if rival else ():
        theirs, their_ends = min(rival.run(workload, update) for _ in range(rounds))
        apart = max(abs(a - b) / a for a, b in zip(ends, their_ends, strict=True))
        line += f"   {update} {theirs:9.4f} s, {theirs / best:6.2f} x, ends {apart:.0e} apart"
    print(line, flush=True)


def main():
    with tempfile.TemporaryDirectory() as folder:
        rival = None
        if shutil.which("g++") is None:
            print("(no g++: not compared with SimGrid)")
        else:
            try:
                rival = Rival(folder)
            except subprocess.CalledProcessError as error:
                print(f"(SimGrid's driver does not compile: not compared)\n{error.stderr[:500]}")
        for groups in GROUPS:
            for count in FLOWS:
                workload = random_flows(count, groups)
                compare(f"{count:,} flows, {groups} group(s)", workload, rival, 1 + 1_000 // count)
        for within_s in FAT_TREE_SPANS_S:
            workload = fat_tree(within_s=within_s)
            compare(f"10,000 KV transfers in {within_s:g} s", workload, rival, 1)
    for groups in GROUPS:
        compare(f"{MANY:,} flows, {groups} group(s)", random_flows(MANY, groups), None, 1)


if __name__ == "__main__":
    main()
