"""Hear what an e-mail provider says of a mail: delivered, bounced, unsubscribed.

anymail knows each provider's webhook and its signature; its views are asked to check
and to read, and what they find becomes a receipt like any other.
"""

import importlib
import logging
import uuid
import warnings
from collections.abc import Iterable
from typing import Any

from anymail.exceptions import AnymailError, AnymailInsecureWebhookWarning
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from alerts.dispatch.channels.anymail import METADATA, STATES, code_of
from alerts.dispatch.hearing import receipts
from alerts.dispatch.models import Address, Message

logger = logging.getLogger(__name__)
HANDLER = "TrackingWebhookView"


def handler(account: str) -> Any:
    """Return anymail's view for an account's webhook, set up with the account's words.

    Raises
    ------
    LookupError
        When there is no such account, or nothing by which to know its provider.
    """
    conf = settings.ACCOUNTS.get(account, {})
    if "esp" not in conf:
        raise LookupError(f"{account} is no account at an e-mail provider")
    try:
        module = importlib.import_module(f"anymail.webhooks.{conf['esp']}")
        name = next(name for name in vars(module) if name.endswith(HANDLER))
        kind = getattr(module, name)
        words = {
            word: conf[word]
            for word in ("api_key", "webhook_signing_key", "webhook_verification_key")
            if word in conf and hasattr(kind, word)
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AnymailInsecureWebhookWarning)
            view = kind(webhook_secret=conf.get("webhook_secret", ""), **words)
    except (ImportError, StopIteration, ImproperlyConfigured) as error:
        raise LookupError(f"{account} has no webhook: {error}") from None
    if view.warn_if_no_basic_auth and not view.basic_auth:
        raise LookupError(f"{account} needs webhook_secret=user:password")
    return view


@csrf_exempt  # the provider's signature or password is checked instead
@require_POST
def mail_status(request: HttpRequest, account: str) -> HttpResponse:
    """Store what an e-mail provider says of its mails."""
    try:
        view = handler(account)
    except LookupError as error:
        logger.warning("mail webhook refused: %s", error)
        raise Http404 from None
    try:
        view.run_validators(request)
    except SuspiciousOperation:
        logger.warning("mail webhook with a wrong signature refused")
        return _said("wrong signature", 403)
    try:
        events = view.parse_events(request)
    except (AnymailError, ValueError, LookupError, TypeError, AttributeError):
        return _said("not understood", 400)
    try:
        _store(account, events)
    except DatabaseError as error:
        logger.error("mail webhook not stored: %s", type(error).__name__)
        return _said("try again", 503)
    return HttpResponse(status=204)


def _said(words: str, status: int) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain")


def _store(account: str, events: Iterable[Any]) -> None:
    now = timezone.now()
    for event in events:
        uid = _uid(account, event)
        if uid is None:
            continue
        if event.event_type == "unsubscribed":
            Address.objects.filter(
                message__uid=uid, opt_out=Address.OptOut.NONE
            ).update(opt_out=Address.OptOut.NOTICES, changed_at=now)
        elif event.event_type in STATES:
            known = event.message_id or str(uid)
            receipts.store(account, uid, known, event.event_type, code_of(event), now)


def _uid(account: str, event: Any) -> uuid.UUID | None:
    """Return our own id of the mail that an event is about."""
    try:
        return uuid.UUID(str((event.metadata or {}).get(METADATA, "")))
    except ValueError:
        rows = Message.objects.filter(account=account, provider_id=event.message_id)
        return rows.values_list("uid", flat=True).first() if event.message_id else None


urlpatterns = [path("mail/<str:account>", mail_status, name="mail_status")]
