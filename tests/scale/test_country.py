"""The simulated sizes: nobody is lost, more of everything never makes a press slower, and the figures add up."""

from dataclasses import replace
from typing import Any

import pytest

from tests.scale.country import Figures, Size, live_through

FIGURES = Figures(forward=2e-5, hello=1e-4, press=3e-3, fixed=2e-3, each=3e-4, group=256, after=4, frame=2e-5)
TOWN = Size("a town", 20_000, 200, nodes=2)


def test_the_same_seed_is_the_same_storm() -> None:
    assert live_through(TOWN, FIGURES, 3) == live_through(TOWN, FIGURES, 3)
    assert live_through(TOWN, FIGURES, 3) != live_through(TOWN, FIGURES, 4)


def test_one_in_a_hundred_is_pressed_and_all_of_them_are_told() -> None:
    found = live_through(TOWN, FIGURES)
    assert found.presses == 200
    assert found.last_told >= (200 * TOWN.told - 1) / TOWN.texts, "the provider takes so many a second, and no more"
    assert found.last_told <= 200 * TOWN.told / TOWN.texts + 10 * TOWN.back


def test_loads_are_what_the_figures_say() -> None:
    found = live_through(TOWN, FIGURES)
    beats = TOWN.devices / TOWN.heartbeat
    assert found.quiet_node == pytest.approx(beats * FIGURES.hello / TOWN.nodes)
    assert found.quiet_broker == pytest.approx(2 * beats * FIGURES.forward)
    assert found.quiet_node < found.busy_node


def test_no_press_is_stored_before_all_that_must_be_done_for_it() -> None:
    found = live_through(TOWN, FIGURES)
    least = FIGURES.forward + FIGURES.press + FIGURES.fixed + FIGURES.each * (1 + FIGURES.after)
    assert least <= found.committed[0] <= found.committed[1] <= found.committed[2]
    assert found.committed_apart[1] <= found.committed[1] + 1e-9


@pytest.mark.parametrize(
    "better",
    [{"nodes": 8}, {"installations": 10}, {"back": 300.0}, {"consoles": 1}],
    ids=lambda better: next(iter(better)),
)
def test_more_of_it_makes_no_press_slower(better: dict[str, Any]) -> None:
    crowded = replace(TOWN, devices=100_000, back=8)
    assert live_through(replace(crowded, **better), FIGURES).committed[1] <= live_through(crowded, FIGURES).committed[1]


def test_too_many_devices_for_one_installation_are_said_to_be_too_many() -> None:
    """Its nodes take twenty thousand hellos a second."""
    assert live_through(TOWN, FIGURES).holds
    assert not live_through(replace(TOWN, devices=200_000, back=5), FIGURES).holds
    assert live_through(replace(TOWN, devices=200_000, back=5, installations=20), FIGURES).holds
