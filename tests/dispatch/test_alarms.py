"""Each alarm has words of its own, and an entry that says what to do."""

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from alerts.dispatch import outbox
from alerts.dispatch.models import Alarm, Attempt, Message, State
from alerts.dispatch.watching import alarms
from tests import factories
from tests.dispatch.test_ledger import letters, make_cause
from tests.factories import NOON
from tests.incidents import path

OPERATE = Path(settings.BASE_DIR) / "docs" / "operate.md"
LOGS = {"logger.warning", "logger.error", "logger.critical", "logger.exception"}
MINUTE = timedelta(minutes=1)


def entries() -> list[str]:
    """Return the first cells of the table of alarms."""
    table = OPERATE.read_text().partition("## What to do for each alarm")[2]
    rows = table.partition("\n## ")[0].splitlines()
    return [row.split("|")[1] for row in rows if row.startswith("|")]


def told() -> list[str]:
    """Return the words of every alarm, and of what else pages the officers on duty."""
    code = Path(settings.BASE_DIR).glob("*/**/*.py")
    texts = [path.read_text() for path in code if "tests" not in path.parts]
    pages = [text for text in texts if "alarms.tell_duty(" in text]
    flooded = "Public forms are flooded"
    assert len(pages) == sum(flooded in text for text in pages)
    return [*alarms.WORDS.values(), flooded]


@pytest.mark.parametrize("words", told())
def test_operating_says_what_to_do_for_each_alarm(words):
    said = re.sub(r"\{[^}]*\}", "…", words)
    assert any(said in cell for cell in entries())


def logged() -> list[str]:
    """Return what the log may say as a warning or worse, wherever it is written."""
    found = []
    root = Path(settings.BASE_DIR)
    for file in [*root.glob("alerts/**/*.py"), *root.glob("consular/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            words = node.args[0]
            is_log = ast.unparse(node.func) in LOGS
            if is_log and isinstance(words, ast.Constant):
                found.append(str(words.value))
    return sorted(set(found))


@pytest.mark.parametrize("words", logged())
def test_operating_says_what_to_do_for_each_line_of_the_log(words):
    said = re.sub(r"%[a-z]", "…", words)
    assert any(said in cell for cell in entries())


@pytest.mark.django_db
def test_messages_that_stay_unclear_page_an_officer_after_five_minutes():
    message = outbox.write(make_cause(), letters(1), NOON)[0]
    Message.objects.filter(pk=message.pk).update(state=State.UNCLEAR, attempt=1)
    Attempt.objects.create(message=message, number=1, account="a", began_at=NOON)
    alarms.look(NOON + 4 * MINUTE)
    assert not Alarm.objects.exists()
    alarms.look(NOON + 5 * MINUTE)
    assert Alarm.objects.get().words == "1 messages of alert:1 are unclear"


@pytest.mark.django_db
def test_an_alarm_names_the_incident_as_officers_know_it():
    incident = path.declared(factories.make_officer(), NOON, title="Flood near Ulm")
    cause = make_cause(incident_key=incident.key)
    assert cause.title == "Flood near Ulm, alert 1"
    message = outbox.write(cause, letters(1), NOON)[0]
    Message.objects.filter(pk=message.pk).update(state=State.SET_ASIDE)
    alarms.look(NOON + 2 * MINUTE)
    words = set(Alarm.objects.values_list("words", flat=True))
    assert "1 messages of Flood near Ulm, alert 1 are set aside" in words
