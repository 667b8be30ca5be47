"""What a file of a trace says of itself."""

from importlib.metadata import PackageNotFoundError, version

from simcore.run import Result

UNITS = {"start_s, end_s": "s", "ts, dur": "us", "bytes": "byte"}
"""Of what tables and trace events hold."""


def about(result: Result) -> dict:
    """The scenario, its times and the units of what is in the file, for JSON."""
    metrics = result.metrics
    return {
        **program(),
        "scenario": result.scenario.to_dict(),
        "faster_links": dict(result.faster),
        "ttds_s": metrics.ttds_s,
        "tpot_s": metrics.tpot_s,
        "ttft_s": metrics.ttft_s,
        "units": UNITS,
    }


def program() -> dict:
    """What wrote the file."""
    try:
        number = version("pdscope")
    except PackageNotFoundError:  # run from its source
        number = "unknown"
    return {"program": "pdscope", "version": number}
