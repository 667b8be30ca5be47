"""Which prompts are prefilled apart."""

from dataclasses import replace

import pytest

from simcore.errors import ScenarioError
from simcore.serving.cluster import Policies, Policy, serve
from simcore.serving.deciding import DECIDERS
from simcore.serving.policies import made
from simcore.serving.request import Request
from tests.serving.cluster.clusters import Listed, mixture, poisson
from tests.serving.policies.views import replica, request


def apart(name, asked, local, **parameters):
    return made(DECIDERS, Policy(name, parameters)).apart(asked, local)


def test_always_is_always():
    assert apart("always", request(prompt=1), [replica(0)])


def test_long_prompts_go_apart():
    assert not apart("prompt-length", request(prompt=499), [replica(0)], least_tokens=500)
    assert apart("prompt-length", request(prompt=500), [replica(0)], least_tokens=500)


def test_prompts_that_no_cache_holds_go_apart():
    pieces = (2, 640), (4, 60)
    local = [replica(0), replica(1, cached=[pieces])]
    known, new = request(prompt=700, pieces=pieces), request(prompt=700, pieces=((6, 700),))
    assert not apart("uncached-prefix", known, local, least_tokens=100)
    assert apart("uncached-prefix", new, local, least_tokens=100)
    assert apart("uncached-prefix", known, local, least_tokens=12)  # 688 tokens are whole blocks


def test_a_cluster_that_can_do_both_does_what_is_decided():
    requests = poisson(1, count=200)
    for least, share in ((0, 1.0), (400, None), (10**6, 0.0)):
        policy = Policy("prompt-length", {"least_tokens": least})
        served = serve(mixture(policies=Policies(deciding=policy)), Listed(requests))
        for course in served.courses:
            assert course.apart == (course.request.prompt_tokens >= least)
            assert (course.transfer is not None) == (
                course.apart and course.request.output_tokens > 1
            )
            assert (course.job.prefill_replica == 0) == course.apart
        if share is not None:
            assert sum(c.apart for c in served.courses) == share * 200


def test_the_second_turn_stays_where_its_context_is():
    """The first turn's prompt and answer are in the cache of where it decoded."""
    first = Request(0, 0.0, 800, 32, session=0, pieces=((0, 800),))
    second = Request(1, 30.0, 900, 32, session=0, turn=1, pieces=((0, 800), (1, 32), (4, 68)))
    policy = Policy("uncached-prefix", {"least_tokens": 256})
    served = serve(mixture(1, 1, policies=Policies(deciding=policy)), Listed([first, second]))
    assert [course.apart for course in served.courses] == [True, False]
    assert served.courses[1].job.cached_tokens >= 816
    alone = serve(
        mixture(1, 1, policies=Policies(deciding=policy)), Listed([replace(second, number=0)])
    )
    assert [course.apart for course in alone.courses] == [True]


@pytest.mark.parametrize("name", ["prompt-length", "uncached-prefix"])
def test_wrong_parameters_are_refused(name):
    with pytest.raises(ScenarioError) as refused:
        made(DECIDERS, Policy(name, {"least_tokens": -1}))
    assert refused.value.field == "least_tokens"
