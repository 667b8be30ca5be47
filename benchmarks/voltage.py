"""What hides behind an all-gather, and what a better all-gather saves: Voltage and Kilovolts.

    python benchmarks/voltage.py [--json]

Llama-3.2-1B, in 32 bits, reads one prompt on 4 devices around a switch. Prints

- the algorithms side by side for a prompt of 269 characters at 100 Mbit/s and 10 ms, simulated and
  by their closed forms, on devices of several speeds;
- the most that Kilovolts can gain over Voltage on any of a grid of networks, devices and prompts:
  (L−1)·min(A, q), A an all-gather and q the query projection of a device's own positions;
- how fast one core of this machine computes such products, to hold beside the assumed speeds.
"""

import argparse
import json
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simcore.distributed import simulate, star  # noqa: E402 - see above
from simcore.distributed.algorithms import ALGORITHMS, Settings, program_for  # noqa: E402
from simcore.distributed.algorithms.closed_forms import ring_all_gather_s  # noqa: E402
from simcore.distributed.algorithms.position_wise import closed_form_parts  # noqa: E402
from simcore.distributed.models import Device  # noqa: E402

CHARACTERS = 269
CHARACTERS_PER_TOKEN = 4  # of English text, roughly
TOKENS = round(CHARACTERS / CHARACTERS_PER_TOKEN)
RANKS = 4
BYTES_PER_S = 20e9  # of a device's memory: one channel of DDR4-2400, roughly
NETWORK = star(100e6 / 8, 10e-3)
NAMES = ("voltage", "kilovolts", "voltage-direct", "kilovolts-direct", "ring-attention")
SPEEDS = (30e9, 60e9, 100e9, 200e9, 1000e9)

GRID_TOKENS = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
GRID_SPEEDS = tuple(10e9 * 2**i for i in range(14))
GRID_BITS_PER_S = (10e6, 100e6, 1e9, 10e9, 100e9)
GRID_LATENCIES_S = (10e-6, 100e-6, 1e-3, 10e-3)


def settings_for(*, flops_per_s: float, tokens: int = TOKENS) -> Settings:
    """One prompt on 4 devices."""
    device = Device(flops_per_s=flops_per_s, bytes_per_s=BYTES_PER_S)
    return Settings(model="Llama-3.2-1B", ranks=RANKS, tokens=tokens, device=device)


def side_by_side(flops_per_s: float) -> list[dict]:
    """Each algorithm simulated, its closed form, and what it saves of Voltage's time."""
    settings = settings_for(flops_per_s=flops_per_s)
    rows = []
    for name in NAMES:
        run = simulate(program_for(name, settings), RANKS, network=NETWORK)
        rows.append(
            {
                "algorithm": name,
                "simulated_s": run.seconds,
                "formula_s": ALGORITHMS[name].formula.seconds(settings, NETWORK),
                "exposed_s": float(run.trace.exposed_s.max()),
                "saved": 1.0 - run.seconds / (rows[0]["simulated_s"] if rows else run.seconds),
            }
        )
    return rows


def most_gained() -> dict:
    """Where on the grid Kilovolts saves most of Voltage's time, by the closed form, and simulated.

    The memory of a device keeps pace with its speed, as in the table.
    """
    best = {"saved": -1.0}
    grid = product(GRID_TOKENS, GRID_SPEEDS, GRID_BITS_PER_S, GRID_LATENCIES_S)
    for tokens, speed, bits, latency in grid:
        network = star(bits / 8, latency)
        settings = _scaled(tokens, speed)
        parts = closed_form_parts(settings, network, gathering_s=ring_all_gather_s)
        gain = (settings.shape.layers - 1) * min(parts["gathering"], parts["queries"])
        saved = gain / ALGORITHMS["voltage"].formula.seconds(settings, network)
        if saved > best["saved"]:
            best = {
                "saved": saved,
                "tokens": tokens,
                "flops_per_s": speed,
                "bits_per_s": bits,
                "latency_s": latency,
            }
    settings = _scaled(best["tokens"], best["flops_per_s"])
    network = star(best["bits_per_s"] / 8, best["latency_s"])
    voltage, kilovolts = (
        simulate(program_for(name, settings), RANKS, network=network).seconds
        for name in ("voltage", "kilovolts")
    )
    return best | {"simulated": 1.0 - kilovolts / voltage}


def core_flops_per_s(rows: int) -> float:
    """Of one thread, in a product of so many rows with a feed-forward matrix of the model [FLOP/s].

    The median of nine, by processor time.
    """
    shape = Settings().shape
    one = np.ones((rows, shape.hidden), np.float32)
    other = np.ones((shape.hidden, shape.intermediate), np.float32)
    took = []
    for _ in range(9):
        begun = time.process_time()
        one @ other
        took.append(time.process_time() - begun)
    return 2.0 * rows * shape.hidden * shape.intermediate / sorted(took)[4]


def _scaled(tokens, speed):
    device = Device(flops_per_s=speed, bytes_per_s=BYTES_PER_S * speed / 100e9)
    return Settings(model="Llama-3.2-1B", ranks=RANKS, tokens=tokens, device=device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    found = {
        "tokens": TOKENS,
        "side_by_side": {f"{speed:.0f}": side_by_side(speed) for speed in SPEEDS},
        "most_gained": most_gained(),
        "core_flops_per_s": {rows: core_flops_per_s(rows) for rows in (TOKENS // RANKS, TOKENS)},
    }
    if parser.parse_args().json:
        print(json.dumps(found, indent=2))
        return
    print(
        f"Llama-3.2-1B, 32 bits, {CHARACTERS} characters = {TOKENS} tokens, {RANKS} devices, "
        "100 Mbit/s, 10 ms"
    )
    for speed, rows in found["side_by_side"].items():
        print(f"\ndevices of {float(speed) / 1e9:.0f} GFLOP/s, {BYTES_PER_S / 1e9:.0f} GB/s")
        print(f"  {'':18}{'simulated':>11}{'formula':>11}{'waiting':>11}{'saved':>8}")
        for row in rows:
            print(
                f"  {row['algorithm']:18}{row['simulated_s'] * 1e3:8.1f} ms"
                f"{row['formula_s'] * 1e3:8.1f} ms{row['exposed_s'] * 1e3:8.1f} ms"
                f"{row['saved']:8.1%}"
            )
    best = found["most_gained"]
    print(
        f"\nKilovolts saves most of Voltage's time, {best['saved']:.1%} (simulated "
        f"{best['simulated']:.1%}), with {best['tokens']} tokens, {best['flops_per_s'] / 1e9:.0f} "
        f"GFLOP/s, {best['bits_per_s'] / 1e6:.0f} Mbit/s, {best['latency_s'] * 1e3:g} ms,\nof "
        f"{len(GRID_TOKENS) * len(GRID_SPEEDS) * len(GRID_BITS_PER_S) * len(GRID_LATENCIES_S)} "
        "combinations"
    )
    for rows, speed in found["core_flops_per_s"].items():
        print(f"one thread of this machine, products of {rows} rows: {speed / 1e9:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
