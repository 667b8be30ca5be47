"""One stage of a pipeline that generates: some layers, and the KV cache of every request."""

from simcore.distributed.algorithms.settings import Settings
from simcore.distributed.algorithms.step import Served, StepPlan
from simcore.distributed.models import shares


class Stage:
    """The layers of one rank.

    Parameters
    ----------
    comm : the ranks of the pipeline
    model : of which it holds the layers of its rank
    settings : the requests that will come
    """

    def __init__(self, comm, model, settings: Settings):
        self.maths = model.maths
        self._model = model
        start, stop = shares(len(model.layers), comm.size)[comm.rank]
        self._layers = model.layers[start:stop]
        self._first = comm.rank == 0
        self._last = comm.rank == comm.size - 1
        # Of a request's tokens the last one that is generated is never looked back at.
        self._longest = settings.tokens + settings.output_tokens - 1
        self._caches: dict[tuple[int, int], object] = {}
        if self._first:
            count = settings.requests
            prompts = self.maths.inputs(count, settings.tokens)
            self._prompts = self.maths.split_batch(prompts, shares(count, count))

    def input_of(self, request: Served):
        """What the first stage is given of a request at its next step."""
        return request.tokens[-1] if request.steps else self._prompts[request.number]

    def compute(self, plan: StepPlan, given):
        """One step: activations for the next stage, or on the last one a token for each request.

        Parameters
        ----------
        plan : who takes part
        given : on the first stage each request's input, on the others all activations
        """
        model, maths = self._model, self.maths
        with model.as_one():
            x = maths.joined([model.embed(one) for one in given]) if self._first else given
            for layer in self._layers:
                x = x + self._attention(layer, plan, x)
                x = x + layer.feed_forward(x)
            if not self._last:
                return x
            last = [maths.cut(x, stop - 1, stop) for _, stop in plan.bounds]
            return maths.next_tokens(model.head(maths.stacked(last)))

    def _attention(self, layer, plan, x):
        """All tokens are projected together; each request attends to its own cache."""
        maths, places = self.maths, plan.places
        queries, new = layer.queries(x, places), layer.keys_values(x, places)
        attended = []
        for (request, seen, _), (start, stop) in zip(plan.members, plan.bounds, strict=True):
            cache = maths.cut_keys_values(new, start, stop)
            if seen:
                cache = maths.joined_keys_values([self._caches.pop((request, layer.index)), cache])
            if seen + stop - start < self._longest:
                self._caches[request, layer.index] = cache
            attended.append(layer.attend(maths.cut(queries, start, stop), cache, seen))
        return layer.output(maths.joined(attended))
