"""Take replies: signature first, stored raw, read later; a repeat is answered 2xx."""

import logging

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from alerts.checkins import inbox
from alerts.dispatch import signatures

logger = logging.getLogger(__name__)
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
    try:
        inbox.store(account, form, "sms", timezone.now())
    except DatabaseError as error:
        logger.error("inbound message not stored: %s", type(error).__name__)
        return HttpResponse("try again", status=503, headers={"Retry-After": "2"})
    return HttpResponse(EMPTY, content_type="text/xml")


urlpatterns = [path("twilio/sms", sms, name="twilio_sms")]
