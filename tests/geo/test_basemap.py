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


def test_no_line_is_drawn_where_a_shape_was_cut_at_the_antimeridian() -> None:
    fiji = circles.circle(179.9, -17, 200_000)
    view = basemap.View.around(fiji, 900, 600)
    assert len(fiji.geoms) == 2
    assert view.path(fiji).count("M") == 1


@pytest.mark.parametrize("centre", [-30, 0, 157, 180])
def test_a_country_at_the_edge_of_the_whole_world_is_drawn_on_both_sides(
    centre: float,
) -> None:
    near = circles.circle(centre, 0, 300_000)
    world = basemap.View.around(near, 900, 600).zoomed(0.001)
    assert world.east - world.west == pytest.approx(360)
    for code in ("BR", "GL", "RU", "NI", "CD", "US"):
        for ring in world.path(gazetteer.country_shape(code)).split("M")[1:]:
            first, *steps = re.findall(r"-?[\d.]+ -?[\d.]+", ring)
            xs = [float(first.split()[0])]
            for step in steps:
                xs.append(xs[-1] + float(step.split()[0]))
            assert max(xs) - min(xs) < 450, code


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
