"""What a client asks first, and in a session later: everything but when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path

from simcore.serving.request import Piece
from simcore.serving.workload.bounds import MOST_TOKENS
from simcore.serving.workload.load import Load
from simcore.serving.workload.recorded import no_files
from simcore.serving.workload.sessions import Step
from simcore.serving.workload.streams import stream


@dataclass(slots=True)
class Opening:
    """A request, or a session, that is still to begin.

    Attributes
    ----------
    shared : pieces that the prompt begins with
    own : tokens that come after them
    later : steps of the session after the first, in order
    delay_s : from the moment at which it begins to the first request's arrival [s]
    arrival_s : as it was recorded; 0 if it was not [s]
    priority : as it was recorded; None if it was not
    """

    shared: tuple[Piece, ...]
    own: int
    output_tokens: int
    later: Sequence[Step] = ()
    delay_s: float = 0.0
    arrival_s: float = 0.0
    priority: int | None = None


def openings(
    load: Load, seed: int, first_shared: int, files: tuple[str, ...], folder: Path | None
) -> Iterator[Opening]:
    """What the client `load` asks, one after another; without an end unless it replays a trace.

    Parameters
    ----------
    first_shared : index of the client's first content that is shared
    files : of traces, in the workload
    folder : that they are in; None: a trace is a ScenarioError
    """
    if load.trace:
        return _recorded(load, seed, files, folder)
    if load.session:
        return _sessions(load, seed, first_shared)
    return _single(load, seed, first_shared)


def _single(load, seed, first_shared):
    prompts, outputs = _prompts(load, seed), _outputs(load, seed)
    for front, own, output in zip(
        _fronts(load, seed, first_shared), prompts, outputs, strict=False
    ):
        yield Opening(front, own, output)


def _sessions(load, seed, first_shared):
    corpus = first_shared + load.shared_prefixes
    sessions = load.session.each(
        seed,
        (load.name,),
        corpus,
        prompts=_prompts(load, seed),
        outputs=_outputs(load, seed),
        fronts=_fronts(load, seed, first_shared),
    )
    for front, (first, *later) in sessions:
        yield Opening(front + first.shared, first.own, first.output_tokens, later, first.wait_s)


def _recorded(load, seed, files, folder):
    trace = load.trace
    if folder is None:
        raise no_files(trace)
    place = files.index(trace.file)
    prompts = _prompts(load, seed) if load.prompt else None
    outputs = _outputs(load, seed) if load.output else None
    for row in trace.rows(trace.lines(folder)):
        # A prompt of another length has another content.
        pieces = trace.pieces(row, place, len(files)) if row.blocks and not prompts else ()
        prompt = next(prompts) if prompts else row.prompt_tokens
        yield Opening(
            pieces,
            prompt - sum(tokens for _, tokens in pieces) if pieces else prompt,
            next(outputs) if outputs else row.output_tokens,
            (),
            0.0,
            row.arrival_s / trace.speed,
            row.priority,
        )


def _prompts(load, seed):
    return load.prompt.each_whole(stream(seed, load.name, "prompt"), 1, MOST_TOKENS)


def _outputs(load, seed):
    return load.output.each_whole(stream(seed, load.name, "output"), 1, MOST_TOKENS)


def _fronts(load, seed, first_shared):
    """What one prompt after another begins with."""
    layers = []
    for place, prefix in enumerate(load.prefixes):
        layers.append(prefix.each(seed, (load.name, f"prefix {place}"), first_shared))
        first_shared += prefix.groups
    if not layers:
        return repeat(())
    if len(layers) == 1:
        return layers[0]
    return (tuple(chain.from_iterable(pieces)) for pieces in zip(*layers, strict=True))
