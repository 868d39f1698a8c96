"""How far and how long it is from place to place."""

from __future__ import annotations

import numpy as np

from shuzheng.apps.vehicles.planning.problem import Problem

EARTH_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""


class Roads:
    """Distances of all pairs of a problem's places, by the number that ``at`` gives a place.

    ``km``; ``driving``: minutes at the wheel; ``minutes``: the same with the rests that one long leg needs on its way.
    What ``Problem.roads`` does not say is the air line times ``road_factor`` at ``speed_km_h``. Lists for looking one
    up, which is quicker than in an array; ``…_table`` are the arrays.
    """

    def __init__(self, problem: Problem) -> None:
        rules, places = problem.rules, problem.places
        self.at = {place.id: number for number, place in enumerate(places)}
        km = np.round(air_lines([p.lon for p in places], [p.lat for p in places]) * rules.road_factor, 2)
        driving = np.ceil(km / rules.speed_km_h * 60 - 1e-9).astype(np.int64)
        for (start, end), (length, minutes) in problem.roads.items():
            km[self.at[start], self.at[end]] = length
            driving[self.at[start], self.at[end]] = minutes
        self.km_table, self.driving_table = km, driving
        self.minutes_table = driving + np.maximum(driving - 1, 0) // rules.driving_unbroken * rules.rest
        self.km: list[list[float]] = km.tolist()
        self.driving: list[list[int]] = driving.tolist()
        self.minutes: list[list[int]] = self.minutes_table.tolist()


def air_lines(lon: list[float], lat: list[float]) -> np.ndarray:
    """Great-circle distances in km of every place to every other."""
    x, y = np.radians(np.array(lon, dtype=float)), np.radians(np.array(lat, dtype=float))
    half = np.sin((y[:, None] - y[None, :]) / 2) ** 2
    half += np.cos(y)[:, None] * np.cos(y)[None, :] * np.sin((x[:, None] - x[None, :]) / 2) ** 2
    return 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
