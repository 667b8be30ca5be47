"""What a simulated cluster costs: processor time per request, by replicas and by policy.

    python benchmarks/serving_cluster.py [--requests 10000] [--rounds 3]

Llama-3.1-70B, half of the replicas prefill and half decode, each on 4 H100s; Poisson arrivals, 2 a
second for each replica, lognormal lengths of 1,024 and 200 tokens on average. The shortest of
several rounds; tables of step times are made before.
"""

import argparse
import resource
import time

import gpu_catalog
from simcore.costs import COST_MODELS
from simcore.costs.plan import Pool
from simcore.serving.cluster import ClusterSpec, KVTransfer, Policies, Policy, PoolSpec, serve
from simcore.serving.replica import EngineSettings, ReplicaPlan, Role
from simcore.serving.workload import workload_of
from simcore.topologies import TOPOLOGIES, Fleet, NicMapping, Placement, PoolSize

LLM = gpu_catalog.llm("Llama-3.1-70B")
GPU = gpu_catalog.gpu("NVIDIA H100")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--requests", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    print(f"{'cluster':<42}{'requests':>10}{'CPU s':>8}{'us/request':>12}{'peak MB':>9}")
    for routing in ("shortest-queue", "least-loaded"):
        row(asked, f"2 + 2 replicas, {routing}", 4, routing)
    row(asked, "2 + 2, layer by layer", 4, "shortest-queue", layer_groups=8)
    for replicas in (16, 64, 256):
        half = replicas // 2
        row(asked, f"{half} + {half}, shortest-queue", replicas, "shortest-queue")


def row(asked, name, replicas, routing, layer_groups=1):
    spec = cluster(replicas, routing, layer_groups)
    workload = workload_of(
        {
            "requests": asked.requests,
            "arrivals": {"law": "poisson", "rate_per_s": 2.0 * replicas},
            "prompt": {"law": "lognormal", "mean": 1024, "cv": 1},
            "output": {"law": "lognormal", "mean": 200, "cv": 1},
        }
    )
    seconds = min(run(spec, workload) for _ in range(asked.rounds))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each = 1e6 * seconds / asked.requests
    print(f"{name:<42}{asked.requests:>10,}{seconds:>8.2f}{each:>12.0f}{peak:>9.0f}")


def run(spec, workload):
    ended = []
    began = time.process_time()
    serve(spec, workload.source(seed=0), sink=lambda course: ended.append(course.ended_s))
    assert len(ended) == workload.requests
    return time.process_time() - began


def cluster(replicas, routing, layer_groups):
    half = replicas // 2
    machine = TOPOLOGIES["hgx-rail"](
        Fleet(
            prefill=PoolSize(name="prefill", gpu=GPU, stages=half, ranks=4),
            decode=PoolSize(name="decode", gpu=GPU, stages=half, ranks=4),
            placement=Placement.ACROSS,
            nics=8,
            mapping=NicMapping.MODULO,
            oversubscription=1.0,
            link=COST_MODELS["calibrated"].link,
            full_duplex=True,
        )
    )
    settings = EngineSettings(layer_groups=layer_groups)
    plan = ReplicaPlan(llm=LLM, pool=Pool(name="any", gpu=GPU, pp=1, tp=4), settings=settings)
    plan.clock.decode_stages(1, 1.0)
    policy = Policy(routing)
    return ClusterSpec(
        pools=(
            PoolSpec(name="prefill", plan=plan, role=Role.PREFILL, replicas=half),
            PoolSpec(name="decode", plan=plan, role=Role.DECODE, replicas=half),
        ),
        topology=machine,
        policies=Policies(routing=policy, decode_routing=policy),
        kv_transfer=KVTransfer.LAYERS if layer_groups > 1 else KVTransfer.AFTER,
    )


if __name__ == "__main__":
    main()
