"""The documents tell the truth: their code runs, prints what they say, and nothing that we publish goes unmentioned.

Every fenced ``python`` block runs as a program of its own, ``await`` at the top level included.  Comments above a block
say more::

    <!-- continues -->   it goes on where the block before it ended
    <!-- prints -->      the ``text`` block that follows is its output
    <!-- run -->         above ``console``, ``sh``, ``shell`` or ``bash``: the commands are run at the repository's top
    <!-- run: 2 -->      the same, and the last of them ends with exit code 2

In a ``console`` block the lines that start with ``$ `` are commands and the others are what they print.  ``…`` in what
is expected stands for anything within its line: figures that depend on the machine.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from tests.project import DOCUMENTS, ROOT, matches, run

FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL
)
COMMENT = re.compile(r"<!--\s*(continues|prints|run(?::\s*\d+)?)\s*-->")
SHELLS = {"console", "sh", "shell", "bash"}
SEPARATOR = "\x1e"

# Runs the files named on its command line, one after another, in one namespace and on one loop.
RUNNER = f"""
import ast, asyncio, inspect, sys
with asyncio.Runner() as runner:
    for number, path in enumerate(sys.argv[1:]):
        if number:
            print({SEPARATOR!r}, flush=True)
        with open(path, encoding="utf-8") as file:
            code = compile(file.read(), path, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        if code.co_flags & inspect.CO_COROUTINE:
            runner.run(eval(code))
        else:
            exec(code)
"""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document, with what the comments above it say and the ``text`` block below it, if any."""

    document: Path
    line: int
    language: str
    text: str
    marks: tuple[str, ...]
    expected: str | None

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"

    @property
    def exit_code(self) -> int:
        mark = next(mark for mark in self.marks if mark.startswith("run"))
        return int(mark.partition(":")[2] or 0)


def blocks(document: Path) -> Iterator[Block]:
    """The fenced blocks of a document in order."""
    text = document.read_text(encoding="utf-8")
    found = list(FENCE.finditer(text))
    for number, match in enumerate(found):
        before = text[found[number - 1].end() if number else 0 : match.start()]
        marks = tuple(COMMENT.findall(_last_comments(before)))
        expected = None
        if "prints" in marks:
            assert number + 1 < len(found), f"{document}: a block is marked `prints`, but no block follows"
            assert found[number + 1]["language"] == "text", f"{document}: what a block prints goes into a `text` block"
            expected = found[number + 1]["text"]
        yield Block(document, text.count("\n", 0, match.start()) + 1, match["language"], match["text"], marks, expected)


def _last_comments(text: str) -> str:
    """The comments that stand directly above a block."""
    found = re.search(r"(?:<!--.*?-->\s*)+\Z", text, re.DOTALL)
    return found[0] if found else ""


def programs() -> list[list[Block]]:
    """The ``python`` blocks, those that continue one another together."""
    chains: list[list[Block]] = []
    for document in DOCUMENTS:
        for block in blocks(document):
            if block.language == "python":
                if "continues" in block.marks:
                    chains[-1].append(block)
                else:
                    chains.append([block])
    return chains


def sessions() -> list[Block]:
    """The shell blocks that are marked to be run."""
    return [
        block
        for document in DOCUMENTS
        for block in blocks(document)
        if block.language in SHELLS and any(mark.startswith("run") for mark in block.marks)
    ]


@pytest.mark.real
@pytest.mark.parametrize("chain", programs(), ids=lambda chain: str(chain[0]))
def test_the_code_of_the_documents_runs_and_prints_what_they_say(chain: list[Block], tmp_path: Path) -> None:
    files = []
    for number, block in enumerate(chain):
        file = tmp_path / f"{block.document.stem.lower()}_{number}.py"
        file.write_text("\n" * block.line + block.text, encoding="utf-8")  # tracebacks name the document's lines
        files.append(file)

    done = run([sys.executable, "-W", "error", "-c", RUNNER, *files], cwd=tmp_path)

    assert done.returncode == 0, f"{chain[0]} fails:\n{done.stderr}"
    for block, printed in zip(chain, done.stdout.split(f"{SEPARATOR}\n"), strict=True):
        if block.expected is not None:
            assert matches(printed, block.expected), f"{block} prints:\n{printed}\nand not:\n{block.expected}"


@pytest.mark.real
@pytest.mark.parametrize("block", sessions(), ids=str)
def test_the_commands_of_the_documents_run_and_print_what_they_say(block: Block) -> None:
    commands = _commands(block)
    for number, (command, expected) in enumerate(commands):
        done = run(["/bin/sh", "-c", command], cwd=ROOT)
        output = done.stdout + done.stderr

        wanted = block.exit_code if number == len(commands) - 1 else 0
        assert done.returncode == wanted, f"{block}: `{command}` ends with exit code {done.returncode}:\n{output}"
        if expected.strip():
            assert matches(output, expected), f"{block}: `{command}` prints:\n{output}\nand not:\n{expected}"


def _commands(block: Block) -> list[tuple[str, str]]:
    """The commands of a shell block, each with what it is said to print."""
    if block.language != "console":
        return [(line, "") for line in block.text.splitlines() if line.strip() and not line.startswith("#")]
    parts = re.split(r"^\$ (.*)$", block.text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def commands(command: click.Command, path: str) -> Iterator[str]:
    """The full name of every command of the CLI."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            if not inner.hidden:
                yield from commands(inner, f"{path} {name}")
    else:
        yield path


def test_every_command_is_in_the_documents() -> None:
    main = importlib.import_module("supervisors.cli").main
    text = _all_text()

    unsaid = [name for name in commands(main, "planaria") if not _mentions(text, name)]

    assert not unsaid, f"README.md and docs/ do not speak of: {', '.join(unsaid)}"


@pytest.mark.parametrize("package", ["actors", "actors.testing", "actors.tissue", "supervisors"])
def test_every_published_name_is_in_the_documents(package: str) -> None:
    text = _all_text()

    unsaid = [name for name in importlib.import_module(package).__all__ if not _mentions(text, name)]

    assert not unsaid, f"README.md and docs/ do not speak of: {', '.join(unsaid)}"


def _all_text() -> str:
    return "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_to_files_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", document.read_text(encoding="utf-8"))

    dead = [link for link in links if not (document.parent / link).exists()]

    assert not dead, f"{document.name} links to nothing: {', '.join(dead)}"
