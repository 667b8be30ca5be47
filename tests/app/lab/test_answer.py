"""What the Lab page is told: cards, figures, tables, files, and what is refused."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.lab.answer import CARDS, answer_to
from app.lab.cells import cells_of
from app.lab.downloads import file_for
from app.lab.networks import SWEPT, SWEPT_MBIT, SWEPT_MS
from app.lab.runs import MOST_MESSAGES, LabRuns, outcome_of
from app.lab.settings import LAPTOP, Settings, settings_of, work_of
from app.shell import create_app
from simcore.distributed import simulate, star
from simcore.distributed.algorithms import ALGORITHMS, program_for
from simcore.distributed.trace.files import LAB_FORMATS
from simcore.errors import ScenarioError
from tests.app.lab.drawn import traces, values

SMALL = {"layers": 4, "tokens": 12, "latency": 1, "bandwidth": 200}


@pytest.fixture(scope="module")
def runs():
    return LabRuns()


def body(values=SMALL, **more):
    return {"seq": 5, "values": values, "scheme": "light", "coarse": False} | more


@pytest.fixture(scope="module")
def answer(runs):
    return answer_to(body(), runs)


def simulated(algorithm):
    """The run of an algorithm, as anybody would start it."""
    program = program_for(algorithm, work_of(settings_of(SMALL)))
    return simulate(program, 4, network=star(200e6 / 8, 1e-3))


def test_the_page_shows_what_the_simulation_of_the_same_gives(answer):
    here, there = simulated("kilovolts-direct"), simulated("voltage")
    number, unit, _ = answer["cards"]["time"]
    assert unit == "ms" and float(number) == pytest.approx(1e3 * here.seconds, rel=5e-3)
    speedup = float(answer["cards"]["speedup"][0])
    assert speedup == pytest.approx(there.seconds / here.seconds, rel=5e-3)
    assert answer["end_s"] == here.seconds
    assert set(answer["cards"]) == set(CARDS)
    assert f"on {here.ranks} ranks" in answer["said"]
    assert f"All {len(here.trace.messages)} messages are drawn" in answer["drawn"]
    json.dumps(answer, allow_nan=False)


def test_the_bars_of_each_rank_add_up_to_the_run(answer):
    parts = [values(trace["x"]) for trace in answer["figures"]["shares"]["data"]]
    assert sum(parts) == pytest.approx([answer["end_s"] * answer["per_s"]] * 4)
    hidden = traces(answer["figures"]["shares"])["computes, messages hidden"]
    assert (values(hidden["x"]) > 0).all()


@pytest.mark.parametrize("name", [n for n in ALGORITHMS.names() if ALGORITHMS[n].formula])
def test_every_formula_stands_beside_what_was_simulated(name, runs):
    mixture = {"model": "small mixture of experts"} if "expert" in name else {}
    batch = {"batch": 8, "micro_batches": 4, "ranks": 4} | mixture
    settings = {"algorithm": name, "against": name} | batch
    shown = answer_to(body(SMALL | settings), runs)
    assert "wrong" not in shown, shown
    outcome = outcome_of(settings_of(SMALL | settings))
    assert outcome.formula_s == pytest.approx(outcome.measured_s, rel=0.1)
    if ALGORITHMS[name].formula.exact:
        assert outcome.formula_s == pytest.approx(outcome.measured_s, rel=1e-9)
    assert outcome.formula_text.split(" ")[0] in shown["tables"]["formulas"]


@pytest.mark.parametrize("change", [{"network": "hgx-rail"}, {"profile": "gloo"}], ids=str)
def test_a_formula_says_where_it_does_not_hold(change, runs):
    shown = answer_to(body(SMALL | change), runs)
    assert shown["cards"]["formula"][0] == "–"
    assert "holds on a star with portable collectives" in shown["tables"]["formulas"]


def test_what_is_asked_twice_is_simulated_once_and_the_other_algorithm_with_it():
    runs = LabRuns()
    answer_to(body(), runs)
    answer_to(body(coarse=True, scheme="dark"), runs)
    answer_to(body(SMALL | {"algorithm": "voltage", "against": "kilovolts-direct"}), runs)
    assert runs._kept.made == 2


def test_a_window_is_drawn_alone_and_kept_within_the_run(runs, answer):
    end = answer["end_s"]
    part = answer_to(body(window=[0.5 * end, 9.0 * end]), runs)
    low, high = part["figures"]["timeline"]["layout"]["xaxis"]["range"]
    assert (low, high) == pytest.approx((0.5 * end * part["per_s"], end * part["per_s"]))
    assert "in this part of the run" in part["drawn"]
    beyond = answer_to(body(window=[2.0 * end, 3.0 * end]), runs)
    assert beyond["figures"]["timeline"]["layout"]["xaxis"]["range"][0] == 0


def test_settings_without_an_effect_are_idle(runs, answer):
    assert {"micro_batches", "tp", "requests"} <= set(answer["idle"])
    assert not {"bandwidth", "latency", "tokens", "ranks"} & set(answer["idle"])
    apart = answer_to(body(SMALL | {"against": "tensor-pipeline", "network": "hgx-rail"}), runs)
    assert {"bandwidth", "latency"} <= set(apart["idle"])
    assert not {"micro_batches", "tp"} & set(apart["idle"])


@pytest.mark.parametrize(
    "change, field, said",
    [
        ({"ranks": 65}, "ranks", "from 1 to 64"),
        ({"ranks": 64, "layers": 4}, "ranks", "use fewer ranks or layers"),
        ({"algorithm": "tensor-parallel", "ranks": 16}, "ranks", "key-value heads"),
        ({"against": "tensor-parallel", "ranks": 16}, "against", "nothing to compare with"),
        ({"bandwidth": 0}, "bandwidth", "out of range"),
        ({"latency": "soon"}, "latency", "is not a number"),
        ({"algorithm": "pipeline-parallel", "layers": 128, "batch": 99, "micro_batches": 99},
         "layers", "fewer layers or micro-batches"),
        ({"algorithm": "continuous-batching", "layers": 8, "requests": 1000, "output_tokens": 9},
         "requests", "fewer layers or requests"),
        ({"network": "nvl72", "device": "NVIDIA H100"}, "network", "NVLink domains"),
        ({"algorithm": "voltages"}, "algorithm", "voltage"),
        ({"model": "nothing"}, "model", "is unknown"),
        ({"more": 1}, None, "A field that the page does not have"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_run_is_said_at_its_control(change, field, said, runs):
    threads = threading.active_count()
    wrong = answer_to(body({"layers": 2} | change), runs)["wrong"]
    assert wrong["field"] == field and said in wrong["message"], wrong
    assert threading.active_count() == threads


def test_no_thread_of_a_run_is_left(runs):
    threads = threading.active_count()
    assert "wrong" in answer_to(body({"algorithm": "voltage", "ranks": 64, "layers": 4}), runs)
    assert "wrong" not in answer_to(body(SMALL | {"ranks": 12}), runs)
    assert threading.active_count() == threads


def test_requests_at_the_same_time_get_what_they_get_alone():
    asked = [body(SMALL | {"ranks": 2 + n % 4, "tokens": 8 + n}) for n in range(8)]
    alone = [answer_to(each, LabRuns()) for each in asked]
    shared = LabRuns()
    with ThreadPoolExecutor(max_workers=8) as threads:
        together = list(threads.map(lambda each: answer_to(each, shared), asked))
    assert together == alone


def test_as_many_messages_as_are_allowed_are_simulated(runs):
    # 8 ranks of a ring all-reduce send 2·8·7 messages, twice a layer.
    most = {"algorithm": "tensor-parallel", "against": "tensor-parallel", "ranks": 8, "tokens": 8}
    layers = MOST_MESSAGES // 224
    assert "wrong" not in answer_to(body(most | {"layers": layers}), runs)
    assert answer_to(body(most | {"layers": layers + 1}), runs)["wrong"]["field"] == "ranks"


def test_slices_are_all_of_the_networks_and_none_twice(runs):
    cells, figures = [], None
    while len(cells) < SWEPT:
        part = cells_of(body(first=len(cells)), runs)
        assert part["next"] == len(cells) + len(part["cells"]) and part["total"] == SWEPT
        figures = part.get("figures", figures)
        cells += part["cells"]
    assert set(figures) == {"light", "dark"}
    places = [(cell["bandwidth_bps"], cell["latency_s"]) for cell in cells]
    assert places == [(mbit * 125e3, ms / 1e3) for ms in SWEPT_MS for mbit in SWEPT_MBIT]
    # The network that is set as one of the sweep's is that cell.
    number = SWEPT_MS.index(1.0) * len(SWEPT_MBIT) + SWEPT_MBIT.index(100)
    here = answer_to(body(SMALL | {"bandwidth": 100}), runs)["here"]
    assert here["ratio"] == cells[number]["ratio"]


def test_a_direct_gather_gains_most_where_latency_rules(runs):
    """One latency instead of P − 1, and the same bytes through each wire."""
    pair = {"algorithm": "voltage-direct", "against": "voltage", "ranks": 4}
    fast, slow = (
        answer_to(body(SMALL | pair | {"bandwidth": bandwidth, "latency": latency}), runs)
        for bandwidth, latency in ((100_000, 30), (1, 0.01))
    )
    assert 1.3 < float(fast["cards"]["speedup"][0]) < 3
    assert float(slow["cards"]["speedup"][0]) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("name", LAB_FORMATS)
def test_the_run_is_saved_in_every_format(name, runs):
    entry, content = file_for(body(file=name), runs)
    assert entry.name == name and content


def test_a_file_that_there_is_not_is_refused(runs):
    with pytest.raises(ScenarioError, match="`file` is one of csv"):
        file_for(body(file="zip"), runs)


def test_a_device_of_the_catalog_computes_at_its_peaks(runs):
    work = work_of(Settings(device="NVIDIA H100"))
    assert work.device.flops_per_s > 100 * work_of(Settings(device=LAPTOP)).device.flops_per_s
    slow, fast = (
        outcome_of(settings_of(SMALL | {"device": device})).run.trace.per_rank["compute_s"].mean()
        for device in (LAPTOP, "NVIDIA H100")
    )
    assert slow > 50 * fast


def test_the_saved_surface_asks_nobody_for_anything():
    answer = create_app().server.test_client().get("/lab/blank", headers={"Host": "localhost"})
    assert "/*figures*/" in answer.text and "default-src 'none'" in answer.text


def test_a_formula_of_something_else_than_the_end_says_of_what(runs):
    queue = {"algorithm": "continuous-batching", "rate_per_s": 0.1, "requests": 20}
    shown = answer_to(body(SMALL | queue), runs)
    assert shown["cards"]["formula"][2].startswith("mean time of a request in the system: ")
    outcome = outcome_of(settings_of(SMALL | queue))
    assert outcome.measured_s < outcome.run.seconds / 10
    busy = answer_to(body(SMALL | queue | {"rate_per_s": 1000}), runs)
    assert busy["cards"]["formula"][0] == "–"
    assert "without a finite value at this load" in busy["tables"]["formulas"]


@pytest.mark.parametrize("name", ALGORITHMS.names())
def test_an_algorithm_can_be_run_on_its_usual_work(name, runs):
    asked = {"algorithm": name, "ranks": 64, "batch": 3}
    usual = answer_to(body(asked), runs)["usual"]
    shown = answer_to(body(asked | usual), runs)
    assert "wrong" not in shown, shown
    assert shown["usual"] == {}
