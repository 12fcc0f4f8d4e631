"""Each example runs as a script and prints what its docstring says under "Prints:" (``…`` is anything in its line)."""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from pathlib import Path

import pytest

from tests.project import ROOT, matches, read, run

EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if not path.name.startswith("_"))


def said_to_print(path: Path) -> str | None:
    """The indented block that follows the line "Prints:" in the module's docstring."""
    docstring = ast.get_docstring(read(path).tree) or ""
    found = re.search(r"^Prints::?[ \t]*\n((?:[ \t]+\S.*\n|[ \t]*\n)+)", docstring + "\n", re.MULTILINE)
    return textwrap.dedent(found[1]) if found else None


@pytest.mark.real
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_it_says(path: Path, tmp_path: Path) -> None:
    expected = said_to_print(path)
    assert expected is not None, f"{path.name}: its docstring shows no output under 'Prints:'"

    done = run([sys.executable, "-W", "error", path], cwd=tmp_path)

    assert done.returncode == 0, f"{path.name} fails:\n{done.stderr}"
    assert matches(done.stdout, expected), f"{path.name} prints:\n{done.stdout}\nand not:\n{expected}"


def test_there_are_examples() -> None:
    assert EXAMPLES
