"""Check the signature of a CAP alert: not signed, signed, and badly signed differ.

Checked is that the alert is as it was when it was signed, with the certificate that it
carries, at the time it was sent. Who owns the certificate is not known from it.

References
----------
OASIS CAP 1.2, section 3.3.2.1: enveloped XML signatures.
"""

from datetime import datetime
from textwrap import wrap
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree
from signxml import (
    DigestAlgorithm,
    SignatureConfiguration,
    SignatureMethod,
    XMLVerifier,
)
from signxml.exceptions import SignXMLException

from alerts.hazards.feeds import markup

NOT_SIGNED = "not signed"
MATCHES = "signed: unchanged since; whose certificate it is was not checked"
BAD = "badly signed: the signature does not match the alert"
NO_KEY = "signed, and cannot be checked: it carries no certificate"
OUT_OF_DATE = "signed, with a certificate that was not valid when it was sent"
PEM = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"
# Real issuers still sign with SHA-1; what else is doubtful is for an officer to judge.
METHODS = frozenset(SignatureMethod)
DIGESTS = frozenset(DigestAlgorithm)
_REFUSALS = (SignXMLException, UnsupportedAlgorithm, etree.LxmlError)


def check(alert: Any, sent_at: datetime) -> str:
    """Return one of the sentences above for an `<alert>` element."""
    if not markup.children(alert, "Signature"):
        return NOT_SIGNED
    certificates = [
        "".join(str(element.text or "").split())
        for element in alert.iter()
        if markup.local(element) == "X509Certificate"
    ]
    if not certificates:
        return NO_KEY
    pem = PEM.format("\n".join(wrap(certificates[0], 64)))
    whole = etree.fromstring(etree.tostring(alert, with_tail=False))
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        matches = _matches(whole, pem, begins)
    except (ValueError, *_REFUSALS):
        return BAD
    if not matches:
        return BAD
    return MATCHES if begins <= sent_at <= ends else OUT_OF_DATE


def _matches(alert: Any, certificate: str, valid_at: datetime) -> bool:
    """Tell whether a signature holds, and is of the alert and not of a part of it."""
    wanted = SignatureConfiguration(
        signature_methods=METHODS,
        digest_algorithms=DIGESTS,
        expect_references=True,
        verification_time=valid_at,
    )
    found = XMLVerifier().verify(
        alert, x509_cert=certificate, expect_config=wanted, validate_schema=False
    )
    results = found if isinstance(found, list) else [found]
    signed = (each.signed_xml for each in results)
    return any(e is not None and markup.local(e) == "alert" for e in signed)
