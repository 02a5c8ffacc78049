"""CAP alerts that are made for tests: chains of versions of one statement."""

from datetime import datetime, timedelta

from tests.factories import NOON

SENDER = "made@example.org"
ALERT = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>{identifier}</identifier><sender>{sender}</sender><sent>{sent}</sent>
<status>Actual</status><msgType>{word}</msgType><scope>Public</scope>{references}
{info}</alert>"""
INFO = """<info><category>Met</category><event>Flood</event><urgency>Expected</urgency>
<severity>{severity}</severity><certainty>Likely</certainty><headline>{headline}</headline>
<expires>{expires}</expires><area><areaDesc>Exampleland</areaDesc>
<polygon>10,10 10,11 11,11 11,10 10,10</polygon></area></info>"""


def alert(
    identifier: str,
    sent: datetime,
    word: str = "Alert",
    references: str = "",
    severity: str = "Severe",
    sender: str = SENDER,
) -> bytes:
    """Make one CAP alert; a Cancel has no info."""
    expires = (NOON + timedelta(days=1)).isoformat()
    info = INFO.format(severity=severity, headline=identifier, expires=expires)
    listed = f"<references>{references}</references>" if references else ""
    return ALERT.format(
        identifier=identifier,
        sender=sender,
        sent=sent.isoformat(),
        word=word,
        references=listed,
        info="" if word == "Cancel" else info,
    ).encode()


def chain() -> list[bytes]:
    """Make six versions: an alert, four updates with other levels, a cancel."""
    words = ["Alert", "Update", "Update", "Update", "Update", "Cancel"]
    levels = ["Minor", "Severe", "Extreme", "Moderate", "Severe", ""]
    made, before = [], ""
    for number, (word, severity) in enumerate(zip(words, levels, strict=True)):
        sent = NOON + timedelta(minutes=number)
        made.append(alert(f"v{number}", sent, word, before, severity))
        before = f"{before} {SENDER},v{number},{sent.isoformat()}".strip()
    return made
