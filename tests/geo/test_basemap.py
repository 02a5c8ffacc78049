import re

import pytest

from geo import basemap, circles, gazetteer


@pytest.mark.parametrize(
    ("lon", "lat"), [(-86.3, 12.5), (121, 15), (179.9, -17), (12.45, 41.9), (0, 78)]
)
def test_the_land_of_a_region_weighs_less_than_15_kilobytes(
    lon: float, lat: float
) -> None:
    view = basemap.View.around(circles.circle(lon, lat, 300_000), 900, 600)
    assert len(basemap.of(view).land) < 15_000


def test_a_shape_over_the_antimeridian_is_drawn_in_one_piece() -> None:
    fiji = circles.circle(179.9, -17, 200_000)
    view = basemap.View.around(fiji, 900, 600)
    numbers = re.findall(r"M([\d.]+) ", view.path(fiji))
    assert view.east > 180
    assert all(300 < float(x) < 600 for x in numbers)
    assert view.holds(-179.9, -17)


def test_a_place_is_drawn_where_it_is() -> None:
    view = basemap.View.around(gazetteer.country_shape("NI"), 600, 600)
    x, y = view.project(*gazetteer.country_centre("NI"))
    assert 150 < x < 450
    assert 150 < y < 450
    west, _ = view.project(-87.7, 12)
    assert west < x


def test_labels_stand_clear_of_one_another() -> None:
    view = basemap.View.around(gazetteer.country_shape("NI"), 900, 600)
    spots = [(label.x, label.y) for label in basemap.of(view).labels]
    assert len(spots) == len(set(spots)) > 3
