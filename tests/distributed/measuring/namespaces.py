"""Network namespaces joined by a switch, each by a link that lets so many bits a second through."""

import os
import shutil
import subprocess
from contextlib import contextmanager

PREFIX = "10.213.97"
# Larger frames than usual, of which headers and acknowledgements take less; but a frame passes at
# once, however slow the link, so they must be small beside messages.
FRAME = 3000
# Of what waits for the link: more than any message, so that nothing is dropped.
QUEUE = 32_000_000


class CannotBeMade(Exception):
    """This machine does not let us make such a network; the text says what it refused."""


@contextmanager
def shaped_star(ranks: int, bits_per_s: int):
    """Names of `ranks` namespaces around a switch; they are gone afterwards, and all in them.

    Each link is shaped in both directions. Raises CannotBeMade with what the machine refused.
    """
    for tool in ("ip", "tc"):
        if shutil.which(tool) is None:
            raise CannotBeMade(f"there is no program {tool!r} (of iproute2) here")
    names = [f"pdscope-{os.getpid()}-{rank}" for rank in range(ranks)]
    switch = f"pdscope-{os.getpid()}-switch"
    made = []
    try:
        for name in (switch, *names):
            _do("ip", "netns", "add", name)
            made.append(name)
        _do("ip", "-n", switch, "link", "add", "switch", "type", "bridge")
        _do("ip", "-n", switch, "link", "set", "switch", "up")
        for rank, name in enumerate(names):
            port = f"port{rank}"
            _do("ip", "link", "add", "nic", "netns", name, "mtu", FRAME, "type", "veth",
                "peer", "name", port, "netns", switch, "mtu", FRAME)  # fmt: skip
            _do("ip", "-n", switch, "link", "set", port, "master", "switch", "up")
            _do("ip", "-n", name, "link", "set", "lo", "up")
            _do("ip", "-n", name, "addr", "add", f"{address(rank)}/24", "dev", "nic")
            _do("ip", "-n", name, "link", "set", "nic", "up")
            for where, device in ((name, "nic"), (switch, port)):
                _do("tc", "-n", where, "qdisc", "add", "dev", device, "root", "tbf",
                    "rate", f"{bits_per_s}bit", "burst", FRAME + 100, "limit", QUEUE)  # fmt: skip
        yield names
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def address(rank: int) -> str:
    """Of the rank on its star."""
    return f"{PREFIX}.{rank + 1}"


def _do(*command):
    command = [str(word) for word in command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotBeMade(f"`{' '.join(command)}` says: {done.stderr.strip()}")
