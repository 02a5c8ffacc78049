"""The ten zones that are measured, on few stays: nobody more and nobody less."""

import pytest
from shapely.geometry import MultiPolygon

from bench import crowd, filling, zones
from consular.people.stays import matching
from consular.people.stays.matching import Question
from tests.factories import NOON

STAYS = 20_000


@pytest.fixture(scope="module")
def shapes() -> dict[str, MultiPolygon]:
    return zones.ten()


@pytest.mark.django_db
def test_a_match_finds_what_testing_every_stay_finds(
    shapes: dict[str, MultiPolygon],
) -> None:
    people = crowd.drawn(STAYS)
    arrays = crowd.Arrays(people, filling.load(people, NOON)[0])
    for name, shape in shapes.items():
        asked = Question(
            shape=shape, starts_on=crowd.TODAY, ends_on=crowd.TODAY, mode=crowd.MODE
        )
        found = matching.keys(asked).tolist()
        assert found == arrays.one_by_one(shape).tolist(), name
        assert found == arrays.by_cell(shape, 128).tolist(), name


def test_the_zones_are_what_they_are_called(shapes: dict[str, MultiPolygon]) -> None:
    assert len(shapes) == 10
    assert len(shapes["polygon of 10,000 vertices"].geoms[0].exterior.coords) == 10_001
    assert len(shapes["50 small polygons"].geoms) == 50
    assert shapes["Russia"].bounds[0] == -180
    assert shapes["Fiji, 800 km"].bounds[2] == 180
    assert shapes["North Pole, 3,500 km"].bounds[3] == 90
