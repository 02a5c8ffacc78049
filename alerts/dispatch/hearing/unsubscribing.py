"""End notices by one click: a POST from a mail program, or the button on the page.

Opening the page changes nothing: scanners of mail open every link (RFC 8058, section
3.1). Warnings to people in danger are never ended here, and the page says so.
"""

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerts.dispatch import addresses, links
from alerts.dispatch.models import Address
from consular import languages

HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


# It uses no cookie: the token in the address is all the authority there is.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@languages.spoken
def unsubscribe(request: HttpRequest, uid: uuid.UUID, token: str) -> HttpResponse:
    """Show what one click ends, and end it when it is pressed."""
    message = links.unsubscribed(uid, token)
    done = False
    if message is not None and request.method == "POST":
        address = message.address
        if address.opt_out != Address.OptOut.ALL:
            addresses.opt_out(
                address.address_key,
                address.channel,
                Address.OptOut.NOTICES,
                timezone.now(),
            )
        done = True
    code = languages.chosen(request)
    context = {
        "is_known": message is not None,
        "done": done,
        "token": token,
        "languages": languages.LANGUAGES,
        "page_language": code,
        "page_direction": languages.direction(code),
        "emergency_phone": settings.EMERGENCY_PHONE,
    }
    status = 404 if message is None else 200
    response = render(request, "dispatch/unsubscribe.html", context, status=status)
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response
