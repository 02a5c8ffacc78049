"""What leaves the board says what the board says, and who took it out."""

import csv
import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from alerts.checkins import retention
from alerts.checkins.board import boards, choosing, counting, inside
from alerts.checkins.models import Export, SituationReport
from alerts.checkins.reports import exporting, report_pdf, reporting
from alerts.dispatch.models import Message
from alerts.incidents.models import Incident, Zone
from consular.missions.models import AuditEntry
from consular.people.models import Person, Registration
from tests import factories
from tests.checkins.conftest import say
from tests.factories import NOON

pytestmark = pytest.mark.django_db
PAGES = "/desk/incidents/EQ-1/"
FORM = {"purpose": "Bus list for the airport", "format": "csv"}


def ask(incident, officer, **changes):
    chosen = choosing.Chosen(status=changes.pop("status", ""))
    return exporting.ask(incident, FORM | changes, chosen, officer, NOON)


def table(body):
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def test_board_list_report_and_export_have_equal_numbers(crowd, incident, officer):
    parties = list(Registration.objects.order_by("pk").values_list("pk", flat=True))
    Registration.objects.filter(pk__in=parties[:5]).update(silences=2)
    row = counting.fold(incident, NOON)
    report = reporting.make(incident, officer, NOON)
    rows = table(exporting.write(ask(incident, officer), officer, NOON))
    totals = boards.totals_of(row)
    assert report.figures["totals"] == totals == boards.of(incident, NOON).totals
    assert (totals["fresh"], totals["stale"]) == (14, 10)
    taken_stale = sum(each["fresh or stale"] == "stale" for each in rows)
    assert taken_stale == totals["stale"]
    assert report.figures["reach"] == row.reach
    names = exporting.STATUS_NAMES
    for status in choosing.STATUSES:
        taken = sum(each["status"] == names[status] for each in rows)
        listed = inside.count(incident, choosing.Chosen(status=status))
        assert taken == listed == totals[status]
    by_language = report.figures["languages"].values()
    assert sum(sum(each.values()) for each in by_language) == totals["inside"]
    assert sum(report.figures["levels"].values()) == totals["inside"]


def test_officers_read_names_of_languages_and_how_far_a_message_came(
    crowd, incident, desk, officer
):
    Registration.objects.update(language="ar")
    report = reporting.make(incident, officer, NOON)
    page = desk.get(f"{PAGES}reports/{report.number}/").content.decode()
    assert '<th scope="row">Arabic</th>' in page
    listed = desk.get(f"{PAGES}people/").content.decode()
    assert '<td data-label="Language">Arabic</td>' in listed
    assert '<td data-label="Message">Delivered</td>' in listed
    assert reporting.languages_of(report)[0][0] == "Arabic"


def test_a_report_stays_as_it_was_and_the_next_says_what_changed(
    crowd, incident, officer
):
    first = reporting.make(incident, officer, NOON)
    silent = boards.of(incident, NOON).totals["silent"]
    each = next(iter(inside.rows(incident, choosing.Chosen(status="silent"))))
    say(incident, [Person.objects.get(pk=each.person_id)], "safe", now=NOON)
    second = reporting.make(incident, officer, NOON + timedelta(minutes=5))
    before, moved = reporting.changes(second)
    assert before == first
    assert (moved["silent"], moved["safe"], moved["inside"]) == (-1, 1, 0)
    first.refresh_from_db()
    assert first.figures["totals"]["silent"] == silent
    assert (first.number, second.number) == (1, 2)


def test_a_report_s_map_keeps_the_zone_that_it_was_made_with(
    crowd, incident, officer, client
):
    def square(size):
        west, south = -86.5, 12.0
        east, north = west + size, south + size
        ring = [[west, south], [east, south], [east, north], [west, north]]
        return {"type": "MultiPolygon", "coordinates": [[[*ring, ring[0]]]]}

    Zone.objects.create(
        incident=incident,
        level="danger",
        shape="polygon",
        given={},
        geometry=square(0.5),
        area_km2=3_000,
        saved_by=officer,
        saved_at=NOON,
    )
    first = reporting.make(incident, officer, NOON)
    drawn = reporting.picture(first).zones, reporting.view(first)
    Zone.objects.update(geometry=square(3))
    kept = SituationReport.objects.get()
    assert (reporting.picture(kept).zones, reporting.view(kept)) == drawn
    shown = client.get(PAGES + "reports/1/").context
    assert (shown["picture"].zones, shown["view"]) == drawn


def test_what_an_older_report_did_not_count_has_not_moved(
    crowd, incident, officer, client
):
    first = reporting.make(incident, officer, NOON)
    del first.figures["totals"]["stale"]
    first.save()
    second = reporting.make(incident, officer, NOON)
    assert "stale" not in reporting.changes(second)[1]
    assert client.get(PAGES + "reports/1/").status_code == 200
    assert report_pdf.write(first).startswith(b"%PDF")


def test_one_press_makes_a_report_that_is_read_and_printed(
    crowd, incident, officer, client
):
    answer = client.post(PAGES + "reports/make/", follow=True)
    page = answer.content.decode()
    totals = SituationReport.objects.get().figures["totals"]
    assert f'In the zone</th><td class="n">{totals["inside"]}' in page
    assert f'Fresh registrations</th><td class="n">{totals["fresh"]}' in page
    printed = client.get(PAGES + "reports/1/pdf/")
    assert printed.content.startswith(b"%PDF")
    assert client.get(PAGES + "reports/").status_code == 200
    assert client.get(PAGES + "reports/2/").status_code == 404


@pytest.mark.parametrize(
    "title", ["زلزال قرب ماناغوا", "马那瓜附近地震", "Σεισμός, Ёж"]
)
def test_a_title_in_any_script_is_printed(crowd, incident, officer, title, caplog):
    Incident.objects.update(title=title)
    incident.refresh_from_db()
    report = reporting.make(incident, officer, NOON)
    assert report_pdf.write(report).startswith(b"%PDF")
    assert "missing" not in caplog.text


def test_a_name_that_looks_like_a_formula_is_text(crowd, incident, officer):
    Person.objects.update(given_name="=HYPERLINK(1)", family_name="")
    rows = table(exporting.write(ask(incident, officer, with_names="1"), officer, NOON))
    assert {each["name"] for each in rows} == {"'=HYPERLINK(1)"}
    sheet = exporting.write(
        ask(incident, officer, format="xlsx", with_names="1"), officer, NOON
    )
    with zipfile.ZipFile(io.BytesIO(sheet)) as book:
        cells = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in cells
    assert "EXERCISE export" in cells


def test_names_are_left_out_unless_they_are_wanted(crowd, incident, officer):
    body = exporting.write(ask(incident, officer), officer, NOON).decode()
    assert "Invented" not in body
    assert "+1202555" not in body


def test_geojson_has_a_point_for_each_who_has_a_place(crowd, incident, officer):
    crowd[0].registration.stays.all().delete()
    body = exporting.write(ask(incident, officer, format="geojson"), officer, NOON)
    said = json.loads(body)
    without = sum(each["geometry"] is None for each in said["features"])
    assert (without, len(said["features"])) == (2, 24)


@pytest.mark.parametrize(
    "name",
    ["Ada;=1+1", "Ada\t=1+1", " =1+1", "Ada\n=1+1", "\uff1d1+1", "Ada; @SUM(A1)"],
)
def test_no_part_of_a_cell_becomes_a_formula_however_a_file_is_split(
    crowd, incident, officer, name
):
    Person.objects.update(given_name=name, family_name="")
    body = exporting.write(ask(incident, officer, with_names="1"), officer, NOON)
    for cell in re.split(r"[;\t\n,]", body.decode("utf-8-sig")):
        assert not re.match(r'[\s"]*[=+\-@\uff1d](?!\d{2})', cell), cell


def test_silence_is_not_called_verified(crowd, incident, officer):
    for row in table(exporting.write(ask(incident, officer), officer, NOON)):
        is_silent = row["status"] in ("No answer", "Unreachable")
        assert (row["verified"] == "") == is_silent


@pytest.mark.parametrize(
    "wrong", [{"purpose": " "}, {"format": "exe"}, {"status": "silnt"}]
)
def test_a_purpose_and_a_format_are_asked_for(crowd, incident, officer, wrong):
    with pytest.raises(exporting.ExportError):
        ask(incident, officer, **wrong)


def test_every_row_says_who_took_it_out_and_the_trail_says_it_too(
    crowd, incident, officer
):
    export = ask(incident, officer)
    rows = table(exporting.write(export, officer, NOON))
    assert {each["taken out"] for each in rows} == {exporting.mark(export)}
    actions = AuditEntry.objects.values_list("action", flat=True)
    assert {"ask_export", "take_export"} <= set(actions)


def test_a_long_list_needs_a_second_person(crowd, incident, officer, monkeypatch):
    monkeypatch.setattr(exporting, "FEW", 5)
    export = ask(incident, officer)
    with pytest.raises(exporting.ExportError):
        exporting.write(export, officer, NOON)
    with pytest.raises(exporting.ExportError):
        exporting.allow(export, officer, NOON)
    exporting.allow(export, factories.make_officer(role="approver"), NOON)
    export.refresh_from_db()
    assert exporting.write(export, officer, NOON)
    with pytest.raises(exporting.ExportError):
        exporting.write(export, factories.make_officer(), NOON)
    with pytest.raises(exporting.ExportError):
        exporting.write(export, officer, NOON + timedelta(hours=1))


def test_several_short_lists_that_are_long_together_need_a_second_person(
    crowd, incident, officer, monkeypatch
):
    sizes = boards.of(incident, NOON).totals
    monkeypatch.setattr(exporting, "FEW", sizes["silent"] + sizes["safe"] - 1)
    first = ask(incident, officer, status="silent")
    assert first.allowed_at
    assert ask(incident, officer, status="silent", format="xlsx").allowed_at
    second = ask(incident, officer, status="safe")
    assert second.allowed_at is None
    assert ask(incident, factories.make_officer(), status="safe").allowed_at
    exporting.allow(second, factories.make_officer(role="approver"), NOON)
    second.refresh_from_db()
    assert exporting.write(second, officer, NOON)
    a_day_on = NOON + timedelta(hours=25)
    chosen = choosing.Chosen(status="safe")
    assert exporting.ask(incident, FORM, chosen, officer, a_day_on).allowed_at


def test_lists_of_a_small_incident_count_nobody_twice(
    crowd, incident, officer, monkeypatch
):
    monkeypatch.setattr(exporting, "FEW", len(crowd) * 2)
    for status in ("", "silent", "safe"):
        assert ask(incident, officer, status=status).allowed_at


def test_a_list_that_is_fetched_again_with_others_in_it_counts_them_all(
    crowd, incident, officer, monkeypatch
):
    first, second = crowd[:2]
    monkeypatch.setattr(exporting, "FEW", 2)
    Message.objects.update(state="delivered")
    kept = Message.objects.filter(pk=first.message.pk)
    kept.update(state="accepted")
    form = FORM | {"reach": "accepted"}
    chosen = choosing.of(form)
    export = exporting.ask(incident, form, chosen, officer, NOON)
    assert exporting.write(export, officer, NOON)
    assert exporting.write(export, officer, NOON)
    kept.update(state="delivered")
    Message.objects.filter(pk=second.message.pk).update(state="accepted")
    with pytest.raises(exporting.ExportError):
        exporting.write(export, officer, NOON)
    again = exporting.ask(incident, form, chosen, officer, NOON)
    assert again.allowed_at is None


def test_whom_a_list_held_is_forgotten_after_a_day(crowd, incident, officer):
    export = ask(incident, officer)
    exporting.write(export, officer, NOON)
    assert Export.objects.get().taken
    retention.run(NOON + timedelta(hours=23))
    assert Export.objects.get().taken
    retention.run(NOON + timedelta(hours=24))
    assert not Export.objects.get().taken


def test_a_list_that_grew_long_is_not_given_out_on_one_yes(
    crowd, incident, officer, monkeypatch
):
    export = ask(incident, officer)
    monkeypatch.setattr(exporting, "FEW", 5)
    with pytest.raises(exporting.ExportError):
        exporting.write(export, officer, NOON)


def test_the_page_asks_allows_and_fetches(
    crowd, incident, officer, client, monkeypatch
):
    monkeypatch.setattr(exporting, "FEW", 5)
    client.post(PAGES + "exports/ask/", FORM | {"status": "silent"})
    assert "No answer</span>" in client.get(PAGES + "exports/").content.decode()
    Export.objects.all().delete()
    client.post(PAGES + "exports/ask/", FORM)
    export = Export.objects.get()
    factories.sign_in(client, factories.make_officer())
    assert "Allow" in client.get(PAGES + "exports/").content.decode()
    client.post(f"{PAGES}exports/{export.pk}/allow/")
    factories.sign_in(client, officer)
    page = client.get(PAGES + "exports/").content.decode()
    address = re.search(r'href="([^"]+)">Fetch', page)[1]
    answer = client.get(address)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert len(table(answer.content)) == 24


def test_where_people_were_leaves_the_reports_in_time(crowd, incident, officer):
    reporting.make(incident, officer, NOON)
    Incident.objects.update(closed_at=NOON)
    retention.run(timezone.now() + timedelta(days=400))
    kept = SituationReport.objects.get()
    assert kept.drawing == {}
    assert kept.figures["totals"]["inside"] == 24
    assert reporting.picture(kept).marks == []
