"""An officer changes the own password, and no session elsewhere lives on."""

from typing import Any

import pytest

from consular.missions.models import AuditEntry, Officer
from consular.missions.sign_in import stepping, throttling
from tests import factories

PAGE = "/desk/account/password/"
OLD, NEW = "an invented old one", "a longer invented one"


@pytest.fixture
def known(client: Any, officer: Officer) -> Any:
    officer.set_password(OLD)
    officer.save()
    factories.sign_in(client, officer)
    return client


def change(client: Any, old: str = OLD, new: str = NEW, again: str = NEW) -> Any:
    said = {"old_password": old, "new_password1": new, "new_password2": again}
    return client.post(PAGE, said)


def test_a_new_password_keeps_this_session_and_ends_the_others(
    known: Any, officer: Officer
) -> None:
    elsewhere = type(known)()
    factories.sign_in(elsewhere, officer)
    assert change(known).status_code == 302
    officer.refresh_from_db()
    assert officer.check_password(NEW)
    assert known.get("/desk/account/").status_code == 200
    assert elsewhere.get("/desk/account/").status_code == 302
    entry = AuditEntry.objects.get(action="change_password")
    assert entry.subject == f"officer {officer.pk}"
    assert NEW not in str(entry.__dict__)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"old": "another"}, "old_password"),
        ({"again": "another entirely"}, "new_password2"),
        ({"new": "short", "again": "short"}, "new_password2"),
        ({"new": "passwordpassword", "again": "passwordpassword1"}, "new_password2"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    known: Any, officer: Officer, said: dict[str, str], field: str
) -> None:
    answer = change(known, **said)
    assert answer.status_code == 400
    assert field in answer.context["form"].errors
    officer.refresh_from_db()
    assert officer.check_password(OLD)


def test_who_sits_at_anothers_screen_has_few_tries(
    known: Any, officer: Officer
) -> None:
    for number in range(throttling.MOST_A_NAME + throttling.MOST_A_BROWSER):
        answer = change(known, old=f"guess {number}")
    assert "too many" in str(answer.context["form"].errors["old_password"])
    assert "too many" in str(change(known).context["form"].errors["old_password"])


def test_a_fresh_factor_comes_first(known: Any, officer: Officer) -> None:
    session = known.session
    session[stepping.KEY] = 0
    session.save()
    assert "/desk/confirm/" in change(known).headers["Location"]
    officer.refresh_from_db()
    assert officer.check_password(OLD)


def test_nobody_changes_a_password_without_signing_in(client: Any, db: None) -> None:
    assert "/desk/sign-in/" in client.get(PAGE).headers["Location"]
