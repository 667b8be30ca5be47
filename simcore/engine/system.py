"""What drives a simulation: a system reacts to completions by adding work."""


class SimulatedSystem:
    """Base of all systems; it reacts to nothing. Override what the system cares about."""

    def on_data_transfer_complete(self, simulator, batch):
        """`batch` has arrived. A ComputeJob that is returned is added to the simulator."""

    def on_compute_complete(self, simulator, job):
        """`job` has ended."""


class SilentSystem(SimulatedSystem):
    """A system that only lets the work run that is already there."""
