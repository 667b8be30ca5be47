"""Two transfers share a link, fairly: what one cannot use, the other gets."""

from simcore import CommChannel, CommNetworkSimulator, DataBatch, SilentSystem

GIB = 2**30


def finish_times(*routes):
    """Send 1 GiB over each route at once; when each has arrived [ms]."""
    simulator = CommNetworkSimulator()
    batches = [DataBatch("", GIB, route) for route in routes]
    for batch in batches:
        simulator.add_batch(batch)
    simulator.run(SilentSystem())
    return [batch.end_time * 1e3 for batch in batches]


# Sharing is by object: this one NVLink is on both routes.
nvlink, ethernet = CommChannel("NVLink"), CommChannel("Ethernet 100G")
user_a, user_b = [nvlink], [nvlink, ethernet]

# By hand. NVLink: 350 GB/s, 1.5 us. Ethernet 100G: 10.5 GB/s, 15 us.
#   User_A alone  1.5 us + 1 GiB / 350 GB/s  = 0.0015 + 3.0678 = 3.0693 ms
#   User_B alone 16.5 us + 1 GiB / 10.5 GB/s = 0.0165 + 102.2611 = 102.2776 ms
# Together, User_B still gets its 10.5 GB/s: its Ethernet is the narrower. User_A has NVLink to
# itself until User_B's first byte, 15 us or 5.25 MB later; then 350 - 10.5 = 339.5 GB/s:
#   User_A       16.5 us + (1 GiB - 5.25 MB) / 339.5 GB/s = 0.0165 + 3.1473 = 3.1638 ms
for name, alone, together in zip(
    ("User_A", "User_B"),
    finish_times(user_a) + finish_times(user_b),
    finish_times(user_a, user_b),
    strict=True,
):
    print(f"{name}: {alone:8.4f} ms alone, {together:8.4f} ms together")
