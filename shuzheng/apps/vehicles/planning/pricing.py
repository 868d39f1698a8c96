"""For prices on rides: the duty that gains most, for every kind of crew at once.

Tours are nodes in the order of their latest start, a duty is a path from lot to lot. Between two tours the car goes
straight on when it need not wait too long, or by its lot. Two questions are asked of this network: ``paths`` finds
duties that can really be driven and gain much, though not always most; ``least`` says what no duty gains more than, and
so bounds every plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shuzheng.apps.vehicles.planning.duty import Crew, fits
from shuzheng.apps.vehicles.planning.problem import Problem
from shuzheng.apps.vehicles.planning.roads import Roads
from shuzheng.apps.vehicles.planning.tours import Tour

FAR = 1e18


class _Lots:
    """The best of every crew that is back at its lot by a minute, from tour ``who``.

    A tour lasts longer than its window, so whoever is asked about has been entered: minutes up to the latest start of
    the tour that asks are settled once.
    """

    def __init__(self, crews: int, begin: int, end: int) -> None:
        self.begin, self.settled = begin, 0
        self.worth = np.full((crews, end - begin + 2), FAR)
        self.who = np.full(self.worth.shape, -1, dtype=np.int64)

    def settle(self, minute: int) -> None:
        """Whoever is back at a minute is so at those after it."""
        last = min(max(minute - self.begin, 0), self.worth.shape[1] - 1)
        for now in range(self.settled + 1, last + 1):
            longer = self.worth[:, now - 1] < self.worth[:, now]
            np.copyto(self.worth[:, now], self.worth[:, now - 1], where=longer)
            np.copyto(self.who[:, now], self.who[:, now - 1], where=longer)
        self.settled = max(self.settled, last)

    def enter(self, minute: np.ndarray, worth: np.ndarray, node: int) -> None:
        """Crews (rows) are back from a tour at these minutes with this worth."""
        rows = np.arange(len(minute))[:, None]
        slot = np.minimum(minute - self.begin, self.worth.shape[1] - 1)
        better = worth < self.worth[rows, slot]
        rows = np.broadcast_to(rows, slot.shape)[better]
        self.worth[rows, slot[better]], self.who[rows, slot[better]] = worth[better], node

    def by(self, minute: np.ndarray, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """The worth by these minutes, and where that is looked up (−1 before the beginning)."""
        slot = minute - self.begin
        worth = np.take_along_axis(self.worth[rows], np.clip(slot, 0, self.worth.shape[1] - 1), axis=1)
        return np.where(slot >= 0, worth, FAR), np.maximum(slot, -1)


@dataclass(frozen=True)
class Paths:
    """``value[c, n]``: cost less prices of the best path of crew ``c`` that ends with tour ``n`` and goes home."""

    value: np.ndarray
    parent: np.ndarray

    def tours(self, crew: int, node: int) -> list[int]:
        """The path, in order of driving."""
        found = [node]
        while (node := int(self.parent[crew, node])) >= 0:
            found.append(node)
        return found[::-1]


@dataclass(frozen=True)
class Least:
    """As ``Paths``, of starts told apart by the minute: ``until[c, n, w]`` is the best path whose last tour ``n`` starts
    in the first ``w + 1`` minutes of its window."""

    network: Network
    value: np.ndarray
    until: np.ndarray
    lots: _Lots

    def tours(self, crew: int, node: int) -> list[int]:
        """The path, in order of driving: what its steps were is found again from its end."""
        net, one, found = self.network, slice(crew, crew + 1), [node]
        width = int(net.late[node] - net.early[node])
        while True:
            worth = self.until[crew, node, : width + 1]
            start = net.early[node] + np.array([int(np.argmax(worth == worth[-1]))])
            (begun,), (slot,) = (part[0] for part in net._begun(self.lots, node, start, one))
            came = net.before[node]
            straight = net._straight(self.until, node, came, start, one)[0, :, 0] if len(came) else np.array([FAR])
            pick = int(straight.argmin())
            if straight[pick] < begun:
                width = min(int(net._since(node, came[pick : pick + 1], start)[0, 0]), self.until.shape[2] - 1)
                node = int(came[pick])
            elif slot >= 0:
                node = int(self.lots.who[crew, slot])
                back = int(net.early[node] + net.lasts[node] + net.back_minutes[crew, node]) - self.lots.begin
                width = min(int(slot) - back, int(net.late[node] - net.early[node]))
            else:
                return found[::-1]
            found.append(node)


class Network:
    """Tours, crews and what lies between, as arrays: rows are crews, columns are tours.

    ``extra[c, n]``: what tour ``n`` costs crew ``c`` beside its kilometres (a change of what was planned).
    """

    def __init__(
        self, problem: Problem, roads: Roads, crews: Sequence[Crew], tours: Sequence[Tour], extra: np.ndarray
    ) -> None:
        self.problem, self.tours = problem, tours
        rules = self.rules = problem.rules
        self.early = np.array([t.earliest for t in tours])
        self.late = np.array([t.latest for t in tours])
        self.lasts = np.array([t.duration for t in tours])
        self.km = np.array([t.km for t in tours])
        self.wheel = np.array([t.driving for t in tours])
        first, last = np.array([t.first for t in tours]), np.array([t.last for t in tours])
        lot = np.array([roads.at[c.car.lot] for c in crews])
        out, back = np.ix_(lot, first), (last[None, :], lot[:, None])
        self.out_minutes, self.out_km = roads.minutes_table[out], roads.km_table[out]
        self.out_wheel = roads.driving_table[out]
        self.back_minutes, self.back_km = roads.minutes_table[back], roads.km_table[back]
        self.back_wheel = roads.driving_table[back]
        self.leg_minutes = roads.minutes_table[np.ix_(last, first)]
        self.leg_km, self.leg_wheel = roads.km_table[np.ix_(last, first)], roads.driving_table[np.ix_(last, first)]
        self.cost = np.array([c.car.cost_km for c in crews])
        self.begin, self.end = np.array([c.span[0] for c in crews]), np.array([c.span[1] for c in crews])
        self.reach = np.array([FAR if c.reach is None else c.reach for c in crews])
        self.full = np.array([FAR if c.reach is None else c.full for c in crews])
        self.charge = np.array([c.charge for c in crews])
        self.driving = np.array([c.driving for c in crews])
        may = np.array([[fits(c.car, t) for t in tours] for c in crews], dtype=bool).reshape(len(crews), len(tours))
        may &= self.begin[:, None] + self.out_minutes <= self.late[None, :]
        may &= self.early[None, :] + self.lasts[None, :] + self.back_minutes <= self.end[:, None]
        may &= self.out_km + self.km[None, :] + self.back_km <= np.maximum(self.reach, self.full)[:, None]
        may &= self.out_wheel + self.wheel[None, :] + self.back_wheel <= self.driving[:, None]
        self.may = may
        self.own = np.where(may, self.cost[:, None] * self.km[None, :] + extra, FAR)
        self.before = self._before(rules.turnaround, rules.wait_away)

    def _before(self, turnaround: int, wait_away: int) -> list[np.ndarray]:
        """For each tour those from which a car can come straight."""
        free = self.early + self.lasts
        found = []
        for n, tour in enumerate(self.tours):
            arrive = free[:n] + self.leg_minutes[:n, n]
            near = (arrive + turnaround <= tour.latest) & (
                arrive + self.late[:n] - self.early[:n] + wait_away >= tour.earliest
            )
            found.append(np.nonzero(near)[0])
        return found

    def paths(self, prices: np.ndarray) -> Paths:
        """Duties that gain much when serving tour ``n`` is worth ``prices[n]``."""
        turn, count, nodes = self.rules.turnaround, len(self.cost), len(self.tours)
        every, cost, begin = np.arange(count), self.cost, self.begin
        value, free = np.full((count, nodes), FAR), np.zeros((count, nodes), dtype=np.int64)
        ran, wheel = np.zeros((count, nodes)), np.zeros((count, nodes), dtype=np.int64)
        parent = np.full((count, nodes), -1, dtype=np.int64)
        lots = _Lots(count, int(begin.min()), int(self.end.max()))
        reach, driving, full, charge = self.reach, self.driving, self.full, self.charge
        for n in range(nodes):
            may = self.may[:, n].copy()
            if not may.any():
                continue
            out, early, late = self.out_minutes[:, n], self.early[n], self.late[n]
            out_cost = cost * self.out_km[:, n]
            # By the lot, from the lot for the first time, or straight on: the cheapest of the three.
            lots.settle(late)
            again, slot = (part[:, 0] for part in lots.by((late - out - turn)[:, None], slice(None)))
            source = np.where(again < 0, lots.who[every, slot], -1)
            best, by_home = np.minimum(again, 0) + out_cost, np.ones(count, dtype=bool)
            if len(came := self.before[n]):
                arrive = free[:, came] + self.leg_minutes[came, n][None, :]
                straight = value[:, came] + cost[:, None] * self.leg_km[came, n][None, :]
                straight[(arrive + turn > late) | (early - arrive > self.rules.wait_away)] = FAR
                pick = straight.argmin(axis=1)
                gain, previous = straight[every, pick], came[pick]
                km = ran[every, previous] + self.leg_km[previous, n] + self.km[n]
                better = (gain < best) & (km + self.back_km[:, n] <= reach)
                source, best = np.where(better, previous, source), np.where(better, gain, best)
                by_home &= ~better
            has, at = source >= 0, np.maximum(source, 0)
            since = np.where(has, free[every, at], begin)
            way = np.where(by_home, np.where(has, self.back_minutes[every, at], 0) + out, self.leg_minutes[at, n])
            start = np.maximum(early, since + way + np.where(has, turn, 0))
            via = by_home & has
            used = np.where(has, ran[every, at], 0.0)
            back = np.maximum(used + self.back_km[every, at] - (start - since - way) * charge, reach - full)
            used = np.where(via, back, used) + self.km[n]
            used += np.where(by_home, self.out_km[:, n], self.leg_km[at, n])
            drove = np.where(has, wheel[every, at], 0) + np.where(via, self.back_wheel[every, at], 0) + self.wheel[n]
            drove += np.where(by_home, self.out_wheel[:, n], self.leg_wheel[at, n])
            ends = start + self.lasts[n]
            may &= (start <= late) & (ends + self.back_minutes[:, n] <= self.end)
            may &= (used + self.back_km[:, n] <= reach) & (drove + self.back_wheel[:, n] <= driving)
            best = np.where(may, best + self.own[:, n] - prices[n], FAR)
            value[:, n], parent[:, n] = best, source
            free[:, n], ran[:, n], wheel[:, n] = ends, used, drove
            returned = best + cost * self.back_km[:, n]
            lots.enter((ends + self.back_minutes[:, n])[:, None], returned[:, None], n)
        return Paths(value + cost[:, None] * self.back_km, parent)

    def least(self, prices: np.ndarray) -> Least:
        """For each crew paths so good that no duty gains more: cost less prices.

        Starts are told apart by the minute, so that time is kept; battery and hours at the wheel are not, and a wait away
        from the lot is as long as the windows allow it to be.
        """
        count, nodes = len(self.cost), len(self.tours)
        widths = self.late - self.early + 1
        widest = int(widths.max(initial=1))
        # until[c, n, w]: the best path whose last tour is n, started in its first w + 1 minutes
        until = np.full((count, nodes, widest), FAR)
        lots = _Lots(count, int(self.begin.min()), int(self.end.max()))
        value = np.full((count, nodes), FAR)
        for n in range(nodes):
            if not self.may[:, n].any():
                continue
            starts = self.early[n] + np.arange(widths[n])
            lots.settle(int(self.late[n]))
            best = self._begun(lots, n, starts, slice(None))[0]
            if len(came := self.before[n]):
                best = np.minimum(best, self._straight(until, n, came, starts, slice(None)).min(axis=1))
            best = best + (self.own[:, n] - prices[n])[:, None]
            back = self.back_minutes[:, n]
            best[(starts + self.lasts[n])[None, :] + back[:, None] > self.end[:, None]] = FAR
            best = np.minimum.accumulate(best, axis=1)
            until[:, n, : widths[n]], until[:, n, widths[n] :] = best, best[:, -1:]
            returned = best + (self.cost * self.back_km[:, n])[:, None]
            value[:, n] = returned[:, -1]
            lots.enter((starts + self.lasts[n])[None, :] + back[:, None], returned, n)
        return Least(self, value, until, lots)

    def _begun(self, lots: _Lots, n: int, starts: np.ndarray, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """Coming from the lot, for the first time or again: cost so far by crew and start; and where that was looked up."""
        out = self.out_minutes[rows, n][:, None]
        again, slot = lots.by(starts[None, :] - out - self.rules.turnaround, rows)
        best = np.minimum(again, 0.0) + (self.cost[rows] * self.out_km[rows, n])[:, None]
        best[self.begin[rows][:, None] + out > starts[None, :]] = FAR
        return best, np.where(again < 0.0, slot, -1)

    def _straight(self, until: np.ndarray, n: int, came: np.ndarray, starts: np.ndarray, rows: slice) -> np.ndarray:
        """Coming straight from other tours (``came``): cost so far by crew, tour before and start."""
        leave = self.lasts[came] + self.leg_minutes[came, n]
        last = self._since(n, came, starts)
        able = (last >= 0) & ((leave + self.late[came] + self.rules.wait_away)[:, None] >= starts[None, :])
        straight = until[rows][:, came[:, None], np.clip(last, 0, until.shape[2] - 1)]
        straight += (self.cost[rows][:, None] * self.leg_km[came, n][None, :])[:, :, None]
        straight[:, ~able] = FAR
        return straight

    def _since(self, n: int, came: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """How many minutes after its earliest start a tour before may have started at the latest."""
        leave = self.lasts[came] + self.leg_minutes[came, n] + self.early[came] + self.rules.turnaround
        return starts[None, :] - leave[:, None]
