"""Of many wrong sign-ins few reach the hash, none gets in, and honest officers do."""

import os
import random
import time
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from consular.missions.models import Officer, SignInTry
from consular.missions.sign_in import throttling
from tests import factories
from tests.missions.test_sign_in import PASSWORD, code_for

# 10,000 in `python -m tests.torture`, with the real hash.
ATTEMPTS = int(os.environ.get("MUSTER_ATTEMPTS", "400"))
HASHED: list[str] = []


class CountingHasher(MD5PasswordHasher):
    """A quick hash that counts how often it is asked."""

    algorithm = "counting"

    def encode(self, password: str, salt: str) -> str:
        HASHED.append(salt)
        return super().encode(password, salt)


@pytest.fixture
def _counting(settings: Any) -> None:
    HASHED.clear()
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]


def attempt(client: Any, username: str, place: str, password: str, code: str) -> Any:
    form = {"username": username, "password": password, "code": code}
    address = reverse("missions:sign_in")
    return client.post(address, form, REMOTE_ADDR=place)


@pytest.fixture
def staff(_counting: None, db: None) -> list[Officer]:
    """Officers who have signed in with their browsers before."""
    found = [factories.make_officer() for _ in range(20 if ATTEMPTS > 999 else 3)]
    for officer in found:
        officer.set_password(PASSWORD)
        officer.save()
    return found


def test_few_of_many_reach_the_hash_and_honest_officers_still_get_in(
    client: Any, staff: list[Officer]
) -> None:
    browsers = []
    for number, officer in enumerate(staff):
        mine = type(client)()
        attempt(
            mine, officer.username, f"192.0.2.{number}", PASSWORD, code_for(officer)
        )
        mine.post(reverse("missions:sign_out"))
        browsers.append(mine)
    HASHED.clear()
    dice = random.Random(7)
    opened = 0
    for number in range(ATTEMPTS):  # known and unknown names, one place and many
        name = dice.choice(staff).username if number % 3 else f"n{number}@example.org"
        place = "203.0.113.9" if number % 2 else f"198.51.{number % 99}.{number % 251}"
        opened += attempt(client, name, place, "wrong", "123456").status_code == 302
    assert opened == 0
    assert len(HASHED) <= min(throttling.MOST_STRANGERS, 0.5 * ATTEMPTS)
    assert ATTEMPTS < 10_000 or len(HASHED) <= 0.02 * ATTEMPTS
    took = []
    for mine, officer in zip(browsers, staff, strict=True):
        officer.totpdevice_set.update(last_t=-1)  # its code of this half minute is used
        begun = time.perf_counter()
        answer = attempt(
            mine, officer.username, "203.0.113.9", PASSWORD, code_for(officer)
        )
        took.append(time.perf_counter() - begun)
        assert answer.status_code == 302
    assert sorted(took)[int(0.95 * len(took))] <= 3


def test_one_name_is_tried_from_many_places_only_so_often(
    client: Any, staff: list[Officer]
) -> None:
    HASHED.clear()
    for number in range(30):
        attempt(client, staff[0].username, f"198.51.100.{number}", "wrong", "123456")
    assert len(HASHED) == throttling.MOST_A_NAME


def test_a_stranger_is_told_how_to_get_in_and_may_try_again_later(
    client: Any, staff: list[Officer]
) -> None:
    for _ in range(throttling.MOST_A_PLACE):
        attempt(client, "nobody@example.org", "203.0.113.9", "wrong", "1")
    officer = staff[0]
    page = attempt(client, officer.username, "203.0.113.9", PASSWORD, code_for(officer))
    assert page.status_code == 429
    assert "Wait 15 minutes, use a passkey" in page.content.decode()
    SignInTry.objects.update(at=timezone.now() - throttling.WINDOW)
    page = attempt(client, officer.username, "203.0.113.9", PASSWORD, code_for(officer))
    assert page.status_code == 302


def test_a_browser_is_known_for_the_name_it_signed_in_with_only(
    client: Any, staff: list[Officer]
) -> None:
    first, second = staff[:2]
    attempt(client, first.username, "192.0.2.1", PASSWORD, code_for(first))
    client.post(reverse("missions:sign_out"))
    attempt(client, second.username, "192.0.2.1", "wrong", "1")
    attempt(client, first.username, "192.0.2.1", "wrong", "1")
    known = [bool(row.browser_key) for row in SignInTry.objects.order_by("pk")]
    assert known == [False, True]


def test_tries_are_kept_for_a_quarter_of_an_hour_and_name_nobody(
    client: Any, staff: list[Officer]
) -> None:
    attempt(client, staff[0].username, "203.0.113.9", "wrong", "1")
    row = SignInTry.objects.get()
    assert staff[0].username not in (row.name_key, str(row))
    throttling.forget(row.at + timedelta(minutes=15))
    assert not SignInTry.objects.exists()


def test_where_somebody_signed_in_from_is_forgotten_with_the_session(
    client: Any, staff: list[Officer]
) -> None:
    attempt(client, "nobody@example.org", "203.0.113.9", "wrong", "1")
    attempt(client, staff[0].username, "192.0.2.1", PASSWORD, code_for(staff[0]))
    assert not AccessLog.objects.exists()
    now = timezone.now()
    throttling.forget(now)
    assert Session.objects.exists()
    throttling.forget(now + timedelta(hours=13))
    assert not Session.objects.exists()
    assert not AccessAttempt.objects.exists()


def test_the_address_is_the_nearest_proxys_word_where_there_is_one(
    rf: Any, settings: Any
) -> None:
    said = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 192.0.2.7"}
    request = rf.get("/", **said)
    assert throttling.place_of(request) == "10.0.0.1"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert throttling.place_of(request) == "192.0.2.7"
