"""The traces of Mooncake (FAST'25): JSONL with the hashes of a prompt's prefix blocks.

{"timestamp": ms, "input_length": tokens, "output_length": tokens, "hash_ids": [one for each block
of 512 tokens]}; github.com/kvcache-ai/Mooncake, FAST25-release.
"""

from simcore.serving.workload.traces.base import FORMATS, Row, TraceError, seconds, whole
from simcore.serving.workload.traces.columns import listed_blocks
from simcore.serving.workload.traces.objects import keys_in, objects

TIME, PROMPT, OUTPUT, BLOCKS = "timestamp", "input_length", "output_length", "hash_ids"


@FORMATS.register("mooncake")
class Mooncake:
    """Times in milliseconds since the trace began."""

    @staticmethod
    def fits(first):
        return {TIME, PROMPT, OUTPUT} <= keys_in(first)

    @staticmethod
    def rows(lines):
        for line, values in objects(lines):
            for name in (TIME, PROMPT, OUTPUT):
                if name not in values:
                    raise TraceError(
                        f"{name} is missing; complete or remove the row", line=line, column=name
                    )
            yield Row(
                line,
                seconds(values[TIME], line, TIME, unit_s=1e-3),
                whole(values[PROMPT], line, PROMPT),
                whole(values[OUTPUT], line, OUTPUT),
                listed_blocks(values.get(BLOCKS, []), line, BLOCKS),
            )
