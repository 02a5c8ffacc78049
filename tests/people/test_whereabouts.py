import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, box

from consular.people import whereabouts
from consular.people.models import Registration, Stay, Town
from consular.people.registering import enrolling
from consular.people.registering.entries import ContactEntry, Entry, PersonEntry
from consular.people.stays import lookup, matching
from consular.people.whereabouts import Question
from geo import cells, circles, gazetteer, nearness
from tests.factories import NOON, TODAY, make_registration, make_stay_entry
from tests.geo.shapes_of import LATS, LONS, Spot, stars

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MANAGUA = circles.circle(-86.25, 12.13, 20_000)


def question(shape: MultiPolygon = MANAGUA, **changes: Any) -> Question:
    fields: dict[str, Any] = {
        "starts_on": TODAY,
        "ends_on": TODAY,
        "mode": "exercise",
    }
    return Question(shape=shape, **(fields | changes))


def inside(shape: MultiPolygon = MANAGUA, **changes: Any) -> list[int]:
    return list(whereabouts.stays_in(question(shape, **changes)).registration_ids)


def reasons(shape: MultiPolygon = MANAGUA, **include: bool) -> dict[int, str]:
    rows = whereabouts.excluded(question(shape), include)
    return {row.registration_id: row.reason for row in rows}


def test_who_is_inside_is_found_and_who_is_outside_is_not() -> None:
    near = make_registration(-86.25, 12.13)
    make_registration(-86.25, 13.5)
    assert inside() == [near.pk]


@pytest.mark.parametrize("changes", [{"mode": "live"}, {"mode": "exercise"}])
def test_only_the_mode_of_the_question_counts(
    changes: dict[str, Any], settings: Any
) -> None:
    settings.MODE = "live"
    make_registration(mode="live")
    make_registration(mode="exercise")
    found = whereabouts.people_in(question(**changes))
    modes = Registration.objects.in_bulk(found.registration_ids.tolist()).values()
    assert [each.mode for each in modes] == [changes["mode"]]


@pytest.mark.parametrize(
    ("arrives", "departs", "is_there"),
    [
        (0, 7, True),
        (1, 7, True),  # tomorrow somewhere on Earth is today
        (2, 7, False),
        (-7, 0, True),
        (-7, -1, False),
        (-7, None, True),
        (0, 0, True),
    ],
)
def test_days_are_widened_by_one_on_each_side(
    arrives: int, departs: int | None, is_there: bool
) -> None:
    until = None if departs is None else TODAY + departs * DAY
    stay = make_stay_entry(arrives_on=TODAY + arrives * DAY, departs_on=until)
    make_registration(stays=[stay])
    assert bool(inside()) is is_there


def test_the_last_day_of_a_question_belongs_to_it() -> None:
    make_registration(stays=[make_stay_entry(arrives_on=date(2026, 3, 5))])
    assert not inside()
    assert inside(ends_on=date(2026, 3, 4))


def test_an_earlier_version_of_a_stay_does_not_count() -> None:
    make_registration()
    Stay.objects.update(replaced_at=NOON)
    assert not inside()


def test_an_unconfirmed_registration_is_counted_apart() -> None:
    late = make_registration(party=3, confirmed=False)
    count = whereabouts.count(question())
    assert (count.people, count.unconfirmed) == (0, 3)
    assert reasons() == {late.pk: "unconfirmed"}


def test_a_stay_without_names_is_the_whole_partys() -> None:
    make_registration(party=4)
    assert len(whereabouts.people_in(question())) == 4


def test_a_stay_with_names_is_theirs_alone() -> None:
    here = make_stay_entry(persons=(1,))
    away = make_stay_entry(2, 2, persons=(0, 2))
    party = make_registration(party=3, stays=[here, away])
    found = whereabouts.people_in(question())
    assert list(found.person_ids) == [party.persons.get(position=1).pk]


def test_two_stays_inside_count_a_person_once_by_the_more_exact() -> None:
    town = make_stay_entry(precision="town")
    exact = make_stay_entry(-86.26)
    make_registration(stays=[town, exact])
    found = whereabouts.people_in(question())
    assert found.precisions.tolist() == ["exact"]
    assert whereabouts.count(question()).by_precision["exact"] == 1


def test_who_is_known_only_by_country_counts_apart() -> None:
    only = make_registration(stays=[make_stay_entry(precision="country")])
    make_registration(stays=[make_stay_entry(precision="country", country="HN")])
    count = whereabouts.count(question())
    assert (count.people, count.country_only) == (0, 1)
    assert reasons() == {only.pk: "country_only"}


def test_who_is_known_only_by_country_can_be_taken_in() -> None:
    make_registration(stays=[make_stay_entry(precision="region")], party=2)
    make_registration()
    count = whereabouts.count(question(), {"country_only": True})
    assert (count.people, count.country_only) == (3, 2)
    assert count.by_precision == {"exact": 1, "town": 0, "region": 2, "country": 0}
    assert len(whereabouts.people_in(question(), {"country_only": True})) == 3


@pytest.mark.parametrize("any_day", [False, True])
def test_who_is_known_by_another_region_of_the_country_is_not_meant(
    any_day: bool,
) -> None:
    region = make_stay_entry(-83.76, 12.0, precision="region")  # Bluefields
    make_registration(stays=[region])
    same = make_registration(stays=[make_stay_entry(precision="region")])
    country = make_registration(stays=[make_stay_entry(precision="country")])
    at_sea = make_registration(stays=[make_stay_entry(-140, 0, precision="region")])
    found = matching.by_country(question(), any_day=any_day)
    assert set(found.registration_ids) == {same.pk, country.pk, at_sea.pk}


def test_regions_over_the_antimeridian_and_at_a_pole_are_told_apart() -> None:
    def only(lon: float, lat: float, code: str) -> int:
        stay = make_stay_entry(lon, lat, precision="region", country=code)
        return make_registration(stays=[stay]).pk

    chukotka = only(-170.4, 66.1, "RU")
    only(37.6, 55.7, "RU")  # Moscow
    pole = only(0.0, -89.9, "AQ")  # Antarctica has no regions
    seam = matching.by_country(question(circles.circle(180, 68, 40_000)))
    assert seam.registration_ids.tolist() == [chukotka]
    polar = matching.by_country(question(circles.circle(0, -90, 400_000)))
    assert polar.registration_ids.tolist() == [pole]


def test_a_kind_that_is_left_out_is_counted_and_has_a_reason() -> None:
    resident = make_registration(kind="residence", party=2)
    make_registration()
    count = whereabouts.count(question(), {"residence": False})
    assert (count.people, count.left_out["residence"]) == (1, 2)
    assert reasons(residence=False) == {resident.pk: "rule"}


def test_who_is_just_outside_is_counted_by_distance() -> None:
    for away_km in (5, 15, 30):
        make_registration(-86.25, 12.13 + (20 + away_km) / 110.6)
    count = whereabouts.count(question())
    assert (count.nearby_10km, count.nearby_25km) == (1, 2)
    away = [row.distance_m for row in whereabouts.excluded(question())]
    assert away == pytest.approx([5_000, 15_000], rel=0.02)


def test_who_is_there_on_other_days_has_that_reason() -> None:
    later = make_stay_entry(arrives_on=TODAY + 30 * DAY, departs_on=TODAY + 40 * DAY)
    assert reasons() == {}
    registration = make_registration(stays=[later])
    assert reasons() == {registration.pk: "dates"}


def test_who_is_included_is_never_excluded() -> None:
    stays = [make_stay_entry(), make_stay_entry(-86.25, 12.35)]
    make_registration(stays=stays)
    assert reasons() == {}


def test_channels_are_those_of_the_party_and_not_of_its_relatives() -> None:
    make_registration(phone="+12025550101", email="a@example.org", party=2)
    make_registration(email="b@example.org")
    relative = ContactEntry(kind="phone", address="+12025550102", role="emergency")
    make_registration(contacts=[relative], party=3)
    count = whereabouts.count(question())
    assert count.registrations_by_channel == {"sms": 1, "email": 2, "none": 1}
    assert count.by_channel == {"sms": 2, "email": 3, "none": 3}
    assert count.no_contact == 3
    people = whereabouts.people_in(question())
    assert people.is_reachable.tolist() == [True] * 3 + [False] * 3


def test_minors_and_needs_are_counted_without_being_opened() -> None:
    persons = [
        PersonEntry(given_name="Invented", is_minor=True),
        PersonEntry(given_name="Invented", needs="insulin"),
        PersonEntry(given_name="Invented"),
    ]
    make_registration(persons=persons)
    count = whereabouts.count(question())
    assert (count.minors, count.with_needs) == (1, 1)


def test_breakdowns_add_up_and_can_be_written_as_json() -> None:
    make_registration(party=2, language="de", phone="+12025550101")
    make_registration(kind="residence", stays=[make_stay_entry(precision="town")])
    count = whereabouts.count(question())
    for parts in (count.by_precision, count.by_kind, count.by_language):
        assert sum(parts.values()) == count.people == 3
    assert json.loads(json.dumps(count.as_dict()))["registrations"] == 2


def test_the_count_is_the_number_of_people_an_alert_is_for() -> None:
    for number in range(20):
        make_registration(-86.25 + number / 50, party=number % 4 + 1)
    people = whereabouts.people_in(question())
    assert whereabouts.count(question()).people == len(people) > 5


def test_people_come_in_order_and_go_on_after_a_chunk() -> None:
    for _ in range(5):
        make_registration(party=2)
    people = list(whereabouts.people_in(question()))
    numbers = [registration for registration, *_ in people]
    assert numbers == sorted(numbers)
    rest = list(whereabouts.people_in(question(), after=numbers[3]))
    assert rest == people[4:]


@pytest.mark.parametrize("lon", [180.0, -180.0, 179.95, -179.95])
def test_people_on_the_antimeridian_are_found_from_both_sides(lon: float) -> None:
    registration = make_registration(lon, -16.8)
    assert inside(circles.circle(179.99, -16.8, 20_000)) == [registration.pk]
    assert inside(circles.circle(-179.99, -16.8, 20_000)) == [registration.pk]


def test_people_at_a_pole_are_found_whatever_their_longitude() -> None:
    registration = make_registration(77, -90)
    assert inside(circles.circle(0, -89.9, 50_000)) == [registration.pk]


def test_an_island_state_over_the_antimeridian_holds_its_own_and_not_malawi() -> None:
    suva = make_registration(178.44, -18.14)
    taveuni = make_registration(-179.97, -16.8)
    make_registration(34, -15)
    assert inside(gazetteer.country_shape("FJ")) == [suva.pk, taveuni.pk]


def test_nobody_anywhere_gives_an_empty_count() -> None:
    assert whereabouts.count(question()).as_dict()["people"] == 0
    assert list(whereabouts.people_in(question())) == []
    assert whereabouts.excluded(question()) == []


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    shape=st.one_of(stars(), stars(lon=180.0), stars(lat=80.0)),
    spots=st.lists(st.tuples(LONS, LATS), max_size=20),
)
def test_the_database_finds_what_testing_every_point_finds(
    shape: MultiPolygon, spots: list[Spot]
) -> None:
    corners = [tuple(spot) for spot in shape.geoms[0].exterior.coords[:5]]
    Registration.objects.all().delete()
    party = [PersonEntry(given_name="Invented")]
    enrolling.enrol(
        [
            Entry(
                mode="exercise",
                persons=party,
                contacts=[],
                stays=[make_stay_entry(*spot)],
            )
            for spot in [*spots, *corners]
        ],
        NOON,
        confirmed=True,
    )
    rows = Stay.objects.values_list("registration_id", "lon", "lat")
    numbers, lons, lats = zip(*rows, strict=True)
    truth = cells.contains(shape, lons, lats)
    expected = sorted(n for n, is_in in zip(numbers, truth, strict=True) if is_in)
    assert inside(shape) == expected
    assert whereabouts.count(question(shape)).people == len(expected)


def test_a_box_counts_its_edge() -> None:
    make_registration(1, 1)
    assert len(inside(MultiPolygon([box(0, 0, 1, 1)]))) == 1


def test_a_town_that_reaches_into_the_shape_is_inside_and_an_address_there_is_not() -> (
    None
):
    spot = (-86.25, 12.13 + 23_000 / 110_600)  # 3 km beyond the edge
    wide = make_registration(
        stays=[make_stay_entry(*spot, precision="town", radius_m=5_000)]
    )
    make_registration(stays=[make_stay_entry(*spot, precision="town", radius_m=2_000)])
    make_registration(stays=[make_stay_entry(*spot, precision="exact", radius_m=9_000)])
    assert inside() == [wide.pk]
    count = whereabouts.count(question())
    assert (count.people, count.nearby_10km) == (1, 2)


@pytest.mark.parametrize("lon", [179.9, -179.9])
def test_a_town_reaches_over_the_antimeridian(lon: float) -> None:
    shape = MultiPolygon([box(179.95, -17, 180, -16)])
    town = make_stay_entry(lon, -16.5, precision="town", radius_m=12_000)
    reaching = make_registration(stays=[town])
    assert inside(shape) == [reaching.pk]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    shape=st.one_of(stars(), stars(lon=180.0), stars(lat=80.0)),
    spots=st.lists(st.tuples(LONS, LATS, st.integers(0, 60_000)), max_size=20),
)
def test_keys_and_the_quick_figure_agree_with_testing_every_town(
    shape: MultiPolygon, spots: list[tuple[float, float, int]]
) -> None:
    Registration.objects.all().delete()
    Town.objects.all().delete()
    corners = [(*spot, 3_000) for spot in shape.geoms[0].exterior.coords[:5]]
    for lon, lat, radius_m in [*spots, *corners]:
        beyond = (min(180.0, lon + 0.02), lat)
        kind = "town" if radius_m else "exact"
        entry = make_stay_entry(*beyond, precision=kind, radius_m=radius_m)
        make_registration(stays=[entry], party=2)
    rows = Stay.objects.values_list("id", "lon", "lat", "radius_m")
    ids, lons, lats, radii_m = (np.array(each) for each in zip(*rows, strict=True))
    truth = ids[nearness.touched_by(shape, lons, lats, radii_m)].tolist()
    assert matching.keys(question(shape)).tolist() == truth
    assert list(whereabouts.stays_in(question(shape)).ids) == truth
    assert matching.quickly(question(shape)) == 2 * len(truth)


def test_some_registrations_are_matched_as_everyone_is() -> None:
    stays = [
        make_stay_entry(),
        make_stay_entry(-86.25, 12.13 + 23_000 / 110_600),
        make_stay_entry(precision="country"),
        make_stay_entry(arrives_on=TODAY + 30 * DAY, departs_on=None),
        make_stay_entry(-86.25, 12.34, precision="town", radius_m=5_000),
        make_stay_entry(5, 5),
    ]
    parties = [make_registration(stays=[stay], party=2) for stay in stays]
    for include in ({}, {"country_only": True}, {"trip": False}):
        everyone = list(whereabouts.people_in(question(), include))
        numbers = [party.pk for party in parties]
        some = whereabouts.people_in(question(), include, among=numbers)
        assert list(some) == everyone
    assert list(whereabouts.people_in(question(), among=[parties[5].pk])) == []
    assert list(whereabouts.people_in(question(), among=[])) == []


@pytest.mark.parametrize("mode", ["exercise", "live"])
def test_a_look_at_many_ranges_reads_no_table_for_each_of_them(
    mode: str,
) -> None:
    make_registration()
    ranges = np.array([[n * 1000, n * 1000 + 9] for n in range(300)], np.int64)
    on_days = (TODAY, TODAY)
    with CaptureQueriesContext(connection) as asked:
        lookup.stays(lookup.Span.of(ranges), "s.id, s.lon, s.lat", mode, on_days)
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]['sql']}")
        plan = " ".join(row[3] for row in cursor.fetchall())
    assert f"INDEX stay_cell_{mode} (cell>? AND cell<?)" in plan
