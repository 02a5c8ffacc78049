"""What leaves an exercise says so, in every format; what is live does not."""

import io
import json
import re
import zipfile
import zlib
from typing import Any

import pytest
from lxml import etree

from alerts.checkins.board import choosing
from alerts.checkins.reports import exporting, report_pdf, reporting
from alerts.incidents.models import Incident
from alerts.incidents.publication import cap
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db
ASKED = {"purpose": "Bus list for the airport", "with_names": ""}
SAID = {"channel": "social", "language": "en", "subject": "", "body": "Stay outside."}
RING = [[-86.3, 12.1], [-86.2, 12.1], [-86.2, 12.2], [-86.3, 12.1]]
AREA = {"type": "MultiPolygon", "coordinates": [[RING]]}
both = pytest.mark.parametrize("mode", ["exercise", "live"])


@pytest.fixture
def officer():
    return factories.make_officer()


def marked(crowd: Any, incident: Incident, mode: str) -> Incident:
    Incident.objects.update(mode=mode)
    incident.refresh_from_db()
    return incident


def written(incident: Incident, officer: Any, kind: str) -> bytes:
    form = ASKED | {"format": kind}
    export = exporting.ask(incident, form, choosing.Chosen(), officer, NOON)
    return exporting.write(export, officer, NOON)


@both
def test_every_row_of_a_csv(crowd, incident, officer, mode):
    body = written(marked(crowd, incident, mode), officer, "csv").decode()
    rows = body.splitlines()[1:]
    assert {"EXERCISE" in row for row in rows} == {mode == "exercise"}


@both
def test_every_row_and_printed_page_of_an_xlsx(crowd, incident, officer, mode):
    body = written(marked(crowd, incident, mode), officer, "xlsx")
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        sheet = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        strings = etree.fromstring(book.read("xl/sharedStrings.xml"))
    said = ["".join(each.itertext()) for each in strings]
    rows = list(sheet.iterfind(".//{*}row"))[1:]
    texts = [said[int(row[-1].findtext("{*}v"))] for row in rows]
    texts += [sheet.findtext(".//{*}oddHeader"), sheet.findtext(".//{*}oddFooter")]
    assert {"EXERCISE" in text for text in texts} == {mode == "exercise"}


@both
def test_a_geojson_and_each_of_its_points(crowd, incident, officer, mode):
    said = json.loads(written(marked(crowd, incident, mode), officer, "geojson"))
    texts = [each["properties"]["taken out"] for each in said["features"]]
    texts.append(said["taken_out"])
    assert {"EXERCISE" in text for text in texts} == {mode == "exercise"}


@both
def test_every_page_of_a_printed_report(crowd, incident, officer, mode):
    report = reporting.make(marked(crowd, incident, mode), officer, NOON)
    body = report_pdf.write(report)
    pages = [
        zlib.decompress(found)
        for found in re.findall(rb"stream\n(.*?)\nendstream", body, re.DOTALL)
        if found[:1] == b"\x78"
    ]
    pages = [page for page in pages if b" Tf" in page]
    assert pages
    # The one text of 64 points is the word across the sheet.
    assert {b" 64.00 Tf" in page for page in pages} == {mode == "exercise"}


@both
@pytest.mark.parametrize("what", ["export", "report"])
def test_the_name_of_a_file(crowd, incident, officer, client, mode, what, settings):
    settings.MODE = mode
    incident = marked(crowd, incident, mode)
    factories.sign_in(client, officer)
    page = f"/desk/incidents/{incident.reference}/"
    if what == "report":
        reporting.make(incident, officer, NOON)
        answer = client.get(f"{page}reports/1/pdf/")
    else:
        client.post(f"{page}exports/ask/", ASKED | {"format": "csv"})
        export = exporting.Export.objects.get()
        answer = client.get(f"{page}exports/{export.pk}/")
    name = answer.headers["Content-Disposition"]
    assert ('"EXERCISE-' in name) == (mode == "exercise")


@both
def test_a_cap_document(crowd, alert, mode):
    type(alert).objects.filter(pk=alert.pk).update(
        texts=[SAID], zones=[{"level": "danger", "geometry": AREA}]
    )
    alert.refresh_from_db()
    alert.mode = mode
    document = etree.fromstring(cap.document(alert, NOON))
    assert document.findtext("{*}status") == {"live": "Actual"}.get(mode, "Exercise")
    headlines = [each.text for each in document.iterfind(".//{*}headline")]
    assert headlines
    assert {"EXERCISE" in line for line in headlines} == {mode == "exercise"}
