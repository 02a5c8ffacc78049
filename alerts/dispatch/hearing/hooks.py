"""Take status callbacks: signature first, insert only, worked on later.

A plain view, because callbacks are most of what comes in: two for each message.
"""

import json
import logging
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from alerts.dispatch.hearing import receipts, signatures

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a webhook says of one message."""

    account: str
    uid: uuid.UUID
    provider_id: str
    word: str
    code: str = ""


@csrf_exempt  # the provider's signature is checked instead
@require_POST
def twilio_status(request: HttpRequest, uid: uuid.UUID, attempt: int) -> HttpResponse:
    """Store what Twilio says of a text or a call."""
    account = signatures.account_of(request)
    if account is None:
        return _forged()
    form = {n: str(v).replace("\x00", "") for n, v in request.POST.items()}
    return _store(
        Said(
            account=_speaking(account, form),
            uid=uid,
            provider_id=form.get("MessageSid") or form.get("CallSid", ""),
            word=form.get("MessageStatus") or form.get("CallStatus", ""),
            code=form.get("ErrorCode", ""),
        )
    )


def _speaking(account: str, form: dict[str, str]) -> str:
    """Return the account that a call or text belongs to; several share one token."""
    channel = "voice" if "CallSid" in form else "sms"
    if form.get("To", "").startswith("whatsapp:"):
        channel = "whatsapp"
    token = settings.ACCOUNTS[account].get("auth_token")
    for name, conf in settings.ACCOUNTS.items():
        if conf.get("auth_token") == token and conf["channel"] == channel:
            return name
    return account


@csrf_exempt  # the provider's signature is checked instead
@require_POST
def telnyx_status(request: HttpRequest, uid: uuid.UUID, attempt: int) -> HttpResponse:
    """Store what Telnyx says of a text."""
    account = signatures.telnyx_account_of(request, timezone.now())
    if account is None:
        return _forged()
    try:
        payload = json.loads(request.body.replace(signatures.NUL, b""))["data"][
            "payload"
        ]
        said = Said(
            account=account,
            uid=uid,
            provider_id=str(payload["id"]),
            word=str(payload["to"][0]["status"]),
            code=str((payload.get("errors") or [{}])[0].get("code", "")),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return HttpResponse("not understood", status=400, content_type="text/plain")
    return _store(said)


def _forged() -> HttpResponse:
    logger.warning("status callback with a wrong signature refused")
    return HttpResponse("wrong signature", status=403, content_type="text/plain")


def _store(said: Said) -> HttpResponse:
    """Insert only; answer 2xx to what was seen before."""
    try:
        receipts.store(
            said.account,
            said.uid,
            said.provider_id,
            said.word,
            said.code,
            timezone.now(),
        )
    except DatabaseError as error:
        logger.error("status callback not stored: %s", type(error).__name__)
        return HttpResponse("try again", status=503, headers={"Retry-After": "2"})
    return HttpResponse(status=204)


urlpatterns = [
    path("twilio/status/<uuid:uid>/<int:attempt>", twilio_status, name="twilio_status"),
    path("telnyx/status/<uuid:uid>/<int:attempt>", telnyx_status, name="telnyx_status"),
]
