"""Which channels can bound a rate at all."""

from collections import Counter


def binding_channels(paths):
    """Of each path, the channels that can bound it, each with how often it is crossed.

    A channel never binds if on every path that crosses it there is another one, the same on all, of
    which a transfer takes at least as large a part: whatever the rates, the other is full first. Of
    two that are alike one stays.

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
                and all(
                    crossings[i][other] * channel.bandwidth_bps
                    >= crossings[i][channel] * other.bandwidth_bps
                    for i in on_it
                )
            ):
                dropped.add(channel)
                break
    return [
        {channel: n for channel, n in crossed.items() if channel not in dropped}
        for crossed in crossings
    ]
