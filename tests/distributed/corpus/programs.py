"""All programs of the corpus, by name."""

from tests.distributed.corpus import legal, stuck, wrong
from tests.distributed.corpus.case import CASES

__all__ = ["CASES", "legal", "stuck", "wrong"]
