"""One alert, in every dress that feeds put it in, is the same alert."""

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
RSS = "<rss version='2.0'><channel><item><title>t</title>{}</item></channel></rss>"


def feed(entry: str) -> bytes:
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{entry}</feed>".encode()


def zipped(alert: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("alert.xml", alert)
    return file.getvalue()


DRESSES: dict[str, Callable[[str], bytes]] = {
    "UTF-16": lambda alert: alert.encode("utf-16"),
    "two byte order marks": lambda alert: b"\xef\xbb\xbf" * 2 + alert.encode(),
    "lines of another system": lambda alert: alert.replace("\n", "\r\n").encode(),
    "alerts": lambda alert: f"<alerts>{alert}</alerts>".encode(),
    "EDXL": lambda alert: EDXL.format(alert).encode(),
    "an entry": lambda alert: feed(ENTRY.format("text/xml", alert)),
    "an entry, as text": lambda alert: feed(ENTRY.format("text", escape(alert))),
    "RSS": lambda alert: RSS.format(alert).encode(),
    "JSON": lambda alert: json.dumps({"alert": DECLARED + alert}).encode(),
    "a list in JSON": lambda alert: json.dumps([{"is": [alert]}]).encode(),
    "an archive": zipped,
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
