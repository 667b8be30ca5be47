"""Sizes, bandwidths and times as people write them."""

import pytest

from simcore.commands.lab.quantities import rate_of, size_of, time_of
from simcore.errors import PdscopeError


@pytest.mark.parametrize(
    ("text", "size"),
    [("1B", 1), ("64MB", 64_000_000), ("64MiB", 2**26), ("1.5KB", 1500), ("2 KiB", 2048)],
)
def test_sizes_are_in_bytes(text, size):
    assert size_of(text, "--size") == size


@pytest.mark.parametrize(
    ("text", "rate"),
    [("100Mbit/s", 12.5e6), ("12.5MB/s", 12.5e6), ("1Gbit/s", 125e6), ("8bit/s", 1),
     ("1GiB/s", 2**30), ("4e2Gbit/s", 50e9)],
)  # fmt: skip
def test_bandwidths_are_in_bytes_whether_bits_or_bytes_are_written(text, rate):
    assert rate_of(text, "--rate") == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "seconds"), [("10ms", 0.01), ("10us", 1e-5), ("10µs", 1e-5), ("0s", 0), ("5ns", 5e-9)]
)
def test_times_are_in_seconds(text, seconds):
    assert time_of(text, "--time") == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (size_of, ""),
        (size_of, "64"),
        (size_of, "MB"),
        (size_of, "-1MB"),
        (size_of, "0B"),
        (size_of, "nanB"),
        (size_of, "1e999B"),
        (size_of, "9" * 400 + "B"),
        (size_of, "64Mb"),
        (rate_of, "100Mb/s"),
        (rate_of, "100MB"),
        (rate_of, "infGB/s"),
        (time_of, "10"),
        (time_of, "2h"),
        (time_of, "1e9s"),
        (time_of, "٣s\n"),
    ],
)
def test_anything_else_is_refused_with_what_it_was(function, text):
    with pytest.raises(PdscopeError, match="--flag"):
        function(text, "--flag")
