"""Numbers on the screen."""

import pytest

from app.numbers import count, duration_text, gib, significant


@pytest.mark.parametrize(
    "value, text",
    [(0, "0"), (367.8934, "368"), (79.168, "79.2"), (9.9996, "10.0"), (1234.5, "1\u202f234"),
     (0.012346, "0.0123"), (100, "100"), (-3.14159, "-3.14"), (123456.0, "123\u202f456")],
)  # fmt: skip
def test_three_significant_digits(value, text):
    assert significant(value) == text


@pytest.mark.parametrize(
    "seconds, text",
    [(0, "0 µs"), (2.088e-4, "209 µs"), (0.3679, "368 ms"), (1.2646, "1.26 s"),
     (21.925, "21.9 s"), (-0.05, "-50.0 ms")],
)  # fmt: skip
def test_durations_have_the_unit_that_suits_them(seconds, text):
    assert duration_text(seconds) == text


def test_sizes_and_counts():
    assert gib(80 * 2**30) == "80.0"
    assert count(80990) == "80\u202f990"
