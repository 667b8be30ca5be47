"""A trace as what a client asks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from simcore.errors import ScenarioError
from simcore.parameters import Choice, Number, parameter
from simcore.serving.request import Piece, traced_identity
from simcore.serving.workload.bounds import MOST_TOKENS
from simcore.serving.workload.building import Name
from simcore.serving.workload.traces import FORMATS, Row, TraceError, opened, rows_of

AUTO = "auto"
REFUSE, SKIP = "refuse", "skip"


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A recorded workload in a file.

    Attributes
    ----------
    file : its name, relative to the folder that the workload is read with
    format : of `FORMATS`; auto: told by the first line
    speed : how many times as fast as it was recorded it is replayed
    block_tokens : tokens of each block whose identity a row gives
    empty : what becomes of a row without a token in its prompt or in its answer: refuse or skip
    """

    file: str = parameter(Name(), "trace.csv")
    format: str = parameter(
        Choice(
            **{"key": "format", "symbol": "", "label": "Format"},
            help="Of the file; auto tells it by the first line.",
            options=lambda: (AUTO, *FORMATS.names()),
        ),
        AUTO,
    )
    speed: float = parameter(
        Number(
            **{"key": "speed", "symbol": "", "label": "Speed", "unit": ""},
            help="How many times as fast as it was recorded the trace is replayed.",
            **{"low": 0.1, "high": 10, "step": 0.1, "least": 1e-6, "most": 1e6},
            whole=False,
        ),
        1.0,
    )
    block_tokens: int = parameter(
        Number(
            **{"key": "block", "symbol": "", "label": "Tokens of a block", "unit": "tokens"},
            help="Of each block of a prompt whose identity the trace gives.",
            **{"low": 16, "high": 1024, "step": 16, "least": 1, "most": MOST_TOKENS},
        ),
        512,
    )
    empty: str = parameter(
        Choice(
            **{"key": "empty", "symbol": "", "label": "Rows without tokens"},
            help="A row without a token in its prompt or answer is an error, or is passed over.",
            options=lambda: (REFUSE, SKIP),
        ),
        REFUSE,
    )

    def lines(self, folder: Path) -> Iterator[str]:
        """The lines of the file, one at a time; raises ScenarioError where it cannot be read."""
        with opened(folder / self.file) as lines:
            yield from lines

    def rows(self, lines: Iterable[str]) -> Iterator[Row]:
        """The rows with tokens, in order; raises TraceError where one is malformed."""
        for row in rows_of(lines, Path(self.file).name, self.format):
            if row.prompt_tokens and row.output_tokens:
                yield row
            elif self.empty == REFUSE:
                what = "answer" if row.prompt_tokens else "prompt"
                raise TraceError(
                    f"the {what} has no token; remove the row, or set empty: {SKIP} to pass over "
                    "such rows",
                    line=row.line,
                    file=Path(self.file).name,
                )

    def pieces(self, row: Row, place: int, files: int) -> tuple[Piece, ...]:
        """The blocks of a row's prompt as pieces; raises TraceError if they hold more than it has.

        `place` is the file's among the `files` of a workload: identities mean what they mean within
        one file.
        """
        blocks, size = row.blocks, self.block_tokens
        spare = len(blocks) * size - row.prompt_tokens
        if spare >= size:
            raise TraceError(
                f"{len(blocks)} blocks of {size} tokens are more than the {row.prompt_tokens} "
                "tokens of the prompt; correct the row, or set block_tokens",
                line=row.line,
                file=Path(self.file).name,
            )
        pieces = [(traced_identity(block * files + place), size) for block in blocks]
        if spare > 0:
            pieces[-1] = (pieces[-1][0], size - spare)
        return tuple(pieces)


def no_files(trace: Trace) -> ScenarioError:
    """The error where files are not to be read."""
    return ScenarioError(
        f"the trace {trace.file[:60]!r} cannot be read here; run the scenario with pdscope cluster",
        field="trace",
    )
