"""A ministry adds its own phrases; none may hide a call for help."""

import pytest
from django.urls import reverse

from alerts.checkins.reading import own_phrases, phrases, understanding
from consular.missions.models import AuditEntry
from tests import factories
from tests.checkins.test_answers import reply
from tests.checkins.test_understanding import ALL_HELP

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def officer(client):
    officer = factories.make_officer()
    factories.sign_in(client, officer)
    return officer


def add(client, text, sense):
    form = {"text": text, "sense": sense}
    return client.post(reverse("checkins:add_phrase"), form, follow=True)


def test_a_phrase_is_used_for_the_next_reply_and_can_be_taken_back(client, officer):
    assert understanding.read("zzkwa mbote").label == "unclear"
    add(client, "zzkwa mbote", "safe")
    assert understanding.read("zzkwa mbote").label == "safe"
    form = {"text": "zzkwa mbote", "sense": "safe"}
    client.post(reverse("checkins:drop_phrase"), form)
    assert understanding.read("zzkwa mbote").label == "unclear"
    actions = AuditEntry.objects.values_list("action", flat=True)
    assert {"add_phrase", "drop_phrase"} <= set(actions)


@pytest.mark.parametrize(
    ("text", "sense"),
    [
        ("pero mi hija está herida", "aside"),
        ("i am trapped", "aside"),
        ("not safe", "safe"),
        ("not", "plain"),
        ("but", "aside"),
    ],
)
def test_a_phrase_that_would_hide_a_call_is_refused(client, officer, text, sense):
    page = add(client, text, sense)
    assert b"was not added" in page.content
    assert own_phrases.rows() == []


@pytest.mark.parametrize(
    ("text", "sense"), [("", "safe"), ("a|b", "safe"), ("ok", "safe"), ("fine", "no")]
)
def test_what_is_no_phrase_is_refused(client, officer, text, sense):
    assert b"was not added" in add(client, text, sense).content
    assert own_phrases.rows() == []


def test_the_page_shows_what_was_unclear_and_checks_the_reserved_words(
    client, officer, sent
):
    reply("zzkwa mbote")
    page = client.get(reverse("checkins:phrases")).content.decode()
    assert "zzkwa mbote" in page
    assert "read otherwise" not in page


def test_the_calls_that_are_kept_are_those_of_the_labelled_replies():
    calls = own_phrases.CALLS_FILE.read_text(encoding="utf-8").splitlines()
    assert set(calls) == set(ALL_HELP)


def test_no_phrase_for_help_that_is_shipped_reads_as_safe():
    calls = own_phrases.calls([])
    assert [each for each in calls if understanding.read(each).label == "safe"] == []


def test_no_call_is_hidden_by_a_safe_in_front():
    said = [f"safe. {each}" for each in own_phrases.calls([])]
    assert [each for each in said if understanding.read(each).label == "safe"] == []


@pytest.mark.parametrize(
    "row", [("help", "arm ab"), ("safe", "sicherli"), ("plain", "zürs")]
)
def test_a_phrase_beside_all_others_is_read_as_if_it_had_been_among_them(row):
    rows = list(phrases.rows_of())
    before = phrases.Phrases(rows)
    known = {name: len(table) for name, table in vars(before).items()}
    before.starting("safe")  # what was looked up is not handed on
    beside, anew = phrases.Phrases([row], beside=before), phrases.Phrases([*rows, row])
    assert vars(beside) == vars(anew)
    before.alone.clear()
    assert {name: len(table) for name, table in vars(before).items()} == known
