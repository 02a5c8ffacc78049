"""Codes become shapes; what has none waits for an officer and is drawn later."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from alerts.hazards import coding
from alerts.hazards.geocodes import FROM_BOXES, FROM_CODES
from alerts.hazards.listening import intake
from alerts.hazards.models import CodeShape, Hazard, Proposal, Report, WaitingCode
from consular.missions.models import AuditEntry
from tests.factories import NOON, make_officer, make_registration, sign_in
from tests.hazards.chains import alert
from tests.hazards.test_proposing import make_source

pytestmark = pytest.mark.django_db
POLYGON = b"<polygon>10,10 10,11 11,11 11,10 10,10</polygon>"
RING = [[-87, 12], [-86, 12], [-86, 13], [-87, 13], [-87, 12]]


def hear(*codes, identifier="a"):
    words = "".join(
        f"<geocode><valueName>{name}</valueName><value>{value}</value></geocode>"
        for name, value in codes
    )
    body = alert(identifier, NOON, severity="Extreme")
    body = body.replace(POLYGON, words.encode())
    intake.take(make_source(slug=identifier, format="cap"), body, "", NOON)
    return Report.objects.get(identifier=identifier)


def feature(code="NIZ001", ring=RING):
    geometry = {"type": "Polygon", "coordinates": [ring]}
    said = {"id": code, "title": "Managua"}
    return {"type": "Feature", "properties": said, "geometry": geometry}


def load(*features):
    value = {"type": "FeatureCollection", "features": list(features)}
    return coding.load("UGC", coding.rows_of(json.dumps(value), "id", "title"), NOON)


@pytest.mark.parametrize(
    ("code", "flag", "inside"),
    [
        (("EMMA_ID", "AT002"), FROM_BOXES, (9.5, 46.8, 10.2, 47.6)),
        (("ISO 3166-1 alpha-2", "NI"), FROM_CODES, (-88, 10.5, -82, 15.2)),
        (("ISO3166-2", "CR-G"), FROM_CODES, (-86.1, 9.7, -84.6, 11.4)),
    ],
)
def test_codes_that_come_with_muster_are_drawn(code, flag, inside):
    report = hear(code)
    assert flag in report.flags
    assert report.hazard.geometry == report.geometry is not None
    west, south, east, north = inside
    assert west < report.lon < east
    assert south < report.lat < north
    assert WaitingCode.objects.count() == 0


def test_a_code_without_a_shape_waits_and_its_table_draws_and_proposes():
    make_registration()
    report = hear(("UGC", "NIZ001"), ("UGC", "NIZ002"))
    assert report.geometry is None
    assert Hazard.objects.count() == 1
    assert sorted(w.code for w in WaitingCode.objects.all()) == ["NIZ001", "NIZ002"]
    assert load(feature("NIZ001")) == 1
    report.refresh_from_db()
    assert report.geometry is not None
    assert FROM_CODES in report.flags
    assert Proposal.objects.get().people == 1
    load(feature("NIZ002", [[x, y + 1] for x, y in RING]))
    assert WaitingCode.objects.count() == 0
    report.hazard.refresh_from_db()
    report.refresh_from_db()
    assert report.hazard.geometry == report.geometry


def test_a_report_that_one_scheme_draws_does_not_wait_for_the_other():
    load(feature())
    report = hear(("SAME", "099001"), ("UGC", "NIZ001"))
    assert report.geometry is not None
    assert WaitingCode.objects.count() == 0


def test_what_has_polygons_does_not_wait_for_codes():
    body = alert("p", NOON).replace(
        POLYGON, POLYGON + b"<geocode><valueName>UGC</valueName>"
        b"<value>X</value></geocode>"
    )  # fmt: skip
    intake.take(make_source(format="cap"), body, "", NOON)
    assert WaitingCode.objects.count() == 0


def test_tables_are_geojson_or_tsv_and_a_broken_one_loads_nothing(tmp_path):
    table = tmp_path / "table.tsv"
    table.write_text(
        "code\tname\twkt\tlon_min\tlat_min\tlon_max\tlat_max\n"
        "a1\tOne\tPOLYGON ((0 0, 1 0, 1 1, 0 0))\n"
        "a2\tTwo\t\t10\t10\t11\t12\n"
    )
    out = io.StringIO()
    call_command("load_codes", "WARNCELLID", str(table), stdout=out)
    assert out.getvalue().startswith("2 codes loaded")
    assert CodeShape.objects.get(code="A2").is_box
    table.write_text("code\twkt\nb1\tPOLYGON ((0 0, 1 0, 1 1, 0 0))\nb2\tnonsense\n")
    with pytest.raises(CommandError, match="line 3"):
        call_command("load_codes", "WARNCELLID", str(table))
    assert not CodeShape.objects.filter(code__startswith="B").exists()


def test_the_page_lists_what_waits_and_an_officer_puts_it_aside(client):
    hear(("UGC", "NIZ001"))
    sign_in(client, make_officer())
    page = reverse("hazards:codes")
    assert "NIZ001" in client.get(page).content.decode()
    assert page in client.get(reverse("hazards:sources")).content.decode()
    said = {"scheme": "UGC", "code": "NIZ001"}
    client.post(reverse("hazards:set_code_aside"), said)
    assert "NIZ001" not in client.get(page).content.decode()
    assert AuditEntry.objects.filter(action="set_code_aside").count() == 1
    assert load(feature()) == 1
    assert Report.objects.get().geometry is not None


def test_old_documents_go_and_their_reports_stay():
    report = hear(("ISO3166", "NI"))
    source = report.source
    late = NOON + timedelta(days=source.keep_days, seconds=1)
    assert intake.let_go(source, NOON + timedelta(days=source.keep_days)) == 0
    assert intake.let_go(source, late) == 1
    report.refresh_from_db()
    assert report.document is None
