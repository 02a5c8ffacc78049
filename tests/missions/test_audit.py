import os
import random
import socket
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from alerts.dispatch.models import Message
from alerts.dispatch.watching import daily
from consular.missions import anchoring, audit
from consular.missions.models import AuditEntry

TAMPERS = int(os.environ.get("MUSTER_TAMPERS", "120"))  # 1,000 in `tests.torture`


@pytest.fixture(autouse=True)
def anchors(settings, tmp_path):
    settings.AUDIT_ANCHORS = str(tmp_path / "anchors.txt")


@pytest.fixture
def trail(officer, now):
    for number in range(12):
        audit.record("approve", officer, f"draft {number}", now, people=number)
    assert audit.seal(now) == 12
    return AuditEntry.objects.order_by("sequence")


def test_an_untouched_trail_has_no_break(trail):
    assert audit.first_break() is None


def test_sealing_twice_changes_nothing(trail, now):
    hashes = list(trail.values_list("entry_hash", flat=True))
    assert audit.seal(now) == 0
    assert list(trail.values_list("entry_hash", flat=True)) == hashes


def test_a_changed_fact_is_found(trail):
    trail.filter(sequence=5).update(facts={"people": 99})
    assert audit.first_break() == 5


def test_a_removed_entry_is_found(trail):
    trail.filter(sequence=7).delete()
    assert audit.first_break() == 7


def verify():
    said = StringIO()
    call_command("verify_audit", stdout=said)
    return said.getvalue()


def test_the_command_says_how_much_is_unbroken(trail):
    assert verify().startswith("12 entries unbroken")


def test_a_cut_off_end_is_found_by_its_anchor(trail):
    trail.filter(sequence__gt=9).delete()
    assert audit.first_break() is None
    with pytest.raises(CommandError, match="anchor 12"):
        verify()


def test_a_chain_that_was_written_anew_is_found_by_its_anchor(trail, now):
    AuditEntry.objects.filter(sequence=3).update(facts={"people": 7})
    AuditEntry.objects.update(sequence=None, entry_hash="")
    audit.seal(now)
    assert audit.first_break() is None
    with pytest.raises(CommandError, match="anchor"):
        verify()


FORGED = {"action": "other", "subject": "draft 99", "officer": None}
FORGED |= {"facts": {"people": 999}, "entry_hash": "0" * 64}
KINDS = (*FORGED, "at", "removed", "cut", "swapped", "made up", "unsealed")


def tamper(trail, dice, now):
    """Change the trail in one way; return which."""
    kind, number = dice.choice(KINDS), dice.randint(1, 12)
    row = trail.filter(sequence=number)
    if kind in FORGED:
        row.update(**{kind: FORGED[kind]})
    elif kind == "at":
        row.update(at=now + timedelta(microseconds=dice.randint(1, 10**9)))
    elif kind == "removed":
        row.delete()
    elif kind == "cut":
        trail.filter(sequence__gte=number).delete()
    elif kind == "swapped":
        other = number % 12 + 1
        trail.filter(sequence=number).update(sequence=99)
        trail.filter(sequence=other).update(sequence=number)
        trail.filter(sequence=99).update(sequence=other)
    elif kind == "made up":
        AuditEntry.objects.create(
            at=now, action="approve", subject="x", sequence=13, entry_hash="0" * 64
        )
    else:
        row.update(sequence=None, entry_hash="")
    return kind


def is_found():
    try:
        verify()
    except CommandError:
        return True
    return False


def test_any_random_change_is_found(trail, now):
    dice = random.Random(11)
    for _ in range(TAMPERS):
        before = transaction.savepoint()
        kind = tamper(trail, dice, now)
        assert is_found(), kind
        transaction.savepoint_rollback(before)


def test_entries_of_one_second_are_all_sealed_in_it(officer, now):
    for number in range(1_300):
        audit.record("view_person", officer, f"person {number}", now)
    audit.tick(now)
    assert not AuditEntry.objects.filter(sequence=None).exists()
    assert audit.first_break() is None


def test_a_line_that_was_kept_outside_is_compared(trail, now):
    sequence, entry_hash = anchoring.end()
    call_command("verify_audit", line=f"{now.isoformat()} {sequence} {entry_hash}")
    AuditEntry.objects.filter(sequence=3).update(facts={"people": 7})
    AuditEntry.objects.update(sequence=None, entry_hash="")
    audit.seal(now)
    with pytest.raises(CommandError, match="entry 12 is not as that line says"):
        call_command("verify_audit", line=f"{sequence} {entry_hash}")


def test_the_end_of_the_chain_is_mailed_once_a_day_and_names_nobody(
    trail, now, settings
):
    settings.AUDIT_MAIL = "audit@example.org"
    assert [daily.send(now), daily.send(now)] == [True, False]
    assert daily.send(now + timedelta(days=1))
    first = Message.objects.filter(purpose="audit line").order_by("pk")[0]
    assert first.address.address == "audit@example.org"
    assert anchoring.end()[1] in first.text.body
    assert "draft" not in first.text.body


def test_the_end_of_the_chain_goes_to_syslog(trail, officer, now, settings):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("127.0.0.1", 0))
        heard.settimeout(5)
        settings.AUDIT_SYSLOG = f"127.0.0.1:{heard.getsockname()[1]}"
        audit.record("approve", officer, "draft 13", now)
        audit.seal(now)
        said = heard.recv(2_000).decode()
    assert f"muster-audit: {now.isoformat()} 13 {anchoring.end()[1]}" in said


def test_a_syslog_that_is_not_there_stops_nothing(officer, now, settings, tmp_path):
    settings.AUDIT_SYSLOG = str(tmp_path / "none")
    audit.record("approve", officer, "draft 1", now)
    assert audit.seal(now) == 1
