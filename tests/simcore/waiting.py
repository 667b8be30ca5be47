"""For tests of what runs elsewhere: wait for a state, never for a time."""

import time

PATIENCE_S = 60.0


def wait_until(true, what):
    """Wait for a state; AssertionError where it does not come."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


def note_and_wait(folder, name):
    """A task that leaves a note that it began, and then takes its time."""
    (folder / name).touch()
    time.sleep(0.05)
