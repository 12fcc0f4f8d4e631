"""The shape of the code: small modules, short functions, documented, with nothing swallowed and nothing put off."""

from __future__ import annotations

import ast
import re
import tokenize

import pytest

from tests.project import PRODUCT, ROOT, Module, modules

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60

MODULES = modules(*PRODUCT)
EVERYTHING = modules(*PRODUCT, "examples", "tests")
Function = (ast.FunctionDef, ast.AsyncFunctionDef)

each_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
each_file = pytest.mark.parametrize("module", EVERYTHING, ids=lambda module: module.name)


@each_module
def test_a_module_holds_one_mechanism(module: Module) -> None:
    lines = len(module.source.splitlines())

    assert lines < MAX_MODULE_LINES, f"{module.at(lines)}: {lines} lines; split it by idea, not by size"


@each_module
def test_functions_are_short(module: Module) -> None:
    long = [
        f"{module.at(node.lineno)}: {node.name} has {length} lines; the limit is {MAX_FUNCTION_LINES}"
        for node in ast.walk(module.tree)
        if isinstance(node, Function)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) >= MAX_FUNCTION_LINES
    ]

    assert not long, "\n".join(long)


@each_file
def test_nothing_is_put_off(module: Module) -> None:
    with module.path.open("rb") as file:
        comments = [token for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]

    later = [module.at(token.start[0]) for token in comments if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", token.string)]

    assert not later, f"do it now, or leave it out: {', '.join(later)}"


@each_file
def test_no_exception_is_swallowed(module: Module) -> None:
    """A handler for everything must do something with it; errors of a named kind may be passed over."""
    swallowed = [
        module.at(node.lineno)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler | ast.Call) and _swallows(node)
    ]

    assert not swallowed, f"an exception becomes an exit reason or goes on: {', '.join(swallowed)}"


def _swallows(node: ast.ExceptHandler | ast.Call) -> bool:
    if isinstance(node, ast.ExceptHandler):
        idle = all(isinstance(inner, ast.Pass | ast.Continue) or _is_constant(inner) for inner in node.body)
        return node.type is None or (idle and _takes_everything([node.type]))
    return ast.unparse(node.func) in {"suppress", "contextlib.suppress"} and _takes_everything(node.args)


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _takes_everything(types: list[ast.expr]) -> bool:
    return any(
        name in ("Exception", "BaseException") for kind in types for name in re.findall(r"\w+", ast.unparse(kind))
    )


@each_module
def test_a_module_says_what_it_is_for(module: Module) -> None:
    assert ast.get_docstring(module.tree), f"{module.at(1)} has no docstring"


@each_module
def test_public_classes_and_functions_are_documented(module: Module) -> None:
    silent = [
        f"{module.at(node.lineno)}: {node.name} has no docstring"
        for node in module.tree.body
        if isinstance(node, (*Function, ast.ClassDef)) and not node.name.startswith("_")
        if not ast.get_docstring(node) and not _is_overload(node)
    ]

    assert not silent, "\n".join(silent)


def _is_overload(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(decorator) in {"overload", "typing.overload"} for decorator in node.decorator_list)


@pytest.mark.parametrize("module", modules("tests"), ids=lambda module: module.name)
def test_only_real_tests_wait_for_the_real_clock(module: Module) -> None:
    """Time passes by ``await world.advance(...)``; what needs the real clock says so with the marker ``real``."""
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]

    sleeps = [module.at(call.lineno) for call in calls if ast.unparse(call.func) == "time.sleep"]

    assert not sleeps or "pytest.mark.real" in module.source, f"a test sleeps: {', '.join(sleeps)}"


def test_the_packages_are_typed_for_their_users() -> None:
    for package in PRODUCT:
        assert (ROOT / package / "py.typed").is_file(), f"{package} has no py.typed"
