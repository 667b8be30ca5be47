"""Max-min fair rates on shared channels: the plain water-filling, and the proof that it is right.

A class is a set of flows over one and the same path; its flows have equal rates. An allocation is
max-min fair if no channel carries more than its capacity and every class has a bottleneck: a
saturated channel on its path on which no other class is faster (Bertsekas & Gallager, "Data
Networks", 2nd ed., 1992, section 6.5.2).
"""

from heapq import heapify, heappop, heappush


def max_min_rates(paths, counts, capacity):
    """Max-min fair rate of one flow of each class [byte/s]; see `allocate`."""
    return allocate(paths, counts, capacity)[0]


def allocate(paths, counts, capacity):
    """Max-min fair rates, and what bounds them.

    Progressive filling: the channel that saturates at the lowest level fixes the flows on it, and
    the rest share what is left. Ties break by position, so equal input gives equal output.

    Parameters
    ----------
    paths : for each class, the channels it crosses (hashable); one that stands twice counts twice
    counts : for each class, its number of flows
    capacity : bandwidth by channel [byte/s]

    Returns two lists parallel to `paths`: the rate of one flow of each class [byte/s], and its
    bottleneck; infinite and None for an empty path.
    """
    users = {}
    for i, path in enumerate(paths):
        for channel in path:
            if channel in users:
                users[channel].append(i)
            else:
                users[channel] = [i]
    left = {}
    crossings = {}
    levels = []
    for place, (channel, classes) in enumerate(users.items()):
        n = 0
        for i in classes:
            n += counts[i]
        left[channel] = capacity[channel]
        crossings[channel] = n
        levels.append((capacity[channel] / n, place, channel))
    heapify(levels)
    rates = [None if path else float("inf") for path in paths]
    bottlenecks = [None] * len(paths)
    unfixed = rates.count(None)
    floor = 0.0
    while unfixed:
        level, place, channel = heappop(levels)
        n = crossings[channel]
        if not n:
            continue
        # Fixing flows at a level only raises the level of other channels, so an entry that is
        # out of date is too low: it is put back where it belongs.
        true_level = left[channel] / n
        if true_level > level:
            heappush(levels, (true_level, place, channel))
            continue
        # Rounding may leave a channel a hair under an earlier level.
        floor = level if level > floor else floor
        for i in users[channel]:
            if rates[i] is None:
                rates[i] = floor
                bottlenecks[i] = channel
                unfixed -= 1
                n = counts[i]
                taken = floor * n
                for crossed in paths[i]:
                    left[crossed] -= taken
                    crossings[crossed] -= n
    return rates, bottlenecks


def certificate_violation(paths, counts, capacity, rates, *, tolerance=1e-9):
    """Why `rates` are not max-min fair, in words; None if they are (to `tolerance`, relative)."""
    load = {}
    fastest = {}
    for path, n, rate in zip(paths, counts, rates, strict=True):
        for channel in path:
            load[channel] = load.get(channel, 0.0) + n * rate
            fastest[channel] = max(fastest.get(channel, 0.0), rate)
    for channel, carried in load.items():
        if carried > capacity[channel] * (1 + tolerance):
            return f"{channel} carries {carried} of {capacity[channel]} byte/s"
    for i, (path, rate) in enumerate(zip(paths, rates, strict=True)):
        if path and not any(
            load[channel] >= capacity[channel] * (1 - tolerance)
            and fastest[channel] <= rate * (1 + tolerance)
            for channel in path
        ):
            return f"class {i} at {rate} byte/s has no bottleneck"
    return None
