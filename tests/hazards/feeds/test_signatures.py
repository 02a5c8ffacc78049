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
        parser = etree.XMLParser(remove_blank_text=True)
        root = etree.fromstring(alert("a", sent), parser)
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


def test_an_alert_that_was_indented_after_it_was_signed_says_so(signed):
    root = etree.fromstring(signed(NOON))
    etree.indent(root)
    assert _said(etree.tostring(root)) == [signatures.SPACED]


def _signed_twice(signed):
    """Two signatures as aggregators add them: each is of the alert without either."""
    first, second = etree.fromstring(signed(NOON)), etree.fromstring(signed(NOON))
    first.append(second[-1])
    return etree.tostring(first)


def test_each_of_two_signatures_is_of_the_alert_without_the_other(signed):
    assert _said(_signed_twice(signed)) == [signatures.MATCHES]


def test_one_bad_signature_of_two_is_bad(signed):
    begun, found, rest = _signed_twice(signed).rpartition(b"SignatureValue>")
    assert found
    odd = begun[:-20] + b"AAAA" + begun[-16:]
    assert _said(odd + found + rest) == [signatures.BAD]


def test_a_signature_that_only_decodes_to_the_right_bytes_is_bad(signed):
    root = etree.fromstring(signed(NOON))
    (value,) = root.iter("{*}SignatureValue")
    assert value.text.endswith("==")  # 256 bytes leave four bits of a letter unused
    value.text = value.text[:-3] + chr(ord(value.text[-3]) + 1) + "=="
    assert _said(etree.tostring(root)) == [signatures.BAD]


def test_what_a_wrapper_declares_does_not_spoil_a_signature(signed):
    feed = b'<feed xmlns:georss="http://www.georss.org/georss" xmlns="urn:x"><entry>'
    document = feed + signed(NOON) + b"</entry></feed>"
    assert _said(document) == [signatures.MATCHES]


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
