"""Each phase's words in each language: complete, sendable, replaceable."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from alerts.dispatch import text
from alerts.hazards.models import Kind
from alerts.incidents.drafts import phrasing, templating, wording
from alerts.incidents.drafts.phrasing import Facts, PhrasesError
from alerts.incidents.models import Phase
from consular import languages
from tests.incidents import path

SAID = Facts(
    what="<what>",
    where="<where>",
    when="2026-03-02 05:40",
    who="<who>",
    todo="<todo>",
    next="2026-03-02 09:00",
    phone="+353 1 555 0100",
)
ALL = [(phase, language) for phase in Phase.values for language in languages.LANGUAGES]


@pytest.mark.parametrize(("phase", "language"), ALL)
def test_every_text_says_what_it_must(phase: str, language: str) -> None:
    for channel in phrasing.channels_of(phase):
        words = phrasing.compose(phase, channel, language, SAID)
        assert wording.problems(words, "exercise") == {}
        for fact in ("what", "where", "when", "who"):
            assert getattr(SAID, fact) in words.body, (channel, fact)
        if channel != "email":
            assert languages.number_in(language, SAID.phone) in words.body
        said = text.filled(text.for_reader(words.body, True), "", "")
        assert "{" not in said


@pytest.mark.parametrize(("phase", "language"), ALL)
def test_who_is_warned_knows_what_to_do_and_when_the_next_word_comes(
    phase: str, language: str
) -> None:
    own = phrasing.phrases(language)[phase]
    for channel in phrasing.channels_of(phase):
        body = phrasing.compose(phase, channel, language, SAID).body
        if phase in templating.LAST_WORDS:
            assert channel != "email" or (own["todo"] in body and own["next"] in body)
        else:
            assert SAID.todo in body
            assert SAID.next in body


def test_each_kind_has_its_word_and_advice_in_each_language() -> None:
    for language in languages.LANGUAGES:
        said = {kind: phrasing.event(kind, language) for kind in Kind.values}
        assert all(said.values())
        assert all(phrasing.advice(kind, language) for kind in Kind.values)
        assert said["earthquake"] != said["flood"]


def test_a_ministry_writes_its_own_words_over_ours(
    tmp_path: Path, settings: Any
) -> None:
    own = '[warning]\nsms = "RUN. {where} {link}"\n[advice]\nflood = "Climb."\n'
    (tmp_path / "phases.en.toml").write_text(own)
    settings.TEMPLATES_FOLDER = str(tmp_path)
    assert phrasing.compose("warning", "sms", "en", SAID).body == "RUN. <where> {link}"
    assert phrasing.compose("warning", "email", "en", SAID).subject.startswith("Warn")
    assert phrasing.advice("flood", "en") == "Climb."
    assert phrasing.advice("flood", "fr") != "Climb."


def test_a_file_that_is_broken_says_which_it_is(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "phases.de.toml").write_text("[warning\n")
    settings.TEMPLATES_FOLDER = str(tmp_path)
    with pytest.raises(PhrasesError, match=r"phases\.de\.toml"):
        phrasing.phrases("de")


def test_braces_in_a_fact_stay_as_they_are() -> None:
    odd = Facts(**(vars(SAID) | {"where": "{phone} {link}"}))
    said = phrasing.compose("warning", "sms", "en", odd).body
    assert "{phone} {link}," in said


@pytest.mark.parametrize("phase", Phase.values)
def test_the_next_word_is_asked_for_where_there_will_be_one(
    desk: Any, officer: Any, now: datetime, phase: str
) -> None:
    incident = path.declared(officer, now)
    path.zoned(incident, officer, now)
    page = desk.get(f"/desk/incidents/{incident.reference}/message/?phase={phase}")
    asks = b'name="next_word_at"' in page.content
    assert asks == (phase not in templating.LAST_WORDS)


def test_the_template_is_chosen_on_the_page_and_time_changes_everywhere(
    desk: Any, officer: Any, now: datetime
) -> None:
    incident = path.declared(officer, now)
    path.zoned(incident, officer, now)
    url = f"/desk/incidents/{incident.reference}/message/"
    typed = {
        "languages": ["en", "ar"],
        "channels": ["sms", "email"],
        "valid_hours": "12",
        "fallback": "en",
        "phase": "warning",
        "action": "template",
    }
    html = desk.post(url, typed).content.decode()
    assert "Warning: Earthquake, Managua" in html
    assert not incident.drafts.exists()
    body = "Go. 2026-03-02 09:00 {link}"
    saved = typed | {
        "action": "save",
        "sms-en": body,
        "email-en": body,
        "subject-email-en": "Go",
        "next_word_before": "2026-03-02T09:00",
        "next_word_at": "2026-03-02T10:30",
    }
    desk.post(url, saved)
    draft = incident.drafts.get()
    assert {text.body for text in draft.texts.all()} == {"Go. 2026-03-02 10:30 {link}"}
    assert (draft.phase, draft.next_word_at.hour) == ("warning", 16)


@pytest.mark.parametrize(
    ("language", "number"), [("ar", "+35315550100"), ("es", SAID.phone)]
)
def test_a_number_is_read_in_its_order_also_from_right_to_left(language, number):
    said = phrasing.compose("check_in", "sms", language, SAID)
    assert number in said.body
