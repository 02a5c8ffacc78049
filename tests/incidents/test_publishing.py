"""What the public reads: CAP that validates and comes back, pages, files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings as conf
from django.core.management import call_command
from django.test import Client
from lxml import etree

from alerts.hazards.feeds import cap as reading
from alerts.hazards.feeds import signatures
from alerts.hazards.listening import intake
from alerts.hazards.models import Document, Hazard, Source
from alerts.incidents.approving import approval, correcting, release
from alerts.incidents.audiences import audience
from alerts.incidents.drafts import drafting, seeding
from alerts.incidents.models import Alert, BreakGlass
from alerts.incidents.publication import cap, publishing
from alerts.incidents.zones import zoning
from consular import languages
from consular.missions.models import Officer
from tests.incidents import path

SCHEMA = Path("tests/data/cap/CAP-v1.2.xsd")


@pytest.fixture(autouse=True)
def _published(settings: Any) -> None:
    settings.PUBLISH_EXERCISES = True


def sent(officer: Officer, approver: Officer, at: datetime, **how: Any) -> Alert:
    """Send an alert in all languages; what follows goes to the same incident."""
    incident = how.pop("incident", None) or path.declared(officer, at)
    if not incident.zones.exists():
        path.zoned(incident, officer, at)
    phase = how.pop("phase", "check_in")
    ahead = seeding.next_word(at)
    texts = seeding.seed(incident, languages.LANGUAGES, phase=phase, next_word_at=ahead)
    said = path.content(texts=tuple(texts), phase=phase, next_word_at=ahead)
    draft = drafting.save(drafting.begin(incident, officer, at), said, officer, at)
    alert = approval.approve(approval.submit(draft, officer, at), approver, at)
    audience.settle(alert, at)
    release.tick(at + timedelta(seconds=conf.HOLD_S))
    alert.refresh_from_db()
    return alert


@pytest.fixture
def alert(officer: Officer, approver: Officer, now: datetime) -> Alert:
    path.enrolled(now, phone="+12025550101")
    return sent(officer, approver, now)


@pytest.fixture
def later(now: datetime) -> datetime:
    return now + timedelta(minutes=10)


def is_valid(document: bytes) -> bool:
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    schema.assertValid(etree.fromstring(document))
    return True


def test_an_alert_is_valid_cap_in_all_languages(alert: Alert, later: datetime) -> None:
    document = cap.document(alert, later)
    assert is_valid(document)
    item = reading.parse(document, later).items[0]
    assert set(item.languages) == set(languages.LANGUAGES)
    assert (item.status, item.msg_type, item.kind) == (
        "Exercise",
        "Alert",
        "earthquake",
    )
    assert (item.sender, item.scope) == (conf.CAP_SENDER, "Public")
    assert item.geometry is not None
    assert item.description.startswith("EXERCISE.")
    assert item.place.startswith("50 km around")


def test_what_follows_refers_to_what_came_before(
    alert: Alert, officer: Officer, approver: Officer, later: datetime
) -> None:
    follow = sent(officer, approver, later, incident=alert.incident, phase="update")
    over = sent(officer, approver, later, incident=alert.incident, phase="all_clear")
    end = later + timedelta(minutes=5)
    item = reading.parse(cap.document(over, end), end).items[0]
    assert is_valid(cap.document(over, end))
    assert [ref.split(",")[1] for ref in item.references] == [
        cap.identifier(alert),
        cap.identifier(follow),
    ]
    assert (item.msg_type, item.urgency) == ("Update", "Past")


def test_a_correction_cancels_what_it_corrects(
    alert: Alert, officer: Officer, later: datetime
) -> None:
    correction = correcting.correct(alert, officer, later)
    correcting.settle(correction, later)
    document = cap.document(correction, later)
    assert is_valid(document)
    item = reading.parse(document, later).items[0]
    assert item.msg_type == "Cancel"
    assert [ref.split(",")[1] for ref in item.references] == [cap.identifier(alert)]
    assert "CORRECTION" in item.description


def test_a_zone_over_the_antimeridian_is_two_valid_polygons(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    incident = path.declared(officer, now, lon=179.9, lat=-17.0, place="Taveuni")
    given = {"lon": 179.9, "lat": -17.0, "radius_m": 80_000.0}
    circle = zoning.Outline(shape="circle", given=given)
    path.zoned(incident, officer, now, outline=circle)
    alert = sent(officer, approver, now, incident=incident)
    document = cap.document(alert, now + timedelta(hours=1))
    assert is_valid(document)
    item = reading.parse(document, now).items[0]
    assert item.polygon_count == 2 * len(languages.LANGUAGES)


def test_what_nobody_sees_is_neither_kept_nor_sent_nor_published(
    officer: Officer, approver: Officer, desk: Client, now: datetime
) -> None:
    odd = "Flood \u202egnp\u2066 ]]> <b>{{ 7*7 }} %s\x0b\x07\ufffe\u200b end"
    incident = path.declared(officer, now, title=odd, place=odd)
    assert incident.title == incident.place == "Flood gnp ]]> <b>{{ 7*7 }} %s end"
    path.zoned(incident, officer, now)
    path.enrolled(now, phone="+12025550101")
    draft = path.drafted(
        incident,
        officer,
        now,
        texts=[
            path.Words(channel="sms", language="en", body=odd + " {link}"),
            path.Words(
                channel="email", language="en", subject=odd, body=odd + "{link}"
            ),
            path.Words(channel="social", language="en", body=odd),
        ],
    )
    alert = approval.approve(approval.submit(draft, officer, now), approver, now)
    audience.settle(alert, now)
    release.tick(now + timedelta(seconds=conf.HOLD_S))
    alert.refresh_from_db()
    later = now + timedelta(minutes=10)
    document = cap.document(alert, later)
    assert is_valid(document)
    said = {words["channel"]: words["body"] for words in alert.texts}
    assert said["social"] == "EXERCISE. Flood gnp\u2066 ]]> <b>{{ 7*7 }} %s\n end"
    assert said["sms"].endswith("<b>{{ 7*7 }} %s\n end {link}")
    assert (
        " ".join(said["social"].split())
        in reading.parse(document, later).items[0].description
    )
    feed = desk.get("/cap/feed.atom")
    assert etree.fromstring(feed.content) is not None
    page = desk.get(f"/incident/{incident.reference}/").content.decode()
    assert "&lt;b&gt;{{ 7*7 }} %s" in page
    assert "<b>{{" not in page


PARTS = (
    path.CIRCLE,
    zoning.Outline(
        shape="polygon",
        level="caution",
        given={"ring": [[-86.5, 12.0], [-86.0, 12.0], [-86.0, 12.5], [-86.5, 12.5]]},
    ),
    zoning.Outline(shape="country", level="information", given={"code": "NI"}),
)


@pytest.mark.parametrize("phase", ["warning", "check_in", "update", "all_clear"])
def test_each_phase_with_several_zones_is_valid_and_read_by_our_own_intake(
    officer: Officer, approver: Officer, now: datetime, settings: Any, phase: str
) -> None:
    incident = path.declared(officer, now)
    for part in PARTS:
        path.zoned(incident, officer, now, outline=part)
    first = sent(officer, approver, now, incident=incident)
    later = now + timedelta(minutes=5)
    alert = sent(officer, approver, later, incident=incident, phase=phase)
    document = cap.document(alert, later + timedelta(minutes=1))
    assert is_valid(document)
    chain = [] if alert.kind == "alert" else [cap.identifier(first)]
    item = reading.parse(document, later).items[0]
    assert [each.split(",")[1] for each in item.references] == chain
    settings.CAP_SENDER = "somebody.else@example.org"  # ours is not taken back in
    source = Source.objects.create(
        slug="other", name="Other", format="cap", mode="exercise", next_poll_at=now
    )
    taken, _ = intake.take(source, document, "application/cap+xml", later)
    assert (taken.state, taken.reason) == (Document.State.PARSED, "")
    report = taken.reports.get()
    assert set(report.languages) == set(languages.LANGUAGES)
    assert report.geometry is not None


def make_key(folder: Path, now: datetime) -> tuple[str, str]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.org")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, plain))
    return str(folder / "key.pem"), str(folder / "cert.pem")


def test_it_is_signed_where_a_key_is_configured(
    alert: Alert, later: datetime, tmp_path: Path, settings: Any
) -> None:
    keys = make_key(tmp_path, later.astimezone(UTC))
    settings.CAP_KEY_FILE, settings.CAP_CERTIFICATE_FILE = keys
    document = cap.document(alert, later)
    assert is_valid(document)
    assert signatures.MATCHES in reading.parse(document, later).items[0].flags
    forged = document.replace(b"Managua", b"Masatepe")
    assert signatures.BAD in reading.parse(forged, later).items[0].flags


def test_nothing_of_ours_is_taken_back_in(alert: Alert, later: datetime) -> None:
    source = Source.objects.create(
        slug="loop",
        name="Loop",
        url="https://example.org/feed",
        format="cap",
        mode="exercise",
        trust="suggest",
        interval_s=60,
        next_poll_at=later,
    )
    body = cap.document(alert, later)
    document, _ = intake.take(source, body, "application/cap+xml", later)
    assert document.state == Document.State.QUARANTINED
    assert "our own" in document.reason
    assert not Hazard.objects.exists()


def test_exercises_are_not_published_unless_asked_for(
    alert: Alert, client: Client, settings: Any, later: datetime
) -> None:
    settings.PUBLISH_EXERCISES = False
    assert not publishing.alerts(later).exists()
    assert client.get(f"/cap/{cap.identifier(alert)}.xml").status_code == 404
    assert client.get(f"/incident/{alert.incident.reference}/").status_code == 404


def test_what_is_held_is_not_public(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    held = path.approved(officer, approver, now)
    audience.settle(held, now)
    assert not publishing.alerts(now + timedelta(seconds=5)).exists()
    release.stop(held, officer, now + timedelta(seconds=6))
    assert not publishing.alerts(now + timedelta(hours=1)).exists()


def test_the_feed_names_each_document_and_its_page(
    alert: Alert, client: Client
) -> None:
    feed = etree.fromstring(client.get("/cap/feed.atom").content)
    names = {"a": cap.ATOM}
    hrefs = feed.xpath("//a:entry/a:link/@href", namespaces=names)
    assert hrefs == [cap.address(alert), cap.page(alert)]
    found = client.get(hrefs[0].removeprefix(conf.PUBLIC_URL))
    assert found.headers["Content-Type"] == "application/cap+xml"
    assert is_valid(found.content)


@pytest.mark.parametrize("language", list(languages.LANGUAGES))
def test_the_public_page_says_it_in_each_language(
    alert: Alert, client: Client, language: str
) -> None:
    url = f"/incident/{alert.incident.reference}/?lang={language}"
    answer = client.get(url)
    html = answer.content.decode()
    assert f'lang="{language}"' in html
    assert publishing.words(alert)[language].body.split("\n")[0][:30] in html
    assert "<script" not in html
    assert not answer.cookies
    assert "+12025550101" not in html


def test_a_code_of_ours_is_known_and_another_is_not(
    alert: Alert, client: Client
) -> None:
    code = alert.audience.get(is_included=True).code
    url = f"/incident/{alert.incident.reference}/?lang=en"
    assert "Yes: we sent" in client.post(url, {"code": code.lower()}).content.decode()
    assert "no message" in client.post(url, {"code": "XXXX"}).content.decode()
    assert "no message" in client.post(url, {"code": ""}).content.decode()


def test_a_mistake_is_marked_as_taken_back(
    alert: Alert, officer: Officer, client: Client, later: datetime
) -> None:
    correcting.settle(correcting.correct(alert, officer, later), later)
    page = client.get(f"/incident/{alert.incident.reference}/?lang=en").content.decode()
    assert "Sent by mistake; taken back." in page
    assert page.index("CORRECTION") < page.index("taken back")


def test_files_stand_by_themselves(alert: Alert, tmp_path: Path) -> None:
    call_command("write_public_pages", str(tmp_path))
    page = tmp_path / "incident" / alert.incident.reference / "ar.html"
    html = page.read_text()
    assert 'dir="rtl"' in html
    assert 'href="de.html"' in html
    assert "src=" not in html
    assert (tmp_path / "index.html").read_text().count(alert.incident.reference)
    assert is_valid((tmp_path / "cap" / f"{cap.identifier(alert)}.xml").read_bytes())
    assert not list(tmp_path.rglob("*.part"))


def test_what_a_lone_officer_sent_is_not_published(
    alert: Alert, later: datetime, officer: Officer
) -> None:
    glass = BreakGlass.objects.create(
        incident=alert.incident,
        draft=alert.draft,
        officer=officer,
        at=later,
        reason="Nobody else answers the telephone.",
        people=1,
        most=10,
    )
    Alert.objects.filter(pk=alert.pk).update(glass=glass)
    assert not publishing.alerts(later).exists()
