"""Recordings made by hand, whose answers are known."""

from simcore.distributed.trace import Recorder, SpanKind

COMMUNICATION = SpanKind.COMMUNICATION


def computes(recorder, rank, start_s, end_s, region=""):
    recorder.computation(rank, region, start_s, end_s)


def idles(recorder, rank, start_s, end_s):
    recorder.idling(rank, "", start_s, end_s)


def calls(recorder, rank, name, start_s, end_s, *, peer=-1, nbytes=0, tag=-1):
    recorder.span(rank, COMMUNICATION, name, "", peer, nbytes, tag, start_s, end_s)


def two_ranks() -> Recorder:
    """Rank 0 computes 2 s and sends 100 bytes in 3 s; rank 1 waits for them, then computes 1 s."""
    recorder = Recorder()
    computes(recorder, 0, 0.0, 2.0, "layer")
    calls(recorder, 1, "recv", 0.0, 5.0, peer=0, nbytes=100, tag=7)
    calls(recorder, 0, "send", 2.0, 5.0, peer=1, nbytes=100, tag=7)
    recorder.message(0, 1, 100, 7, "send", 2.0, 2.0, 5.0)
    computes(recorder, 1, 5.0, 6.0)
    return recorder


def ring(ranks: int, *, seconds: float = 1.0, late: float = 0.0) -> Recorder:
    """An all-gather round a ring, whose last rank comes late [s]; each step takes as long [s]."""
    recorder = Recorder()
    began = [0.0] * (ranks - 1) + [late]
    if late:
        computes(recorder, ranks - 1, 0.0, late)
    posts = list(began)
    for _ in range(ranks - 1):
        # A rank's step ends when both its messages have.
        starts = [max(posts[r], posts[(r + 1) % ranks]) for r in range(ranks)]
        for rank, start_s in enumerate(starts):
            peer = (rank + 1) % ranks
            recorder.message(
                rank, peer, 10, 0, "all_gather", posts[rank], start_s, start_s + seconds
            )
        posts = [max(starts[r], starts[r - 1]) + seconds for r in range(ranks)]
    for rank in range(ranks):
        calls(recorder, rank, "all_gather", began[rank], posts[rank], nbytes=10)
    return recorder
