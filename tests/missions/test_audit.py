import random
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from consular.missions import audit
from consular.missions.models import AuditEntry


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


@pytest.mark.parametrize("seed", range(25))
def test_any_random_change_is_found(trail, seed):
    dice = random.Random(seed)
    row = trail.filter(sequence=dice.randint(1, 12))
    change = dice.choice(["facts", "action", "subject", "officer", "removed"])
    if change == "removed":
        row.delete()
    elif change == "facts":
        row.update(facts={"people": dice.randint(100, 999)})
    elif change == "officer":
        row.update(officer=None)
    else:
        row.update(**{change: "other"})
    with pytest.raises(CommandError):
        verify()
