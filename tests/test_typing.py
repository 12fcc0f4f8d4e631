"""mypy sees what our users get wrong: the errors in tests/typing/bad_*.py are those that `# error: TEXT` announces."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mypy import api

from tests.project import ROOT, read

FILES = sorted((ROOT / "tests" / "typing").glob("*.py"))
FOUND = re.compile(r"^(?P<file>[^:\n]+):(?P<line>\d+): error: (?P<text>.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def errors() -> dict[tuple[str, int], str]:
    """What mypy says about all the files at once, by file and line."""
    config = ROOT / "pyproject.toml"
    arguments = ["--strict", "--no-error-summary", "--config-file", config, "--cache-dir", ROOT / ".mypy_cache", *FILES]
    output, failure, _ = api.run([str(argument) for argument in arguments])
    assert not failure, failure
    found: dict[tuple[str, int], str] = {}
    for match in FOUND.finditer(output):
        place = Path(match["file"]).name, int(match["line"])
        found[place] = f"{found.get(place, '')} {match['text']}"
    return found


def test_good_code_passes(errors: dict[tuple[str, int], str]) -> None:
    assert [error for error in errors.items() if not error[0][0].startswith("bad_")] == []


@pytest.mark.parametrize("path", [path for path in FILES if path.stem.startswith("bad_")], ids=lambda path: path.stem)
def test_bad_code_is_told_what_is_wrong(path: Path, errors: dict[tuple[str, int], str]) -> None:
    expected = {
        (path.name, number): text.strip()
        for number, line in enumerate(read(path).source.splitlines(), start=1)
        if (text := line.partition("# error:")[2])
    }
    found = {place: said for place, said in errors.items() if place[0] == path.name}

    assert found.keys() == expected.keys(), found
    for place, text in expected.items():
        assert text in found[place]
