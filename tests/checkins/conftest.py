"""An incident whose alert was settled and sent to two parties."""

import random
from dataclasses import dataclass
from datetime import timedelta

import pytest

from alerts.checkins.answers import checking
from alerts.checkins.models import Case, CaseEvent
from alerts.dispatch import links, outbox
from alerts.dispatch.models import Lane, Message, State
from alerts.incidents.models import (
    Alert,
    Audience,
    AudienceMessage,
    AudiencePerson,
    Draft,
    Incident,
)
from consular.people.models import Registration
from tests import factories
from tests.factories import NOON

SOON, LATE = NOON + timedelta(minutes=5), NOON + timedelta(minutes=16)


@dataclass
class Sent:
    """One party that was written to."""

    registration: Registration
    audience: Audience
    message: Message

    @property
    def path(self) -> str:
        return f"/c/{links.token(self.message.uid)}"

    @property
    def persons(self):
        return list(self.registration.persons.all())


def make_incident(reference="EQ-1", **changes) -> Incident:
    officer = factories.make_officer()
    fields = {
        "reference": reference,
        "title": "Earthquake near Managua",
        "place": "Managua, Nicaragua",
        "kind": "earthquake",
        "mode": "exercise",
        "commander": officer,
        "time_zone": "America/Managua",
        "happened_at": NOON,
        "opened_at": NOON,
    }
    return Incident.objects.create(**(fields | changes))


def make_alert(incident: Incident) -> Alert:
    officer = incident.commander
    draft = Draft.objects.create(
        incident=incident, author=officer, changed_by=officer, changed_at=NOON
    )
    return Alert.objects.create(
        draft=draft,
        incident=incident,
        kind="alert",
        mode="exercise",
        state=Alert.State.RELEASED,
        zones=[],
        texts=[],
        channels=["sms"],
        include={},
        submitted_by=officer,
        approved_by=officer,
        approved_at=NOON,
        not_after=NOON + timedelta(hours=12),
        settled_at=NOON,
        opens_at=NOON,
        released_at=NOON,
    )


def send(alert: Alert, phone: str, party: int = 2, code: str = "7K2Q") -> Sent:
    """Write one party of an alert's audience its message."""
    registration = factories.make_registration(phone=phone, party=party)
    audience = Audience.objects.create(
        alert=alert,
        registration=registration,
        is_included=True,
        reason=Audience.Reason.INSIDE,
        code=code,
    )
    stay = registration.stays.first()
    for person in registration.persons.all():
        AudiencePerson.objects.create(
            audience=audience, person=person, stay=stay, level="danger"
        )
    cause = outbox.open_cause(
        alert.cause_key,
        mode="exercise",
        lane=Lane.DANGER,
        now=NOON,
        not_after=alert.not_after,
        incident_key=alert.incident.key,
        opens_at=NOON,
    )
    text = outbox.text("sms", "en", "EXERCISE. Are you safe? {link} {code}")
    letter = outbox.Letter(
        channel="sms", address=phone, text=text, code=code, link_path="c"
    )
    (message,) = outbox.write(cause, [letter], NOON)
    Message.objects.filter(pk=message.pk).update(state="delivered")
    AudienceMessage.objects.create(audience=audience, message=message)
    return Sent(registration, audience, message)


@pytest.fixture
def incident(db) -> Incident:
    return make_incident()


@pytest.fixture
def alert(incident) -> Alert:
    return make_alert(incident)


@pytest.fixture
def sent(alert) -> Sent:
    return send(alert, "+12025550101")


@pytest.fixture
def crowd(alert, incident):
    """Twelve parties of two with answers and receipts of every kind."""
    dice = random.Random(4)
    sent = [send(alert, f"+12025550{number}") for number in range(120, 132)]
    for each in sent:
        state = dice.choice(["delivered", "accepted", "undelivered", "queued"])
        Message.objects.filter(pk=each.message.pk).update(state=state)
        if dice.random() < 0.7:
            status = dice.choice(["safe", "needs_help", "not_here"])
            speaking = each.persons[: dice.randrange(1, 3)]
            said = checking.Said(
                incident=incident,
                persons=speaking,
                status=status,
                basis="self-link",
                stated_at=NOON,
                request_key=f"crowd:{each.message.pk}",
            )
            checking.state(said, NOON)
    return sent


@pytest.fixture
def officer(client):
    officer = factories.make_officer()
    factories.sign_in(client, officer)
    return officer


ADA = "ada@example.org"
SAID = (
    "Earthquake.\n\nAre you safe?{reply}\n\nAnswer SAFE {code} or HELP {code}.{/reply}"
)


@pytest.fixture
def mailed(sent, alert, settings) -> Sent:
    """A party of two that was written to by e-mail, from an account with an inbox."""
    account = settings.ACCOUNTS["simulated-email"] | {"inbox": "answers@example.org"}
    settings.ACCOUNTS = settings.ACCOUNTS | {"simulated-email": account}
    return by_mail(alert, sent, ADA)


def by_mail(alert, sent: Sent, address: str) -> Sent:
    text = outbox.text("email", "en", SAID, "Earthquake")
    letter = outbox.Letter(
        channel="email", address=address, text=text, code="7K2Q", link_path="c"
    )
    cause = sent.message.cause
    (message,) = outbox.write(cause, [letter], NOON)
    Message.objects.filter(pk=message.pk).update(
        state=State.ACCEPTED, account="simulated-email", provider_id=id_of(message)
    )
    AudienceMessage.objects.create(audience=sent.audience, message=message)
    return Sent(sent.registration, sent.audience, message)


def id_of(message) -> str:
    """The Message-ID as our mails carry it, but for its random part."""
    return f"<1700000000.1.2.{message.uid}.1@ministry.example.org>"


def say(incident, persons, status="needs_help", basis="self-link", now=NOON, **more):
    key = f"test:{CaseEvent.objects.count()}:{status}:{basis}:{now.isoformat()}"
    said = checking.Said(
        incident=incident,
        persons=persons,
        status=status,
        basis=basis,
        stated_at=now,
        request_key=key[:50],
        **more,
    )
    return checking.state(said, now)


@pytest.fixture
def case(sent, incident):
    say(incident, sent.persons[:1], needs=("medical",))
    return Case.objects.get()


def kinds(case):
    return list(case.events.values_list("kind", flat=True))
