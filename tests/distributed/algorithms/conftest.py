"""What tests with values share."""

import pytest


@pytest.fixture(scope="module")
def torch_on_one_thread():
    """Torch: small products are not worth sharing among cores, which may have other work."""
    torch = pytest.importorskip("torch", reason="values need torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(threads)
