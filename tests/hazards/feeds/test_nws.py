"""Alerts of api.weather.gov are kept whatever their time says."""

import json

from alerts.hazards.listening import reading

SAID = {
    "id": "urn:oid:1",
    "sender": "made@example.org",
    "sent": "yesterday",
    "status": "Actual",
    "messageType": "Alert",
    "event": "Flood Warning",
    "severity": "Severe",
}


def read(**changes: str) -> dict:
    """Read one made alert."""
    feature = {"type": "Feature", "geometry": None, "properties": SAID | changes}
    document = json.dumps({"type": "FeatureCollection", "features": [feature]})
    return reading.of("made", document.encode())


def test_an_alert_whose_time_cannot_be_read_is_kept_and_flagged():
    said = read()
    assert [report["identifier"] for report in said["reports"]] == ["urn:oid:1"]
    assert "the time in <sent> cannot be read" in said["flags"]


def test_an_alert_without_a_time_is_passed_over_and_said():
    said = read(sent="")
    assert said["reports"] == []
    assert "an alert without id, sender or time was passed over" in said["flags"]
