"""A system that writes down what completes and when, and adds what it is told to."""

from simcore import SimulatedSystem


class Recorder(SimulatedSystem):
    """Notes (name, time) of each completion; `then` maps a name to work to add at that instant."""

    def __init__(self, then=None):
        self.seen = []
        self.then = then or {}

    @property
    def names(self):
        return [name for name, _ in self.seen]

    def on_data_transfer_complete(self, simulator, batch):
        self._note(simulator, batch)

    def on_compute_complete(self, simulator, job):
        self._note(simulator, job)

    def _note(self, simulator, item):
        self.seen.append((item.name, simulator.current_time))
        if item.name in self.then:
            self.then[item.name](simulator)
