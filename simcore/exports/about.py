"""What a file of a trace says of itself."""

from importlib.metadata import PackageNotFoundError, version

from simcore.run import Result


def about(result: Result) -> dict:
    """The scenario, its times and the units of what is in the file, for JSON."""
    metrics = result.metrics
    return {
        "program": "pdscope",
        "version": _version(),
        "scenario": result.scenario.to_dict(),
        "faster_links": dict(result.faster),
        "ttds_s": metrics.ttds_s,
        "tpot_s": metrics.tpot_s,
        "ttft_s": metrics.ttft_s,
        "units": {"start_s, end_s": "s", "ts, dur": "us", "bytes": "byte"},
    }


def _version():
    try:
        return version("pdscope")
    except PackageNotFoundError:  # run from its source
        return "unknown"
