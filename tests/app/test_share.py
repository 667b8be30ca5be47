"""A scenario is the page's address."""

import pytest

from app.share import VERSION, query_of, query_of_values, read_query
from simcore import Scenario
from simcore.parameters import Choice, parameters_of

# What links of each version mean where they say nothing. Whoever changes a default adds a version
# that has the new one, and lets links of the old version keep the old one.
MEANT = {
    1: {
        "llm": "LLaMA-3.1-70B",
        "prefill_gpu": "NVIDIA H100",
        "decode_gpu": "NVIDIA RTX PRO 6000",
        "pp": 8,
        "decode_pp": None,
        "batch_size": 1,
        "prompt_tokens": 8192,
        "chunk_tokens": 128,
        "output_tokens": 1,
        # Then 1, which is what nothing means on the one topology there was.
        "prefill_nics": None,
        "vram_limit_ratio": 0.95,
        "cost_model": "physical",
        # Unknown then, and without effect in that cost model.
        "engine": "vLLM 0.19",
        # Unknown then, too, and as it has always been.
        "tp": 1,
        "decode_tp": None,
        "dp": 1,
        "decode_dp": None,
        "ep": 1,
        "decode_ep": None,
        "expert_placement": "linear",
        "routing": "random",
        "seed": 0,
        "layer_split": None,
        "decode_layer_split": None,
        "decode_microbatches": 1,
        "cp": 1,
        "topology": "reference",
        "placement": "across",
        "nic_mapping": "modulo",
        "oversubscription": 1.0,
        "background": None,
        "failures": None,
        "collectives": "auto",
        "all_reduce": "auto",
        "handoff": "per chunk",
        "handoff_layers": 4,
        "handoff_by": "push",
    }
}
MEANT[2] = MEANT[1] | {"cost_model": "calibrated"}
MEANT[3] = MEANT[2]
KEYS = {1: ["llm", "prefill", "decode", "pp", "dpp", "n", "t", "m", "o", "k", "vram", "cost"]}
KEYS[2] = [*KEYS[1], "engine"]
KEYS[3] = [
    *KEYS[2],
    *("tp", "dtp", "dp", "ddp", "ep", "dep", "xplace", "route", "seed", "split", "dsplit", "mb"),
    *("cp", "topo", "place", "nicmap", "over", "bg", "fail", "coll", "ar", "hand", "hl", "by"),
]


@pytest.mark.parametrize("version", MEANT)
def test_a_link_keeps_its_meaning(version):
    link = read_query(f"v={version}")
    assert link.scenario.to_dict() == MEANT[version]
    assert link.ignored == ()


def test_pins_of_a_link_keep_their_meaning_too():
    link = read_query("v=1&m=512&pin=default&pin=pp:4,cost:reference")
    assert link.scenario == Scenario(chunk_tokens=512, cost_model="physical")
    assert link.pins == (
        Scenario(cost_model="physical"),
        Scenario(pp=4, cost_model="reference"),
    )
    assert link.ignored == ()


def test_a_link_of_an_older_version_is_handed_on_as_one_of_this():
    query = query_of(read_query("v=1&pp=4").scenario)
    assert query == "v=3&pp=4&cost=physical"
    assert read_query(query).scenario == Scenario(pp=4, cost_model="physical")


def test_the_default_is_that_of_this_version():
    assert Scenario().to_dict() == MEANT[VERSION]


def test_keys_are_those_of_this_version():
    assert [info.key for info in parameters_of(Scenario).values()] == KEYS[VERSION]


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(),
        Scenario(pp=4, decode_pp=6, vram_limit_ratio=0.9, prompt_tokens=4096),
        Scenario(llm="Mixtral-8x22B", prefill_gpu="NVIDIA H200", cost_model="reference"),
    ],
)
def test_there_and_back(scenario):
    link = read_query(query_of(scenario, {"metric": "ttds"}), own={"metric"})
    assert (link.scenario, link.ignored) == (scenario, ())
    assert link.own == {"metric": "ttds"}


def test_what_is_usual_is_not_said():
    assert query_of(Scenario()) == ""
    assert query_of(Scenario(pp=4, prompt_tokens=4096)) == "v=3&pp=4&t=4096"
    assert query_of(Scenario(), {"x": "2048:16384,2048"}) == "v=3&x=2048:16384,2048"


def test_links_without_a_version_still_work():
    link = read_query("chunk_tokens=512&prefill_gpu=NVIDIA+H200&decode_pp=")
    assert link.scenario == Scenario(chunk_tokens=512, prefill_gpu="NVIDIA H200")
    assert link.ignored == ()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("pp=0", "pp = 0"),
        ("pp=x", "pp = 'x' is not a number"),
        ("pp=", "pp is empty"),
        ("m=0.5", "m = 0.5 is "),
        ("pp=nan", "out of range"),
        ("nothing=1", "“nothing” is no setting."),
        ("llm=%00", "is unknown"),
        ("prefill=NVIDIA+H1O0", "did you mean 'NVIDIA H100'?"),
        ("pp=1e400", "out of range"),
        ("v=4", "newer than this pdscope"),
        ("cp=2", "cp is set in files and by flags alone"),
        ("split=21,20,x", "split = '21,20,x' is wrong"),
        ("bg=" + "x" * 201, "bg = 'xxx"),
        ("v=0", "is no version"),
        ("v=%F0%9F%A6%8A", "is no version"),
        ("y" * 60 + "=1", "“yyyyyyyyyyyyyyyyyyyyyyy…” is no setting."),
        ("x" * 5000, "longer than 4,096 characters"),
        ("a&" * 80, "more than 64 parts"),
    ],
)
def test_what_means_nothing_is_ignored_and_said(query, said):
    link = read_query(query)
    assert link.scenario == Scenario()
    assert len(link.ignored) == 1 and said in link.ignored[0]
    assert said in link.notice


def test_a_wrong_part_spoils_no_other():
    link = read_query("v=3&pp=0&m=512&what=now&t=4096")
    assert link.scenario == Scenario(chunk_tokens=512, prompt_tokens=4096)
    assert len(link.ignored) == 2


PINS = (
    Scenario(),
    Scenario(chunk_tokens=512, prompt_tokens=4096),
    Scenario(prefill_gpu="NVIDIA H200", vram_limit_ratio=0.9),
    Scenario(
        pp=4,
        decode_pp=6,
        layer_split="20,20,20,20",
        background="decode 0 IB cable in: 2 GB @ 0.1 s; prefill NIC cables: 30 %",
    ),
)


@pytest.mark.parametrize("base", range(len(PINS)))
def test_pins_there_and_back(base):
    link = read_query(query_of(Scenario(pp=16), pins=PINS, base=base))
    assert (link.scenario, link.pins, link.base) == (Scenario(pp=16), PINS, base)
    assert link.ignored == ()


def test_pins_can_be_read_in_an_address():
    assert query_of(Scenario(), pins=PINS[:2]) == "v=3&pin=default&pin=t:4096,m:512"
    split = query_of(Scenario(), pins=[Scenario(pp=2, layer_split="40,40")])
    assert split == "v=3&pin=pp:2,split:40%252C40"
    assert query_of(Scenario(), pins=PINS[:2], base=1).endswith("&base=2")


@pytest.mark.parametrize("info", parameters_of(Scenario).values(), ids=lambda info: info.key)
def test_no_name_has_what_parts_a_pin(info):
    names = info.options() if isinstance(info, Choice) else ()
    assert not [name for name in names if "," in name or ":" in name]


@pytest.mark.parametrize(
    ("query", "pins", "base", "said"),
    [
        ("pin=m:512,pp:0", (Scenario(chunk_tokens=512),), 0, "pin 1: pp = 0"),
        ("pin=&pin=x:1", (Scenario(),), 0, "pin 2: “x” is no setting."),
        ("pin=x:1&pin=pp:4&base=2", (Scenario(pp=4),), 0, "pin 1: “x” is no setting."),
        ("pin=m.288&pin=&pin=pp:4&base=3", (Scenario(), Scenario(pp=4)), 1, "“m.288” is no"),
        ("pin=m", (), 0, "pin 1: m is empty"),
        ("pin=prefill:H1O0", (), 0, "pin 1: prefill = 'H1O0' is unknown"),
        ("pin=&pin=m:128", (Scenario(),), 0, "pin 2 is the same as pin 1."),
        (
            "pin=pp:4&pin=&pin=&base=3",
            (Scenario(pp=4), Scenario()),
            1,
            "pin 3 is the same as pin 2.",
        ),
        ("pin=pp:4&" * 2 + "pin=pp:5", (Scenario(pp=4), Scenario(pp=5)), 0, "the same as pin 1."),
        ("pin=&base=2", (Scenario(),), 0, "base=“2” is the number of no pin."),
        ("base=1", (), 0, "base=“1” is the number of no pin."),
        ("pin=&base=0", (Scenario(),), 0, "is the number of no pin."),
        ("pin=&base=-1", (Scenario(),), 0, "is the number of no pin."),
        ("pin=&base=x", (Scenario(),), 0, "is the number of no pin."),
    ],
)
def test_what_means_nothing_in_pins_is_ignored_and_said(query, pins, base, said):
    link = read_query(query)
    assert (link.scenario, link.pins, link.base) == (Scenario(), pins, base)
    assert len(link.ignored) == 1 and said in link.ignored[0]


def test_more_pins_than_fit_are_ignored_and_said():
    link = read_query("&".join(f"pin=pp:{pp}" for pp in range(1, 7)))
    assert link.pins == tuple(Scenario(pp=pp) for pp in range(1, 5))
    assert link.ignored == ("of 6 pins only the first 4 are kept.",)


def test_what_cannot_be_run_has_an_address_that_says_why():
    assert query_of_values(Scenario().to_dict() | {"pp": 4}) == "v=3&pp=4"
    assert query_of_values(Scenario().to_dict()) == ""
    query = query_of_values(Scenario(chunk_tokens=512).to_dict() | {"pp": 0, "decode_pp": "x&y"})
    assert query == "v=3&pp=0&dpp=x%26y&m=512"
    link = read_query(query)
    assert link.scenario == Scenario(chunk_tokens=512)
    assert [doubt[:7] for doubt in link.ignored] == ["pp = 0 ", "dpp = '"]


def test_a_long_text_fits_an_address():
    background = "; ".join(f"decode {n} IB cable in: 10 %" for n in range(6))
    query = query_of_values({"background": background, "pp": 4})
    assert read_query(query).scenario == Scenario(pp=4, background=background)


@pytest.mark.parametrize("odd", [[8], {"a": 1}, True, "x" * 65, float("inf")])
def test_what_no_address_can_hold_is_left_out_or_plain(odd):
    assert read_query(query_of_values({"pp": odd, "what": 1, "m\0": odd})).scenario == Scenario()
