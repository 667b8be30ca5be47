"""The critical path read off the trace the plain way, as the documentation defines it.

It knows the trace, the cost model's passes and the channels; of the task graph and of the walk
through it it uses nothing.
"""

from simcore.pipelines.critical_path import PathKind
from simcore.run import cost_model_of, topology_of

# A transfer that takes longer than alone by less, relative to its end, is rounded.
ROUNDING = 1e-12


class Oracle:
    """The path of one result: `rows`, and `seconds` by kind until the first token."""

    def __init__(self, result):
        self.scenario = result.scenario
        self.costs = cost_model_of(self.scenario)
        self.table = result.trace
        channels = topology_of(self.scenario, self.costs).channels
        self.channels = {channel.name: channel for channel in channels}
        columns = ("kind", "stage", "to_stage", "chunk", "step")
        self.facts = list(zip(*(self.table[c].tolist() for c in columns), strict=True))
        self.row_of = {key: row for row, key in enumerate(self.facts)}
        self.all_handoffs = sorted(key for key in self.facts if key[0] == "handoff")
        self.path, self.bytes = self.table.path.tolist(), self.table.bytes.tolist()
        self.start = self.table.start_s.tolist()
        self.end = self.table.end_s.tolist()
        self.rows, entered, waited = [], [], []
        row = self.row_of["decode", self.scenario.decode_stages - 1, -1, -1, 0]
        while row is not None:
            inputs, queue = self.waits_for(row)
            known = max((self.end[i] for i in inputs), default=0.0)
            before = next((i for i in inputs if self.end[i] == self.start[row]), queue)
            self.rows.append(row)
            entered.append(before is not None and before == queue)
            waited.append((known, self.start[row] - known))
            row = before
        for found in (self.rows, entered, waited):
            found.reverse()
        self.seconds = dict.fromkeys(PathKind, 0.0)
        for i, row in enumerate(self.rows):
            begins = self.end[row]
            if self.path[row]:
                begins = self.alone_until(row)
            elif entered[i + 1 : i + 2] == [True] and self.facts[row][1]:
                # What the next chunk waited longer than this one.
                begins = min(max(waited[i + 1][0] + waited[i][1], self.start[row]), begins)
            self.seconds[self.kind_of(row, entered[i])] += begins - self.start[row]
            self.seconds[PathKind.WAITING] += self.end[row] - begins

    def waits_for(self, row):
        """Rows of its inputs, in order of precedence, and the pass before it on its GPU."""
        kind, stage, _, chunk, step = self.facts[row]
        semantics = self.costs.semantics
        at = self.row_of
        if kind in ("handoff", "activations"):
            return [at["prefill", stage, -1, chunk, -1]], None
        if kind == "decode activations":
            return [at["decode", stage, -1, -1, step]], None
        if kind == "decode":
            if stage:
                return [at["decode activations", stage - 1, stage, -1, step]], None
            last = self.scenario.pp - 1
            return self.handoffs(None if semantics.decode_waits_for_all else last), None
        inputs = []
        if stage:
            if semantics.stage_waits_for_handoff:
                inputs += self.handoffs(stage - 1, chunk)
            inputs.append(at["activations", stage - 1, stage, chunk, -1])
        in_turn = chunk and (stage == 0 or semantics.exclusive_devices)
        return inputs, at["prefill", stage, -1, chunk - 1, -1] if in_turn else None

    def handoffs(self, stage=None, chunk=None):
        """Rows of the handoffs of a stage (of all) and a chunk (of all), by stage first."""
        return [
            self.row_of[key]
            for key in self.all_handoffs
            if stage in (None, key[1]) and chunk in (None, key[3])
        ]

    def kind_of(self, row, queued):
        kind, stage, _, chunk, _ = self.facts[row]
        if kind == "prefill" and (queued or not stage):
            passes = self.costs.prefill_passes(stage)
            computing = passes.flop[chunk] / passes.flops
            moving = passes.traffic[chunk] / passes.bandwidth
            bound = computing >= moving
            return PathKind.PREFILL_COMPUTE if bound else PathKind.PREFILL_MEMORY
        return {
            "prefill": PathKind.PIPELINE_FILL,
            "activations": PathKind.PIPELINE_FILL,
            "handoff": PathKind.KV_TRANSFER,
            "decode": PathKind.DECODE_COMPUTE,
            "decode activations": PathKind.DECODE_TRANSFER,
        }[kind]

    def alone_until(self, row):
        crossed = [self.channels[name] for name in self.path[row].split(" > ")]
        took = sum(c.latency_s for c in crossed)
        took += self.bytes[row] / min(c.bandwidth_bps for c in crossed)
        late = self.end[row] - self.start[row] - took
        return self.end[row] - late if late > ROUNDING * self.end[row] else self.end[row]
