"""The mail room: what is being sent, what waits for a person, the brakes."""

from datetime import timedelta

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alerts.dispatch import outbox, progress, sweeping
from alerts.dispatch.models import Cause, Channel, Message, Pause, State, Worker
from consular.missions import audit
from consular.missions.access import Verb, may, officer_of, officer_page

RECENT = timedelta(hours=24)


@officer_page(Verb.WATCH)
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Show the causes of the last day, the workers, and what waits for a person."""
    now = timezone.now()
    causes = Cause.objects.exclude(key__startswith="notice:").order_by("-id")[:10]
    stuck = Message.objects.filter(state__in=[State.SET_ASIDE, State.UNCLEAR])
    paused = set(Pause.objects.values_list("channel", flat=True))
    context = {
        "section": "dispatch",
        "now": now,
        "causes": [(c, progress.of(now, cause_keys=[c.key])) for c in causes],
        "workers": Worker.objects.filter(beat_at__gt=now - sweeping.SILENT).count(),
        "stuck": stuck.select_related("cause")[:100],
        "stuck_total": stuck.count(),
        "brakes": [
            (value, name, value in paused)
            for value, name in [("", "Everything"), *Channel.choices]
        ],
        "may_stop": may(officer_of(request), Verb.STOP, now),
    }
    return render(request, "dispatch/status.html", context)


@officer_page(Verb.STOP)
@require_POST
def brake(request: HttpRequest) -> HttpResponse:
    """Pause a channel or everything, or let it go on."""
    channel = request.POST.get("channel", "")
    if channel not in ("", *Channel.values):
        messages.error(request, "There is no such channel.")
        return redirect("dispatch:status")
    now = timezone.now()
    pausing = request.POST.get("to") == "pause"
    with transaction.atomic():
        if pausing:
            outbox.pause(now, channel=channel)
        else:
            outbox.resume(channel=channel)
        verb = "pause" if pausing else "resume"
        audit.record(verb, officer_of(request), f"channel {channel or 'all'}", now)
    messages.success(request, "Paused." if pausing else "Going on.")
    return redirect("dispatch:status")


@officer_page(Verb.STOP)
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a message again that was set aside or whose fate is unclear."""
    message = get_object_or_404(Message, pk=pk)
    now = timezone.now()
    row = Message.objects.filter(
        pk=pk, state__in=[State.SET_ASIDE, State.UNCLEAR], cause__stopped_at=None
    )
    with transaction.atomic():
        moved = row.update(
            state=State.QUEUED, tries=0, not_before=now, repeats=message.repeats + 1
        )
        if moved:
            audit.record("retry", officer_of(request), f"message {message.uid}", now)
    if moved:
        messages.success(request, "The message is sent again.")
    else:
        messages.error(request, "The message has moved on, or its alert was stopped.")
    return redirect("dispatch:status")
