"""Numbers on the screen."""

import pytest

from app.numbers import duration_text, gib, significant


@pytest.mark.parametrize(
    "value, text",
    [(0, "0"), (367.8934, "367.9"), (79.168, "79.17"), (9.99996, "10.00"), (1234.5, "1,234"),
     (0.012346, "0.01235"), (100, "100.0"), (123456.0, "123,456")],
)  # fmt: skip
def test_four_significant_digits(value, text):
    assert significant(value) == text


@pytest.mark.parametrize(
    "seconds, text",
    [(0, "0 µs"), (2.088e-4, "208.8 µs"), (0.3679, "367.9 ms"), (1.2646, "1,265 ms"),
     (21.925, "21.93 s")],
)  # fmt: skip
def test_durations_have_the_unit_that_suits_them(seconds, text):
    assert duration_text(seconds) == text


def test_sizes():
    assert gib(80 * 2**30) == "80.0"
