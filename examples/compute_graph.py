"""Inputs, then a kernel, then results: a system says what follows what."""

from simcore import CommChannel, CommNetworkSimulator, ComputeJob, DataBatch, SimulatedSystem

MIB = 2**20


class KernelCall(SimulatedSystem):
    """The kernel runs when its inputs have arrived; its results leave when it has ended."""

    def __init__(self):
        self.pcie = CommChannel("PCIe Gen4")

    def on_data_transfer_complete(self, simulator, batch):
        print(f"{simulator.current_time * 1e3:9.4f} ms  {batch.name} have arrived")
        if batch.name == "Inputs":
            return ComputeJob("GPU_Kernel", 0.1)  # what is returned, runs

    def on_compute_complete(self, simulator, job):
        print(f"{simulator.current_time * 1e3:9.4f} ms  {job.name} has ended")
        simulator.add_batch(DataBatch("Results", 64 * MIB, [self.pcie]))


simulator = CommNetworkSimulator()
system = KernelCall()
simulator.add_batch(DataBatch("Inputs", 256 * MIB, [system.pcie]))
simulator.run(system)

# By hand, at 13.5 GB/s after 21.5 us:
#   Inputs      0.0215 + 268435456 / 13.5e6 = 0.0215 + 19.8841 = 19.9056 ms
#   GPU_Kernel 19.9056 + 100 ms                                = 119.9056 ms
#   Results   119.9056 + 0.0215 + 67108864 / 13.5e6 (4.9710)   = 124.8981 ms
