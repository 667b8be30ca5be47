"""A pipeline over unlike wires: each stage sends to the next when it has ended."""

from simcore import CommChannel, CommNetworkSimulator, ComputeJob, DataBatch, SimulatedSystem

MIB = 2**20
SECONDS = {"Stage_1": 0.050, "Stage_2": 0.080, "Final_Agg": 0.020}


class Pipeline(SimulatedSystem):
    """Stage_1 -> PCIe Gen4 -> Stage_2 -> Infiniband NDR -> Final_Agg."""

    def __init__(self):
        pcie, infiniband = CommChannel("PCIe Gen4"), CommChannel("Infiniband NDR")
        # After each stage: who is next, how much it is sent, and over what.
        self.next = {
            "Stage_1": ("Stage_2", 512 * MIB, [pcie]),
            "Stage_2": ("Final_Agg", 128 * MIB, [infiniband]),
        }

    def on_compute_complete(self, simulator, job):
        if job.name in self.next:
            simulator.add_batch(DataBatch(*self.next[job.name]))

    def on_data_transfer_complete(self, simulator, batch):
        return ComputeJob(batch.name, SECONDS[batch.name])


simulator = CommNetworkSimulator()
simulator.add_compute(ComputeJob("Stage_1", SECONDS["Stage_1"]))
simulator.run(Pipeline())
for job in simulator.completed_compute:
    print(f"{job.name:9}  {job.start_time * 1e3:8.4f} to {job.end_time * 1e3:8.4f} ms")

# By hand: Stage_1 ends at 50 ms. PCIe Gen4: 0.0215 + 536870912 / 13.5e6 = 39.7897 ms, so Stage_2
# runs from 89.7897 to 169.7897 ms. Infiniband NDR, 46.5 GB/s and 3.5 us: 0.0035 + 134217728 /
# 46.5e6 = 2.8899 ms, so Final_Agg runs from 172.6796 to 192.6796 ms.
