"""`pdscope flows`: the bare network."""

import dataclasses
import json

from simcore.commands.text import table_text
from simcore.errors import PdscopeError, ScenarioError
from simcore.flows import simulate_flows
from simcore.reading import object_without_repetition, text_of
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
        results = simulate_flows(_read(arguments.file))
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


def _read(path):
    text = text_of(path, MOST_FILE_BYTES)
    try:
        return json.loads(text, object_pairs_hook=object_without_repetition)
    except ScenarioError:
        raise
    except RecursionError:
        raise ScenarioError("is nested too deeply") from None
    except ValueError as error:
        raise ScenarioError(f"is not JSON: {error}") from None
