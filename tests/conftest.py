"""What every test shares: the repository's root and how hypothesis searches."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadline: one example's wall time says more about the machine than about the code.
settings.register_profile("pdscope", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "pdscope-ci", settings.get_profile("pdscope"), derandomize=True, print_blob=True
)
settings.load_profile("pdscope-ci" if os.environ.get("CI") else "pdscope")

# What is tested is computed, not found in the cache of whoever runs the tests.
os.environ["PDSCOPE_CACHE"] = ""


# Of folders and files below this one, those whose tests take longest.
FIRST = ("docs/test_pictures.py", "browser")


def pytest_collection_modifyitems(items):
    """Begin with what takes longest, so that no process is left alone with it at the end."""
    first = [Path(__file__).resolve().parent / name for name in FIRST]

    def rank(item):
        return next(
            (n for n, path in enumerate(first) if item.path.is_relative_to(path)), len(first)
        )

    items.sort(key=rank)


def pytest_collection_finish(session):
    """The thousands of tests live to the end: the garbage collector need not look through them.

    It would again and again, for a third of the time that tests take which leave much behind.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture
def no_garbage_of_others():
    """What thousands of tests before have left in memory is not looked through meanwhile."""
    gc.collect()
    gc.freeze()
