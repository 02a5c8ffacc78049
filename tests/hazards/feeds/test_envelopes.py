"""One alert, in every dress that feeds put it in, is the same alert."""

import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable
from html import escape

import pytest

from alerts.hazards.listening import reading
from tests.hazards.feeds.test_documents import COUNTS, DATA

DECLARED = '<?xml version="1.0" encoding="UTF-8"?>'
ENTRY = "<entry><title>t</title><id>urn:y</id><content type='{}'>{}</content></entry>"
EDXL = (
    '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><contentObject>'
    "<xmlContent><embeddedXMLContent>{}</embeddedXMLContent></xmlContent>"
    "</contentObject></EDXLDistribution>"
)
ENCODED = "<e:encoded xmlns:e='http://purl.org/rss/1.0/modules/content/'>{}</e:encoded>"
RSS = "<rss version='2.0'><channel><item><title>t</title>{}</item></channel></rss>"


def feed(entry: str) -> bytes:
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{entry}</feed>".encode()


def zipped(**files: str | bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def in_parts(alert: str) -> bytes:
    """Return an alert in two gzip members, as log rotation and some proxies do."""
    return gzip.compress(alert[:90].encode()) + gzip.compress(alert[90:].encode())


DRESSES: dict[str, Callable[[str], bytes]] = {
    "UTF-16": lambda alert: alert.encode("utf-16"),
    "UTF-16, unmarked": lambda alert: (DECLARED.replace("8", "16") + alert).encode(
        "utf-16-be"
    ),
    "two byte order marks": lambda alert: b"\xef\xbb\xbf" * 2 + alert.encode(),
    "a mark encoded twice": lambda alert: (
        "\ufeff".encode().decode("latin-1").encode() + alert.encode()
    ),
    "lines of another system": lambda alert: alert.replace("\n", "\r\n").encode(),
    "alerts": lambda alert: f"<alerts>{alert}</alerts>".encode(),
    "EDXL": lambda alert: EDXL.format(alert).encode(),
    "an entry": lambda alert: feed(ENTRY.format("text/xml", alert)),
    "an entry, as text": lambda alert: feed(ENTRY.format("text", escape(alert))),
    "RSS": lambda alert: RSS.format(alert).encode(),
    "RSS, as text": lambda alert: RSS.format(ENCODED.format(escape(alert))).encode(),
    "JSON": lambda alert: json.dumps({"alert": DECLARED + alert}).encode(),
    "JSON in UTF-16": lambda alert: json.dumps({"alert": alert}).encode("utf-16"),
    "a string in JSON": lambda alert: json.dumps(alert).encode(),
    "a list in JSON": lambda alert: json.dumps([{"is": [alert]}]).encode(),
    "an archive": lambda alert: zipped(**{"a/b c/alert.xml": alert}),
    "gzip": lambda alert: gzip.compress(alert.encode()),
    "gzip in parts": in_parts,
}


def plain(name: str) -> str:
    """Return an alert without its declaration."""
    text = (DATA / "cap" / name).read_bytes().decode("latin-1")
    return text[
        text.index("<alert") if "<alert" in text else text.index("<cap:alert") :
    ]


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("dress", DRESSES)
def test_an_alert_is_the_same_in_every_dress(dress: str, name: str) -> None:
    alert = plain(name)
    bare = reading.of("bare", alert.encode())
    said = reading.of(dress, DRESSES[dress](alert))
    assert said["verdict"] == "accepted", said["reason"]
    assert said["reports"] == bare["reports"]


def test_a_prefix_changes_nothing() -> None:
    alert = plain("nws_2012_ga_special_weather.xml")
    prefixed = re.sub(r"<(/?)(\w)", r"<\1c:\2", alert)
    prefixed = re.sub(r"xmlns\s*=", "xmlns:c=", prefixed, count=1)
    said = reading.of("prefixed", prefixed.encode())
    assert said["reports"] == reading.of("bare", alert.encode())["reports"]


@pytest.mark.parametrize("dress", ["alerts", "a list in JSON"])
def test_a_broken_alert_does_not_take_others_with_it(dress: str) -> None:
    alert = plain("nws_2012_ga_special_weather.xml")
    nameless = alert.replace("<sender>", "<nobody>").replace("</sender>", "</nobody>")
    both = {
        "alerts": f"<alerts>{nameless}{alert}</alerts>",
        "a list in JSON": json.dumps([nameless, alert]),
    }
    said = reading.of(dress, both[dress].encode())
    assert said["verdict"] == "accepted"
    assert len(said["reports"]) == 1
    assert "1 alert was left out: the alert has no sender" in said["flags"]
    alone = reading.of("alone", nameless.encode())
    assert (alone["verdict"], alone["reason"]) == (
        "quarantined",
        "the alert has no sender",
    )


def test_what_cannot_be_read_in_an_archive_is_said_and_stops_nothing() -> None:
    alert = plain("nws_2012_ga_special_weather.xml")
    beside = {"READ ME.txt": "Hello", "b.xml": alert[:300], "__MACOSX/._c.xml": b"\x00"}
    said = reading.of("archive", zipped(**beside, **{"c.xml": alert}))
    assert len(said["reports"]) == 1
    left = [flag for flag in said["flags"] if flag.startswith("left out: ")]
    assert [flag.split(": ")[1] for flag in left] == ["READ ME.txt", "b.xml"]
    alone = reading.of("archive", zipped(**beside))
    assert alone["verdict"] == "quarantined"
    assert alone["reason"].startswith("it is not well-formed XML")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (gzip.compress(b"<alert/>")[:-4], "the gzip file breaks off before its end"),
        (gzip.compress(b"")[:10] + b"\xff" * 9, "the gzip file is damaged"),
        (
            gzip.compress(b" " * 17_000_000),
            "the gzip file inflates to more than a document may have",
        ),
        (gzip.compress(zipped(a="")), "it is an archive within an archive"),
        (zipped(), "the archive is empty"),
    ],
    ids=["cut", "damaged", "bomb", "nested", "empty"],
)
def test_a_broken_archive_is_quarantined_with_its_reason(
    document: bytes, reason: str
) -> None:
    said = reading.of("archive", document)
    assert (said["verdict"], said["reason"]) == ("quarantined", reason)


@pytest.mark.parametrize("empty", ["<alerts/>", EDXL.format("")])
def test_an_envelope_without_an_alert_says_so(empty: str) -> None:
    assert reading.of("empty", empty.encode())["flags"] == ["no alert in it"]


def test_words_of_the_lists_are_known_whatever_their_case() -> None:
    alert = plain("nws_2012_ga_special_weather.xml")
    shouted = re.sub(
        r"<(status|msgType|scope|severity)>(\w+)<",
        lambda found: f"<{found[1]}>{found[2].upper()}<",
        alert,
    )
    assert shouted != alert
    said = reading.of("shouted", shouted.encode())
    assert said["reports"] == reading.of("bare", alert.encode())["reports"]
    assert "unknown status" not in said["flags"]


def test_a_table_that_speaks_of_alerts_is_no_broken_alert() -> None:
    table = b"path\tkind\n" + b"a.xml\ta file\n" * 200 + b"b.xml\troot is <alert>\n"
    said = reading.of("INDEX.tsv", table)
    assert (said["verdict"], said["reason"]) == (
        "unsupported",
        "neither XML nor JSON, nor a text of a known kind",
    )
