"""So many tokens of prompts in a second, and some more at once."""

from dataclasses import dataclass

from simcore.serving.admission.base import ADMISSIONS, Admission
from simcore.serving.policies import refuse_outside
from simcore.serving.views import Asked, DoorView


@ADMISSIONS.register("token-bucket")
@dataclass
class TokenBucket(Admission):
    """A bucket fills at a rate up to its size; a request takes the tokens of its prompt out of it.

    A request for which too little is left is refused. One that is larger than the bucket is taken
    in when it is full, and leaves it empty.

    Attributes
    ----------
    tokens_per_s : at which it fills
    burst_tokens : that it holds
    """

    tokens_per_s: float = 10_000.0
    burst_tokens: float = 50_000.0

    def __post_init__(self):
        refuse_outside(self, "tokens_per_s", 1e-3, 1e12)
        refuse_outside(self, "burst_tokens", 1.0, 1e12)
        self._level, self._filled_s = self.burst_tokens, 0.0

    def refuse(self, request: Asked, door: DoorView) -> str | None:
        level = self._level + (door.time_s - self._filled_s) * self.tokens_per_s
        self._level, self._filled_s = min(self.burst_tokens, level), door.time_s
        need = min(request.prompt_tokens, self.burst_tokens)
        if need > self._level:
            return f"its prompt needs {need:,.0f} tokens, and the bucket holds {self._level:,.0f}"
        self._level -= need
        return None
