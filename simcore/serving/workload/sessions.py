"""Requests that follow one another: conversations, agents that call tools, retrieval."""

from collections.abc import Iterator
from dataclasses import dataclass

from simcore.parameters import Number, parameter
from simcore.serving.request import Piece, shared_identity
from simcore.serving.workload.bounds import (
    MOST_CALLS,
    MOST_GROUPS,
    MOST_PASSAGES,
    MOST_TOKENS,
    MOST_TURNS,
)
from simcore.serving.workload.building import Part
from simcore.serving.workload.laws import Law, amounts
from simcore.serving.workload.laws.constant import Constant
from simcore.serving.workload.laws.exponential import Exponential
from simcore.serving.workload.laws.zipf import exponent_of_zipf, ranks
from simcore.serving.workload.streams import BLOCK, stream


@dataclass(frozen=True, slots=True)
class Step:
    """What a session adds to its context for one more request.

    Attributes
    ----------
    wait_s : from the end of the request before; of the first one, from the session's start [s]
    shared : passages that others may have, too
    own : tokens of a user's message, or of a tool's result
    output_tokens : of the answer
    """

    wait_s: float
    shared: tuple[Piece, ...]
    own: int
    output_tokens: int


@dataclass(frozen=True, kw_only=True)
class Tools:
    """An agent: between a user's message and the answer, tools are called with what came so far.

    Attributes
    ----------
    calls : for each message of a user; each is one more request
    seconds : a call takes, from the end of a request to the next one's arrival [s]
    result : tokens that a call adds to the context
    """

    calls: Law = parameter(amounts(), Constant(value=3.0))
    seconds: Law = parameter(amounts(), Exponential(mean=1.0))
    result: Law = parameter(amounts(), Constant(value=512.0))


@dataclass(frozen=True, kw_only=True)
class Retrieval:
    """Passages are looked up for each message of a user, and stand before it.

    Attributes
    ----------
    seconds : a look-up takes; the request arrives after it [s]
    passages : found, for each message
    tokens : of each passage of the corpus, drawn once
    corpus : passages that there are
    exponent : of Zipf's law, by which they are found; 0: all alike
    """

    seconds: Law = parameter(amounts(), Constant(value=0.05))
    passages: Law = parameter(amounts(), Constant(value=5.0))
    tokens: Law = parameter(amounts(), Constant(value=256.0))
    corpus: int = parameter(
        Number(
            **{"key": "corpus", "symbol": "", "label": "Corpus", "unit": "passages"},
            help="How many passages there are to be found.",
            **{"low": 10, "high": 10_000, "step": 10, "least": 1, "most": MOST_GROUPS},
        ),
        10_000,
    )
    exponent: float = parameter(exponent_of_zipf(), 1.0)

    def each(self, seed: int, name: tuple[str, ...], first: int) -> Iterator[tuple[Piece, ...]]:
        """What one look-up after another finds: different passages, those of a message in order.

        `first` is the index of the corpus's first passage among all content that is shared.
        """
        tokens = self.tokens.each_whole(stream(seed, *name, "passage tokens"), 1, MOST_TOKENS)
        corpus = [(shared_identity(first + i), next(tokens)) for i in range(self.corpus)]
        most = min(MOST_PASSAGES, self.corpus)
        counts = self.passages.each_whole(stream(seed, *name, "passages"), 0, most)
        found = self._ranks(stream(seed, *name, "found"))
        for count in counts:
            # A passage that is found twice stands there once.
            yield tuple(corpus[i] for i in dict.fromkeys(next(found) for _ in range(count)))

    def _ranks(self, rng):
        while True:
            yield from ranks(rng, BLOCK, self.exponent, 1, self.corpus).tolist()


@dataclass(frozen=True, kw_only=True)
class Session:
    """A user writes, reads the answer, thinks, and writes again; the context accumulates.

    Each request's prompt is all that came before, answers included, and what is new.

    Attributes
    ----------
    turns : messages of the user
    think_s : from an answer to the next message [s]
    most_tokens : of a prompt and its answer together; a session ends before it would exceed them
    """

    turns: Law = parameter(amounts(), Constant(value=1.0))
    think_s: Law = parameter(amounts(), Exponential(mean=10.0))
    tools: Tools | None = parameter(Part(Tools), None)
    retrieval: Retrieval | None = parameter(Part(Retrieval), None)
    most_tokens: int = parameter(
        Number(
            **{"key": "ctx", "symbol": "", "label": "Longest context", "unit": "tokens"},
            help="A session ends before a prompt and its answer would be longer.",
            **{"low": 1024, "high": 131_072, "step": 1024, "least": 1, "most": MOST_TOKENS},
        ),
        MOST_TOKENS,
    )

    def each(
        self,
        seed: int,
        name: tuple[str, ...],
        first: int,
        *,
        prompts: Iterator[int],
        outputs: Iterator[int],
        fronts: Iterator[tuple[Piece, ...]],
    ) -> Iterator[tuple[tuple[Piece, ...], list[Step]]]:
        """The front and the steps, one or more, of one session after another, without an end.

        Parameters
        ----------
        seed, name : of the random streams
        first : index of the corpus's first passage among all content that is shared
        prompts, outputs : tokens of messages and of answers, one after another
        fronts : what each session's context starts with
        """
        turns = self.turns.each_whole(stream(seed, *name, "turns"), 1, MOST_TURNS)
        think = self.think_s.each(stream(seed, *name, "think"))
        tools = self.tools or Tools(calls=Constant(value=0.0))
        calls = tools.calls.each_whole(stream(seed, *name, "calls"), 0, MOST_CALLS)
        seconds = tools.seconds.each(stream(seed, *name, "call seconds"))
        results = tools.result.each_whole(stream(seed, *name, "results"), 0, MOST_TOKENS)
        look_up = found = None
        if self.retrieval:
            look_up = self.retrieval.seconds.each(stream(seed, *name, "look-up"))
            found = self.retrieval.each(seed, name, first)
        for front in fronts:
            steps: list[Step] = []
            for turn in range(next(turns)):
                wait_s = next(think) if turn else 0.0
                shared: tuple[Piece, ...] = ()
                if found:
                    wait_s += next(look_up)
                    shared = next(found)
                steps.append(Step(wait_s, shared, next(prompts), next(outputs)))
                for _ in range(next(calls)):
                    steps.append(Step(next(seconds), (), next(results), next(outputs)))
            yield front, self._short_enough(steps, sum(tokens for _, tokens in front))

    def _short_enough(self, steps, context):
        for count, step in enumerate(steps):
            context += sum(tokens for _, tokens in step.shared) + step.own + step.output_tokens
            # The first is asked all the same: whether it is too long is the cluster's to say.
            if count and context > self.most_tokens:
                return steps[:count]
        return steps
