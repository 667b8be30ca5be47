"""The user's own folder: it adds, it replaces where it says so, and it is read whole or not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gpu_catalog
from gpu_catalog import CatalogError, gpu, gpus, link, links, llm, llms
from gpu_catalog.user import FOLDER_VARIABLE, MODELS_VARIABLE
from simcore import Scenario, ScenarioError, run
from simcore.__main__ import main
from simcore.provenance import results_digest
from tests.gpu_catalog.my_gpu import MY_GPU

CATALOG = Path(gpu_catalog.__file__).parent
CONFIGS = Path(__file__).parent / "configs"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty user's folder; what is put into it counts from the next `reload`."""
    for name in ("gpus", "llms", "links"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setenv(MODELS_VARIABLE, "")
    gpu_catalog.reload()
    yield tmp_path
    monkeypatch.undo()
    gpu_catalog.reload()


def put(path, text):
    path.write_text(text, encoding="utf-8")
    gpu_catalog.reload()


def test_without_one_there_is_what_ships(folder):
    assert (len(gpus()), len(llms()), len(links())) == (38, 34, 24)


def test_an_own_gpu_is_one_like_the_others(folder):
    put(folder / "gpus" / "mine.toml", MY_GPU)
    assert gpu("MINE").product == "a card"
    names = [g.name for g in gpus()]
    assert names.index("NVIDIA RTX PRO 6000 Server") + 1 == names.index("My GPU")
    scenario = Scenario(prefill_gpu="mine", prompt_tokens=512)
    assert scenario.prefill_gpu == "My GPU"
    assert run(scenario).metrics.ttds_s > 0


def test_the_reference_model_does_not_know_it(folder):
    put(folder / "gpus" / "mine.toml", MY_GPU)
    with pytest.raises(ScenarioError, match="prefill_gpu = 'My GPU': the specification has no"):
        run(Scenario(prefill_gpu="My GPU", cost_model="reference"))


def test_models_and_links_too(folder):
    wire = (CATALOG / "links" / "nvlink-3.toml").read_text(encoding="utf-8")
    put(folder / "links" / "wire.toml", wire.replace("NVLink 3", "Wire").replace("NVLink3", "W"))
    shutil.copy(CONFIGS / "Qwen2-57B-A14B.json", folder / "llms")
    (folder / "llms" / "My-8B").mkdir()
    shutil.copy(CONFIGS / "Qwen3-8B.json", folder / "llms" / "My-8B" / "config.json")
    shutil.copy(CONFIGS / "DeepSeek-V2-Lite.json", folder)
    gpu_catalog.reload()
    assert link("wire").bandwidth == link("NVLink 3").bandwidth
    assert {llm(name).name for name in ("qwen2-57b-a14b", "my-8b", "deepseek-v2-lite")} == {
        *("Qwen2-57B-A14B", "My-8B", "DeepSeek-V2-Lite")
    }


def test_what_ships_is_not_shadowed_unless_the_file_says_so(folder):
    text = MY_GPU.replace("My GPU", "NVIDIA L4").replace('["mine"]', "[]")
    put(folder / "gpus" / "mine.toml", text)
    with pytest.raises(CatalogError, match=r"name = 'NVIDIA L4' is taken by .*replaces"):
        gpus()
    put(folder / "gpus" / "mine.toml", "replaces = true\n" + text)
    assert gpu("NVIDIA L4").product == "a card"
    assert len(gpus()) == 38


def test_replacing_what_does_not_exist_is_a_mistake(folder):
    text = "replaces = true\n" + MY_GPU.replace("My GPU", "NVIDIA L5")
    put(folder / "gpus" / "mine.toml", text)
    with pytest.raises(CatalogError, match="no GPU that ships is called 'NVIDIA L5'; closest: 'NV"):
        gpus()


def test_an_alias_of_what_ships_is_taken(folder):
    put(folder / "gpus" / "mine.toml", MY_GPU.replace('"mine"', '"H100-SXM"'))
    with pytest.raises(CatalogError, match=r"aliases = 'H100-SXM' is taken by 'NVIDIA H100'"):
        gpus()


@pytest.mark.parametrize("ask", [gpus, llms, links])
def test_one_broken_file_and_nothing_of_the_folder_is_there(folder, ask):
    put(folder / "gpus" / "mine.toml", MY_GPU)
    put(folder / "llms" / "bad.json", "{}")
    with pytest.raises(CatalogError, match=rf"^{folder}/llms/bad\.json: architectures is missing"):
        ask()
    (folder / "llms" / "bad.json").unlink()
    gpu_catalog.reload()
    assert ask()


def test_a_file_in_no_folder_is_a_mistake(folder):
    put(folder / "mine.toml", MY_GPU)
    with pytest.raises(CatalogError, match=r"mine\.toml: lies beside the folders gpus, llms"):
        gpus()


def test_a_folder_that_is_not_there_is_a_mistake(folder, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder / "none"))
    gpu_catalog.reload()
    with pytest.raises(CatalogError, match=r"PDSCOPE_CATALOG = .* is no folder; create it"):
        gpus()


def test_the_usual_place(tmp_path, monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert gpu_catalog.user_folder() is None
    usual = tmp_path / ".config" / "pdscope" / "catalog"
    usual.mkdir(parents=True)
    assert gpu_catalog.user_folder() == usual


def test_the_command_line_tells_of_a_broken_file_in_a_line(folder, capsys):
    put(folder / "gpus" / "mine.toml", MY_GPU.replace("81559", "0"))
    for words in (["list", "gpus"], ["run"]):
        assert main(words) == 2
        said = capsys.readouterr().err
        assert f"{folder}/gpus/mine.toml: memory_MiB = 0; use a number above 0" in said
        assert said.count("\n") == 1


def test_a_configuration_file_may_be_named_for_a_run(folder, capsys):
    path = CONFIGS / "DeepSeek-V2-Lite.json"
    assert main(["run", "--llm", str(path), "--pp", "3"]) == 0
    assert capsys.readouterr().out.startswith("DeepSeek-V2-Lite, NVIDIA H100 to")
    assert os.environ[MODELS_VARIABLE] == str(path)


def test_one_whose_name_is_taken_is_refused_and_forgotten(folder, capsys):
    assert main(["run", "--llm", str(CONFIGS / "Qwen3-8B.json")]) == 2
    assert "name = 'Qwen3-8B' is taken" in capsys.readouterr().err
    assert os.environ[MODELS_VARIABLE] == ""
    assert len(llms()) == 34


def test_a_page_cannot_name_a_file():
    with pytest.raises(ScenarioError, match=r"llm = .* is unknown"):
        Scenario(llm=str(CONFIGS / "DeepSeek-V2-Lite.json"))


def test_worker_processes_know_it(folder):
    put(folder / "gpus" / "mine.toml", MY_GPU)
    out = folder / "out.csv"
    words = ["sweep", "gpus", "--x", "mine,NVIDIA H100", "--y", "My GPU", "--jobs", "2"]
    words += ["--prompt-tokens", "512", "--out", str(out)]
    subprocess.run([sys.executable, "-m", "simcore", *words], check=True, timeout=120)
    lines = out.read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [
        *(["My GPU", "My GPU"], ["NVIDIA H100", "My GPU"])
    ]
    assert all(",done," in line for line in lines[1:])


def test_results_depend_on_it(folder):
    results_digest.cache_clear()
    before = results_digest()
    put(folder / "gpus" / "mine.toml", MY_GPU)
    results_digest.cache_clear()
    one = results_digest()
    put(folder / "gpus" / "mine.toml", MY_GPU.replace("2000", "2100"))
    results_digest.cache_clear()
    assert len({before, one, results_digest()}) == 3
    results_digest.cache_clear()
