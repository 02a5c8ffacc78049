"""Check the signature of a CAP alert: not signed, signed, and badly signed differ.

Checked is that the alert is as it was when it was signed, with the certificate that it
carries, at the time it was sent. Who owns the certificate is not known from it. Of
several signatures, each is of the alert without the others. Some issuers sign first and
indent afterwards: then only the white space between elements is not as it was.

References
----------
OASIS CAP 1.2, section 3.3.2.1: enveloped XML signatures.
"""

from base64 import b64decode, b64encode
from datetime import datetime
from functools import lru_cache
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
from signxml.exceptions import InvalidSignature, SignXMLException

from alerts.hazards.feeds import markup

NOT_SIGNED = "not signed"
MATCHES = "signed: unchanged since; whose certificate it is was not checked"
SPACED = (
    "signed: unchanged but for white space between its elements; "
    "whose certificate it is was not checked"
)
BAD = "badly signed: the signature does not match the alert"
NO_KEY = "signed, and cannot be checked: it carries no certificate"
OUT_OF_DATE = "signed, with a certificate that was not valid when it was sent"
BEST_LAST = (BAD, NO_KEY, OUT_OF_DATE, SPACED, MATCHES)
SIGNATURES_MOST = 4
PEM = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"
# Real issuers still sign with SHA-1; what else is doubtful is for an officer to judge.
METHODS = frozenset(SignatureMethod)
DIGESTS = frozenset(DigestAlgorithm)
_REFUSALS = (SignXMLException, UnsupportedAlgorithm, etree.LxmlError)


def check(alert: Any, sent_at: datetime) -> str:
    """Return one of the sentences above for an `<alert>` element."""
    number = len(markup.children(alert, "Signature"))
    if not number:
        return NOT_SIGNED
    if number > SIGNATURES_MOST:
        return BAD
    if not markup.named(alert, "X509Certificate"):
        return NO_KEY
    document = _alone(alert)
    said = {_checked(alert, document, index, sent_at) for index in range(number)}
    return next(sentence for sentence in BEST_LAST if sentence in said)


def _alone(alert: Any) -> bytes:
    """Return an alert as it was signed: what its wrapper declares was not."""
    document = etree.tostring(alert, with_tail=False)
    if alert.getparent() is None:
        return document
    alone = etree.fromstring(document)
    etree.cleanup_namespaces(alone)
    return etree.tostring(alone)


def _checked(alert: Any, document: bytes, index: int, sent_at: datetime) -> str:
    signatures = markup.children(alert, "Signature")
    signature, number = signatures[index], len(signatures)
    certificates = markup.named(signature, "X509Certificate")
    if not certificates:
        return NO_KEY
    if not _is_exact("".join(markup.text(signature, "SignatureValue").split())):
        return BAD
    try:
        holder, begins, ends = _certificate(
            "".join((certificates[0].text or "").split())
        )
        readings = (
            (_with_one(document, index, number, tight), tight) for tight in (0, 1)
        )
        tight = next((t for one, t in readings if _matches(one, holder, begins)), None)
    except (ValueError, *_REFUSALS):
        return BAD
    if tight is None:
        return BAD
    if not begins <= sent_at <= ends:
        return OUT_OF_DATE
    return SPACED if tight else MATCHES


def _with_one(document: bytes, index: int, number: int, tight: int) -> Any:
    """Return an alert with one of its signatures; the others leave their tails."""
    if number == 1 and not tight:
        return document
    parser = etree.XMLParser(remove_blank_text=bool(tight), resolve_entities=False)
    alert = etree.fromstring(document, parser)
    for at, signature in enumerate(markup.children(alert, "Signature")):
        if at == index:
            continue
        before = signature.getprevious()
        if before is None:
            alert.text = (alert.text or "") + (signature.tail or "")
        else:
            before.tail = (before.tail or "") + (signature.tail or "")
        alert.remove(signature)
    return alert


def _is_exact(value: str) -> bool:
    """Tell whether a Base64 text is as an encoder writes it, to the last bit."""
    try:
        return b64encode(b64decode(value, validate=True)).decode() == value
    except ValueError:
        return False


@lru_cache(64)
def _certificate(base64: str) -> tuple[x509.Certificate, datetime, datetime]:
    """Read a certificate: itself, and between which times it is valid."""
    pem = PEM.format("\n".join(wrap(base64, 64)))
    read = x509.load_pem_x509_certificate(pem.encode())
    return read, read.not_valid_before_utc, read.not_valid_after_utc


class _Verifier(XMLVerifier):
    """Canonicalise as the signers did: lxml adds `xmlns=""` where there is none."""

    excise_empty_xmlns_declarations = True


def _matches(alert: Any, certificate: x509.Certificate, valid_at: datetime) -> bool:
    """Tell whether a signature holds, and is of the alert and not of a part of it."""
    wanted = SignatureConfiguration(
        signature_methods=METHODS,
        digest_algorithms=DIGESTS,
        expect_references=True,
        verification_time=valid_at,
    )
    try:
        found = _Verifier().verify(
            alert, x509_cert=certificate, expect_config=wanted, validate_schema=False
        )
    except InvalidSignature:
        return False
    results = found if isinstance(found, list) else [found]
    signed = (each.signed_xml for each in results)
    return any(e is not None and markup.local(e) == "alert" for e in signed)
