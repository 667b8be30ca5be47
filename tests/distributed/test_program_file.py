"""Programs that are functions of files."""

import pickle

import pytest

from simcore.distributed import ProgramError, ProgramFile, simulate


def test_the_function_of_a_file_is_a_program(tmp_path):
    (tmp_path / "beside_it.py").write_text("SCALE = 3\n")
    path = tmp_path / "mine.py"
    path.write_text(
        "import beside_it\n"
        "LOADED = []\n"
        "LOADED.append(1)\n"
        "class Answer(tuple): pass\n"
        "def work(comm, x):\n"
        "    return Answer((comm.rank * x * beside_it.SCALE, len(LOADED)))\n"
    )
    program = pickle.loads(pickle.dumps(ProgramFile(str(path), "work")))
    values = simulate(program, 3, args=(2,)).values
    assert values == [(0, 1), (6, 1), (12, 1)]
    assert type(pickle.loads(pickle.dumps(values[0]))) is type(values[0])


@pytest.mark.parametrize(
    ("name", "source", "says"),
    [
        ("none.py", None, "there is no file .*none.py"),
        ("empty.py", "", "defines no function program"),
        ("number.py", "program = 3", "defines no function program"),
        ("text.txt", "def program(comm): pass", "must end in .py"),
    ],
)
def test_a_file_without_the_function_is_refused(tmp_path, name, source, says):
    path = tmp_path / name
    if source is not None:
        path.write_text(source)
    with pytest.raises(ProgramError, match=says):
        ProgramFile(str(path)).load()


def test_what_a_file_raises_is_raised_each_time(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("1 / 0")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            ProgramFile(str(path)).load()
