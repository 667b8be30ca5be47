"""`pdscope flows`: the bare network."""

import dataclasses
import json

from simcore.commands.text import table_text
from simcore.errors import PdscopeError
from simcore.flows import simulate_flows
from simcore.reading import json_of, text_of
from simcore.units import GB, MS

name = "flows"
help = "simulate flows over channels, without any model or GPU"

# A flow takes a hundred bytes or so; read, its text takes twenty times as much memory.
MOST_FILE_BYTES = 32_000_000


def add_arguments(parser):
    parser.add_argument("file", metavar="FILE.json", help="channels and flows")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def execute(arguments) -> int:
    try:
        results = simulate_flows(json_of(text_of(arguments.file, MOST_FILE_BYTES)))
    except PdscopeError as error:
        raise PdscopeError(f"{arguments.file}: {error}") from None
    if arguments.json:
        print(json.dumps({"flows": [dataclasses.asdict(result) for result in results]}, indent=2))
    else:
        rows = [
            [
                result.name,
                f"{result.finish_s / MS:.6f}",
                "-" if result.mean_rate_Bps is None else f"{result.mean_rate_Bps / GB:.6f}",
                result.bottleneck or "-",
            ]
            for result in results
        ]
        print(table_text(["flow", "finish ms", "mean GB/s", "bottleneck"], rows))
    return 0
