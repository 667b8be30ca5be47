"""Which channels can bound a rate at all."""

from collections import Counter


def binding_channels(paths):
    """Of each path, the channels that can bound it, each with how often it is crossed.

    A channel never binds if another one, no wider, is crossed at least as often by every path that
    crosses it: what goes through it fits through the other, so that is full first. Of two that are
    alike the first in order of appearance stays.

    Parameters
    ----------
    paths : the channels of each route that may be in use; none of them empty

    Returns a dict from channel to crossings for each path. Rates that are max-min fair over these
    are so over the whole paths.
    """
    crossings = [Counter(path) for path in paths]
    users = {}
    for i, crossed in enumerate(crossings):
        for channel in crossed:
            users.setdefault(channel, []).append(i)
    dropped = set()
    for channel, on_it in users.items():
        for other in crossings[on_it[0]]:
            # What was dropped for another does not count: that other one does.
            if (
                other is not channel
                and other not in dropped
                and other.bandwidth_bps <= channel.bandwidth_bps
                and all(crossings[i][other] >= crossings[i][channel] for i in on_it)
            ):
                dropped.add(channel)
                break
    return [
        {channel: n for channel, n in crossed.items() if channel not in dropped}
        for crossed in crossings
    ]
