"""What many prompts begin with: system prompts, examples, documents of groups."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from simcore.parameters import Number, parameter
from simcore.serving.request import Piece, shared_identity
from simcore.serving.workload.bounds import MOST_GROUPS, MOST_TOKENS
from simcore.serving.workload.laws import Law, amounts
from simcore.serving.workload.laws.constant import Constant
from simcore.serving.workload.laws.zipf import exponent_of_zipf, ranks
from simcore.serving.workload.streams import BLOCK, stream


@dataclass(frozen=True, kw_only=True)
class Prefix:
    """Content that prompts share, group by group; it comes before what they have of their own.

    Attributes
    ----------
    tokens : of each group's prefix, drawn once
    groups : 1 is a system prompt: all have the same
    exponent : of Zipf's law, by which the groups are popular; 0: all alike
    """

    tokens: Law = parameter(amounts(), Constant(value=512.0))
    groups: int = parameter(
        Number(
            **{"key": "groups", "symbol": "", "label": "Groups", "unit": "groups"},
            help="How many prefixes there are, of which every request has one.",
            **{"low": 1, "high": 1000, "step": 1, "least": 1, "most": MOST_GROUPS},
        ),
        1,
    )
    exponent: float = parameter(exponent_of_zipf(), 0.0)

    def each(self, seed: int, name: tuple[str, ...], first: int) -> Iterator[tuple[Piece, ...]]:
        """The prefix of one request after another, without an end.

        Parameters
        ----------
        name : of the random stream
        first : index of the first group's content among all that is shared
        """
        lengths = self.tokens.each_whole(stream(seed, *name, "tokens"), 0, MOST_TOKENS)
        pieces = [
            ((shared_identity(first + i), tokens),) if tokens else ()
            for i, tokens in enumerate(islice(lengths, self.groups))
        ]
        if self.groups == 1:
            while True:
                yield pieces[0]
        rng = stream(seed, *name, "group")
        while True:
            for group in ranks(rng, BLOCK, self.exponent, 1, self.groups).tolist():
                yield pieces[group]
