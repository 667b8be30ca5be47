"""What of torch.distributed is not simulated is refused by name, and never half done."""

import pytest

torch = pytest.importorskip("torch")

from simcore.distributed import ProgramError, RankFailed  # noqa: E402
from simcore.distributed.shim.replacing import HARMLESS, SIMULATED, replaced  # noqa: E402

INIT = "dist.init_process_group('gloo')\n"
REFUSED = {
    "DistributedDataParallel": "torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(1, 1))",
    "init_device_mesh": "from torch.distributed.device_mesh import init_device_mesh\n"
    "dist.init_device_mesh('cpu', (2,))",
    "TCPStore": "dist.TCPStore('127.0.0.1', 1, 2, True)",
    "new_subgroups": "dist.new_subgroups(1)",
    "rpc.init_rpc": "torch.distributed.rpc.init_rpc('worker', rank=0, world_size=2)",
    "rendezvous": "next(dist.rendezvous('env://', 0, 2))",
    "ReduceOp.BOR|BOR": "dist.all_reduce(torch.ones(2, dtype=torch.int32), dist.ReduceOp.BOR)",
    "recv from whichever rank": "dist.recv(torch.ones(1))",
    "irecv from whichever rank": "dist.irecv(torch.ones(1))",
    "use_local_synchronization": "dist.new_group([0], use_local_synchronization=True)",
    "works on torch's own process groups": (
        "import torch.distributed._functional_collectives as functional\n"
        "functional.all_reduce(torch.ones(2), 'sum', [0, 1])"
    ),
}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("named", REFUSED)
def test_it_is_named_with_its_line_in_the_script(simulated, named):
    line = 4 + REFUSED[named].count("\n") + 1
    with pytest.raises(RankFailed, match=f"(?s)({named}).*script\\.py:{line}") as caught:
        simulated(INIT + REFUSED[named], ranks=2)
    assert isinstance(caught.value.__cause__, NotImplementedError)


PROCESSES = {
    "give it num_workers=0": (
        "for batch in torch.utils.data.DataLoader(torch.ones(4), num_workers=1):\n    pass"
    ),
    "a pool of processes is not simulated": "torch.multiprocessing.Pool(1)",
    "a pool of processes is": "import concurrent.futures as f\nf.ProcessPoolExecutor()",
    "Manager is not": "import multiprocessing as mp\nmp.Manager()",
    "rank 0 starts processes": "torch.multiprocessing.spawn(print)",
}


@pytest.mark.parametrize("told", PROCESSES)
def test_ranks_start_no_processes(simulated, told):
    with pytest.raises(ProgramError, match=told):
        simulated(INIT + PROCESSES[told], ranks=2)


def test_processes_wait_for_each_other_in_torch_distributed_alone(simulated):
    with pytest.raises(ProgramError, match="hands a multiprocessing Barrier to its processes"):
        simulated(
            """
            import torch.multiprocessing as mp
            if __name__ == "__main__":
                mp.spawn(print, (mp.get_context("spawn").Barrier(2),), nprocs=2)
            """
        )


def test_each_public_function_is_simulated_or_harmless_or_refused():
    """Also those that a later version of torch brings."""
    dist = torch.distributed
    public = {
        name: value
        for name, value in vars(dist).items()
        if callable(value) and getattr(value, "__name__", "") == name and name[0].islower()
    }
    with replaced():
        kept = {name for name, value in public.items() if vars(dist)[name] is value}
        refusals = {name for name in public if vars(dist)[name].__name__ == "refuse"}
        assert vars(dist)["all_reduce"] is SIMULATED["all_reduce"]
    assert {"all_reduce_coalesced", "split_group", "rendezvous", "breakpoint"} <= refusals
    assert kept - {"set_debug_level", "set_debug_level_from_env", "timedelta"} <= HARMLESS
    assert vars(dist)["all_reduce"] is public["all_reduce"]
    assert {name for name in SIMULATED if hasattr(dist, name)} >= set(SIMULATED) - {
        *("all_gather_single", "reduce_scatter_single")
    }
