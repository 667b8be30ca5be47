"""Prefix caching: identities of blocks, what stays, what goes first, and what was there when."""

import random

import pytest

from simcore.errors import SimulationError
from simcore.serving.replica import EngineSettings, Job, LinearClock, PrefixIndex, Replica
from simcore.serving.replica.blocks import BlockPool, Holding
from simcore.serving.replica.keys import block_keys
from simcore.serving.request import Request, answer_identity, prompt_identity, shared_identity
from tests.serving.replica.driver import drive

SYSTEM = shared_identity(0)


def common(a, b):
    return sum(x == y for x, y in zip(a, b, strict=False))


def test_prompts_share_the_blocks_up_to_where_they_differ():
    a = block_keys(((SYSTEM, 100), (prompt_identity(1), 60)), 16)
    b = block_keys(((SYSTEM, 100), (prompt_identity(2), 60)), 16)
    assert len(a) == len(b) == 10
    assert common(a, b) == 6  # 96 tokens; the seventh block holds 4 of the system prompt
    assert len(set(a) | set(b)) == 14


def test_of_two_lengths_of_one_piece_the_shorter_is_shared():
    short, long = (block_keys(((SYSTEM, n), (prompt_identity(n), 32)), 16) for n in (48, 80))
    assert common(short, long) == 3
    assert short[3] != long[3]


def test_a_key_stands_for_all_before_it():
    a = block_keys(((1, 16), (SYSTEM, 32)), 16)
    b = block_keys(((5, 16), (SYSTEM, 32)), 16)
    assert common(a, b) == 0


@pytest.mark.parametrize("size", [1, 3, 16, 50])
def test_keys_agree_with_comparing_tokens(size):
    """Against prompts written out token by token."""
    rng = random.Random(size)
    prompts = [
        tuple((rng.randrange(3), rng.randrange(1, 40)) for _ in range(rng.randrange(1, 5)))
        for _ in range(40)
    ]
    # A piece of no length joins nothing.
    prompts.append(((0, 0), *prompts[0]))
    written = [[(i, t) for i, n in prompt for t in range(n)] for prompt in prompts]
    for a, tokens_a in zip(prompts, written, strict=True):
        for b, tokens_b in zip(prompts, written, strict=True):
            alike = 0
            for x, y in zip(tokens_a, tokens_b, strict=False):
                if x != y:
                    break
                alike += 1
            keys = block_keys(a, size), block_keys(b, size)
            assert common(*keys) == alike // size


def test_an_index_knows_what_was_there_at_a_time():
    index = PrefixIndex(remember_s=10.0)
    keys = (1, 2, 3)
    for at, key in enumerate(keys):
        index.insert([key], float(at))
    index.evict([3], 5.0)
    index.evict([2], 6.0)
    index.insert([2], 8.0)
    found = [index.cached_blocks(keys, as_of) for as_of in (-0.1, 0.0, 1.5, 4.9, 5.0, 6.5, 8.0)]
    assert found == [0, 1, 2, 3, 2, 1, 2]
    assert index.cached_blocks(keys) == 2
    assert index.cached_blocks((9, 1)) == 0


def test_an_index_forgets_what_nobody_may_ask_for():
    index = PrefixIndex(remember_s=1.0)
    for key in range(1000):
        index.insert([key], float(key))
        index.evict([key], key + 0.5)
    assert len(index) == 0
    assert index.cached_blocks((999,), 999.2) == 1
    assert len(index._gone) <= 3
    with pytest.raises(SimulationError, match="raise remember_s = 1 s"):
        index.cached_blocks((1,), 1.2)


class SlowPool:
    """The same as `BlockPool`, block by block: which keys are there, and in which order they go."""

    def __init__(self, total):
        self.total, self.users, self.free = total, {}, [None] * total

    def cached(self, keys):
        count = 0
        for key in keys:
            if key not in self.users:
                break
            count += 1
        return count

    def hold(self, keys, others):
        """Hold the keyed blocks and so many more; False if there is no room."""
        hit = self.cached(keys)
        need = len(keys) - hit + others
        unused = [key for key in keys[:hit] if not self.users[key]]
        if need > len(self.free) - len(unused):
            return False
        for key in unused:
            self.free.remove(key)
        for key in keys[:hit]:
            self.users[key] += 1
        for _ in range(need):
            gone = self.free.pop(0)
            if isinstance(gone, int):
                del self.users[gone]
        for key in keys[hit:]:
            self.users[key] = 1
        return True

    def release(self, keys, others):
        self.free += ["other"] * others
        for key in reversed(keys):
            self.users[key] -= 1
            if not self.users[key]:
                self.free.append(key)


@pytest.mark.parametrize("seed", range(5))
def test_a_pool_agrees_with_one_that_keeps_every_block_by_itself(seed):
    rng = random.Random(seed)
    index = PrefixIndex(remember_s=0.0)
    fast, slow = BlockPool(60, index), SlowPool(60)
    # Chains in a tree: each key says its parents.
    chains = [[100 * root + i for i in range(10)] for root in range(1, 9)]
    held, refused, hits = [], 0, 0
    for step in range(2000):
        if held and rng.random() < 0.5:
            holding, keys, others = held.pop(rng.randrange(len(held)))
            fast.release(holding)
            slow.release(keys, others)
        else:
            keys = rng.choice(chains)[: rng.randrange(11)]
            others = rng.randrange(6)
            holding = Holding(tuple(keys))
            cached = fast.cached(holding, len(keys))
            assert cached == slow.cached(keys)
            more = len(keys) - cached + others
            room = fast.room_for(holding, cached, more)
            assert room == slow.hold(keys, others)
            if room:
                fast.reuse(holding, cached)
                fast.take(more, float(step))
                holding.blocks += more
                fast.keep(holding, len(keys), float(step))
                held.append((holding, keys, others))
                hits += cached
            refused += not room
        assert fast.free == len(slow.free)
        for chain in chains:
            assert index.cached_blocks(chain) == slow.cached(chain)
    assert refused > 20
    assert hits > 100


def chat(number, arrival_s, pieces, output):
    tokens = sum(n for _, n in pieces)
    return Request(number, arrival_s, tokens, output, session=0, turn=number, pieces=pieces)


def test_the_next_turn_of_a_conversation_finds_prompt_and_answer():
    first = ((SYSTEM, 64), (prompt_identity(0), 40))
    second = (*first, (answer_identity(0), 50), (prompt_identity(1), 30))
    replica = Replica(0, LinearClock(step_s=0.1), total_blocks=100, settings=EngineSettings())
    jobs, _ = drive(replica, [chat(0, 0.0, first, 50), chat(1, 100.0, second, 5)])
    # Of 104 + 50 tokens all but the last are in the cache: 9 blocks of 16.
    assert jobs[1].cached_tokens == 144
    assert replica.counts.prefilled_tokens == 104 + 184 - 144


def test_the_last_token_of_a_prompt_is_computed_in_any_case():
    pieces = ((SYSTEM, 64),)
    requests = [Request(i, float(i), 64, 1, pieces=pieces) for i in range(2)]
    replica = Replica(0, LinearClock(step_s=0.1), total_blocks=100)
    jobs, _ = drive(replica, requests)
    assert jobs[1].cached_tokens == 48


def test_a_prompt_of_its_own_is_shared_with_nobody():
    requests = [Request(i, float(i), 64, 1) for i in range(3)]
    jobs, _ = drive(Replica(0, LinearClock(step_s=0.1), total_blocks=100), requests)
    assert [job.cached_tokens for job in jobs] == [0, 0, 0]


def test_without_caching_nothing_is_found():
    requests = [Request(i, float(i), 64, 1, pieces=((SYSTEM, 64),)) for i in range(3)]
    settings = EngineSettings(prefix_caching=False)
    replica = Replica(0, LinearClock(step_s=0.1), total_blocks=100, settings=settings)
    jobs, _ = drive(replica, requests)
    assert [job.cached_tokens for job in jobs] == [0, 0, 0]
    assert replica.state(10.0).cached_tokens(((SYSTEM, 64),)) == 0


def test_a_snapshot_tells_what_was_cached_then():
    """Two prompts of 4 blocks in 6 blocks: the second drives half of the first out."""
    a, b = ((shared_identity(1), 64),), ((shared_identity(2), 64),)
    replica = Replica(0, LinearClock(step_s=0.5), total_blocks=6)
    replica.advance(0.0)
    before = replica.state(0.0)
    replica.submit(Job(Request(0, 1.0, 64, 1, pieces=a)), 1.0)
    replica.advance(2.0)
    between = replica.state(2.0)
    replica.submit(Job(Request(1, 3.0, 64, 1, pieces=b)), 3.0)
    replica.advance(4.0)
    after = replica.state(4.0)
    seen = [[state.cached_tokens(p) for p in (a, b)] for state in (before, between, after)]
    assert seen == [[0, 0], [64, 0], [32, 64]]
