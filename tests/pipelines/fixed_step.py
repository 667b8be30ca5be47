"""The specification's program in miniature: time advances in fixed steps.

An independent simulation of the reference semantics on one prefill and one decode pool. It knows
its own machine, its own water-filling and its own rules of what waits for what; of the code under
test it uses nothing. Its error is at most a step for each event on the critical path.
"""


class FixedStepPipeline:
    """Runs the reference system with `step_s` [s] between two looks at the clock.

    Parameters
    ----------
    stages, chunks, nics : PP, ceil(T / M), K
    prefill_s, decode_s : durations of a chunk and of a step on one stage [s]
    handoff, activation, decode_activation : payloads [byte]
    lane, cable, ethernet : (bandwidth [byte/s], latency [s]) of each kind of wire
    """

    def __init__(self, *, step_s, stages, chunks, nics, prefill_s, decode_s, handoff, activation,
                 decode_activation, lane, cable, ethernet):  # fmt: skip
        self.step_s = step_s
        self.stages = stages
        self.chunks = chunks
        self.prefill_s, self.decode_s = prefill_s, decode_s
        self.sizes = handoff, activation, decode_activation
        self.wire = {}
        for r in range(stages):
            self.wire.update({("gpu", r): lane, ("dgpu", r): lane, ("dnic", r): lane,
                              ("dcable", r): cable, ("elane", r): lane,
                              ("ecable", r): ethernet})  # fmt: skip
        for k in range(nics):
            self.wire.update({("nic", k): lane, ("cable", k): cable})
        self.nics = nics
        self.now = 0.0
        self.running = []  # [seconds left, what]
        self.flying = []  # [latency left, bytes left, path, what]
        self.arrived = set()
        self.handed_over = 0
        self.ttds = self.first_token = None

    def run(self):
        """Returns (TTDS, duration of the one decode step) [s]."""
        self.running.append([self.prefill_s, ("prefill", 0, 0)])
        while self.running or self.flying:
            self._advance()
        return self.ttds, self.first_token - self.ttds

    def _advance(self):
        step = self.step_s
        moving = [flight for flight in self.flying if flight[0] <= 0]
        rates = self._rates([flight[2] for flight in moving])
        self.now += step
        for flight in self.flying:
            if flight[0] > 0:
                flight[0] -= step
        for flight, rate in zip(moving, rates, strict=True):
            flight[1] -= rate * step
        for job in self.running:
            job[0] -= step
        landed = [flight for flight in self.flying if flight[1] <= 0]
        self.flying = [flight for flight in self.flying if flight[1] > 0]
        ended = [job for job in self.running if job[0] <= 0]
        self.running = [job for job in self.running if job[0] > 0]
        for *_, what in landed:
            self._landed(*what)
        for _, what in ended:
            self._ended(*what)

    def _rates(self, paths):
        """Max-min by raising everyone together until some wire is full, again and again."""
        room = {wire: self.wire[wire][0] for path in paths for wire in path}
        rates = [0.0] * len(paths)
        rising = set(range(len(paths)))
        while rising:
            users = {w: sum(paths[i].count(w) for i in rising) for w in room}
            level = min(room[w] / n for w, n in users.items() if n)
            for i in rising:
                rates[i] += level
            for w, n in users.items():
                room[w] -= n * level
            full = {w for w, n in users.items() if n and room[w] <= 1e-9 * self.wire[w][0]}
            rising = {i for i in rising if not full & set(paths[i])}
        return rates

    def _send(self, size, path, what):
        self.flying.append([sum(self.wire[w][1] for w in path), size, path, what])

    def _ended(self, kind, stage, chunk):
        handoff, activation, decode_activation = self.sizes
        if kind == "prefill":
            nic = stage % self.nics
            path = (("gpu", stage), ("nic", nic), ("cable", nic), ("dcable", stage),
                    ("dnic", stage), ("dgpu", stage))  # fmt: skip
            self._send(handoff, path, ("handoff", stage, chunk))
            if stage + 1 < self.stages:
                path = (("gpu", stage), ("gpu", stage + 1))
                self._send(activation, path, ("activations", stage, chunk))
            if stage == 0 and chunk + 1 < self.chunks:
                self.running.append([self.prefill_s, ("prefill", 0, chunk + 1)])
        elif stage + 1 < self.stages:
            path = (("dgpu", stage), ("elane", stage), ("ecable", stage), ("ecable", stage + 1),
                    ("elane", stage + 1), ("dgpu", stage + 1))  # fmt: skip
            self._send(decode_activation, path, ("token", stage, 0))
        else:
            self.first_token = self.now

    def _landed(self, kind, stage, chunk):
        if kind == "token":
            self.running.append([self.decode_s, ("decode", stage + 1, 0)])
            return
        self.arrived.add((kind, stage, chunk))
        if kind == "handoff" and stage == self.stages - 1:
            self.handed_over += 1
            if self.handed_over == self.chunks:
                self.ttds = self.now
                self.running.append([self.decode_s, ("decode", 0, 0)])
        if stage + 1 < self.stages and {
            ("handoff", stage, chunk),
            ("activations", stage, chunk),
        } <= (self.arrived):
            self.running.append([self.prefill_s, ("prefill", stage + 1, chunk)])
