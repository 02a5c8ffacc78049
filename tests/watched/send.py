"""A large send over a provider that misbehaves, watched in a browser.

It is sent by hand, through the pages: paused and let go on, stopped, and taken back. At
each look the figures on both pages are compared with the ledger, read just before and
just after, and at rest with the provider's own journal.
"""

import re
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.flows.demos import Demo
from tests.flows.stories import Hand
from tests.watched.looking import LOOK_S, Watch, go, warn

REGISTRATIONS, RATE = 16_000, 120
FAULTS = {
    "busy": 0.04,
    "unavailable": 0.01,
    "error_500": 0.02,
    "accepted_500": 0.02,
    "reset": 0.01,
    "accepted_reset": 0.02,
    "hang": 0.002,
    "receipt_double": 0.05,
    "receipt_late": 0.1,
    "receipt_dropped": 0.03,
    "late_s": 15,
    "hang_s": 12,
    "latency_ms": 150,
    "undelivered": {"30003": 0.02, "30006": 0.01, "30007": 0.005},
}
STEPS = {"pause": 0.2, "stop": 0.65}  # when so much of it has left


def small(browser: Browser, watch: Watch, name: str) -> None:
    """Take pictures as a phone shows both pages, dark."""
    kept = watch.demo.signed_in["approver"]
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, storage_state=kept, color_scheme="dark"
    )
    page = context.new_page()
    for place in (
        f"/desk/sending/{watch.cause}/",
        f"/desk/incidents/{watch.reference}/sending/",
        "/desk/sending/",
    ):
        go(page, watch.demo.web + place)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > 390:
            watch.wrong.append(f"{place} is {wide} wide at 390")
        watch.count += 1
        word = place.strip("/").split("/")[1]
        page.screenshot(
            path=watch.shots / f"{watch.count:03}-{name}-390-{word}.png", full_page=True
        )
    context.close()


def walked(browser: Browser, demo: Demo, shots: Path) -> dict[str, Any]:
    """Walk the whole of it; return what was seen."""
    from alerts.dispatch.models import Message  # noqa: PLC0415
    from alerts.incidents.models import Alert  # noqa: PLC0415

    reference, people, _, second = warn(browser, demo, "Tsunami warning")
    watch = Watch(demo, reference, second.page, shots)
    watch.cause = _cause_of(Alert.objects.get(incident__reference=reference))
    total = Message.objects.filter(cause=watch.cause).count()
    begun = time.monotonic()
    watch.sending("begun")
    _paused(watch, second, total, browser)
    _stopped(watch, second, total, browser)
    again = posted_again(watch)
    corrected = correct(watch, second)
    small(browser, watch, "corrected")
    return {
        "people": people,
        "messages": total,
        "seconds": round(time.monotonic() - begun, 1),
        "posted_again": again,
        **corrected,
        "looks": len(watch.looks),
        "wrong": watch.wrong,
    }


def _paused(watch: Watch, second: Hand, total: int, browser: Browser) -> None:
    """Pause it when some has left, look, and let it go on."""
    _until(watch, total, STEPS["pause"], browser)
    go(second.page, watch.incident_page)
    second.press("Pause sending")
    watch.shoot("paused")
    time.sleep(2)
    before = watch.journal()
    watch.at_rest("paused")
    if more := watch.journal() - before:
        watch.wrong.append(f"{len(more)} left while it was paused")
    small(browser, watch, "paused")
    go(second.page, watch.incident_page)
    second.press("Go on sending")


def _stopped(watch: Watch, second: Hand, total: int, browser: Browser) -> None:
    """Stop it when most has left, look, and open its lists."""
    _until(watch, total, STEPS["stop"], browser)
    go(second.page, watch.incident_page)
    second.page.get_by_text("Stop for good").click()
    second.press("Stop this alert")
    time.sleep(2)
    before = watch.journal()
    watch.at_rest("stopped")
    if more := watch.journal() - before:
        watch.wrong.append(f"{len(more)} left after it was stopped")
    watch.sending("stopped")
    small(browser, watch, "stopped")
    failed = second.page.locator("main a", has_text=re.compile("phone off", re.I))
    go(second.page, watch.cause_page)
    failed.first.click()
    watch.shoot("list")
    go(second.page, f"{watch.demo.web}/desk/sending/")
    watch.shoot("mail-room")


def _until(watch: Watch, total: int, share: float, browser: Browser) -> None:
    """Look every few seconds until so much has left."""
    for number in range(400):
        said = watch.look(f"at-{share:.0%}".replace("%", ""))
        if total - said["waiting"] >= share * total:
            return
        if number % 5 == 2:
            watch.sending("sending")
        time.sleep(LOOK_S)
    watch.wrong.append(f"{share:.0%} never left")


def posted_again(watch: Watch) -> int:
    """Press each button of a post that was set aside; the alert may be stopped."""
    go(watch.page, watch.cause_page)
    buttons = watch.page.get_by_role("button", name="Post again")
    count = buttons.count()
    for _ in range(count):
        buttons.first.click()
    return count


def correct(watch: Watch, second: Hand) -> dict[str, Any]:
    """Take it back; compare whom it went to with the provider's journal."""
    from alerts.dispatch.models import Address, Message, State  # noqa: PLC0415
    from alerts.exercises import journal  # noqa: PLC0415
    from alerts.incidents.models import Alert  # noqa: PLC0415

    first = Message.objects.filter(cause=watch.cause)
    book = set(journal.read(watch.demo.journal_path).references())
    dead = (State.UNDELIVERED, State.REJECTED)
    reached = {
        row.address_id: str(row.uid)
        for row in first.exclude(state__in=dead).exclude(
            address__opt_out=Address.OptOut.ALL
        )
        if str(row.uid) in book
    }
    watch.sending("before-correction")
    second.page.get_by_text("This was a false alarm").click()
    watch.shoot("false-alarm")
    second.page.get_by_role("button", name=re.compile("correction")).click()
    watch.shoot("correcting")
    after = Alert.objects.get(incident__reference=watch.reference, kind="correction")
    watch.cause, uncorrected = _cause_of(after), watch.cause
    for number in range(200):
        said = watch.look("correction")
        after.refresh_from_db()
        if after.settled_at and not said["waiting"]:
            break
        if number % 5 == 0:
            go(
                second.page,
                f"{watch.demo.web}/desk/incidents/{watch.reference}/sending/"
                f"?alert={after.pk}",
            )
            watch.shoot("correction-sending")
        time.sleep(LOOK_S)
    watch.at_rest("corrected")
    rows = Message.objects.filter(cause=watch.cause)
    written = set(rows.values_list("address_id", flat=True))
    missed, needless = reached.keys() - written, written - reached.keys()
    if missed:
        words = "; ".join(watch.stories(reached[place] for place in missed))
        watch.wrong.append(f"{len(missed)} were reached and not corrected: {words}")
    watch.cause = uncorrected
    return {"reached": len(reached), "missed": len(missed), "needless": len(needless)}


def _cause_of(alert: Any) -> int:
    from alerts.dispatch.models import Cause  # noqa: PLC0415

    return int(Cause.objects.get(key=alert.cause_key).pk)
