"""PAGER, event details, tsunami bulletins and travel RSS; both lists are made."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

from alerts.hazards.feeds.base import FROM_LIST
from alerts.hazards.listening import formats

FEEDS = Path(__file__).resolve().parents[2] / "data" / "feeds"
DETAIL = gzip.decompress((FEEDS / "usgs_detail_us1000778i.geojson.gz").read_bytes())
# Made in the shape that NOAA describes; the place and time are those of ptwc_2021.
ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"
 xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#"><id>urn:uuid:made</id>
<title>Tsunami Information Statement Number 3</title><entry>
<title>KERMADEC ISLANDS, NEW ZEALAND</title><updated>2021-03-04T18:58:00Z</updated>
<geo:lat>-29.8</geo:lat><geo:long>-177.2</geo:long>
<summary type="xhtml"><div><strong>Category:</strong> Warning<br/>
<strong>Preliminary Magnitude:</strong> 7.4(Mwp)</div></summary>
<id>urn:uuid:made-1</id><link rel="related" type="application/cap+xml"
 href="https://www.example.org/made/PHEBCAP.xml"/></entry></feed>"""
# Made in the shape of the US Department of State's list.
ADVICE = b"""<rss version="2.0"><channel><title>Travel Advisories</title><item>
<title>Exampleland - Level 4: Do Not Travel</title>
<pubDate>Tue, 03 Mar 2026 00:00:00 GMT</pubDate>
<link>https://travel.example.org/el</link>
<category domain="Threat-Level">Level 4: Do Not Travel</category>
<category domain="Country-Tag">NI</category>
<description>&lt;p&gt;Do not travel.&lt;/p&gt;</description></item><item>
<title>Otherland Travel Advisory</title>
<pubDate>Tue, 03 Mar 2026 00:00:00 GMT</pubDate></item></channel></rss>"""


def test_an_event_detail_gives_pagers_level_and_the_strongest_shaking():
    (item,) = formats.read(DETAIL).items
    assert (item.severity, item.level) == ("orange", 4)
    assert item.description == "PAGER orange, ShakeMap up to MMI 8.5"


def test_a_scenario_is_shown_and_is_a_test():
    played = DETAIL.replace(b'"ACTUAL"', b'"SCENARIO"')
    (item,) = formats.read(played).items
    assert "its words say that it is a test" in item.flags


def test_pager_is_a_version_of_the_event_it_belongs_to():
    reading = formats.read((FEEDS / "pager_us1000778i.xml").read_bytes())
    (item,), (detail,) = reading.items, formats.read(DETAIL).items
    assert reading.format == "pager"
    assert (item.magnitude, item.depth_km, item.severity) == (7.8, 15.1, "orange")
    assert set(item.event_keys) <= set(detail.event_keys)


def test_a_final_bulletin_cancels_the_tsunami():
    (item,) = formats.read((FEEDS / "ptwc_2021_final.txt").read_bytes()).items
    assert (item.kind, item.msg_type, item.magnitude) == ("tsunami", "Cancel", 7.4)
    assert (item.lon, item.lat) == (-177.2, -29.8)
    assert item.happened_at == datetime(2021, 3, 4, 17, 41, tzinfo=UTC)
    assert item.sent_at == datetime(2021, 3, 4, 18, 58, tzinfo=UTC)


def test_a_list_of_bulletins_says_the_level_and_is_followed():
    reading = formats.read(ATOM)
    (item,) = reading.items
    assert (reading.format, item.level, item.magnitude) == ("tsunami", 4, 7.4)
    assert reading.links == ["https://www.example.org/made/PHEBCAP.xml"]
    assert FROM_LIST in item.flags


def test_travel_rss_gives_levels_and_never_takes_a_missing_one_as_safe():
    reading = formats.read(ADVICE)
    first, second = reading.items
    assert (reading.format, first.level, first.place) == ("travel", 4, "Exampleland")
    assert first.geocodes == [("ISO 3166-1 alpha-2", "NI")]
    assert first.description == "Do not travel."
    assert second.level == 0
    assert "no level given: this does not mean safe" in second.flags
    assert all("watch only" in item.flags for item in reading.items)
