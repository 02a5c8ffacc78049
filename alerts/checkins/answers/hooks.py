"""Take replies: signature first, stored raw, read later; a repeat is answered 2xx."""

import json
import logging
import uuid

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from alerts.checkins.answers import inbox, mailing, media
from alerts.dispatch.channels import twilio_voice
from alerts.dispatch.hearing import signatures
from alerts.dispatch.models import Channel, Message

logger = logging.getLogger(__name__)
WHATSAPP = "whatsapp:"
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@csrf_exempt  # the provider's signature is checked instead
@require_POST
def sms(request: HttpRequest) -> HttpResponse:
    """Store an inbound SMS; nothing is answered here, because nothing is read here."""
    account = signatures.account_of(request)
    if account is None:
        logger.warning("inbound message with a wrong signature refused")
        return HttpResponse("wrong signature", status=403, content_type="text/plain")
    form = {n: str(v).replace("\x00", "") for n, v in request.POST.items()}
    if not form.get("MessageSid"):
        return HttpResponse("no MessageSid", status=400, content_type="text/plain")
    channel = Channel.SMS.value
    if form.get("From", "").startswith(WHATSAPP):
        channel = Channel.WHATSAPP.value
        form["From"] = form["From"].removeprefix(WHATSAPP)
    if not _is_stored(account, form, channel):
        return HttpResponse("try again", status=503, headers={"Retry-After": "2"})
    return HttpResponse(EMPTY, content_type="text/xml")


def _is_stored(account: str, form: dict[str, str], channel: str) -> bool:
    try:
        inbox.store(account, form, channel, timezone.now())
    except DatabaseError as error:
        logger.error("inbound message not stored: %s", type(error).__name__)
        return False
    return True


@csrf_exempt  # the provider's signature is checked instead
@require_POST
def voice(request: HttpRequest, uid: uuid.UUID, attempt: int) -> HttpResponse:
    """Store the key that was pressed during a call, and say so to who pressed it.

    A key is kept like a text that says the digit; each key of a call is an answer.
    """
    account = signatures.account_of(request)
    if account is None:
        logger.warning("pressed key with a wrong signature refused")
        return HttpResponse("wrong signature", status=403, content_type="text/plain")
    said = {n: str(v).replace("\x00", "") for n, v in request.POST.items()}
    key = said.get("Digits", "")
    form = {
        "MessageSid": f"{said.get('CallSid', '')}:{key}",
        "From": said.get("To", ""),
        "To": said.get("From", ""),
        "Body": key,
    }
    try:
        calls = Message.objects.filter(uid=uid, channel=Channel.VOICE)
        called = calls.select_related("text").first()
        if key:
            channel, now = Channel.VOICE.value, timezone.now()
            inbox.store(account, form, channel, now, message=called)
    except DatabaseError as error:
        logger.error("pressed key not stored: %s", type(error).__name__)
        return HttpResponse("try again", status=503, headers={"Retry-After": "2"})
    language = called.text.language if called is not None else "en"
    spoken = twilio_voice.heard(key, language) if key else EMPTY
    return HttpResponse(spoken, content_type="text/xml")


@csrf_exempt  # the provider's signature is checked instead
@require_POST
def telnyx(request: HttpRequest) -> HttpResponse:
    """Store an inbound SMS that came through Telnyx."""
    account = signatures.telnyx_account_of(request, timezone.now())
    if account is None:
        logger.warning("inbound message with a wrong signature refused")
        return HttpResponse("wrong signature", status=403, content_type="text/plain")
    try:
        data = json.loads(request.body.replace(signatures.NUL, b""))["data"]
        payload = data["payload"]
        form = {
            "MessageSid": str(payload["id"]),
            "From": str(payload["from"]["phone_number"]),
            "To": str(payload["to"][0]["phone_number"]),
            "Body": str(payload.get("text") or ""),
            **media.named(payload.get("media") or []),
        }
    except (ValueError, LookupError, TypeError, AttributeError):
        return HttpResponse("not understood", status=400, content_type="text/plain")
    if data.get("event_type") == "message.received" and not _is_stored(
        account, form, Channel.SMS.value
    ):
        return HttpResponse("try again", status=503, headers={"Retry-After": "2"})
    return HttpResponse(status=204)


@csrf_exempt  # our mail server's signature is checked instead
@require_POST
def mail(request: HttpRequest) -> HttpResponse:
    """Take an incoming mail as it is, from the ministry's own mail server."""
    raw, now = request.read(mailing.LARGEST + 1), timezone.now()
    signature = request.headers.get("X-Muster-Signature", "")
    if not signatures.is_our_mail_server(signature, raw, now):
        logger.warning("incoming mail with a wrong signature refused")
        return HttpResponse("wrong signature", status=403, content_type="text/plain")
    if len(raw) > mailing.LARGEST:
        return HttpResponse("too large", status=413, content_type="text/plain")
    try:
        mailing.take(raw, now)
    except DatabaseError as error:
        logger.error("incoming mail not stored: %s", type(error).__name__)
        return HttpResponse("try again", status=503, headers={"Retry-After": "2"})
    return HttpResponse(status=204)


urlpatterns = [
    path("mail-in", mail, name="mail_in"),
    path("twilio/sms", sms, name="twilio_sms"),
    path("twilio/voice/<uuid:uid>/<int:attempt>", voice, name="twilio_voice"),
    path("telnyx/inbound", telnyx, name="telnyx_inbound"),
]
