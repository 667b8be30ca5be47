"""The bare network: flows over channels, without any system behind them."""

from dataclasses import dataclass

from simcore.engine import CommChannel, CommNetworkSimulator, ComputeJob, DataBatch, SimulatedSystem
from simcore.engine.bottleneck import WatchedNetwork
from simcore.errors import ScenarioError, SimulationError

MOST_FLOWS = 200_000


@dataclass(frozen=True)
class FlowResult:
    """How one flow fared.

    Attributes
    ----------
    finish_s : when it arrived [s]
    mean_rate_Bps : its size over the time from start to finish, latency included [byte/s]; None
        for a payload that took no time
    bottleneck : name of the channel that bound it for the longest time; None for an empty payload
        or path
    """

    name: str
    finish_s: float
    mean_rate_Bps: float | None
    bottleneck: str | None


@dataclass(frozen=True, slots=True)
class Start:
    """The moment at which a flow starts."""

    batch: DataBatch


class _StartInTime(SimulatedSystem):
    def on_compute_complete(self, simulator, job):
        simulator.add_batch(job.tag.batch)


def simulate_flows(description) -> list[FlowResult]:
    """Run the flows that `description` lists, in its order.

    `{"channels": [{"name", "bandwidth_Bps", "latency_s"}], "flows": [{"name", "size_bytes",
    "start_s", "path": [channel indices]}]}`; latency_s and start_s may be left out for 0. Raises
    ScenarioError that names the place.
    """
    top = _fields("the file", description, {"channels": list, "flows": list}, {})
    channels = [_channel(f"channels[{i}]", item) for i, item in enumerate(top["channels"])]
    if len(top["flows"]) > MOST_FLOWS:
        raise ScenarioError(f"{len(top['flows']):,} flows are more than {MOST_FLOWS:,}; split them")
    network = WatchedNetwork()
    simulator = CommNetworkSimulator(network)
    batches = []
    for i, item in enumerate(top["flows"]):
        batch, start_s = _flow(f"flows[{i}]", item, channels)
        batches.append(batch)
        simulator.add_compute(ComputeJob(batch.name, start_s, tag=Start(batch)))
    simulator.run(_StartInTime())
    return [_result(batch, network.bottleneck.get(batch)) for batch in batches]


def _result(batch, bottleneck):
    took = batch.end_time - batch.start_time
    return FlowResult(
        name=batch.name,
        finish_s=batch.end_time,
        mean_rate_Bps=batch.total_size / took if took > 0 else None,
        bottleneck=bottleneck.name if bottleneck else None,
    )


def _channel(where, item):
    values = _fields(
        where, item, {"name": str, "bandwidth_Bps": float}, {"latency_s": (float, 0.0)}
    )
    return _made(where, CommChannel, values["name"], values["bandwidth_Bps"], values["latency_s"])


def _flow(where, item, channels):
    values = _fields(
        where, item, {"name": str, "size_bytes": float, "path": list}, {"start_s": (float, 0.0)}
    )
    path = []
    for place, index in enumerate(values["path"]):
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(channels):
            choice = f"use an index from 0 to {len(channels) - 1}" if channels else "there are none"
            raise ScenarioError(f"{where}.path[{place}] = {index!r} is no channel; {choice}")
        path.append(channels[index])
    _made(where, ComputeJob, "start_s", values["start_s"])
    return _made(where, DataBatch, values["name"], values["size_bytes"], path), values["start_s"]


def _made(where, kind, *arguments):
    try:
        return kind(*arguments)
    except SimulationError as error:
        raise ScenarioError(f"{where}: {error}") from None


def _fields(where, item, required, optional):
    """The values of a JSON object, checked for presence and type; raises ScenarioError."""
    if not isinstance(item, dict):
        raise ScenarioError(f"{where} must be an object with {', '.join(required)}")
    known = {**required, **{name: kind for name, (kind, _) in optional.items()}}
    for name in item:
        if name not in known:
            raise ScenarioError(f"{where}: unknown key {name!r}; the keys are {', '.join(known)}")
    values = {name: default for name, (_, default) in optional.items()}
    for name, kind in known.items():
        if name not in item:
            if name in required:
                raise ScenarioError(f"{where}: {name} is missing")
            continue
        value = item[name]
        fits = isinstance(value, (int, float) if kind is float else kind)
        if not fits or isinstance(value, bool):
            wanted = {float: "a number", str: "a text", list: "a list"}[kind]
            raise ScenarioError(f"{where}.{name} = {value!r} must be {wanted}")
        values[name] = value
    return values
