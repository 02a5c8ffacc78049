import time

import pytest

from consular import child
from geo import cells, kml, shapes
from geo.shapes import ShapeError

FIJI = "177,-16,0 -178,-16,0 -178,-19,0 177,-19,0 177,-16,0"


def polygon(outer: str, *inner: str) -> str:
    ring = "<{0}><LinearRing><coordinates>\n{1}\n</coordinates></LinearRing></{0}>"
    holes = "".join(ring.format("innerBoundaryIs", each) for each in inner)
    return f"<Polygon>{ring.format('outerBoundaryIs', outer)}{holes}</Polygon>"


def document(*inside: str, namespace: str = "http://www.opengis.net/kml/2.2") -> bytes:
    places = "".join(
        f"<Placemark><name>A &amp; B</name>{x}</Placemark>" for x in inside
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return (
        f'{head}<kml xmlns="{namespace}"><Document>{places}</Document></kml>'.encode()
    )


def test_a_polygon_over_the_antimeridian_holds_fiji_and_not_malawi() -> None:
    shape = shapes.from_kml(document(polygon(FIJI)))
    lons, lats = [178.44, -179.97, 34.0], [-18.14, -16.8, -15.0]
    assert cells.contains(shape, lons, lats).tolist() == [True, True, False]


def test_a_polygon_round_the_pole_holds_the_pole() -> None:
    shape = shapes.from_kml(document(polygon("0,80 120,80 -120,80 0,80")))
    assert cells.contains(shape, [77, 0], [90, 70]).tolist() == [True, False]


def test_all_polygons_count_with_their_holes_and_pins_do_not() -> None:
    pin = "<Point><coordinates>9,9</coordinates></Point>"
    square = polygon("0,0 4,0 4,4 0,4 0,0", "1,1 2,1 2,2 1,2 1,1")
    other = f"<MultiGeometry>{pin}{polygon('6,0 7,0 7,1 6,0')}</MultiGeometry>"
    shape = shapes.from_kml(document(pin, square, other))
    lons, lats = [0.5, 1.5, 6.9, 9.0], [0.5, 1.5, 0.5, 9.0]
    assert cells.contains(shape, lons, lats).tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    "namespace", ["http://earth.google.com/kml/2.1", "http://www.opengis.net/kml/2.3"]
)
def test_old_and_new_namespaces_are_read(namespace: str) -> None:
    assert shapes.from_kml(document(polygon(FIJI), namespace=namespace)).is_valid


BOMB = b'<!DOCTYPE k [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><kml>&b;</kml>'
FILE = b'<!DOCTYPE k [<!ENTITY a SYSTEM "file:///etc/hostname">]><kml>&a;</kml>'


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (b"", "well-formed"),
        (b"<kml>", "well-formed"),
        (BOMB, "DTD"),
        (FILE, "DTD"),
        (b"PK\x03\x04", "KMZ"),
        (b"<html/>", "not KML"),
        (document(), "no polygon"),
        (document(polygon("14,121 15,121 15,122 14,121")), "swapped"),
        (document(polygon("nan,0 1,0 1,1 nan,0")), "not a longitude"),
        (document(polygon("0,0 1,1")), "three different"),
        (document("<Polygon/>"), "outer boundary"),
        (b" " * (shapes.MAX_BYTES + 1), "bytes"),
        (b"<kml>" + b"<a/>" * (kml.MAX_NODES + 1) + b"</kml>", "elements"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_plain_words(
    bad: bytes, words: str
) -> None:
    with pytest.raises(ShapeError, match=words):
        shapes.from_kml(bad)


def test_a_deep_file_is_refused_soon() -> None:
    began = time.process_time()
    with pytest.raises(ShapeError):
        shapes.from_kml(b"<kml>" * 500_000)
    assert time.process_time() - began < 1


def test_the_child_process_reads_a_file_and_hands_on_its_refusal() -> None:
    shape = child.call("geo.shapes.from_kml", document(polygon(FIJI)))
    assert len(shape.geoms) == 2
    with pytest.raises(child.ChildRefused, match="DTD"):
        child.call("geo.shapes.from_kml", BOMB)


def test_a_geojson_file_counts_its_polygons_and_not_its_pins() -> None:
    square = b'{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}'
    pin = b'{"type":"Point","coordinates":[9,9]}'
    features = b",".join(
        b'{"type":"Feature","geometry":' + each + b"}" for each in (pin, square)
    )
    file = b'\xef\xbb\xbf{"type":"FeatureCollection","features":[' + features + b"]}"
    assert shapes.from_geojson_file(file).bounds == (0, 0, 1, 1)


@pytest.mark.parametrize("bad", [b"", b"\xff", b"[" * 200_000, b"7", b"{}", b"null"])
def test_a_file_that_is_no_geojson_is_refused(bad: bytes) -> None:
    with pytest.raises(ShapeError):
        shapes.from_geojson_file(bad)
