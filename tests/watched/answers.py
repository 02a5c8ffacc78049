"""Thousands answer, and an officer sits at the board, beside one citizen's phone.

The people behind the simulated phones and mailboxes answer by themselves, by link and
by text. Among them some call for help by hand, from a phone: how long it takes until
the officer has the case with its reason on the board, and until the citizen reads that
an officer has it. At rest the numbers on board, list, report and export are compared
with each other and with the ledger, and the ledger with the provider's journal.
"""

import csv
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import F
from playwright.sync_api import Browser, Page, TimeoutError, expect

from tests.flows.demos import Demo, until
from tests.watched.looking import go, warn
from tests.watched.seat import LONGEST_S, Citizen, Seat

REGISTRATIONS, RATE = 16_000, 200
FAULTS = {"latency_ms": 50, "undelivered": {"30003": 0.02, "30006": 0.01}}
CALLS = 4  # by link, and as many by text message
SEED = 1  # of the demo's people
REASON = "Trapped or in danger"
KEYED_S = 900
TRIES = 4  # at reading all numbers between two answers
ENDED_S = 20  # so long without an answer, and the crowd is thought to have ended
PHONE = {"viewport": {"width": 390, "height": 664}, "is_mobile": True}
AT_NIGHT = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


def walked(browser: Browser, demo: Demo, shots: Path) -> dict[str, Any]:
    """Walk the whole of it; return what was seen."""
    title = "Earthquake"
    _have_registered_before()
    reference, people, officer, second = warn(browser, demo, title, is_posted=False)
    seat = Seat(demo, reference, officer.page, shots)
    go(seat.page, f"{seat.desk}/board/")
    silent = _silent(seat)
    for number in range(CALLS):
        _by_link(browser, seat, next(silent))
        _by_text(browser, seat, next(silent))
        seat.shoot(seat.page, f"board-{number + 1}")
        _at_night(browser, seat)
        time.sleep(ENDED_S)
    _ended(demo)
    numbers = _at_rest(seat, second.page)
    _journal(seat)
    return {
        "people": people,
        "answers": len(_answered(demo)),
        "seconds until": seat.waited,
        "numbers": numbers,
        "wrong": seat.wrong,
    }


def _have_registered_before() -> None:
    """Let the crowd have registered a day ago: its names are keyed, nobody is new.

    Whoever is new is looked for among everyone and matched with the alert again, which
    is not what thousands of people need in the minute of an earthquake.
    """
    from consular.people.models import Registration  # noqa: PLC0415

    waiting = Registration.objects.filter(keyed_revision__lt=F("revision"))
    until(lambda: not waiting.exists(), "names to be keyed", KEYED_S)
    Registration.objects.update(changed_at=F("changed_at") - timedelta(days=1))


def _answered(demo: Demo) -> list[dict[str, Any]]:
    from alerts.exercises import journal  # noqa: PLC0415 - Django is set up later

    return journal.read(demo.journal_path).of("answer")


def _silent(seat: Seat) -> Iterator[Citizen]:
    """Give people who got the alert by text, and who will not answer by themselves."""
    from alerts.checkins.models import Standing  # noqa: PLC0415
    from alerts.dispatch import links  # noqa: PLC0415
    from alerts.incidents.models import AudienceMessage  # noqa: PLC0415
    from consular.people.models import Person  # noqa: PLC0415

    given: set[int] = set()
    while True:
        said = Standing.objects.values("person__registration")
        rows = AudienceMessage.objects.filter(
            message__channel="sms",
            message__state="delivered",
            audience__alert__incident__reference=seat.reference,
        ).exclude(audience__registration__in=said)
        rows = rows.exclude(audience__registration__in=given)
        rows = rows.exclude(audience__registration__contacts__kind="email")
        row = rows.select_related("message__address", "audience").first()
        if row is None:
            time.sleep(1)
            continue
        given.add(row.audience.registration_id)
        if not _is_quiet(seat.demo, row.message.address.address):
            continue
        lead = Person.objects.get(registration=row.audience.registration, position=0)
        url = f"{seat.demo.web}/c/{links.token(row.message.uid)}"
        yield Citizen(lead.full_name, row.message.address.address, url)


def _is_quiet(demo: Demo, number: str) -> bool:
    """Tell whether the person behind a phone leaves every text unanswered."""
    from alerts.exercises import journal  # noqa: PLC0415
    from alerts.exercises.provider import replies  # noqa: PLC0415

    texts = journal.read(demo.journal_path).accepted("sms")
    bodies = {str(row["body"]) for row in texts if row["to"] == number}
    return all(replies.plan(SEED, "sms", number, each) is None for each in bodies)


def _by_link(browser: Browser, seat: Seat, citizen: Citizen) -> None:
    """Call for help by the link in the text, on a phone."""
    context = browser.new_context(**PHONE, has_touch=True)
    page = context.new_page()
    page.goto(f"{citizen.link}?lang=en")
    seat.shoot(page, "phone-asked")
    began = time.monotonic()
    page.locator("button[name=status][value=help]").tap()
    saved = re.compile("^Saved: you need help")
    expect(page.locator("h1")).to_have_text(saved, timeout=LONGEST_S * 1000)
    seat.timed("link, saved on the phone", began)
    seat.case_of(citizen, "", began, "link, on the board")
    page.locator("[name=need][value=trapped]").check()
    began = time.monotonic()
    page.locator("button.send").first.tap()
    case = seat.case_of(citizen, REASON, began, "link, with its reason")
    if case is not None:
        seat.take(case, citizen)
        page.goto(f"{citizen.link}?lang=en")
        told = page.locator("body").filter(has_text="An officer has your case")
        expect(told).to_be_visible(timeout=LONGEST_S * 1000)
    seat.shoot(page, "phone-has-officer")
    context.close()


def _by_text(browser: Browser, seat: Seat, citizen: Citizen) -> None:
    """Call for help by text message, from the simulated phone."""
    from alerts.exercises.provider.office import thread_key  # noqa: PLC0415

    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    at = f"{seat.demo.phones}/phone/{thread_key(citizen.number)}"
    page.goto(at)
    page.locator("#body").fill("help we are trapped")
    began = time.monotonic()
    page.get_by_role("button", name="Send", exact=True).click()
    case = seat.case_of(citizen, REASON, began, "text, with its reason")
    if case is not None:
        before = page.locator(".theirs").count()
        began = time.monotonic()
        seat.take(case, citizen)
        _told(page, at, before)
        seat.timed("text, told of the officer", began)
    seat.shoot(page, "phone-text")
    context.close()


def _told(page: Page, at: str, before: int) -> None:
    """Wait until one more text has reached a phone."""
    for _ in range(LONGEST_S * 2):
        page.goto(at)
        if page.locator(".theirs").count() > before:
            return
        time.sleep(0.5)
    raise TimeoutError("no text told of the officer")


def _at_night(browser: Browser, seat: Seat) -> None:
    """Take a picture of the board on a phone in the dark."""
    kept = seat.demo.signed_in["officer"]
    context = browser.new_context(**AT_NIGHT, storage_state=kept)
    page = context.new_page()
    page.goto(f"{seat.desk}/board/")
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > AT_NIGHT["viewport"]["width"]:
        seat.wrong.append(f"the board is {wide} wide on a phone")
    seat.shoot(page, "board-390")
    context.close()


def _ended(demo: Demo) -> None:
    """Wait until nobody has answered for a while and every answer was read."""
    from alerts.checkins.models import Inbound  # noqa: PLC0415

    before, since = -1, time.monotonic()
    while time.monotonic() - since < ENDED_S:
        count = len(_answered(demo))
        waits = Inbound.objects.filter(state=Inbound.State.NEW).exists()
        if count != before or waits:
            before, since = count, time.monotonic()
        time.sleep(1)


def _at_rest(seat: Seat, second: Page) -> dict[str, dict[str, int]]:
    """Read the numbers while nobody answers, and compare them."""
    from alerts.checkins.models import CheckIn  # noqa: PLC0415

    for _ in range(TRIES):
        before = CheckIn.objects.count()
        found = _numbers(seat, second)
        if CheckIn.objects.count() == before:
            _compare(seat, found)
            return found
    seat.wrong.append("somebody answered whenever the numbers were read")
    return found


def _numbers(seat: Seat, second: Page) -> dict[str, dict[str, int]]:
    """Read the same counts in five places."""
    from alerts.checkins.board import choosing  # noqa: PLC0415
    from alerts.incidents.models import Incident  # noqa: PLC0415

    incident = Incident.objects.get(reference=seat.reference)
    page, found = seat.page, {"ledger": _by_hand(incident)}
    go(page, f"{seat.desk}/board/")
    seat.shoot(page, "board-at-rest")
    tiles = page.locator(".tile").all_inner_texts()
    found["board"] = {
        status: _number(tiles[place])
        for place, status in enumerate(
            ("inside", "needs_help", "silent", "unreachable", "safe")
        )
    }
    go(page, f"{seat.desk}/people/")
    seat.shoot(page, "people")
    found["list"] = {
        status: _number(page.locator(f'nav.views a[href="?status={status}"]'))
        for status in choosing.STATUSES
    }
    go(page, f"{seat.desk}/reports/")
    page.get_by_role("button", name="Make a report").click()
    seat.shoot(page, "report")
    rows = page.locator("table").first.locator("tbody tr").all_inner_texts()
    found["report"] = {row.split("\t")[0]: _number(row.split("\t")[1]) for row in rows}
    found["export"] = _exported(seat, second)
    return found


def _number(said: Any) -> int:
    """Return the last number of a tile's or chip's first line that has one."""
    words = said if isinstance(said, str) else said.first.inner_text()
    return int(re.search(r"\d[\d,]*", words)[0].replace(",", ""))


def _by_hand(incident: Any) -> dict[str, int]:
    """Count people inside by what the ledgers say, without the board's statement."""
    from alerts.checkins.models import Standing  # noqa: PLC0415
    from alerts.incidents.models import AudiencePerson  # noqa: PLC0415

    rows = AudiencePerson.objects.filter(
        audience__alert__incident=incident, audience__is_included=True
    )
    people = set(rows.values_list("person", flat=True))
    standings = Standing.objects.filter(incident=incident, person__in=people)
    counted = Counter(standings.values_list("status", flat=True))
    return {"inside": len(people), "answered": standings.count(), **counted}


def _exported(seat: Seat, second: Page) -> dict[str, int]:
    """Ask for the list, let the second person allow it, count the statuses in it."""
    page = seat.page
    go(page, f"{seat.desk}/exports/")
    page.locator("#x-purpose").fill("Numbers for the crisis meeting")
    page.locator("#x-purpose").press("Enter")
    go(second, f"{seat.desk}/exports/")
    second.get_by_role("button", name=re.compile("Allow")).first.click()
    go(page, f"{seat.desk}/exports/")
    seat.shoot(page, "exports")
    with page.expect_download(timeout=LONGEST_S * 2000) as fetched:
        page.get_by_role("link", name=re.compile("Fetch")).first.click()
    with Path(fetched.value.path()).open(encoding="utf-8-sig", newline="") as file:
        return dict(Counter(row["status"] for row in csv.DictReader(file)))


def _compare(seat: Seat, found: dict[str, dict[str, int]]) -> None:
    from alerts.checkins.reports import exporting  # noqa: PLC0415

    ledger, listed = found["ledger"], found["list"]
    taken = {
        status: found["export"].get(exporting.STATUS_NAMES[status], 0)
        for status in listed
    }
    if taken != listed:
        seat.wrong.append(f"the export says {taken}, the list {listed}")
    if sum(listed.values()) != ledger["inside"]:
        seat.wrong.append(f"the list has {sum(listed.values())} of {ledger['inside']}")
    for status in ("needs_help", "safe", "not_here"):
        if listed[status] != ledger.get(status, 0):
            seat.wrong.append(f"{status}: {listed[status]}, not {ledger.get(status)}")
    expected = {name: listed.get(name, ledger["inside"]) for name in found["board"]}
    if found["board"] != expected:
        seat.wrong.append(f"the board says {found['board']}, the list {expected}")
    told = set(found["report"].values())
    if missing := {n for n in expected.values() if n not in told}:
        seat.wrong.append(f"the report does not say {missing}")


def _journal(seat: Seat) -> None:
    """Compare what people did with what Muster holds."""
    from alerts.checkins.models import Inbound  # noqa: PLC0415
    from alerts.exercises import journal  # noqa: PLC0415

    rows = journal.read(seat.demo.journal_path).of("inbound")
    sent = {row["sid"] for row in rows if row["status"] == 200}
    kept = set(Inbound.objects.values_list("provider_id", flat=True))
    if lost := sent - kept:
        seat.wrong.append(f"{len(lost)} texts of {len(sent)} are not kept")
    refused = [row for row in _answered(seat.demo) if row["status"] not in (0, 200)]
    if refused:
        counts = Counter((row["way"], row["status"]) for row in refused)
        seat.wrong.append(f"answers refused: {dict(counts)}")
    _nobody_calls_in_vain(seat)


def _nobody_calls_in_vain(seat: Seat) -> None:
    """Look at everyone whose one answer was a call for help."""
    from alerts.checkins.models import Standing  # noqa: PLC0415
    from alerts.incidents.models import Audience  # noqa: PLC0415
    from consular.people.models import Contact  # noqa: PLC0415

    by_party: dict[int, list[str]] = {}
    said = {}
    for row in _answered(seat.demo):
        if row["status"] == 200:
            said.setdefault(row["to"], []).append(row["what"])
    for contact in Contact.objects.filter(role="own").iterator(chunk_size=2000):
        if contact.address in said:
            what = by_party.setdefault(contact.registration_id, [])
            what += said[contact.address]
    rows = Audience.objects.filter(is_included=True)
    warned = set(rows.values_list("registration", flat=True))
    # Who has a phone in common with somebody warned, and is outside, has not called.
    calling = {
        party
        for party, what in by_party.items()
        if what == ["help"] and party in warned
    }
    standings = Standing.objects.filter(person__registration__in=calling)
    heard = set(
        standings.filter(status="needs_help").values_list(
            "person__registration", flat=True
        )
    )
    if unheard := calling - heard:
        told = "; ".join(_story_of(party) for party in unheard)
        seat.wrong.append(f"{len(unheard)} of {len(calling)} calls not seen: {told}")


def _story_of(party: int) -> str:
    """Say what is held of a party that called; no name, number or word of theirs."""
    from alerts.checkins.models import CheckIn, Inbound  # noqa: PLC0415
    from consular.people.models import Contact  # noqa: PLC0415

    keys = Contact.objects.filter(registration=party).values_list(
        "address_key", flat=True
    )
    texts = Inbound.objects.filter(from_key__in=list(keys)).order_by("received_at")
    said = CheckIn.objects.filter(person__registration=party).order_by("stated_at")
    shared = Contact.objects.filter(address_key__in=list(keys)).exclude(
        registration=party
    )
    return (
        f"texts {list(texts.values_list('state', 'label', 'reason'))}, "
        f"check-ins {list(said.values_list('status', 'basis'))}, "
        f"addresses shared with others: {shared.count()}"
    )
