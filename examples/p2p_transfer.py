"""One transfer over one wire: it spends the wire's latency, then moves at its bandwidth."""

from simcore import CommChannel, CommNetworkSimulator, DataBatch, SilentSystem

GIB = 2**30

# A link of the catalog, by name. Its bandwidth is in bytes per second, whatever "bps" suggests.
pcie = CommChannel("PCIe Gen4")
print(f"{pcie.name}: {pcie.bandwidth_bps / 1e9:g} GB/s, {pcie.latency_s * 1e6:g} us")

simulator = CommNetworkSimulator()
transfer = DataBatch("1 GiB", GIB, [pcie])
simulator.add_batch(transfer)
simulator.run(SilentSystem())  # nothing reacts to what completes

# By hand: 21.5 us + 1073741824 B / 13.5e9 B/s = 0.0215 ms + 79.5364 ms = 79.5579 ms.
print(f"{transfer.name} arrived after {transfer.end_time * 1e3:.4f} ms")
