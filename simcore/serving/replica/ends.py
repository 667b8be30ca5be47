"""What the end of a step brings about: tokens, ends, and KV caches to be fetched."""

from simcore.serving.replica.events import Event, Finished, FirstToken, Prefilled
from simcore.serving.replica.job import NEVER
from simcore.serving.replica.passes import Pass
from simcore.serving.replica.scheduling import Scheduler
from simcore.serving.replica.seat import Seat


class StepEnds:
    """Gives requests their tokens when steps end.

    Parameters
    ----------
    queues : of the replica
    handing_over : whether requests decode elsewhere

    Attributes
    ----------
    sending : by number, requests whose KV cache is kept for others to fetch
    steps, prefilled_tokens, decoded_tokens : so far
    """

    def __init__(self, queues: Scheduler, *, handing_over: bool):
        self.queues, self.handing_over = queues, handing_over
        self.sending: dict[int, Seat] = {}
        self.steps = self.prefilled_tokens = self.decoded_tokens = 0

    def complete(self, flight: Pass, events: list[Event]) -> None:
        """A pass has ended; says in `events` what that brings about, decodes first."""
        now, batch = flight.end, flight.batch
        self.steps += flight.steps
        if batch.size:
            self.decoded_tokens += batch.size * flight.steps
            for seat in batch.pop_ended():
                self._finish(seat, now, events)
        for seat, new in flight.chunks:
            seat.in_steps -= 1
            self.prefilled_tokens += new
            if not seat.remaining and not seat.in_steps:
                self._token(seat, batch, now, events)

    def _token(self, seat, batch, now, events):
        """The last token of a prompt is computed, and with it one of the answer is there."""
        job, queues = seat.job, self.queues
        job.generated += 1
        if job.first_token_s == NEVER:
            job.prefilled_s = job.first_token_s = now
            events.append(FirstToken(now, job))
        else:
            job.waits_s = (*job.waits_s, now - seat.lost_s)
        if seat.lost_s >= 0:
            if job.generated == 1:
                job.first_preempted_s = now - seat.lost_s
            seat.lost_s = -1.0
        if job.generated >= job.request.output_tokens:
            self._finish(seat, now, events)
        elif self.handing_over:
            queues.settle_seat(seat, now)
            self.sending[job.request.number] = seat
            events.append(Prefilled(now, job))
        else:
            if job.decode_ready_s == NEVER:
                job.decode_ready_s = now
            queues.partial.remove(seat)
            queues.decode(batch, seat)

    def _finish(self, seat, now, events):
        job = seat.job
        self.queues.leave(seat, now)
        job.generated = job.request.output_tokens
        job.finished_s = now
        events.append(Finished(now, job))
