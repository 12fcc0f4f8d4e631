"""MODULE:TREE: what can be named, and the one line that says what is wrong with everything else."""

from __future__ import annotations

import colorsys
from pathlib import Path

import pytest

from tests.cli.shell import planaria

UNUSABLE = {
    "shop": "'shop' is not MODULE:TREE; did you mean shop:tree?",
    "shop:": "'shop:' is not MODULE:TREE; did you mean shop:tree?",
    ":tree": "':tree' is not MODULE:TREE; such as shop.main:tree",
    "shop.py:tree": "there is no module 'shop.py' in shop",
    "./shop.py:tree": "'./shop.py' is not the name of a module; did you mean shop:tree?",
    "a b:tree": "'a b' is not the name of a module; such as shop.main:tree",
    "shopp:tree": "there is no module 'shopp'; did you mean shop?",
    "zzzz:tree": "there is no module 'zzzz' here or among the installed ones",
    "actors.tessting:tree": "there is no module 'actors.tessting'; did you mean actors.testing?",
    "shop:tre": "module 'shop' (shop.py) has no 'tre'; did you mean 'tree'?",
    "shop:zzzz": "module 'shop' (shop.py) has no 'zzzz'; its trees are risky, safe, tree",
    "treeless:zzzz": "module 'treeless' (treeless.py) has no 'zzzz', and no tree at all",
    "shop:Holder.tre": "shop.Holder has no 'tre'; did you mean 'tree'?",
    "shop:number": "shop:number is an int, not a tree",
    "shop:one": "shop:one is a child, not a tree; put it into a Supervisor",
    "shop:Clerk": "shop:Clerk is an actor class; put child(...) of it into a Supervisor",
    "shop:Holder": "shop:Holder is a class, not a tree",
    "shop:make_with": "shop:make_with cannot be called without arguments: missing a required argument: 'size'",
    "shop:make_nothing": "shop:make_nothing() returned None, not a tree",
    "shop:make_later": "shop:make_later is async; a function that makes a tree is a plain def",
    "shop:make_badly": "shop.py:35: KeyError: 'missing'",
    "broken:tree": "broken.py:4: RuntimeError: no luck",
    "contradictory:tree": "contradictory.py:4: id='a/b': must not contain '/', which separates the ids of a path",
    "unparsable:tree": "unparsable.py:1: SyntaxError: invalid syntax",
    "lacking:tree": "lacking.py:1: ModuleNotFoundError: No module named 'no_such_module_anywhere'",
    "leaving:tree": "leaving.py:2: SystemExit: bye",
}


@pytest.mark.parametrize("target", UNUSABLE)
@pytest.mark.parametrize("command", ["tree", "check", "simulate", "run"])
def test_what_cannot_be_used_is_one_line_and_exit_code_2(command: str, target: str) -> None:
    done = planaria(command, target)

    assert (done.code, done.out, done.complaint) == (2, "", f"planaria: {UNUSABLE[target]}")


@pytest.mark.parametrize(
    ("target", "place", "complaint"),
    [
        ("colorsys:tree", "colorsys.py", f"module 'colorsys' ({colorsys.__file__}) has no 'tree'; colorsys.py here"),
        (
            "colorsys:tree",
            "colorsys/__init__.py",
            f"module 'colorsys' ({colorsys.__file__}) has no 'tree'; colorsys here",
        ),
        ("colorsys.main:tree", "colorsys/main.py", "there is no module 'colorsys.main'; colorsys here"),
        ("time:tree", "time.py", "module 'time' (of no file) has no 'tree'; time.py here"),
    ],
)
def test_a_module_of_the_same_name_that_is_in_the_way_is_said_so(
    folder: Path, target: str, place: str, complaint: str
) -> None:
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).write_text("from shop import tree\n", encoding="utf-8")

    done = planaria("tree", target)

    said = "is not it: another module of that name is in the way, so call yours another"
    assert (done.code, done.complaint) == (2, f"planaria: {complaint} {said}")


def test_a_module_from_elsewhere_is_named_with_its_file_and_nothing_is_in_its_way() -> None:
    done = planaria("tree", "colorsys:tree")

    assert done.complaint == f"planaria: module 'colorsys' ({colorsys.__file__}) has no 'tree', and no tree at all"


@pytest.mark.parametrize("target", ["shop:tree", "shop:Holder.tree", "shop:make"])
def test_a_tree_may_be_an_attribute_path_or_made_by_a_function(target: str) -> None:
    done = planaria("tree", target)

    assert done.code == 0


def test_what_a_module_prints_does_not_get_into_the_output() -> None:
    done = planaria("tree", "chatty:tree", "--json")

    assert (done.out.startswith("{"), done.err) == (True, "importing\n")


def test_a_module_in_a_package_below_is_found(folder: Path) -> None:
    (folder / "site").mkdir()
    (folder / "inner_site").mkdir()
    (folder / "inner_site" / "__init__.py").touch()
    (folder / "inner_site" / "main.py").write_text("from shop import tree\n", encoding="utf-8")

    done = planaria("tree", "inner_site.main:tree")

    assert done.code == 0


def test_a_tree_whose_text_holds_brackets_is_shown_as_it_is(folder: Path) -> None:
    (folder / "brackets.py").write_text(
        "from shop import Clerk\nfrom supervisors import Supervisor, child\n"
        "tree = Supervisor('[red]shop[bold]', [child(Clerk, '[/]', id='[bold]')])\n",
        encoding="utf-8",
    )

    done = planaria("tree", "brackets:tree")

    assert [line.split("  ")[0] for line in done.out.splitlines()[::2]] == ["[red]shop[bold]", "└── [bold]"]
