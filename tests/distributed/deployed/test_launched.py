"""Processes that somebody else has started, as torchrun does."""

import json
import os
import socket
import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="real processes talk through torch.distributed")

PROGRAM = """
import json, sys

def program(comm, factor):
    return comm.all_reduce(__import__("numpy").arange(3.0) * factor * (comm.rank + 1)).tolist()

if __name__ == "__main__":
    from simcore.distributed import ProgramError, ProgramFile, deploy
    run = deploy(program, 2, args=(10,))
    same = deploy(ProgramFile(__file__), 2, args=(10,), profile="gloo")
    try:
        deploy(program, 3)
    except ProgramError as error:
        refused = str(error)
    spans = len(run.trace.spans)
    print(json.dumps([run.values, same.values, refused, spans, len(run.trace.messages)]))
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return path


def free_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def test_each_process_is_the_rank_that_it_was_started_as(script, repository):
    port = str(free_port())
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    shared |= {"LOCAL_WORLD_SIZE": "2", "GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": str(repository)}
    processes = [
        subprocess.Popen(
            [sys.executable, script],
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        said = [json.loads(process.communicate(timeout=100)[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    values = [[0.0, 30.0, 60.0]] * 2
    for program, file, refused, spans, messages in said:
        assert program == file == values
        assert "ranks = 3, but this process was started as one of 2" in refused
        assert spans > 2 and messages == 4
