"""Numbers on the screen."""

import pytest

from app.numbers import change, count, duration_text, gib, significant


@pytest.mark.parametrize(
    "value, text",
    [(0, "0"), (367.8934, "368"), (79.168, "79.2"), (9.9996, "10.0"), (1234.5, "1\u202f235"),
     (0.012346, "0.0123"), (100, "100"), (-3.14159, "-3.14"),
     (31.25, "31.3"), (123456.0, "123\u202f456")],
)  # fmt: skip
def test_three_significant_digits(value, text):
    assert significant(value) == text


@pytest.mark.parametrize(
    "seconds, text",
    [(0, "0 µs"), (2.088e-4, "209 µs"), (0.3679, "368 ms"), (1.2646, "1.26 s"),
     (21.925, "21.9 s"), (-0.05, "-50.0 ms"), (0.9994e-3, "999 µs"), (0.9996e-3, "1.00 ms"),
     (0.9996, "1.00 s")],
)  # fmt: skip
def test_durations_have_the_unit_that_suits_them(seconds, text):
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    "share, text",
    [(0.0, "≈ 0"), (-4e-5, "≈ 0"), (5e-4, "+0.05 %"), (-0.447, "−44.7 %"), (1.5, "+150 %")],
)
def test_changes_are_signed_and_of_few_digits(share, text):
    assert change(share) == text


def test_sizes_and_counts():
    assert gib(80 * 2**30) == "80.0"
    assert count(80990) == "80\u202f990"
