"""Ranks of a script are threads of one process, and find what processes of their own would."""

import multiprocessing
import os
import random
import subprocess
import sys
import warnings
from types import ModuleType

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from simcore.distributed import Measured, ProgramError, RankFailed, Recorded  # noqa: E402
from simcore.distributed.shim import simulate_script  # noqa: E402


def test_ranks_find_what_torchrun_tells(simulated):
    printed, run = simulated(
        """
        import sys
        dist.init_process_group()
        names = "RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"
        print(__name__, *(os.environ[name] for name in names), *sys.argv[1:])
        print(dist.get_rank(), dist.get_world_size(), dist.get_backend())
        """,
        ranks=2,
        argv=["--steps", "3"],
    )
    assert printed == [
        *("__main__ 0 0 2 2 --steps 3", "0 2 gloo"),
        *("__main__ 1 1 2 2 --steps 3", "1 2 gloo"),
    ]
    assert run.ranks == 2


def test_globals_modules_environment_and_random_numbers_are_each_rank_s_own(simulated, tmp_path):
    (tmp_path / "beside.py").write_text("seen = []\nfrom torch.distributed import barrier\n")
    printed, _ = simulated(
        """
        import random, sys
        import numpy as np
        import beside
        dist.init_process_group("gloo")
        rank = dist.get_rank()
        first = torch.rand(1).item(), np.random.rand(), random.random()
        mine = []
        for draw in range(2):
            mine.append(rank)
            beside.seen.append(rank)
            os.environ["DRAWS"] = os.environ.get("DRAWS", "") + str(rank)
            torch.manual_seed(rank), np.random.seed(rank), random.seed(rank)
            beside.barrier()
            drawn = torch.rand(1).item(), np.random.randn(), random.random()
            sys.argv.append(str(rank))
        torch.set_default_dtype(torch.float64 if rank else torch.float32)
        beside.barrier()
        every = [None] * 3
        dist.all_gather_object(every, (first, drawn))
        print(rank, mine, beside.seen, os.environ["DRAWS"], sys.argv[1:], torch.zeros(1).dtype)
        if rank == 0:
            print(len(set(every)), every[1][1] == every[2][1])
        """,
        ranks=3,
    )
    assert printed[0] == "0 [0, 0] [0, 0] 00 ['0', '0'] torch.float32"
    assert printed[1] == "3 False"
    assert printed[2:] == [
        f"{r} [{r}, {r}] [{r}, {r}] {r}{r} ['{r}', '{r}'] torch.float64" for r in (1, 2)
    ]


def test_modules_beside_the_script_come_before_those_that_happen_to_be_loaded(
    simulated, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "beside", ModuleType("beside"))
    loaded = sys.modules["beside"]
    (tmp_path / "beside.py").write_text("whose = 'the script\\'s'\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "one.py").write_text("seen = []\n")
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "pdscope_test_library.py").write_text("seen = []\n")
    printed, _ = simulated(
        """
        import sys
        sys.path.append(os.path.join(os.path.dirname(__file__), "site-packages"))
        import beside, pdscope_test_library
        from parts import one
        dist.init_process_group("gloo")
        for _ in range(2):
            one.seen.append(dist.get_rank())
            pdscope_test_library.seen.append(dist.get_rank())
            dist.barrier()
        print(beside.whose, one.seen, len(pdscope_test_library.seen))
        """,
        ranks=2,
    )
    assert printed == ["the script's [0, 0] 4", "the script's [1, 1] 4"]
    assert sys.modules["beside"] is loaded
    monkeypatch.delitem(sys.modules, "pdscope_test_library")


def test_seeded_random_numbers_are_those_of_a_process_of_its_own(simulated):
    """Odd draws of normal numbers leave a second one behind in NumPy's generator."""
    printed, _ = simulated(
        """
        import random
        import numpy as np
        dist.init_process_group("gloo")
        seed = dist.get_rank()
        torch.manual_seed(seed), np.random.seed(seed), random.seed(seed)
        for draw in range(3):
            print(seed, torch.rand(1).item(), np.random.randn(), random.gauss(0, 1))
            dist.barrier()
        """,
        ranks=2,
    )
    expected = []
    for seed in range(2):
        numbers, arrays = random.Random(seed), np.random.RandomState(seed)
        tensors = torch.Generator().manual_seed(seed)
        for _ in range(3):
            uniform = torch.rand(1, generator=tensors).item()
            expected.append(f"{seed} {uniform} {arrays.randn()} {numbers.gauss(0, 1)}")
    assert sorted(printed) == sorted(expected)


def test_a_script_that_spawns_runs_once_and_its_ranks_are_simulated(simulated):
    printed, run = simulated(
        """
        import torch.multiprocessing as mp

        def work(rank, ranks, notes, shared, model):
            assert "RANK" not in os.environ and os.environ["MASTER_PORT"] == "29501"
            dist.init_process_group("gloo", rank=rank, world_size=ranks)
            notes.append(rank)
            shared[rank] = rank + 1
            model(torch.ones(1, 2)).sum().backward()
            dist.barrier()
            print(__name__, rank, notes, shared.tolist(), model.weight.grad.tolist())

        if __name__ == "__main__":
            os.environ["MASTER_PORT"] = "29501"
            notes = ["given"]
            mp.spawn(work, (3, notes, torch.zeros(3), torch.nn.Linear(2, 1)), nprocs=3)
            print("ended", notes)
        """
    )
    assert sorted(printed[:-1]) == [
        f"__mp_main__ {r} ['given', {r}] [1.0, 2.0, 3.0] [[1.0, 1.0]]" for r in range(3)
    ]
    assert printed[-1] == "ended ['given']"
    assert run.ranks == 3


def test_processes_and_queues_of_multiprocessing(simulated):
    printed, run = simulated(
        """
        import multiprocessing as mp

        class Worker(mp.Process):
            def __init__(self, rank, queue):
                super().__init__(name=f"worker {rank}")
                self.rank, self.queue = rank, queue

            def run(self):
                dist.init_process_group("gloo", rank=self.rank, world_size=2)
                total = torch.ones(2) * self.rank
                dist.all_reduce(total)
                self.queue.put((self.rank, total.tolist()))

        if __name__ == "__main__":
            context = mp.get_context("spawn")
            mp.set_start_method("spawn")
            queue = context.SimpleQueue()
            workers = [Worker(rank, queue) for rank in range(2)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
                print(worker.name, worker.exitcode, worker.is_alive())
            print(sorted(queue.get() for _ in workers))
        """
    )
    assert printed == [
        *("worker 0 0 False", "worker 1 0 False"),
        "[(0, [1.0, 1.0]), (1, [1.0, 1.0])]",
    ]
    assert run.ranks == 2


def test_what_processes_give_back_may_be_taken_before_they_are_joined(simulated):
    printed, _ = simulated(
        """
        import multiprocessing as mp, time

        def work(rank, queue, pipe):
            dist.init_process_group("gloo", rank=rank, world_size=2)
            everybody = [None] * 2
            dist.all_gather_object(everybody, rank)
            queue.put(everybody)
            pipe.send(rank)

        if __name__ == "__main__":
            queue, (mine, theirs) = mp.Queue(), mp.Pipe()
            processes = [mp.Process(target=work, args=(r, queue, theirs)) for r in range(2)]
            for process in processes:
                process.start()
            time.sleep(1)
            print([queue.get() for _ in processes], sorted(mine.recv() for _ in range(2)))
            for process in processes:
                process.join()
        """
    )
    assert printed == ["[[0, 1], [0, 1]] [0, 1]"]


@pytest.mark.parametrize("take", ["mp.SimpleQueue().get()", "ends[0].recv()"])
def test_what_nobody_gives_is_not_waited_for(simulated, take):
    with pytest.raises(ProgramError, match=r"nobody has put there .* alone .*script\.py:6"):
        simulated(f"import multiprocessing as mp\nends = mp.Pipe()\n{take}")


def test_processes_that_nobody_joins_run_at_the_end(simulated):
    printed, run = simulated(
        """
        import multiprocessing as mp
        if __name__ == "__main__":
            for rank in range(2):
                mp.Process(target=print, args=("process", rank)).start()
            print("started")
        """
    )
    assert printed == ["started", "process 0", "process 1"]
    assert run.ranks == 2


def test_scripts_read_simulated_time(simulated, tmp_path):
    (tmp_path / "beside.py").write_text("from time import monotonic_ns, sleep\n")
    printed, run = simulated(
        """
        import time
        import beside
        dist.init_process_group("gloo")
        begun = time.time()
        if dist.get_rank():
            beside.sleep(0.5)
        dist.barrier()
        print(begun, round(time.perf_counter() - begun, 3), beside.monotonic_ns() // 10**6)
        """,
        ranks=2,
    )
    assert printed == ["0.0 0.5 500"] * 2
    assert run.seconds == pytest.approx(0.5, abs=1e-3)
    _, run = simulated("import time\ntime.sleep(100)", ranks=2, timing=Measured())
    assert 100 <= run.seconds < 101


def test_a_module_beside_the_script_may_communicate_while_it_is_imported(tmp_path, repository):
    """In a process of its own: ranks that waited for each other's import would wait for ever."""
    (tmp_path / "beside.py").write_text(
        "import torch.distributed as dist\ndist.init_process_group('gloo')\ndist.barrier()\n"
    )
    (tmp_path / "script.py").write_text("import beside\nprint(beside.dist.get_rank())\n")
    done = subprocess.run(
        [sys.executable, "-m", "simcore", "lab", "run", "script.py", "--ranks", "3"],
        env=os.environ | {"PYTHONPATH": str(repository)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()[:3]) == ["0", "1", "2"]


SPAWNS_TWO = """
import torch.multiprocessing as mp
if __name__ == "__main__":
    mp.spawn(print, nprocs=2)
"""


def test_the_number_of_ranks_is_said_once(simulated):
    with pytest.raises(ProgramError, match="starts 2 ranks itself, and 3 were asked for"):
        simulated(SPAWNS_TWO, ranks=3)
    assert simulated(SPAWNS_TWO, ranks=2)[1].ranks == 2
    with pytest.raises(RankFailed, match="nobody said how many ranks"):
        simulated("dist.init_process_group('gloo')")
    with pytest.raises(RankFailed, match="world_size = 4, and 2 ranks are simulated"):
        simulated("dist.init_process_group('gloo', rank=0, world_size=4)", ranks=2)
    with pytest.raises(RankFailed, match="rank = 0 in the process that was started as number 1"):
        simulated("dist.init_process_group('gloo', rank=0)", ranks=2)


def everything_global():
    """What a simulation must leave as it was; holds what it names, so that nothing is reused."""
    dist = torch.distributed
    return [
        *(dict(vars(module)) for module in (dist, dist.distributed_c10d, multiprocessing)),
        *(dict(vars(module)) for module in (random, np.random, torch.multiprocessing)),
        dict(vars(torch.nn.parallel.DistributedDataParallel)),
        *(dict(os.environ), sys.argv, list(sys.argv), list(sys.path)),
        *(os.getcwd(), list(warnings.filters), torch.get_num_threads()),
        *(list(sys.meta_path), sys.modules["__main__"], torch.get_default_dtype()),
        *(random.getstate(), torch.get_rng_state().tolist(), list(np.random.get_state()[1])),
        *(sys.modules.get("beside"), sys.modules.get("__mp_main__")),
    ]


CHANGES_ALL = """
import random, sys, warnings
import numpy as np
import beside
dist.init_process_group("gloo")
os.environ["RANK"] = "changed"
sys.argv.append("more")
sys.path.append("/nowhere")
os.chdir("/")
warnings.simplefilter("error")
torch.set_num_threads(1 + torch.get_num_threads())
torch.set_default_dtype(torch.float64)
torch.rand(1), np.random.rand(), random.random()
dist.barrier()
"""


@pytest.mark.parametrize(
    ("ending", "error"),
    [
        ("", None),
        ("raise KeyError", RankFailed),
        ("dist.barrier() if dist.get_rank() else dist.recv(torch.ones(1), 1)", ProgramError),
        ("sys.exit(3)", ProgramError),
        ("raise KeyboardInterrupt", RankFailed),
    ],
)
def test_everything_is_put_back_however_it_ends(simulated, tmp_path, ending, error):
    (tmp_path / "beside.py").touch()
    before, environment = everything_global(), os.environ
    if error is None:
        simulated(CHANGES_ALL + ending, ranks=2)
    else:
        with pytest.raises(error):
            simulated(CHANGES_ALL + ending, ranks=2)
    after = everything_global()
    assert [i for i, (old, new) in enumerate(zip(before, after, strict=True)) if old != new] == []
    assert os.environ is environment


def test_leaving_with_status_0_is_an_end_like_any_other(simulated):
    assert simulated("import sys\nsys.exit(0)", ranks=2)[1].ranks == 2
    with pytest.raises(ProgramError, match=r"sys.exit\('no data'\)"):
        simulated("import sys\nsys.exit('no data')", ranks=2)


def test_a_file_that_is_no_script_is_refused(tmp_path):
    with pytest.raises(ProgramError, match="name a Python file"):
        simulate_script(tmp_path / "missing.py", 2)
    (tmp_path / "wrong.py").write_text("x = 1\nif:\n")
    with pytest.raises(ProgramError, match=r"wrong\.py:2: this is no Python"):
        simulate_script(tmp_path / "wrong.py", 2)


def test_a_script_cannot_simulate_another(simulated, tmp_path):
    with pytest.raises(ProgramError, match="already"):
        simulated(
            """
            from simcore.distributed.shim import simulate_script
            simulate_script(__file__, 2)
            """,
            ranks=1,
        )


def test_what_was_recorded_is_of_the_ranks_that_a_script_starts(simulated):
    script = """
        import torch.multiprocessing as mp
        def run(rank, size):
            dist.init_process_group("gloo", "tcp://127.0.0.1:29500", rank=rank, world_size=size)
            sum(range(10_000))
            dist.barrier()
        if __name__ == "__main__":
            mp.spawn(run, (2,), nprocs=2)
        """
    _, measured = simulated(script, ranks=2, timing=Measured())
    table = measured.trace.compute_table()
    _, replayed = simulated(script, ranks=2, timing=Recorded(table))
    assert replayed.trace.spans.equals(measured.trace.spans)
    with pytest.raises(ProgramError, match="recorded"):
        simulated(script, ranks=2, timing=Recorded(table[:-1]))
