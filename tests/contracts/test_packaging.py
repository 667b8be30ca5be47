"""What is installed is what is in the checkout, in versions that are all locked."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest

PACKAGES = ("app", "assets", "gpu_catalog", "simcore")
RUN, TESTS, TORCH = "requirements.txt", "requirements-tests.txt", "requirements-torch.txt"


@pytest.fixture(scope="module")
def wheel(repository, tmp_path_factory):
    """The wheel of a copy of the checkout, opened for reading."""
    folder = tmp_path_factory.mktemp("wheel")
    # A copy: setuptools builds in its source folder, and would take in what an older build left.
    source = folder / "source"
    for package in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(repository / package, source / package, ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(repository / name, source)
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    [path] = folder.glob("pdscope-*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_every_file_of_the_packages_is_installed(wheel, repository):
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    outside = {
        path.relative_to(repository).as_posix()
        for package in PACKAGES
        for path in (repository / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == outside
    for kind in ("gpu_catalog/gpus/", "gpu_catalog/llms/", "gpu_catalog/links/", "assets/"):
        assert any(name.startswith(kind) for name in inside), kind


def test_pdscope_is_the_command(wheel):
    [points] = [name for name in wheel.namelist() if name.endswith("/entry_points.txt")]
    assert "pdscope = app.__main__:main" in wheel.read(points).decode()


def pins(repository, lock):
    """name -> version of a lock file."""
    text = (repository / lock).read_text(encoding="utf-8")
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    return dict(line.split("==") for line in lines if line)


def wanted(requirements):
    """Names of the distributions that `requirements` ask for."""
    return {re.match(r"[\w.-]+", requirement)[0].lower() for requirement in requirements}


def test_every_dependency_is_locked(repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert wanted(project["dependencies"]) <= set(pins(repository, RUN))
    assert wanted(project["optional-dependencies"]["tests"]) <= set(pins(repository, TESTS))


def test_the_build_is_locked_too(repository):
    table = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    assert table["build-system"]["requires"] == [
        f"setuptools=={pins(repository, RUN)['setuptools']}"
    ]


def test_tests_run_on_the_versions_that_users_get(repository):
    assert pins(repository, RUN).items() <= pins(repository, TESTS).items()


def test_torch_is_pinned_by_hand(repository):
    """No lock holds it, since a machine without GPUs may take another build of it."""
    table = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert wanted(table["optional-dependencies"]["torch"]) == set(pins(repository, TORCH))
    assert "torch" not in wanted(table["dependencies"]) | set(pins(repository, TESTS))


@pytest.mark.parametrize("lock", [RUN, TESTS, TORCH])
def test_a_lock_names_no_registry(repository, lock):
    text = (repository / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host| @ ", text)
