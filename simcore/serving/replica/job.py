"""One request under way: what has become of it so far, and what it waited for."""

from dataclasses import dataclass

from simcore.serving.replica.step_log import Gaps, Stretch
from simcore.serving.request import Request

NEVER = -1.0
"""In place of a time that has not come."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a replica cannot take a request, ever.

    Attributes
    ----------
    reason : a sentence for people
    need, limit : tokens of the request, and the most that the replica takes
    """

    reason: str
    need: int
    limit: int


class Job:
    """One request under way.

    A replica writes the times of what happens on it; whoever moves the job between replicas may add
    facts of its own in `note`. Times are of the simulated clock [s], `NEVER` where they have not
    come.

    Attributes
    ----------
    request : what is asked
    queued_s : when it reached a replica that prefills, after the last failure. From then to its
        first token it takes host_s + queue_s + first_preempted_s, and for the rest it is prefilled
    started_s : when the first step with tokens of its prompt began
    prefilled_s : when the last token of its prompt was computed for the first time
    first_token_s : of its first output token
    decode_ready_s : when its KV cache had arrived where it decodes; where it is not moved, that is
        when it was prefilled
    decode_started_s : when the first step began that decoded it
    finished_s : of its last output token
    generated : output tokens so far, as of when it last joined or left a batch
    cached_tokens : tokens of its prompt that a prefix cache held at its first admission to prefill
    sent_tokens_saved : of its prompt, those that the cache where it decodes held already
    preemptions : how often it gave its KV cache up
    host_s : that the host took for it before it was queued [s]
    queue_s : that it then waited for its first step of prefill [s]
    first_preempted_s : between preemptions and its first token [s]
    recomputed_tokens : that were computed again after preemptions
    prefill_replica, decode_replica : indices of the replicas where it ran; -1 for none
    stretches : its decode steps between interruptions
    waits_s : each time from a token to the next that a preemption lay in [s]
    note : of the caller; the replica does not touch it
    """

    __slots__ = (
        "cached_tokens",
        "decode_ready_s",
        "decode_replica",
        "decode_started_s",
        "finished_s",
        "first_preempted_s",
        "first_token_s",
        "generated",
        "host_s",
        "note",
        "preemptions",
        "prefill_replica",
        "prefilled_s",
        "queue_s",
        "queued_s",
        "recomputed_tokens",
        "request",
        "sent_tokens_saved",
        "started_s",
        "stretches",
        "waits_s",
    )

    def __init__(self, request: Request):
        self.request = request
        self.note = None
        self.reset()

    def __repr__(self):
        return f"Job({self.request.number}, {self.generated}/{self.request.output_tokens} tokens)"

    def reset(self) -> None:
        """As if nothing had been done for it: for a retry after its replica has failed."""
        self.queued_s = self.started_s = self.prefilled_s = self.first_token_s = NEVER
        self.decode_ready_s = self.decode_started_s = self.finished_s = NEVER
        self.generated = self.cached_tokens = self.sent_tokens_saved = 0
        self.preemptions = self.recomputed_tokens = 0
        self.host_s = self.queue_s = self.first_preempted_s = 0.0
        self.prefill_replica = self.decode_replica = -1
        self.stretches: tuple[Stretch, ...] = ()
        self.waits_s: tuple[float, ...] = ()

    def token_gaps(self) -> list[Gaps]:
        """Times between its output tokens [s], in runs: those in which it decoded, then waits.

        With speculative decoding a gap is one between steps, each of which may give several tokens.
        """
        found = [gap for stretch in self.stretches for gap in stretch.gaps()]
        return found + [Gaps(1, wait, 0.0) for wait in self.waits_s]
