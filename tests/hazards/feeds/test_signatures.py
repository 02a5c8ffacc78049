"""An alert that is signed, badly signed and not signed are three things to see."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLSigner

from alerts.hazards.feeds import cap, signatures
from tests.factories import NOON
from tests.hazards.chains import alert

CAP = Path(__file__).resolve().parents[2] / "data" / "cap"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def signed():
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.org")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7)
    dated = builder.not_valid_before(NOON - DAY).not_valid_after(NOON + DAY)
    certificate = dated.sign(key, hashes.SHA256())

    def sign(sent):
        pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        root = etree.fromstring(alert("a", sent))
        return etree.tostring(XMLSigner().sign(root, key=key, cert=pem))

    return sign


def _said(document):
    (item,) = cap.parse(document).items
    return [flag for flag in item.flags if "signed" in flag]


def test_a_signature_that_holds_is_said(signed):
    assert _said(signed(NOON)) == [signatures.MATCHES]


def test_an_alert_that_was_changed_later_is_badly_signed(signed):
    changed = signed(NOON).replace(b"Exampleland", b"Elsewhere")
    assert _said(changed) == [signatures.BAD]


def test_a_certificate_that_was_not_valid_yet_is_said(signed):
    assert _said(signed(NOON - 9 * DAY)) == [signatures.OUT_OF_DATE]


def test_an_alert_without_a_signature_is_not_signed():
    assert _said(alert("a", NOON)) == [signatures.NOT_SIGNED]


def test_a_signature_over_a_part_does_not_vouch_for_the_alert(signed):
    inner = signed(NOON)
    outer = alert("b", NOON).replace(b"</alert>", inner + b"</alert>")
    items = cap.parse(outer).items
    assert signatures.NOT_SIGNED in items[0].flags


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("athoc_2016_cancel_no_info.cap", signatures.MATCHES),
        ("usgs_2012_eq_iso8859-1.cap", signatures.NO_KEY),
        ("ntwc_2013_tsunami_warning.xml", signatures.NOT_SIGNED),
    ],
)
def test_real_alerts_are_told_apart(name, sentence):
    assert _said((CAP / name).read_bytes()) == [sentence]
