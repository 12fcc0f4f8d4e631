"""``planaria demo wound``: the wound closes from its rim, the numbers add up, and a seed has one outcome."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from supervisors.cli.wound.figures import Figures
from supervisors.cli.wound.healing import Scene, Settings, Sheet, heal
from supervisors.cli.wound.notebook import Note, Phase
from supervisors.cli.wound.plan import CELLS_LIMIT, Place, Plan, place_of
from supervisors.cli.wound.view import cells, fits, screen
from tests.cli.shell import Done, planaria
from tests.project import ROOT

SMALL = ("--size", "6x8", "--seed", "4")


@pytest.fixture(scope="module")
def played() -> Done:
    return planaria("demo", "wound", "--plain", *SMALL)


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    done = planaria("demo", "wound", "--json", *SMALL)
    assert done.code == 0
    found: dict[str, Any] = json.loads(done.out)
    return found


@pytest.fixture(scope="module")
def healed() -> Sheet:
    return heal(Settings(Plan(8, 8), seed=2, calm=2.0, work=1.0, patience=8.0))


# -- the run -----------------------------------------------------------------------------------------------------------


def test_it_ends_by_itself_with_exit_code_0(played: Done) -> None:
    assert (played.code, played.err) == (0, "")


def test_the_same_seed_gives_the_same_lines_and_another_one_others(played: Done) -> None:
    again = planaria("demo", "wound", "--plain", *SMALL)
    other = planaria("demo", "wound", "--plain", "--size", "6x8", "--seed", "5")

    assert (again.out == played.out, other.out == played.out) == (True, False)


@pytest.mark.real
def test_the_order_of_hashes_changes_nothing() -> None:
    command = (sys.executable, "-c", "from supervisors.cli import main; main()", "demo", "wound", "--plain", *SMALL)
    outs = [
        subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True, timeout=100, cwd=ROOT
        ).stdout
        for seed in ("1", "2", "3")
    ]

    assert outs[0] == outs[1] == outs[2]


def test_every_phase_is_told_in_its_order(told: dict[str, Any]) -> None:
    phases = [note["phase"] for note in told["notes"]]

    assert list(dict.fromkeys(phases)) == [phase.value for phase in Phase]
    assert [note["at"] for note in told["notes"]] == sorted(note["at"] for note in told["notes"])


def test_its_numbers_add_up(told: dict[str, Any]) -> None:
    assert told["sent"] == told["answered"] + told["lost"]
    assert told["living"] == told["cells"] == 48
    assert told["spawns"] == told["deaths"] + told["surplus"]
    assert told["remembered"] == told["deaths"]
    assert told["speed"] == pytest.approx(told["depth"] / told["rounds"], abs=1e-5)


def test_plain_lines_and_json_say_the_same(played: Done, told: dict[str, Any]) -> None:
    assert f"{told['deaths']} of {told['cells']} cells died at once, {told['depth']} layers deep" in played.out
    assert f"Of {told['sent']} requests {told['answered']} arrived and {told['lost']} were lost." in played.out


def test_the_dead_are_replaced_once_each_from_the_rim_inward(healed: Sheet) -> None:
    book = healed.book
    claimed = [place for _, place in book.claims]

    assert sorted(claimed) == sorted(book.wound)
    assert [book.layers[place] for place in claimed] == sorted(book.layers[place] for place in claimed)


def test_the_front_advances_by_at_least_three_cells_in_ten_periods(healed: Sheet) -> None:
    assert healed.figures().speed >= 0.3


def test_stress_rises_and_is_gone_in_the_end(healed: Sheet) -> None:
    figures = healed.figures()

    assert figures.peak >= 1.0
    assert figures.stress < 0.05 * figures.peak
    assert figures.inflamed == 0


def test_no_request_is_lost(healed: Sheet) -> None:
    figures = healed.figures()

    assert (figures.lost, figures.under_way, figures.answered) == (0, 0, figures.sent)


# -- sizes -------------------------------------------------------------------------------------------------------------

BAD_SIZES = {
    "3": "a sheet has 5 to 24 rows, not 3",
    "6x4": "a sheet has 5 to 24 columns, not 4",
    "6x25": "a sheet has 5 to 24 columns, not 25",
    "24x24": f"a sheet has at most {CELLS_LIMIT} cells; 24x24 are 576",
    "ten": "a size is ROWSxCOLUMNS or one number, such as 10x20 or 10; got 'ten'",
    "10x": "a size is ROWSxCOLUMNS or one number, such as 10x20 or 10; got '10x'",
    "1e1": "a size is ROWSxCOLUMNS or one number, such as 10x20 or 10; got '1e1'",
    "-6x8": "a size is ROWSxCOLUMNS or one number, such as 10x20 or 10; got '-6x8'",
    "": "a size is ROWSxCOLUMNS or one number, such as 10x20 or 10; got ''",
}


@pytest.mark.parametrize("size", BAD_SIZES)
def test_a_bad_size_is_refused_in_one_sentence(size: str) -> None:
    done = planaria("demo", "wound", f"--size={size}")

    assert (done.code, done.out) == (2, "")
    assert done.complaint == f"planaria: Invalid value for '--size': {BAD_SIZES[size]}"


def test_options_in_front_of_its_name_are_refused() -> None:
    done = planaria("demo", "--seed", "3", "wound")

    assert (done.code, done.complaint) == (2, "planaria: the options of wound go behind its name: --seed")


@pytest.mark.parametrize("size", ["5", "5x24", "24x5", "9X18"])
def test_any_size_within_the_bounds_has_a_wound_that_can_heal(size: str) -> None:
    plan = Plan.read(size)
    for seed in range(20):
        rng = random.Random(seed)
        wound = plan.wound(0.3, rng.choice(plan.places), rng)
        living = set(plan.places) - set(wound)

        assert wound
        assert len(set(wound)) == len(wound) <= round(0.3 * len(plan.places))
        assert plan.outlet in plan.hops(plan.inlet, living)
        assert all(plan.keeper(place) in living for place in wound)
        assert set(plan.layers(wound)) == set(wound)


def test_a_small_sheet_heals() -> None:
    assert heal(Settings(Plan(5, 5), calm=1.0, patience=0.0)).figures().is_healed


# -- the plan ----------------------------------------------------------------------------------------------------------


def test_neighbours_are_mutual() -> None:
    plan = Plan(5, 7)

    assert all(place in plan.beside(near) for place in plan.places for near in plan.beside(place))


def test_layers_are_counted_from_the_rim() -> None:
    square = [(row, column) for row in (1, 2, 3) for column in (1, 2, 3)]

    assert Plan(5, 5).layers(square) == {place: 2 if place == (2, 2) else 1 for place in square}


@pytest.mark.parametrize("name", ["sheet/3-14@sheet", "3-14@sheet", "sheet/3-14~2@sheet"])
def test_a_place_is_read_from_an_address(name: str) -> None:
    assert place_of(name) == (3, 14)


# -- the picture -------------------------------------------------------------------------------------------------------

FIGURES = Figures(
    time=9.0,
    cells=35,
    living=34,
    deaths=1,
    spawns=0,
    surplus=0,
    extra=0,
    depth=1,
    rounds=2.0,
    closed=math.inf,
    stress=1.0,
    peak=1.0,
    inflamed=4,
    most_inflamed=4,
    reach=1,
    faded=math.inf,
    sent=9,
    answered=8,
    lost=0,
    lost_before=0,
    hops=6.0,
    stretch=1.0,
    before=6.0,
    longest=6.0,
    home=math.inf,
    remembered=0,
    forgotten=0,
)


def scene(dead: Place = (1, 1), rows: int = 5, columns: int = 7) -> Scene:
    plan = Plan(rows, columns)
    living = frozenset(plan.places) - {dead}
    trail = tuple((plan.rows // 2, column) for column in range(columns))
    notes = tuple(Note(0.1 * number, Phase.CLOT, f"note {number}") for number in range(30))
    return Scene(plan, living, frozenset(), {}, trail, FIGURES, notes)


def test_the_dead_are_gaps_and_the_trail_is_seen() -> None:
    assert cells(scene(), 1).plain.splitlines() == ["███████", "█ █████", "#ooooo#", "███████", "███████"]


@pytest.mark.parametrize(("columns", "rows"), [(18, 9), (24, 9), (7, 16)])
def test_the_picture_fits_a_terminal_of_80_by_24(columns: int, rows: int) -> None:
    console = Console(width=80, height=24, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(screen(scene(rows=rows, columns=columns), 80, 24))
    lines = captured.get().rstrip("\n").split("\n")

    assert fits(scene(rows=rows, columns=columns), console)
    assert len(lines) <= 24
    assert all(len(line) <= 80 for line in lines)


def test_a_picture_that_has_no_room_is_not_drawn() -> None:
    assert not fits(scene(rows=20, columns=20), Console(width=80, height=24))


# -- the figures -------------------------------------------------------------------------------------------------------


def test_a_wound_that_does_not_close_is_told_as_such() -> None:
    assert "The wound did not close: 1 are missing." in FIGURES.sentences(0.25)
    assert not FIGURES.is_healed


@pytest.mark.parametrize(
    "changed",
    [{"living": 34}, {"remembered": 0}, {"extra": 1}, {"answered": 8}, {"faded": math.inf}, {"closed": math.inf}],
    ids=str,
)
def test_it_is_healed_only_if_nothing_is_missing(changed: dict[str, float]) -> None:
    good = replace(FIGURES, living=35, remembered=1, answered=9, faded=3.0, closed=0.5)

    assert good.is_healed
    assert not replace(good, **changed).is_healed  # type: ignore[arg-type]


def test_what_has_not_happened_is_null_in_json() -> None:
    assert FIGURES.to_dict()["closed"] is None
