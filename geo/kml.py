"""Read the polygons of KML, the format of drawn maps that officers are sent.

KML is XML from outside: no document type, no entities, no network, limits before all.
Whoever reads it does so in a child process that can be killed.
"""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from geo.limits import MAX_BYTES, MAX_RINGS, ShapeError

MAX_NODES = 100_000
_PARSER: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "recover": False,
}
_NUMBER = r"[+-]?\d{1,12}(?:\.\d{0,24})?(?:[eE][+-]?\d{1,3})?"
_TUPLE = re.compile(rf"({_NUMBER}),({_NUMBER})(?:,{_NUMBER})?")

Ring = list[tuple[float, float]]


def polygons_of(document: bytes) -> list[list[Ring]]:
    """Return the rings of every polygon in a KML document, the outer ring first.

    Parameters
    ----------
    document : bytes
        KML 2.0 to 2.3 in any encoding that it declares; not the zipped KMZ.

    Returns
    -------
    list of list of list of (lon, lat)
        Degrees, WGS 84, as they are written and not checked further; heights are left
        out. Pins, lines and linked documents are passed over.

    Raises
    ------
    ShapeError
        When it is too large, zipped, not well formed, has a document type, or has a
        coordinate that is none.

    References
    ----------
    OGC 12-007r2, KML 2.3, section 10, `Polygon`, `LinearRing` and `coordinates`.

    Examples
    --------
    >>> ring = "<coordinates>0,0 1,0,9 1,1 0,0</coordinates>"
    >>> outer = f"<outerBoundaryIs>{ring}</outerBoundaryIs>"
    >>> polygons_of(f"<kml><Polygon>{outer}</Polygon></kml>".encode())
    [[[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)]]]
    """
    return [list(_rings(each)) for each in _all(_root_of(document), "Polygon")]


def _root_of(document: bytes) -> Any:
    if len(document) > MAX_BYTES:
        raise ShapeError(
            f"the file has {len(document):,} bytes; {MAX_BYTES:,} are the limit"
        )
    if document.startswith(b"PK"):
        raise ShapeError("it is a zipped KMZ; unpack it and give the KML file in it")
    try:
        root = etree.fromstring(document.lstrip(), etree.XMLParser(**_PARSER))
    except (etree.XMLSyntaxError, ValueError) as error:
        words = re.sub(r"\s*\(<string>.*", "", str(error))[:160]
        raise ShapeError(f"it is not well-formed KML: {words}") from None
    info: Any = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        raise ShapeError("it has a document type (DTD), which is refused")
    if _name(root) != "kml":
        raise ShapeError(f"it is not KML but “{_name(root)[:40]}”")
    if sum(1 for _ in root.iter()) > MAX_NODES:
        raise ShapeError(f"the file has more than {MAX_NODES:,} elements")
    return root


def _rings(polygon: Any) -> Iterator[Ring]:
    outer = list(_coordinates(polygon, "outerBoundaryIs"))
    if len(outer) != 1:
        raise ShapeError("a polygon needs one outer boundary")
    yield from outer
    for count, hole in enumerate(_coordinates(polygon, "innerBoundaryIs")):
        if count >= MAX_RINGS:
            raise ShapeError(f"the shape has more than {MAX_RINGS:,} rings")
        yield hole


def _coordinates(polygon: Any, boundary: str) -> Iterator[Ring]:
    for side in (each for each in polygon if _name(each) == boundary):
        for ring in _all(side, "coordinates"):
            yield [_point(word) for word in _words(ring.text or "")]


def _words(text: str) -> list[str]:
    """Split a list of tuples; some programs write a space after each comma."""
    return re.sub(r"[ ]?,[ ]?", ",", text).split()


def _point(word: str) -> tuple[float, float]:
    found = _TUPLE.fullmatch(word)
    if not found:
        raise ShapeError(f"“{word[:40]}” is not a longitude and latitude")
    return float(found[1]), float(found[2])


def _all(element: Any, name: str) -> Iterator[Any]:
    return (each for each in element.iter() if _name(each) == name)


def _name(element: Any) -> str:
    """Return an element's name in any namespace: old files have Google's."""
    tag = element.tag
    return str(etree.QName(tag).localname) if isinstance(tag, str) else ""
