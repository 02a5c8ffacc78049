"""What refuses a passkey; what accepts one is tried in a browser."""

from typing import Any

import pytest
from django.urls import reverse

from consular.missions.models import Officer, Passkey
from consular.missions.sign_in import passkeys, stepping
from tests import factories


def send(client: Any, name: str, **said: Any) -> Any:
    address = reverse(f"missions:{name}")
    return client.post(address, said, content_type="application/json")


def test_nobody_makes_a_passkey_without_a_fresh_factor(
    desk: Any, client: Any, officer: Officer
) -> None:
    assert send(desk, "offer_passkey").status_code == 200
    session = desk.session
    session[stepping.KEY] = 0
    session.save()
    assert send(desk, "offer_passkey").status_code == 400
    assert send(type(client)(), "offer_passkey").status_code == 400


@pytest.mark.parametrize("answer", [None, "x", [], {}, {"id": 7}, {"id": "x\x00"}])
def test_an_answer_that_is_none_opens_nothing(
    client: Any, answer: Any, db: None
) -> None:
    send(client, "ask_passkey")
    refused = send(client, "use_passkey", answer=answer)
    assert (refused.status_code, "error" in refused.json()) == (400, True)


def test_a_challenge_counts_once(client: Any, officer: Officer, now: Any) -> None:
    Passkey.objects.create(
        user=officer, credential_id="abcd", public_key=b"x", made_at=now
    )
    send(client, "ask_passkey")
    answer = {"id": "abcd", "rawId": "abcd", "type": "public-key", "response": {}}
    assert "not accepted" in send(client, "use_passkey", answer=answer).json()["error"]
    assert "Start again" in send(client, "use_passkey", answer=answer).json()["error"]


def test_more_than_ten_passkeys_are_refused(
    desk: Any, officer: Officer, now: Any
) -> None:
    for number in range(passkeys.MOST):
        Passkey.objects.create(
            user=officer, credential_id=str(number), public_key=b"x", made_at=now
        )
    assert "enough" in send(desk, "offer_passkey").json()["error"]


def test_nobody_removes_anothers_passkey(desk: Any, now: Any) -> None:
    other = factories.make_officer()
    theirs = Passkey.objects.create(
        user=other, credential_id="abcd", public_key=b"x", made_at=now
    )
    answer = desk.post(reverse("missions:account"), {"remove": theirs.pk})
    assert answer.status_code == 404
    assert Passkey.objects.filter(pk=theirs.pk).exists()
