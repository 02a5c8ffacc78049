"""The three stories, end to end: two people, one alone at three, and a false alarm."""

import pytest
from playwright.sync_api import Browser, expect

from tests.flows import stories
from tests.flows.demos import Demo, sign_in, until
from tests.flows.stories import Hand

pytestmark = [pytest.mark.browser, pytest.mark.journey]
WHY = "The second officer on the rota does not answer the phone."
REACHED = """
from alerts.dispatch import reached
from alerts.dispatch.models import Message
from alerts.incidents.models import Alert
alert = Alert.objects.get(incident__reference="{0}", corrects=None)
after = alert.corrections.get()
first = sorted({{m.address_id for m in reached.messages(alert.cause_key)}})
sent = Message.objects.filter(cause__key=after.cause_key)
answer = [first, sorted(sent.values_list("address_id", flat=True)), after.state]
"""


def test_two_people_send_a_hazard_s_alert_that_was_approved_beforehand(
    browser: Browser, demo: Demo
) -> None:
    officer = Hand(sign_in(browser, demo, "officer"))
    second = Hand(sign_in(browser, demo, "approver"))
    name = stories.approve_template(officer.page, second.page, demo)
    stories.show_hazard(officer, demo)
    reference = stories.declare_from_hazard(officer)
    stories.to_message(officer)
    stories.choose_template(officer, name)
    stories.ask(officer, 0)
    before = len(demo.texts("/c/"))
    people = stories.approve(second, demo, reference, 0, is_one_look=True)
    stories.released(second)
    assert people > 0
    until(lambda: len(demo.texts("EXERCISE", "/c/")) > before, "the alert by SMS")


def test_one_officer_alone_breaks_the_glass_and_an_auditor_reviews_it(
    browser: Browser, demo: Demo
) -> None:
    officer = Hand(sign_in(browser, demo, "officer"))
    reference = stories.declare_from_nothing(officer, demo, "Aftershock at night")
    stories.circle(officer)
    stories.to_message(officer)
    officer.page.uncheck("[name=channels][value=social]")
    officer.press("Continue to check")
    officer.page.get_by_role("link", name="Send without a second person").click()
    officer.type("reason", WHY)
    officer.tick("tick_alone", "tick_text")
    before = len(demo.texts("/c/"))
    officer.page.locator("#f-decision").click()
    officer.page.wait_for_url("**/sending/**")
    alarm = (f"ALARM: sent alone in {reference}",)
    until(lambda: len(told(demo, reference)) >= 2, f"two others to be told {alarm}")
    stories.released(officer)
    until(lambda: len(demo.texts("EXERCISE", "/c/")) > before, "the alert by SMS")

    auditor = sign_in(browser, demo, "auditor")
    auditor.goto(f"{demo.web}/desk/audit/break-glass/")
    waiting = auditor.locator("section.card", has_text=reference)
    expect(waiting).to_contain_text(WHY)
    waiting.locator("[name=finding]").fill("Justified; the rota is mended.")
    waiting.get_by_role("button", name="Keep the finding").click()
    expect(auditor.locator("table")).to_contain_text(reference)
    expect(auditor.locator("section.card", has_text=reference)).to_have_count(0)


def told(demo: Demo, reference: str) -> list[str]:
    """Return the mails and texts to others that say it was sent alone."""
    words = ("An officer is sending without a second person", reference)
    return demo.texts(*words, channel="email") + demo.texts(*words)


def test_a_false_alarm_is_taken_back_by_one_person_with_two_clicks(
    browser: Browser, demo: Demo
) -> None:
    officer = Hand(sign_in(browser, demo, "officer"))
    second = Hand(sign_in(browser, demo, "approver"))
    reference = stories.declare_from_nothing(officer, demo, "A report that was wrong")
    stories.circle(officer)
    stories.to_message(officer)
    officer.page.uncheck("[name=channels][value=social]")
    stories.ask(officer, 0)
    stories.approve(second, demo, reference, 0)
    stories.released(second)
    assert demo.texts("CORRECTION") == []
    officer.page.goto(f"{demo.web}/desk/incidents/{reference}/sending/")
    officer.page.get_by_text("This was a false alarm").click()
    officer.page.get_by_role("button", name="Send the EXERCISE correction").click()
    officer.page.wait_for_load_state()
    until(lambda: demo.texts("EXERCISE. CORRECTION"), "the correction by SMS")
    expect(officer.page.locator("main")).to_contain_text("This corrects alert")

    def settled() -> bool:
        reached, corrected, state = demo.ask(REACHED.format(reference))
        return state == "released" and bool(reached) and reached == corrected

    until(settled, "the correction to reach exactly those reached")
