"""What the page shows for a request: the fabric, how busy it was, and what sharing it cost."""

from app import numbers
from app.fabric.drawing import drawing_of
from app.fabric.names import delay_text
from app.fabric.results import MOST_WIRES, FabricRun, FabricRuns
from app.fabric.wires import use_of, wires_told
from app.gantt6d.answer import refusal, title_of
from app.gantt6d.asked import scenario_in, seq_of
from app.metrics_told import DURATIONS
from app.share import query_of
from simcore import PdscopeError, ScenarioError
from simcore.costs.plan import CollectiveForm
from simcore.explain.channel_use import ChannelUse

# Of the cost: with so much of it, the rest does not show in three digits.
NEARLY_ALL = 0.9995


def answer_to(asked, runs: FabricRuns) -> dict:
    """The answer to whatever the browser sent; it never raises for what may be posted.

    `asked` is {"seq": number of the request, "values": scenario fields}.
    """
    scenario = None
    try:
        if seq_of(asked) is None:
            raise ScenarioError("a request is a mapping with a number `seq`")
        scenario = scenario_in(asked)
        run = runs.of(scenario)
    except PdscopeError as error:
        return refusal(asked, error, scenario)
    metrics = run.result.metrics
    return {
        "seq": seq_of(asked),
        "drawing": drawing_of(run) if run.is_drawn else None,
        "undrawn": "" if run.is_drawn else _undrawn(run),
        **wires_told(run, run.shown),
        "use": use_of(run, run.shown),
        "end_s": run.contention.end_s,
        "marks": [
            {"text": name, "at_s": moment}
            for name, moment in (("TTDS", metrics.ttds_s), ("TTFT", metrics.ttft_s))
        ],
        "cards": {
            key: [*metric.text(getattr(metrics, metric.field)).split(" ")]
            for key, metric in DURATIONS.items()
        },
        "contended": [_row(use, run) for use in run.contended],
        "collectives": _collectives(run),
        "said": _sentence(run),
        "query": query_of(scenario),
        "title": title_of(scenario),
    }


def _row(use: ChannelUse, run: FabricRun) -> dict:
    """A channel, as the table has it."""
    wire = run.wire_of[use.channel.name]
    return {
        "channel": use.channel.name,
        "alike": f"and {numbers.count(len(use.alike))} like it" if use.alike else "",
        "wire": wire.name,
        "group": wire.group,
        "busy": numbers.percent(use.busy_s / run.contention.end_s),
        "shared": numbers.duration_text(use.shared_s) if use.shared_s else "–",
        "most": use.most,
        "delay": delay_text(use.delay_s),
        "critical": delay_text(use.critical_s),
        "sharers": run.names.sharers(use.sharers),
    }


def _collectives(run):
    """As what collectives are run, as far as there are any."""
    used = run.result.plan.collectives
    if used is None:
        return ""
    hidden = " Their wires show nothing of them." if used.form is CollectiveForm.AGGREGATED else ""
    return used.text + hidden


def _undrawn(run):
    return (
        f"This fabric has {numbers.count(len(run.fabric.wires))} wires; up to "
        f"{numbers.count(MOST_WIRES)} are drawn. The table has what was contended for."
    )


def _sentence(run: FabricRun) -> str:
    """What sharing cost, for eyes and screen readers."""
    total = run.contention.delay_s
    if delay_text(total) == "–":
        return "No transfer took longer than it would have alone."
    first = run.contended[0]
    group = run.wire_of[first.channel.name].group
    critical = run.contention.critical_s
    on_path = (
        f"{numbers.duration_text(critical)} of it is on the critical path"
        if delay_text(critical) != "–"
        else "none of it is on the critical path"
    )
    cost = _cost_of_kind(run, group)
    part = "All" if cost > NEARLY_ALL * total else delay_text(cost)
    others = f" and {numbers.count(len(first.alike))} like it" if first.alike else ""
    return (
        f"Sharing wires made transfers take {numbers.duration_text(total)} longer than alone, all "
        f"together; {on_path}. {part} of it is due to {group}, first of all "
        f"{first.channel.name}{others}, which up to {first.most} use at once."
    )


def _cost_of_kind(run, group):
    """What all wires of a kind cost [s]."""
    return sum(
        use.delay_s
        for use in run.contention.channels
        for channel in (use.channel, *use.alike)
        if run.wire_of[channel.name].group == group
    )
