"""Right-sizing: the bound is a bound, the proposal reaches the share, electric cars stay within range, and each car's fate has a reason."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from shuzheng.apps.vehicles.planning.demand import Electric, Journey, curve, pooled, replay
from shuzheng.apps.vehicles.planning.renewal import DISPOSE, KEEP, MOVE, RENEW, RENEW_ELECTRIC, Held, plan
from shuzheng.apps.vehicles.planning.sizing import Kind, SiteFleet, Sizing, Terms, size

KINDS = (Kind("car", 4, 40_000, 300.0), Kind("bus", 18, 90_000))
TERMS = Terms(turnaround=0, pool_window=20, pool_most=3, ev_reserve=0.2, night=300.0)


def trip(start: int, end: int, people: int = 2, km: float = 30.0, goal: str = "", site: str = "s") -> Journey:
    return Journey(site, start, end, km, people, goal)


spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 15)).map(lambda t: (t[0], t[0] + t[1])), min_size=1, max_size=9
)


def most(taken: list[tuple[int, int]], cars: int) -> int:
    """By trying every subset: the largest in which never more than ``cars`` run at once."""
    for number in range(len(taken), -1, -1):
        for some in itertools.combinations(taken, number):
            if all(sum(a <= start < b for a, b in some) <= cars for start, _end in some):
                return number
    return 0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(spans)
def test_the_curve_is_what_trying_everything_finds(taken: list[tuple[int, int]]):
    taken.sort()
    found = curve(taken)
    assert found == [most(taken, cars) for cars in range(len(found))] and found[-1] == len(taken)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30), st.sampled_from([2, 4, 9])), min_size=1, max_size=9),
       st.sampled_from([0.6, 0.8, 1.0]))  # fmt: skip
def test_no_cheaper_fleet_serves_the_share_and_the_proposed_one_does(rows: list[tuple[int, int, int]], level: float):
    journeys = [trip(start, start + lasts, people) for start, lasts, people in rows]
    sizing = size(journeys, KINDS, TERMS, level=level, pooling=False)
    (site,) = sizing.sites
    ordered = sorted(journeys, key=lambda j: (j.site, j.start, j.end, -j.people))
    grades = [int(j.people > 4) for j in ordered]
    assert replay(ordered, grades, site.cars) == site.served >= site.wanted >= level * len(journeys) - 1e-9
    for fleet in itertools.product(range(10), range(6)):
        if fleet[0] * 40_000 + fleet[1] * 90_000 < sizing.bound:
            assert replay(ordered, grades, fleet) < site.wanted
    assert sizing.bound <= sizing.cost


def test_pooling_takes_those_who_go_to_one_place_at_one_time():
    rows = [
        trip(0, 60, 2, goal="court"),
        trip(10, 65, 1, goal="court"),
        trip(15, 70, 3, goal="court"),
        trip(0, 60, goal="bank"),
    ]
    found = pooled(rows, window=20, most=3, seats=4)
    assert sorted((j.goal, j.people, j.count) for j in found) == [("bank", 2, 1), ("court", 3, 1), ("court", 3, 2)]
    assert sum(j.count for j in found) == len(rows)


def test_electric_cars_do_what_their_range_and_the_chargers_allow():
    short = [
        trip(day * 1440 + hour * 60, day * 1440 + hour * 60 + 50, km=60) for day in range(5) for hour in (9, 10, 11, 13)
    ]
    long = [trip(day * 1440 + 540, day * 1440 + 900, km=280) for day in range(5)]
    (with_chargers,) = size([*short, *long], KINDS, TERMS, level=1.0, chargers={"s": 2}).sites
    (without,) = size([*short, *long], KINDS, TERMS, level=1.0).sites
    # 240 km of use a day do for four short journeys; the long one needs a tank.
    assert (with_chargers.cars, with_chargers.electric, with_chargers.electric_most) == ((2, 0), (1, 0), (1, 0))
    assert without.electric == (0, 0)
    assert replay(sorted(short, key=lambda j: j.start), [0] * 20, (1,), [Electric(1, 240.0, 60.0)]) == 4 + 4


def test_each_car_has_a_fate_and_its_reasons():
    def fleet(name: str, cars: int, electric: int) -> SiteFleet:
        return SiteFleet(name, 10, 0, 10, 10, (cars, 0), (cars, 0), (electric, 0), (electric, 0), ())

    sizing = Sizing(0.95, True, 20, 20, (fleet("a", 3, 1), fleet("b", 2, 0)), 0, 0, 0)
    cars = [
        Held("young", "a", "car", 2, 1.0, 200, 20_000),
        Held("old-cheap", "a", "car", 9, 1.0, 180, 15_000),
        Held("old-dear", "a", "car", 11, 2.0, 150, 9_000),
        Held("idle", "a", "car", 4, 1.1, 12, 900),
        Held("b1", "b", "car", 3, 1.0, 190, 18_000),
        Held("van", "b", "bus", 10, 3.0, 5, 300),
    ]
    found = plan(sizing, KINDS, cars, years=8, dear=1.25)
    fates = {fate.car: fate.what for fate in found.fates}
    assert fates == {"young": KEEP, "idle": KEEP, "old-cheap": KEEP, "old-dear": DISPOSE, "b1": KEEP, "van": DISPOSE}
    assert [(w.site, w.kind, w.number) for w in found.wanted] == [("b", "car", 1)]
    few = Sizing(0.95, True, 20, 20, (fleet("a", 2, 0), fleet("b", 2, 0)), 0, 0, 0)
    fewer = plan(few, KINDS, [cars[0], cars[3], cars[4], Held("new", "a", "car", 1, 1, 99, 1)], years=8, dear=1.25)
    assert {f.car: (f.what, f.site) for f in fewer.fates}["idle"] == (MOVE, "b") and not fewer.wanted
    assert len(fewer.fates) == 4
    enough, no_plug = (
        plan(Sizing(0.95, True, 20, 20, (fleet("a", 3, n),), 0, 0, 0), KINDS, cars[:3], years=8, dear=1.25)
        for n in (1, 0)
    )
    assert {f.car: f.what for f in enough.fates}["old-dear"] == RENEW_ELECTRIC
    assert {f.car: f.what for f in no_plug.fates}["old-dear"] == RENEW
    assert {reason.code for f in enough.fates if f.car == "old-dear" for reason in f.reasons} == {
        "needed",
        "old",
        "dear",
        "used",
        "within_range",
    }
