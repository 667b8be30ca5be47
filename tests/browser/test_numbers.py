"""Numbers read alike wherever they are made into text: on the server, or in the browser."""

import numpy as np

from app.numbers import count, duration_text, percent, significant

# Halves, neighbours of a change of unit, and what a double is not quite.
HARD = [0.0, 6.25, 31.25, 0.125, 1.005, 1.125, 9.995, 99.95, 999.5, 1234.5, 12345678.5,
        0.9994e-3, 0.9996e-3, 0.9994, 0.9996, 9.9996, 1 / 16, 1 / 32, 5e-4, 4.9999e-4, 0.99999,
        3e-7, 2.5e-5]  # fmt: skip


def test_the_browser_writes_numbers_as_the_server_does(page):
    generator = np.random.default_rng(6)
    values = [*HARD, *(10 ** generator.uniform(-7, 4, 2000)).tolist()]
    shares = [value for value in values if value <= 1]
    wholes = [0, 7, 999, 1000, 80_990, 12_345_678]
    page.goto("/")
    ours = {
        "significant": {value: significant(value) for value in values},
        "duration": {value: duration_text(value) for value in values},
        "percent": {share: percent(share) for share in shares},
        "count": {whole: count(whole) for whole in wholes},
    }
    for name, told in ours.items():
        write = f"(values) => values.map((value) => window.pdscope.{name}(value))"
        theirs = page.evaluate(write, list(told))
        assert dict(zip(told, theirs, strict=True)) == told
