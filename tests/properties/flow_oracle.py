"""Finish times of flows over shared channels, the slow and obvious way, in exact arithmetic.

Every flow for itself, rates from scratch at every event, time and bytes as fractions. It shares
nothing with the engine but the definition of max-min fairness.
"""

from fractions import Fraction


def exact_finish_times(bandwidths, latencies, flows):
    """When each flow has arrived [s], as Fractions.

    Parameters
    ----------
    bandwidths, latencies : of each channel [byte/s], [s]
    flows : (start [s], size [byte], path as channel indices) of each
    """
    bandwidths = [Fraction(b) for b in bandwidths]
    begin = {}
    for i, (start, _, path) in enumerate(flows):
        begin[i] = Fraction(start) + sum(Fraction(latencies[c]) for c in path)
    left = {i: Fraction(size) for i, (_, size, path) in enumerate(flows) if size and path}
    finish = {i: begin[i] for i in range(len(flows)) if i not in left}
    now = Fraction(0)
    while left:
        moving = {i: flows[i][2] for i in left if begin[i] <= now}
        rates = fill(bandwidths, moving)
        changes = [begin[i] - now for i in left if begin[i] > now]
        changes += [left[i] / rates[i] for i in moving]
        wait = min(changes)
        now += wait
        for i in moving:
            left[i] -= rates[i] * wait
            if not left[i]:
                finish[i] = now
                del left[i]
    return [finish[i] for i in range(len(flows))]


def fill(bandwidths, paths):
    """Rates by water-filling: raise all alike; who meets a full channel stays where he is."""
    rates = dict.fromkeys(paths, Fraction(0))
    rising = set(paths)
    while rising:
        rooms = []
        for channel, bandwidth in enumerate(bandwidths):
            used = sum(rates[i] * path.count(channel) for i, path in paths.items())
            growing = sum(paths[i].count(channel) for i in rising)
            if growing:
                rooms.append(((bandwidth - used) / growing, channel))
        room = min(rooms)[0]
        for i in rising:
            rates[i] += room
        full = {channel for r, channel in rooms if r == room}
        rising = {i for i in rising if not full & set(paths[i])}
    return rates
