"""Feeds of many networks become values; what is doubtful is said."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from alerts.hazards.feeds.base import FeedError
from alerts.hazards.listening import formats

FEEDS = Path(__file__).resolve().parents[2] / "data" / "feeds"


def _point(lon, lat, *more, **said):
    place = {"type": "Point", "coordinates": [lon, lat, *more]}
    return {"type": "Feature", "geometry": place, "properties": said}


def _read(value):
    return formats.read(json.dumps(value).encode())


def _collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def test_emsc_counts_heights_so_its_depth_is_turned():
    said = {"unid": "20261126_0000001", "time": "2026-11-26T10:00:00.0Z", "mag": 5.4}
    found = _read(_collection(_point(-86.4, 12.5, -13.0, **said)))
    (item,) = found.items
    assert found.format == "quakes"
    assert (item.depth_km, item.magnitude, item.level) == (13.0, 5.4, 2)


def test_an_update_of_a_quake_is_a_new_version_of_the_same_event():
    said = {"publicID": "2026p1", "time": "2026-11-26T10:00:00Z", "magnitude": 4.0}
    (first,) = _read(_collection(_point(175, -40, **said))).items
    later = said | {"magnitude": 4.3}
    (second,) = _read(_collection(_point(175, -40, **later))).items
    assert first.event_keys == second.event_keys
    assert first.natural_key != second.natural_key


QUAKEML = """<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2"
 xmlns="http://quakeml.org/xmlns/bed/1.2"><eventParameters publicID="smi:x/all">
<event publicID="smi:x/1"><type>{type}</type>
<preferredOriginID>smi:x/o2</preferredOriginID>
<origin publicID="smi:x/o2"><time><value>2026-11-26T10:00:00</value></time>
<latitude><value>42.5</value></latitude><longitude><value>13.4</value></longitude>
<depth><value>14500</value></depth></origin>
<origin publicID="smi:x/o1"><time><value>2026-11-26T09:00:00</value></time>
<latitude><value>1</value></latitude><longitude><value>1</value></longitude></origin>
<magnitude publicID="smi:x/m"><mag><value>6.2</value></mag></magnitude>
</event></eventParameters></q:quakeml>"""


def test_quakeml_gives_the_preferred_origin_in_kilometres():
    (item,) = formats.read(QUAKEML.format(type="earthquake").encode()).items
    assert (item.lon, item.lat, item.depth_km) == (13.4, 42.5, 14.5)
    assert (item.magnitude, item.level, item.kind) == (6.2, 3, "earthquake")


def test_quakeml_that_takes_an_event_back_cancels_it():
    (item,) = formats.read(QUAKEML.format(type="not existing").encode()).items
    assert item.msg_type == "Cancel"


IGN = """<rss xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#" version="2.0">
<channel><title>t</title><item><title>-Info.terremoto</title>
<link>http://www.example.org/?evid=es1</link><description>Se ha producido un terremoto
de magnitud 3.1 en SW EL PINAR en la fecha 18/03/2019 19:34:55</description>
<geo:lat>27.62</geo:lat><geo:long>-18.0859</geo:long></item></channel></rss>"""


def test_a_magnitude_in_spanish_words_is_read():
    (item,) = formats.read(IGN.encode()).items
    assert (item.magnitude, item.place) == (3.1, "SW EL PINAR")
    assert item.happened_at.isoformat() == "2019-03-18T19:34:55+00:00"


def test_the_areas_of_a_gdacs_event_are_drawn_with_its_point():
    link = "https://www.gdacs.org/report.aspx?eventtype=TC&eventid=77&episodeid=2"
    said = {"eventtype": "TC", "alertlevel": "Orange", "link": link}
    point = said | {"eventid": "77", "episodeid": "2", "Class": "Point_Centroid"}
    point |= {"fromdate": "27 May 2026 06:00:00", "name": "Cyclone", "country": "Japan"}
    ring = [[128, 18], [130, 18], [130, 20], [128, 20], [128, 18]]
    area = {"geometry": {"type": "Polygon", "coordinates": [ring]}}
    area |= {"type": "Feature", "properties": said | {"Class": "Poly_Orange"}}
    (item,) = _read(_collection(_point(129, 19, **point), area)).items
    assert (item.kind, item.level, item.polygon_count) == ("cyclone", 3, 1)
    assert item.bbox == (128.0, 18.0, 130.0, 20.0)


@pytest.mark.parametrize(
    ("name", "number", "lon", "lat", "time"),
    [
        ("nhc_tcpat1.txt", "AL012014", -65.5, 45.0, "2014-07-05T15:00:00+00:00"),
        ("nhc_tcpat2.txt", "AL022017", -52.4, 7.9, "2017-06-19T03:00:00+00:00"),
    ],
)
def test_an_advisory_gives_the_storm_its_place_and_time(name, number, lon, lat, time):
    (item,) = formats.read((FEEDS / name).read_bytes()).items
    assert item.event_keys == (("nhc.noaa.gov", number),)
    assert (item.lon, item.lat, item.sent) == (lon, lat, time)
    assert item.geometry is not None
    assert "assumed radius" in item.flags


def test_a_track_gives_its_strongest_wind_and_last_place():
    (item,) = formats.read((FEEDS / "hurdat2_arthur.txt").read_bytes()).items
    assert (item.severity, item.lon, item.lat) == ("85 kt", -55.0, 59.5)


FIRMS = """latitude,longitude,bright_ti4,acq_date,acq_time,confidence,frp
65.76751,24.19269,341.21,2026-10-05,0056,nominal,300.0
65.76519,24.18094,298.97,2026-10-05,0056,n,250.5
10.50000,179.99999,298.97,2026-10-05,12,high,4.5
10.60000,179.99999,298.97,2026-10-05,12,low,4.5
95.00000,10.00000,298.97,2026-10-05,0056,high,4.5
"""


def test_fire_pixels_become_areas():
    found = formats.read(FIRMS.encode())
    large, small = found.items
    assert (large.level, small.level) == (2, 1)
    assert large.bbox == (24.18094, 65.76519, 24.19269, 65.76751)
    assert small.sent == "2026-10-05T00:12:00+00:00"
    assert {each.geometry["type"] for each in found.items} == {"MultiPolygon"}
    assert found.flags == [
        "1 pixels of low confidence were left out",
        "1 rows could not be read",
    ]


def _gdelt(code, root, kind="4"):
    row = [""] * 61
    row[0], row[1], row[26], row[28], row[33] = "900", "20261126", code, root, "12"
    row[51], row[52], row[56], row[57] = kind, "Exampleville", "12.1", "-86.2"
    row[59], row[60] = "20261126101500", "https://example.org/news"
    return "\t".join(row)


def test_gdelt_gives_only_violence_at_known_places_and_only_to_watch():
    rows = [_gdelt("190", "19"), _gdelt("010", "01"), _gdelt("190", "19", "1")]
    found = formats.read("\n".join([*rows, "torn"]).encode())
    (item,) = found.items
    assert (item.event, item.level, item.lon) == ("Fighting", 2, -86.2)
    assert "machine-read news: watch only" in item.flags
    assert "1 rows could not be read" in found.flags
    assert found.format in formats.WATCH_ONLY


def test_a_country_without_a_level_is_not_called_safe():
    listed = [
        {"destination": "Utopia", "risk_level": "No summary found"},
        {"destination": "Ruritania", "risk_level_number": 4, "risk_level": "Level 4"},
    ]
    none, four = _read(listed).items
    assert "no level given: this does not mean safe" in none.flags
    assert (none.level, four.level) == (0, 4)


def test_a_disaster_keeps_its_country_as_a_code():
    fields = {"name": "Chad: Floods - Aug 2024", "glide": "FL-2024-000139-TCD"}
    value = {"href": "https://api.reliefweb.int/v1/disasters", "totalCount": 9}
    value["data"] = [{"id": "1", "fields": fields | {"status": "ongoing"}}]
    found = _read(value)
    (item,) = found.items
    assert item.kind == "flood"
    assert item.geocodes == [("ISO 3166-1 alpha-3", "TCD")]
    assert found.flags == ["one page of 9 disasters"]


CEMS = """<rss version="2.0"><channel><title>CEMS On Demand Mapping News</title>
<item><title>Wildfire in Ruritania</title><description>Activation EMSR894.</description>
<pubDate>Mon, 13 Jul 2026 00:00:00 +0000</pubDate></item>
<item><title>A new format</title><description>News</description></item>
</channel></rss>"""


def test_activations_are_told_from_news():
    found = formats.read(CEMS.encode())
    (item,) = found.items
    assert (item.identifier, item.kind) == ("EMSR894", "wildfire")
    assert found.flags == ["1 items are news, not activations"]


def test_contours_become_the_area_of_strong_shaking():
    def ring(size):
        return [[-size, -size], [size, -size], [size, size], [-size, size]]

    lines = [
        {
            "type": "Feature",
            "properties": {"value": value, "units": "mmi"},
            "geometry": {"type": "MultiLineString", "coordinates": [ring(size)]},
        }
        for value, size in ((5.0, 3), (6.0, 2), (7.0, 1))
    ]
    (item,) = _read(_collection(*lines)).items
    assert item.bbox == (-2.0, -2.0, 2.0, 2.0)
    assert item.severity == "MMI 7"


def test_an_advisory_without_a_place_is_refused_in_words():
    with pytest.raises(FeedError, match="place"):
        formats.read(b"X ADVISORY NUMBER 1\nLOCATION...somewhere")


def _zip(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return packed.getvalue()


def test_all_files_of_an_archive_are_read():
    found = formats.read(_zip(a=IGN, b=QUAKEML.format(type="earthquake")))
    assert [item.magnitude for item in found.items] == [3.1, 6.2]


@pytest.mark.parametrize(
    "document",
    [_zip(a=b" " * 20_000_000), _zip(), _zip(a=IGN)[:-40], _zip(a=_zip(a=b"x"))],
    ids=["a bomb", "an empty one", "a damaged one", "one in another"],
)
def test_a_bad_archive_is_refused_in_words(document):
    with pytest.raises(FeedError) as refused:
        formats.read(document)
    assert str(refused.value)
