"""A list's links are followed once, and list and alert are one statement."""

from datetime import timedelta

import pytest

from alerts.hazards.listening import polling
from alerts.hazards.models import Document, Hazard, Report
from tests.factories import NOON
from tests.hazards.chains import alert
from tests.hazards.test_polling import feeds, make_source  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
ENTRY = """<entry><id>urn:1</id><title>Flood</title><updated>{sent}</updated>
<link type="application/cap+xml" href="{link}"/><cap:event>Flood</cap:event>
<cap:severity>Severe</cap:severity></entry>"""


def _list(address, *paths):
    sent = NOON.isoformat()
    entries = (ENTRY.format(sent=sent, link=f"http://{address}{p}") for p in paths)
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2">'
        f"{''.join(entries)}</feed>"
    ).encode()


def test_what_a_list_links_to_is_read_and_is_one_hazard_with_the_entry(feeds):  # noqa: F811
    feeds.put("/list", _list(feeds.address, "/a1"))
    feeds.put("/a1", alert("a1", NOON))
    source = make_source(feeds, "/list", format="index")
    assert polling.poll(source, NOON).word == "read"
    (hazard,) = Hazard.objects.all()
    assert hazard.geometry is not None
    assert Report.objects.count() == 2
    assert polling.poll(source, NOON + MINUTE).word == "read"
    assert len(feeds.asked) == 3
    assert (Report.objects.count(), Document.objects.count()) == (2, 2)


def test_a_link_beside_the_list_is_followed_and_is_one_hazard_with_the_entry(feeds):  # noqa: F811
    whole = _list(feeds.address, "/a/1.xml").decode()
    feeds.put("/a/list", whole.replace(f"http://{feeds.address}/a/", "").encode())
    feeds.put("/a/1.xml", alert("a1", NOON))
    source = make_source(feeds, "/a/list", format="index")
    assert polling.poll(source, NOON).word == "read"
    (hazard,) = Hazard.objects.all()
    assert hazard.geometry is not None
    assert Report.objects.count() == 2


def test_a_link_that_fails_is_said_and_asked_for_again(feeds):  # noqa: F811
    feeds.put("/list", _list(feeds.address, "/a1"), ETag='"1"')
    feeds.put("/a1", b"", status=500)
    source = make_source(feeds, "/list", format="index")
    assert "1 linked alerts" in polling.poll(source, NOON).trouble
    assert source.etag == ""
    assert Hazard.objects.get().geometry is None
    feeds.put("/a1", alert("a1", NOON))
    assert polling.poll(source, NOON + MINUTE).trouble == ""
    assert source.etag == '"1"'
    assert Hazard.objects.get().geometry is not None
