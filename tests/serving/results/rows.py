"""What ended on one replica, as courses through a cluster, and clusters for quick runs."""

from simcore.serving.cluster import Course, Status
from simcore.serving.request import Client
from simcore.serving.scenario import ClusterScenario
from simcore.serving.views import asked

CLIENT = Client(name="client", ttft_s=1.0, tpot_s=0.05)

QUICK = {
    "model": "Llama 3.1 8B",
    "pools": [{"name": "all", "gpu": "NVIDIA H100"}],
    "workload": {
        "requests": 150,
        "ttft_s": 0.3,
        "tpot_s": 0.02,
        "arrivals": {"law": "poisson", "rate_per_s": 4},
        "prompt": {"law": "lognormal", "mean": 800, "cv": 1},
        "output": {"law": "lognormal", "mean": 60, "cv": 1},
    },
}


def quick(**changes) -> ClusterScenario:
    """A small cluster."""
    return ClusterScenario.from_dict({**QUICK, **changes})


def apart(**changes) -> ClusterScenario:
    """The same in two pools."""
    pools = [
        {"name": "p", "role": "prefill", "gpu": "NVIDIA H100"},
        {"name": "d", "role": "decode", "gpu": "NVIDIA H100"},
    ]
    return quick(pools=pools, **changes)


def courses_of(jobs):
    """Completed courses of jobs."""
    return [
        Course(
            job.request,
            job,
            asked(job.request),
            status=Status.COMPLETED,
            attempts=1,
            ended_s=job.finished_s,
        )
        for job in jobs
    ]
