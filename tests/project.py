"""What the tests of the repository itself share: where things are, and how to read them without importing."""

from __future__ import annotations

import ast
import gc
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("actors", "supervisors", "bench")
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md")))


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file of ours: its dotted name, whether it is a package's ``__init__``, and its text, parsed."""

    path: Path
    name: str
    source: str = field(repr=False)
    tree: ast.Module = field(repr=False)

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def package(self) -> str:
        """What a relative import starts from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    def at(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"


@cache
def read(path: Path) -> Module:
    relative = path.relative_to(ROOT).with_suffix("")
    parts = relative.parts[:-1] if relative.name == "__init__" else relative.parts
    source = path.read_text(encoding="utf-8")
    # A finalizer that logs a traceback parses, too, and CPython 3.11 fails if that comes in the midst of this.
    gc.disable()
    try:
        tree = ast.parse(source, filename=str(path))
    finally:
        gc.enable()
    return Module(path, ".".join(parts), source, tree)


def module_file(dotted: str) -> Path | None:
    """Where a module of ours is written, or None if there is no such module."""
    path = ROOT.joinpath(*dotted.split("."))
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every module under these folders of the repository, sorted by path."""
    return tuple(read(path) for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))


def assigned(module: Module, name: str) -> ast.expr | None:
    """The expression that a module binds to ``name`` at its top level, if it does."""
    for node in module.tree.body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return value
    return None


def exported(module: Module) -> list[str] | None:
    """A module's ``__all__`` as it is written, or None."""
    value = assigned(module, "__all__")
    return None if value is None else list(ast.literal_eval(value))


def run(command: Sequence[str | Path], *, cwd: Path, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run a command as a user in ``cwd`` would, with the scripts of this environment on the PATH and no terminal."""
    environment = {
        **os.environ,
        "COLUMNS": "120",
        "NO_COLOR": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",
    }
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    for name in ("PYTHONPATH", "FORCE_COLOR", "CLICOLOR_FORCE"):
        environment.pop(name, None)
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def matches(actual: str, expected: str) -> bool:
    """Compare two outputs line by line; ``…`` in what is expected stands for anything within its line.

    Blank space at the ends of lines and of the whole is not compared.
    """
    ours, theirs = _lines(actual), _lines(expected)
    return len(ours) == len(theirs) and all(
        _pattern(want).fullmatch(got) for got, want in zip(ours, theirs, strict=True)
    )


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").rstrip().splitlines()]


def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in line.split("…")))


def walk_outside(tree: ast.AST, skip: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Walk a tree, but not into the nodes of ``skip``."""
    if any(tree is node for node in skip):
        return
    yield tree
    for inner in ast.iter_child_nodes(tree):
        yield from walk_outside(inner, skip)
