"""Know a provider by its signature, over the address that the public sees."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest
from twilio.request_validator import RequestValidator

from alerts.dispatch.channels import telnyx, twilio_account

# A webhook that is older may be a recording of one.
OLDEST = timedelta(minutes=5)
NUL = rb"\u0000"  # how JSON writes it; PostgreSQL keeps none


def account_of(request: HttpRequest) -> str | None:
    """Return the Twilio account that signed a request, or nothing.

    The signature is over the public address, which is `settings.PUBLIC_URL` and the
    path: what a proxy or a forger says of the host does not count. Our callbacks carry
    a fragment with wishes for retries, which is never sent; whether the signature is
    over it too is not documented, so both are taken.
    """
    signature = request.headers.get("X-Twilio-Signature", "")
    url = settings.PUBLIC_URL + request.get_full_path()
    urls = (url, url + twilio_account.CALLBACK_RETRIES)
    form = request.POST.dict()
    tokens: dict[str, str] = {}
    for name, conf in settings.ACCOUNTS.items() if signature else ():
        for token in filter(None, twilio_account.tokens(conf)):
            tokens.setdefault(token, name)
    for token, name in tokens.items():
        validator = RequestValidator(token)
        # Nearly always the first; only where none fits, with and without the port too.
        if any(
            hmac.compare_digest(
                validator.compute_signature(each, form).encode(), signature.encode()
            )
            for each in urls
        ) or any(validator.validate(each, form, signature) for each in urls):
            return name
    return None


def telnyx_account_of(request: HttpRequest, now: datetime) -> str | None:
    """Return the Telnyx account that signed a webhook just now, or nothing."""
    signature = request.headers.get("telnyx-signature-ed25519", "")
    stamp = request.headers.get("telnyx-timestamp", "")
    if not stamp.isdecimal() or abs(now.timestamp() - int(stamp)) > OLDEST.seconds:
        return None
    for name, conf in settings.ACCOUNTS.items():
        key = conf.get("public_key", "")
        if key and telnyx.is_signed(key, signature, stamp, request.body):
            return name
    return None


_SIGNED = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def is_our_mail_server(signature: str, raw: bytes, now: datetime) -> bool:
    """Tell whether our own mail server signed a mail just now.

    `t=SECONDS,v1=HEX`, the HMAC-SHA256 of `SECONDS.` and the mail with the secret.
    """
    secret, found = settings.MAIL_SECRET, _SIGNED.fullmatch(signature.strip())
    if not secret or found is None:
        return False
    if abs(now.timestamp() - int(found[1])) > OLDEST.seconds:
        return False
    mac = hmac.new(secret.encode(), f"{found[1]}.".encode() + raw, hashlib.sha256)
    return hmac.compare_digest(mac.hexdigest(), found[2])
