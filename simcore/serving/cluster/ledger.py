"""What has come in and what has become of it: the sums that must agree at every check."""

from dataclasses import dataclass

from simcore.errors import SimulationError
from simcore.serving.request import Request


@dataclass(slots=True)
class Account:
    """Of one kind of thing, how many there are of each fate."""

    arrived: int = 0
    completed: int = 0
    refused: int = 0
    failed: int = 0
    in_flight: int = 0

    @property
    def balanced(self) -> bool:
        """Whether nothing has vanished, and nothing come from nowhere."""
        return self.arrived == self.completed + self.refused + self.failed + self.in_flight


@dataclass(slots=True)
class Ledger:
    """Of requests, of their tokens, of KV cache on wires and of blocks.

    `in_flight` is not what is left: it is counted anew at every check, where requests are.

    Attributes
    ----------
    requests, prompt_tokens, output_tokens : by what became of them
    bytes_sent, bytes_arrived, bytes_lost, bytes_under_way : of KV cache on wires [byte]
    blocks, free_blocks, held_blocks : of the KV caches of all replicas; of them free; and held, by
        replicas with requests
    request_seconds : time that requests have spent in the cluster, summed as time went by [s]
    checks : how often it was checked
    """

    requests: Account
    prompt_tokens: Account
    output_tokens: Account
    bytes_sent: float = 0.0
    bytes_arrived: float = 0.0
    bytes_lost: float = 0.0
    bytes_under_way: float = 0.0
    blocks: int = 0
    free_blocks: int = 0
    held_blocks: int = 0
    request_seconds: float = 0.0
    checks: int = 0

    @classmethod
    def empty(cls) -> "Ledger":
        """Before anything has come."""
        return cls(Account(), Account(), Account())

    def count(self, fate: str, request: Request) -> None:
        """A request has met a fate, which is the name of an account's attribute."""
        for account, amount in (
            (self.requests, 1),
            (self.prompt_tokens, request.prompt_tokens),
            (self.output_tokens, request.output_tokens),
        ):
            setattr(account, fate, getattr(account, fate) + amount)

    def check(self) -> None:
        """Raises SimulationError where sums do not agree."""
        self.checks += 1
        for name in ("requests", "prompt_tokens", "output_tokens"):
            account = getattr(self, name)
            if not account.balanced:
                raise SimulationError(f"the ledger of {name} does not balance: {account}")
        known = self.bytes_arrived + self.bytes_lost + self.bytes_under_way
        if abs(self.bytes_sent - known) > 1e-6 * max(1.0, self.bytes_sent):
            raise SimulationError(
                f"KV cache on wires: {self.bytes_sent:.6g} bytes were sent, and {known:.6g} have "
                "arrived, were lost or are under way"
            )
        if self.blocks != self.free_blocks + self.held_blocks:
            raise SimulationError(
                f"KV cache: of {self.blocks} blocks {self.free_blocks} are free and "
                f"{self.held_blocks} held"
            )
