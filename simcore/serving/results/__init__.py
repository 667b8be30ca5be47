"""What is said of a run: rows of requests, figures, prices, explanations, bands over seeds."""

from simcore.serving.results.explain import (
    compared_sentence,
    differences,
    sentence_of,
    terms_of,
)
from simcore.serving.results.figures import Figures
from simcore.serving.results.money import PoolUse, Prices
from simcore.serving.results.recorder import Recorder
from simcore.serving.results.report import as_json, as_text
from simcore.serving.results.result import ServingResult
from simcore.serving.results.rows import TERMS
from simcore.serving.results.seeds import Seeds, over_seeds
from simcore.serving.results.simulate import simulate
from simcore.serving.results.spread import Spread, jain
from simcore.serving.results.student import Band, band
from simcore.serving.results.sweep import at_rates, faster

__all__ = [
    "TERMS",
    "Band",
    "Figures",
    "PoolUse",
    "Prices",
    "Recorder",
    "Seeds",
    "ServingResult",
    "Spread",
    "as_json",
    "as_text",
    "at_rates",
    "band",
    "compared_sentence",
    "differences",
    "faster",
    "jain",
    "over_seeds",
    "sentence_of",
    "simulate",
    "terms_of",
]
