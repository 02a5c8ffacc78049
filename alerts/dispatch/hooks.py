"""Take status callbacks: signature first, insert only, worked on later.

A plain view, because callbacks are most of what comes in: two for each message.
"""

import logging
import uuid

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from alerts.dispatch import receipts, signatures

logger = logging.getLogger(__name__)


@csrf_exempt  # the provider's signature is checked instead
@require_POST
def status(request: HttpRequest, uid: uuid.UUID, attempt: int) -> HttpResponse:
    """Store what Twilio says of a message; answer 2xx to what was seen before."""
    account = signatures.account_of(request)
    if account is None:
        logger.warning("status callback with a wrong signature refused")
        return HttpResponse("wrong signature", status=403, content_type="text/plain")
    form = {n: str(v).replace("\x00", "") for n, v in request.POST.items()}
    try:
        receipts.store(
            account,
            uid,
            form.get("MessageSid", ""),
            form.get("MessageStatus", ""),
            form.get("ErrorCode", ""),
            timezone.now(),
        )
    except DatabaseError as error:
        logger.error("status callback not stored: %s", type(error).__name__)
        return HttpResponse("try again", status=503, headers={"Retry-After": "2"})
    return HttpResponse(status=204)


urlpatterns = [
    path("twilio/status/<uuid:uid>/<int:attempt>", status, name="twilio_status"),
]
