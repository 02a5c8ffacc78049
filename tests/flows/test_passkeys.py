"""Passkeys in Chromium with a virtual authenticator: made, used, confirmed, removed."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, Page, expect

from consular.missions.models import AuditEntry, Officer, Passkey
from consular.missions.sign_in import stepping
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def web(live_server: Any) -> str:
    """A host name: passkeys are not for bare addresses."""
    return str(live_server.url).replace("127.0.0.1", "localhost")


@pytest.fixture
def screen(browser: Browser) -> Iterator[Page]:
    """A page whose machine has an authenticator that knows its user."""
    context = browser.new_context()
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    kind |= {"hasUserVerification": True, "isUserVerified": True}
    kind |= {"automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": kind})
    yield page
    context.close()


def come_in(page: Page, web: str, officer: Officer, client: Any) -> None:
    """Give the browser a session that was opened with a code."""
    factories.sign_in(client, officer)
    value = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": django_settings.SESSION_COOKIE_NAME, "value": value, "url": web}]
    )


def test_a_passkey_is_made_signs_in_confirms_and_is_removed(
    screen: Page, web: str, client: Any, transactional_db: None
) -> None:
    officer = factories.make_officer()
    violations: list[str] = []
    screen.on("console", lambda each: violations.append(each.text))
    come_in(screen, web, officer, client)
    screen.goto(f"{web}/desk/account/")
    screen.fill("[name=name]", "Ada's laptop")
    screen.get_by_role("button", name="Add a passkey").click()
    expect(screen.locator("table").first).to_contain_text("Ada's laptop")

    screen.get_by_role("button", name="Sign out Officer").click()
    screen.get_by_role("button", name="Sign in with a passkey").click()
    expect(screen.locator("h1")).to_have_text("Hazards")
    assert Passkey.objects.get().used_at is not None

    session = client.session_store = client.session.__class__(
        next(c["value"] for c in screen.context.cookies() if c["name"] == "sessionid")
    )
    session[stepping.KEY] = 0
    session.save()
    screen.goto(f"{web}/desk/account/")
    screen.get_by_role("link", name="Confirm that it is you").first.click()
    screen.get_by_role("button", name="Use a passkey").click()
    screen.get_by_role("button", name="Remove Ada's laptop").click()
    expect(screen.locator("h1")).to_have_text("Staff sign-in")
    screen.get_by_role("button", name="Sign in with a passkey").click()
    expect(screen.get_by_role("alert")).to_contain_text("not known here")
    actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert actions == ["add_passkey", "sign_in", "confirm", "remove_passkey"]
    assert [each for each in violations if "Content Security" in each] == []
