"""Lies beside a script: every process has a count of its own."""

calls = 0


def count():
    """How often it was called in this process."""
    global calls
    calls += 1
    return calls
