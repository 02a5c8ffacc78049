"""The simulated people answer alerts, repeatably, and never a notice."""

import smtplib
from collections import Counter
from email.message import EmailMessage
from pathlib import Path

import requests

from alerts.exercises.provider import replies
from alerts.exercises.provider.office import thread_key
from tests.exercises.stand_ins import eventually, listening, provider
from tests.exercises.test_provider import send

ALERT = "Terremoto. ¿Está usted a salvo? Responda SAFE o HELP. http://127.0.0.1/c/a-{}"
NOTICE = "Confirm your registration: http://127.0.0.1/register/confirm/abc"
FORM = """
<form method="post" action=""><input type="hidden" name="csrfmiddlewaretoken" value="t">
<input type="hidden" name="key" value="k-1">
<input type="checkbox" name="person" value="7" checked>
<button name="status" value="safe">I am safe</button></form>
"""


def plans(seed: int) -> list[replies.Answer | None]:
    numbers = [f"+1{202 + n // 100}55501{n % 100:02d}" for n in range(2000)]
    return [replies.plan(seed, "sms", each, ALERT.format(each)) for each in numbers]


def test_a_seed_repeats_what_people_do():
    assert plans(3) == plans(3)
    assert plans(3) != plans(4)


def test_about_half_answer_and_a_few_need_help():
    answers = [each for each in plans(1) if each]
    kinds = Counter(each.what for each in answers)
    assert 0.47 < len(answers) / 2000 < 0.57
    assert 0.02 < kinds["help"] / 2000 < 0.045
    assert kinds["safe"] > 0.8 * len(answers)
    assert {each.way for each in answers} == {"sms", "link"}


def test_a_notice_is_never_answered():
    numbers = [f"+120255501{n:02d}" for n in range(100)]
    assert not any(replies.plan(1, "sms", each, NOTICE) for each in numbers)


def test_answers_are_in_the_language_of_the_text():
    words = [each.words for each in plans(1) if each and each.way == "sms"]
    assert "estoy bien" in words
    assert "no estoy bien" in words


def test_a_person_opens_the_link_and_presses_a_button(tmp_path: Path):
    with listening(answer=302) as hook:
        hook.page = FORM
        with provider(tmp_path, hook.url, people=True, speed=100_000) as stand:
            for number in range(40):
                mail = EmailMessage()
                mail["To"] = f"person{number}@example.org"
                mail["From"], mail["Subject"] = "alerts@example.org", "Earthquake"
                mail["Message-ID"] = f"<uid-{number}@example.org>"
                mail.set_content(f"Are you safe? {hook.url}/c/token-{number}")
                with smtplib.SMTP("127.0.0.1", stand.running.smtp_port) as smtp:
                    smtp.send_message(mail)
            eventually(lambda: stand.journal.answers())
            assert stand.journal.references("email")["uid-7"] == 1
    answered = hook.got[0]
    assert answered.path.startswith("/c/token-")
    assert answered.form["key"] == "k-1"
    assert answered.form["person"] == "7"
    assert answered.form["status"] in {"safe", "help", "away"}


def test_a_text_is_answered_by_sms(tmp_path: Path):
    crowd = {"people": True, "speed": 100_000}
    with listening() as hook, provider(tmp_path, hook.url, **crowd) as stand:
        for number in range(30):
            send(stand, f"+120255501{number:02d}", "Reply SAFE or HELP")
        eventually(lambda: stand.journal.answers())
    assert hook.got[0].path == "/hooks/twilio/sms"
    assert hook.got[0].form["Body"]


def test_who_registered_by_hand_is_left_to_answer_by_hand(tmp_path: Path):
    crowd = {"people": True, "speed": 100_000}
    mine = [f"+120255501{number:02d}" for number in range(30)]
    with listening() as hook, provider(tmp_path, hook.url, **crowd) as stand:
        for number in mine:
            send(stand, number, NOTICE)
            send(stand, number, "Reply SAFE or HELP")
        for number in range(30, 60):
            send(stand, f"+120255501{number:02d}", "Reply SAFE or HELP")
        eventually(lambda: len(stand.journal.answers()) > 10)
    assert not {each["to"] for each in stand.journal.answers()} & set(mine)


def test_what_people_write_waits_for_no_receipts_of_others(tmp_path: Path):
    with listening() as hook, provider(tmp_path, hook.url) as stand:
        hook.receipts.clear()
        for number in range(20, 60):
            callback = f"{hook.url}/hooks/twilio/status/{number}/1"
            send(stand, f"+120255501{number:02d}", callback=callback)
        url = f"{stand.running.url}/phone/{thread_key('+12025550120')}"
        said = requests.post(url, {"body": "help"}, timeout=5, allow_redirects=False)
        assert said.status_code == 303
        assert [each.form["Body"] for each in hook.got] == ["help"]
        hook.receipts.set()
