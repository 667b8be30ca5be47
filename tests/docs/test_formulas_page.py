"""docs/formulas.md holds the formulas that the pages show."""

import pytest

from simcore.explain.__main__ import main
from simcore.explain.formulas import FORMULAS
from simcore.explain.markdown import COMMAND, formulas_page


def test_the_page_is_up_to_date(repository):
    written = (repository / "docs" / "formulas.md").read_text(encoding="utf-8")
    assert written == formulas_page(), f"write it anew: {COMMAND}"


def test_every_formula_stands_there_with_its_source():
    page = formulas_page()
    for formulas in FORMULAS.values():
        for formula in formulas:
            assert formula.expression in page
            assert f"Source: {formula.source}." in page


def test_it_is_printed_or_written(tmp_path, capsys):
    assert main([]) == 0
    assert capsys.readouterr().out == formulas_page()
    assert main([str(tmp_path / "page.md")]) == 0
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == formulas_page()


def test_a_path_that_cannot_be_written_is_one_clear_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path / "missing" / "page.md")])
    assert stopped.value.code == 2
    assert "cannot write" in capsys.readouterr().err
