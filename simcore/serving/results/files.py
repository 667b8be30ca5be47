"""A result as files in a folder."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from simcore.errors import PdscopeError
from simcore.serving.results.result import ServingResult

REQUESTS = "requests.parquet"
SUMMARY = "summary.json"


def write_result(result: ServingResult, found: Mapping, folder: Path) -> None:
    """Write a summary and the timelines of a run; its requests are written while it runs.

    Parameters
    ----------
    found : what `as_json` says of it

    Raises PdscopeError where a file cannot be written.
    """
    served = result.served
    tables = {
        "replicas": served.replica_timeline,
        "pools": served.pool_timeline,
        "cluster": served.cluster_timeline,
        "links": served.link_timeline,
    }
    try:
        text = json.dumps(found, indent=2, allow_nan=False)
        (folder / SUMMARY).write_text(text, encoding="utf-8")
        (folder / "scenario.yaml").write_text(result.scenario.to_yaml(), encoding="utf-8")
        for name, columns in tables.items():
            table = pd.DataFrame(dict(columns))
            table.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
    except OSError as error:
        raise PdscopeError(f"{folder}: cannot be written: {error.strerror}") from None
