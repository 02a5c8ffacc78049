"""Words that two people approve beforehand, and what is shown before a yes."""

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from alerts.dispatch.models import Message
from alerts.incidents.approving import approval
from alerts.incidents.drafts import (
    drafting,
    message_forms,
    templating,
)
from alerts.incidents.errors import FieldsError, ForbiddenError
from alerts.incidents.models import Draft, Incident, Template
from consular.missions.models import Officer
from geo.regions import region_at
from tests import factories
from tests.incidents import path


@pytest.fixture
def approved(officer: Officer, approver: Officer, now: datetime) -> Template:
    made = templating.begin("check_in", "earthquake", "NI", "Quakes", officer, now)
    templating.submit(made, officer, now)
    templating.approve(made, approver, now)
    return made


def begun(officer: Officer, now: datetime) -> Draft:
    incident = path.declared(officer, now)
    path.zoned(incident, officer, now)
    said = message_forms.first_content(incident, {}, "check_in", now)
    return drafting.save(drafting.begin(incident, officer, now), said, officer, now)


def test_words_for_a_region_count_where_the_place_lies_in_it(
    officer: Officer, approver: Officer, now: datetime
) -> None:
    here, there = (
        templating.begin("check_in", "earthquake", "", name, officer, now, region=code)
        for name, code in (("Here", region_at(*path.MANAGUA)), ("There", "CR-G"))
    )
    wide = templating.begin("check_in", "earthquake", "NI", "Wide", officer, now)
    for each in (here, there, wide):
        templating.submit(each, officer, now)
        templating.approve(each, approver, now)
    assert (here.country, there.country) == ("NI", "CR")
    incident = path.declared(officer, now)
    assert [t.name for t in templating.usable(incident)] == ["Here", "Wide"]
    Incident.objects.filter(pk=incident.pk).update(lon=None, lat=None)
    incident.refresh_from_db()
    assert [t.name for t in templating.usable(incident)] == ["Wide"]


@pytest.mark.parametrize(
    ("country", "region", "kept", "said"),
    [
        ("", "Guanacaste", "CR-G", ""),
        ("NI", "Guanacaste", "", "in another country"),
        ("CR", "Atlantis", "", "no region of this name"),
        ("", "<script>alert(1)</script>", "", "no region of this name"),
    ],
)
def test_the_page_reads_a_region_by_its_name(
    desk: Any, country: str, region: str, kept: str, said: str
) -> None:
    asked = {"name": "Quakes", "phase": "warning", "kind": "", "country": country}
    answer = desk.post("/desk/templates/", asked | {"region": region}, follow=True)
    html = answer.content.decode()
    assert [t.region for t in Template.objects.all()] == ([kept] if kept else [])
    assert said in html
    assert "<script>alert(1)" not in html
    assert ("Guanacaste, Costa Rica" in html) is bool(kept)


def test_our_own_words_pass_the_checks_in_every_phase(
    officer: Officer, now: datetime
) -> None:
    for phase in ("warning", "check_in", "update"):
        made = templating.begin(phase, "", "", "Any", officer, now)
        assert templating.problems(phase, made.texts) == {}


def test_a_text_that_does_not_say_when_is_not_handed_over(
    officer: Officer, now: datetime
) -> None:
    made = templating.begin("warning", "", "", "Any", officer, now)
    texts = [dict(each) for each in made.texts]
    texts[0]["body"] = texts[0]["body"].replace("{when}", "")
    templating.save(made, texts, officer, now)
    with pytest.raises(FieldsError, match="in local time"):
        templating.submit(made, officer, now)


def test_nobody_approves_their_own_template(officer: Officer, now: datetime) -> None:
    made = templating.begin("warning", "", "", "Any", officer, now)
    templating.submit(made, officer, now)
    with pytest.raises(ForbiddenError):
        templating.approve(made, officer, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Template.objects.update(state="approved", approved_by=officer)


def test_an_edit_withdraws_the_approval(
    approved: Template, officer: Officer, now: datetime
) -> None:
    templating.save(approved, approved.texts, officer, now)
    assert (approved.state, approved.approved_by) == ("draft", None)


def test_a_draft_begins_with_it_and_is_known_as_approved(
    approved: Template, officer: Officer, now: datetime
) -> None:
    draft = begun(officer, now)
    assert draft.template == approved
    assert templating.as_approved(draft) == approved


def test_one_changed_word_is_no_longer_approved(
    approved: Template, officer: Officer, now: datetime
) -> None:
    draft = begun(officer, now)
    text = draft.texts.filter(channel="sms").first()
    text.body = text.body.replace("Stay", "Do not stay")
    text.save()
    assert templating.as_approved(draft) is None


def test_a_template_of_another_country_is_not_offered(
    approved: Template, officer: Officer, now: datetime
) -> None:
    Template.objects.update(country="FR")
    assert begun(officer, now).template is None


def test_the_approver_needs_no_tick_for_words_that_two_have_read(
    approved: Template, approver: Officer, officer: Officer, client: Any, now: datetime
) -> None:
    draft = approval.submit(begun(officer, now), officer, now)
    factories.sign_in(client, approver)
    url = f"/desk/incidents/{draft.incident.reference}/approve/"
    html = client.get(url).content.decode()
    assert "approved beforehand" in html
    assert "tick_text" not in html


def test_an_officer_sends_a_text_to_themselves_alone(
    desk: Any, officer: Officer, now: datetime
) -> None:
    incident = path.declared(officer, now)
    officer.phone = "+12025550177"
    officer.save()
    url = f"/desk/incidents/{incident.reference}/message/"
    typed = {"languages": "en", "channels": "sms", "sms-en": path.SAY}
    desk.post(url, typed | {"action": "try-sms-en"})
    message = Message.objects.get()
    assert (message.purpose, message.address.address) == ("own test", officer.phone)
    assert message.text.body.startswith("EXERCISE.")
    assert "{link}" not in message.text.body


def test_the_pages_of_templates_write_hand_over_and_approve(
    desk: Any, approver: Officer, client: Any, now: datetime
) -> None:
    asked = {"name": "Quakes", "phase": "warning", "kind": "earthquake", "country": ""}
    where = desk.post("/desk/templates/", asked)["Location"]
    made = Template.objects.get()
    typed = {f"{e['channel']}-{e['language']}": e["body"] for e in made.texts}
    typed |= {
        f"subject-{e['channel']}-{e['language']}": e["subject"] for e in made.texts
    }
    desk.post(where, typed | {"revision": made.revision, "action": "submit"})
    factories.sign_in(client, approver)
    client.post(where, {"revision": made.revision, "action": "approve"})
    made.refresh_from_db()
    assert (made.state, made.approved_by) == ("approved", approver)
    assert "Quakes" in client.get("/desk/templates/").content.decode()
