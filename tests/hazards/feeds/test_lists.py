"""Where the entries of a list lead: each way of saying it, and none lost in silence."""

import pytest

from alerts.hazards.listening import addresses, formats

FEED = '<feed xmlns="http://www.w3.org/2005/Atom"{}>{}</feed>'
ENTRY = "<entry><id>1</id><updated>2026-03-02T12:00:00Z</updated>{}</entry>"
ITEM = "<rss version='2.0'><channel><item><title>t</title>{}</item></channel></rss>"
BASE = "https://example.org/feeds/list.xml"
ALERT = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>1</identifier><sender>a@example.org</sender><sent>2026-03-02T12:00:00Z</sent></alert>"""


def links(document: str, base: str = BASE) -> tuple[list[str], list[str]]:
    """Return the links and the flags of a list that stands at an address."""
    found = addresses.made_whole(formats.read(document.encode()), base)
    return found.links, found.flags


@pytest.mark.parametrize(
    ("said", "leads_to"),
    [
        ('<link href="cap/1.xml"/>', "https://example.org/feeds/cap/1.xml"),
        ('<link href="/1.xml"/>', "https://example.org/1.xml"),
        ('<link href="?id=1"/>', "https://example.org/feeds/list.xml?id=1"),
        ('<link href="//example.net/1.xml"/>', "https://example.net/1.xml"),
        ('<link href="a"/><link href="http://example.net/1"/>', "http://example.net/1"),
        (
            '<link href="a"/><link type="application/cap+xml" href="1.cap"/>',
            "https://example.org/feeds/1.cap",
        ),
        (
            '<content type="application/cap+xml" src="1.cap"/>',
            "https://example.org/feeds/1.cap",
        ),
    ],
)
def test_an_entry_leads_to_an_address_beside_that_of_its_list(said, leads_to):
    assert links(FEED.format("", ENTRY.format(said))) == ([leads_to], [])


@pytest.mark.parametrize(
    "said",
    [
        "<link> /1.cap </link>",
        "<link><![CDATA[https://example.org/1.cap]]></link>",
        "<enclosure url='/1.cap' type='application/cap+xml'/>",
        "<guid isPermaLink='true'>https://example.org/1.cap</guid>",
    ],
)
def test_an_item_leads_to_its_alert(said):
    assert links(ITEM.format(said)) == (["https://example.org/1.cap"], [])


def test_the_base_that_a_list_names_counts_more_than_its_own_address():
    entry = ENTRY.format('<link href="1.xml"/>').replace(
        "<entry>", '<entry xml:base="g/">'
    )
    document = FEED.format(' xml:base="https://example.net/f/"', entry)
    assert links(document)[0] == ["https://example.net/f/g/1.xml"]


@pytest.mark.parametrize(
    "said", ["", '<link href="mailto:a@example.org"/>', '<link href="#top"/>']
)
def test_an_entry_that_leads_nowhere_is_said(said):
    assert links(FEED.format("", ENTRY.format(said))) == (
        [],
        ["passed over, as they neither say nor link to an alert: 1"],
    )


@pytest.mark.parametrize("href", ["x" * 600, "http://[1", "1.xml"])
def test_a_link_that_cannot_be_asked_for_is_said(href):
    base = "" if href == "1.xml" else BASE
    document = FEED.format("", ENTRY.format(f'<link href="{href}"/>'))
    found, flags = links(document, base)
    assert found == []
    assert len(flags) == 1


def test_of_entries_with_and_without_an_alert_both_are_read():
    entries = ENTRY.format(f'<content type="text/xml">{ALERT}</content>')
    entries += ENTRY.format('<link href="2.xml"/>')
    found = formats.read(FEED.format("", entries).encode())
    assert (len(found.items), found.links) == (1, ["2.xml"])
