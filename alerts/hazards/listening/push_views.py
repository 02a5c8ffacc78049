"""The address that situation rooms push to; described in docs/situations.md."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from alerts.hazards.listening import pushing
from alerts.hazards.models import Document, Source


def _refused(status: int, error: str) -> JsonResponse:
    return JsonResponse({"error": error}, status=status)


@never_cache
@csrf_exempt  # the signature is checked instead
@require_POST
def push(request: HttpRequest, slug: str) -> JsonResponse:
    """Take a signed document of events; the same one again is answered like the first.

    An unknown source is answered like a wrong signature.
    """
    source = Source.objects.filter(
        slug=slug, format=pushing.FORMAT, url="", is_active=True
    ).first()
    if int(request.headers.get("Content-Length") or 0) > pushing.BYTES_MOST:
        return _refused(413, f"At most {pushing.BYTES_MOST} bytes at a time.")
    timestamp = request.headers.get("X-Muster-Timestamp", "")
    signature = request.headers.get("X-Muster-Signature", "")
    now = timezone.now()
    try:
        if source is None:
            raise pushing.ForgedError(
                "X-Muster-Signature is not that of this body and time."
            )
        pushing.check(source, timestamp, signature, request.body, now)
    except pushing.ForgedError as error:
        return _refused(403, str(error))
    return _answer(pushing.take(source, request.body, now))


def _answer(taken: pushing.Taken) -> JsonResponse:
    document = taken.document
    if document.state == Document.State.QUARANTINED:
        return _refused(422, document.reason)
    said: dict[str, Any] = {
        "document": document.sha256,
        "new": taken.is_new,
        "reports": document.reports.count(),
    }
    return JsonResponse(said, status=201 if taken.is_new else 200)
