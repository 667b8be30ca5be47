"""The life of a rank that has joined the others: it runs the program, and tells what it gave."""

from dataclasses import dataclass
from typing import Any

from simcore.distributed.collectives import Profile
from simcore.distributed.communicator import Communicator
from simcore.distributed.deployed.joining import Joined
from simcore.distributed.deployed.profiles import profile_for
from simcore.distributed.deployed.together import Together
from simcore.distributed.deployed.transport import Deployed, DeployedTransport
from simcore.distributed.failures import check_has_run, raise_for_rank
from simcore.distributed.trace import Recorder


@dataclass(frozen=True)
class Ended:
    """What a rank has to tell when its program has ended.

    Attributes
    ----------
    value : what the program returned
    recorder : what the rank recorded
    seconds : when it ended, counted from when all ranks had met [s]
    peak_bytes : most that it held for communication [byte]
    """

    value: Any
    recorder: Recorder
    seconds: float
    peak_bytes: int


class RemoteTraceback(Exception):
    """The traceback of another process, as the cause of what is raised here."""

    def __init__(self, text: str):
        super().__init__(text)
        self.text = text

    def __str__(self):
        return f"\n\n{self.text}"


class Rank:
    """Runs a program in this process, which has joined the others.

    Parameters
    ----------
    zero_s : see `Joined.meet`
    profile : of collectives, by name or one's own
    """

    def __init__(self, joined: Joined, zero_s: float, profile: str | Profile):
        group = joined.group if joined.device.type == "cpu" else Together(joined.group)
        self._deployed = Deployed(group, joined.device, zero_s)
        self._transport = DeployedTransport(self._deployed)
        self._profile = profile_for(profile, joined)
        self.rank = self._deployed.rank

    @property
    def waits(self):
        """The operation that the program waits for; None while it computes."""
        return self._transport.waits

    @property
    def has_open_ends(self) -> bool:
        """Whether the program has ended with operations that it never waited for."""
        return bool(self._deployed.open_ends)

    def run(self, program, args: tuple) -> Ended:
        """Run it to its end. Raises RankFailed, or what the program did wrong in communicating."""
        deployed = self._deployed
        try:
            value = program(Communicator(self._transport, self._profile), *args)
            check_has_run(value)
            self._transport.finish()
            seconds = deployed.now()
            deployed.finish()
        except BaseException as error:
            raise_for_rank(self.rank, error)
        return Ended(value, deployed.recorder, seconds, deployed.peak_bytes)
