"""A serving engine in a closed loop: each of c clients sends its next request when one is answered.

Pure formulas over the times of steps; how long steps take is another matter.
"""

import numpy as np


def seconds_per_token(*, decode_s, prompt_s, running, output):
    """Mean time per output token after the first [s].

    In a closed loop every other running request is answered, and its successor prefilled, once
    while a request generates its own tokens: Little's law (Operations Research 9, 1961) for a
    system that always holds `running` requests.

    Parameters
    ----------
    decode_s : a step in which all running requests decode [s]
    prompt_s : by how much the prefill of one prompt delays the others' tokens [s]; 0 where other
        machines prefill
    running : requests in the batch
    output : tokens that a request generates
    """
    decode_s, prompt_s, running, output = _arrays(decode_s, prompt_s, running, output)
    return decode_s + np.maximum(running - 1, 0.0) * prompt_s / output


def mean_wait_seconds(*, service_s, think_s, clients, rounds):
    """Mean time that a prompt waits for the prompts before it [s].

    Later rounds meet a server that is busy a share ρ of the time; work that takes equally long
    each time then waits ρ s / (2 (1 - ρ)) (Pollaczek and Khinchine), and never longer than for
    half of the other clients. In the first round all clients ask at once, so each waits for half of
    the others.

    Parameters
    ----------
    service_s : that the server works on one prompt [s]
    think_s : from a prompt's prefill to the client's next request [s]
    clients : whose prompts meet at the server
    rounds : requests that each client sends
    """
    service_s, think_s, clients, rounds = _arrays(service_s, think_s, clients, rounds)
    others = np.maximum(clients - 1, 0.0)
    crowded = others * service_s / 2
    cycle = think_s + clients * service_s
    busy = np.minimum(others * service_s / cycle, 1 - 1e-9)
    later = np.minimum(busy * service_s / (2 * (1 - busy)), crowded)
    return (crowded + (rounds - 1) * later) / rounds


def overflow_wait_seconds(*, turn_s, concurrency, running, rounds):
    """Mean time that a request waits because no more than `running` fit into memory [s].

    A place becomes free every turn_s / running, and concurrency - running requests stand in line
    (Little's law); in the first round the line is half as long on average.

    Parameters
    ----------
    turn_s : that a request holds its place [s]
    """
    turn_s, concurrency, running, rounds = _arrays(turn_s, concurrency, running, rounds)
    line = np.maximum(concurrency - running, 0.0)
    return line * turn_s / running * (1 - 0.5 / rounds)


def prompts_together(*, single_s, marginal_s, think_s, clients, most):
    """Prompts that a prefill step takes on average, where a step has a least duration.

    As many as arrive while the step before it lasts, from one to `most`: the fixed point of
    n = clients × step(n) / cycle with step(n) = max(single_s, n marginal_s).

    Parameters
    ----------
    single_s : of a step with one prompt, its least duration included [s]
    marginal_s : of a prompt in a step that is long anyway [s]
    think_s : as in `mean_wait_seconds` [s]
    """
    single_s, marginal_s, think_s, clients = _arrays(single_s, marginal_s, think_s, clients)
    together = np.ones_like(clients)
    for _ in range(FIXED_POINT_ROUNDS):
        step = np.maximum(single_s, together * marginal_s)
        cycle = think_s + clients * step / together
        together = np.clip(clients * step / cycle, 1.0, most)
    return together


FIXED_POINT_ROUNDS = 20


def _arrays(*values):
    return np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in values))
