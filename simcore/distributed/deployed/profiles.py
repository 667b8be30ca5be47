"""How the collectives of deployed programs run: as our programs, or as the library's own."""

from simcore.distributed.collectives import Profile, chosen_profile
from simcore.distributed.deployed.joining import Joined
from simcore.distributed.deployed.native import Native
from simcore.distributed.errors import ProgramError

NATIVE = {"gloo": "gloo", "nccl-ring": "nccl"}
"""Profiles that are an imitation of a library, and the back end that is the library."""


def check_profile(profile: str | Profile, backend: str) -> None:
    """Raises ProgramError where the back end cannot run that profile, ScenarioError for none."""
    chosen_profile(profile)
    library = NATIVE.get(profile)
    if library not in (None, backend):
        native = next(name for name, library in NATIVE.items() if library == backend)
        raise ProgramError(
            f"profile {profile} is what the back end {library} does; with {backend}, take "
            f"{native}, or portable, which runs on each"
        )


def profile_for(profile: str | Profile, joined: Joined):
    """What a communicator of a deployed rank calls its collectives of."""
    return Native(joined) if profile in NATIVE else chosen_profile(profile)
