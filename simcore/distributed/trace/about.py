"""What a file of a program's trace says of itself."""

from simcore.distributed.trace.table import LabTrace
from simcore.exports.about import UNITS, program


def about(trace: LabTrace) -> dict:
    """What was run, and the units of what is in the file, for JSON."""
    return {
        **program(),
        "ranks": trace.ranks,
        "seconds": trace.end_s,
        "units": {**UNITS, "posted_s": "s"},
    }
