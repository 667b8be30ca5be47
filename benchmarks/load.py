"""Many users who drag at once, on the server as it is started by hand.

    python benchmarks/load.py

Serves the app with 2 workers on this machine and lets 50 users drag for a minute. Each has a
connection of its own, one request in flight, and a random walk over scenarios of its own. Prints as
JSON: answers a second, latencies, errors, answers that were not the asker's own, and the memory of
the workers. Ends with 1 if there was an error or a wrong answer, or if memory grew.

Every answer must carry the number of its request and the title of its scenario; a sample is
compared with what `pdscope.run` says of it.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app.gantt6d.answer import title_of  # noqa: E402 - the path is set above
from benchmarks._walk import Walk, request_of, resident_mb, slope  # noqa: E402
from simcore import PdscopeError, Scenario, run  # noqa: E402

PATH = "/gantt6d/picture"
# A hand moves a slider by a step no more often.
PACE_S = 0.05
PATIENCE_S = 30.0
SAMPLED = 200
WARM_UP = 0.3
MOST_GROWTH = 0.1


@dataclass
class Seen:
    """What the users saw, all together."""

    latencies_s: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    refused: int = 0
    # (scenario fields, TTDS [s] or None where it was refused)
    sample: list[tuple[dict, float | None]] = field(default_factory=list)


class Connection:
    """One HTTP connection that is kept open, as a browser's."""

    def __init__(self, port: int):
        self.port = port
        self.reader = self.writer = None

    async def post(self, body: dict) -> tuple[int, dict | None]:
        """Status and JSON of the answer; raises OSError, EOFError or TimeoutError without one."""
        async with asyncio.timeout(PATIENCE_S):
            if self.writer is None:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            data = json.dumps(body).encode()
            head = (
                f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
            )
            self.writer.write(head.encode() + data)
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
            status = int(lines[0].split()[1])
            text = await self.reader.readexactly(int(headers["content-length"]))
            if headers.get("connection") == "close":
                self.close()
        return status, json.loads(text) if status == 200 else None

    def close(self) -> None:
        """The next request opens it anew."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


async def user(number: int, port: int, end: float, seen: Seen) -> None:
    """Drag until `end` on the clock of the event loop."""
    clock = asyncio.get_running_loop().time
    walk, connection, dice = Walk(number), Connection(port), random.Random(number)
    # Numbers that no other user has.
    seq = number * 1_000_000
    await asyncio.sleep(PACE_S * dice.random())
    while clock() < end:
        values, seq, begun = walk.step(), seq + 1, clock()
        try:
            status, answer = await connection.post(request_of(values, seq))
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            seen.errors.append(f"{type(error).__name__}: {error}")
            connection.close()
            continue
        seen.latencies_s.append(clock() - begun)
        if status != 200:
            seen.errors.append(f"status {status}")
        else:
            _check(answer, values, seq, seen)
            if dice.random() < 0.05:
                shown = answer["cards"]["ttds"][2] if "cards" in answer else None
                seen.sample.append((values, shown))
        await asyncio.sleep(max(0.0, PACE_S - (clock() - begun)))
    connection.close()


def _check(answer, values, seq, seen):
    if answer["seq"] != seq:
        seen.foreign.append(f"request {seq} was given the answer to {answer['seq']}")
    elif "wrong" in answer:
        seen.refused += 1
    elif answer["title"] != title_of(Scenario(**values)):
        seen.foreign.append(f"request {seq} was given {answer['title']}")


async def watch(pids: list[int], end: float, samples: list[list[float]]) -> None:
    """Add the workers' memory [MB] to `samples`, twice a second until `end`."""
    clock = asyncio.get_running_loop().time
    while clock() < end:
        samples.append([resident_mb(pid) for pid in pids])
        await asyncio.sleep(0.5)


async def load(port: int, pids: list[int], users: int, seconds: float):
    """What the users saw, and the memory of the workers meanwhile."""
    seen, memory = Seen(), []
    end = asyncio.get_running_loop().time() + seconds
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watch(pids, end, memory))
        for number in range(users):
            tasks.create_task(user(number, port, end, seen))
    return seen, np.array(memory)


def compare(seen: Seen) -> int:
    """Of a sample, how many answers are not what `run` says; they are added to `seen.foreign`."""
    chosen = random.Random(0).sample(seen.sample, min(SAMPLED, len(seen.sample)))
    for values, shown in chosen:
        try:
            expected = run(Scenario(**values)).metrics.ttds_s
        except PdscopeError:
            expected = None
        if shown != expected:
            seen.foreign.append(f"{values}: TTDS {shown} where `run` says {expected}")
    return len(chosen)


def summarise(seen: Seen, memory: np.ndarray, seconds: float, compared: int) -> dict:
    """The figures; `memory` has a row for each moment and a column for each worker [MB]."""
    latency_ms = {
        f"p{share}_ms": round(1e3 * float(np.percentile(seen.latencies_s, share)), 1)
        for share in (50, 95, 99)
    }
    first = int(WARM_UP * len(memory))
    after = memory[first:]
    moments = np.arange(len(after))
    grown = [slope(moments, worker) * len(after) / worker[0] for worker in after.T]
    return {
        "answers": len(seen.latencies_s),
        "answers_a_second": round(len(seen.latencies_s) / seconds, 1),
        **latency_ms,
        "longest_ms": round(1e3 * max(seen.latencies_s), 1),
        "refused_as_not_fitting": seen.refused,
        "errors": len(seen.errors),
        "first_errors": seen.errors[:5],
        "compared_with_run": compared,
        "answers_of_others": len(seen.foreign),
        "first_answers_of_others": seen.foreign[:5],
        "workers_mb_start": [round(float(mb), 1) for mb in memory[0]],
        "workers_mb_middle": [round(float(mb), 1) for mb in memory[len(memory) // 2]],
        "workers_mb_end": [round(float(mb), 1) for mb in memory[-1]],
        "growth_after_warm_up": [round(float(share), 4) for share in grown],
    }


def main() -> int:
    """Print the figures; the exit status says whether all was well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2, help="processes that answer")
    arguments = parser.parse_args()
    if arguments.users < 1 or not 5 <= arguments.seconds <= 3600:
        parser.error("at least one user, for 5 to 3600 seconds")
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "app", "serve",
         "--port", str(port), "--workers", str(arguments.workers)],
        cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        pids = _workers(server, port, arguments.workers)
        seen, memory = asyncio.run(load(port, pids, arguments.users, arguments.seconds))
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
    figures = {
        "users": arguments.users,
        "seconds": arguments.seconds,
        "workers": arguments.workers,
        **summarise(seen, memory, arguments.seconds, compare(seen)),
    }
    print(json.dumps(figures, indent=2))
    flat = max(figures["growth_after_warm_up"]) <= MOST_GROWTH
    return 0 if flat and not seen.errors and not seen.foreign else 1


def _workers(server, port, count):
    """Ids of the worker processes, once the server listens and all of them run."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        pids = [int(pid) for pid in children.read_text().split()]
        with socket.socket() as probe:
            if len(pids) == count and probe.connect_ex(("127.0.0.1", port)) == 0:
                return pids
        time.sleep(0.1)
    raise RuntimeError("the server does not start")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
