"""The mail room: what is being sent, what waits for a person, the brakes."""

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alerts.dispatch import outbox, routing
from alerts.dispatch.models import (
    Alarm,
    Cause,
    Channel,
    Lane,
    Message,
    Pause,
    State,
    Worker,
)
from alerts.dispatch.sending import budgets, rates, sweeping
from alerts.dispatch.watching import progress, scoping
from consular import modes
from consular.missions import audit
from consular.missions.access import Verb, may, officer_of, officer_page

# An officer's own address, by the kind of channel a test is sent on.
OWN = {"sms": "phone", "whatsapp": "phone", "voice": "phone", "email": "email"}


@officer_page(Verb.WATCH)
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Show alarms, causes, accounts, workers, and what waits for a person."""
    now, officer = timezone.now(), officer_of(request)
    causes = scoping.causes(officer, now).exclude(lane=Lane.NOTICE)
    stuck = scoping.messages(officer, now).filter(waits_for_a_person(now))
    paused = set(Pause.objects.values_list("channel", flat=True))
    context = {
        "section": "dispatch",
        "now": now,
        "alarms": Alarm.objects.filter(over_at=None).order_by("-id"),
        "causes": [
            (c, progress.of(now, cause_keys=[c.key]))
            for c in causes.order_by("-id")[:10]
        ],
        "workers": Worker.objects.filter(beat_at__gt=now - sweeping.SILENT)
        .exclude(name__endswith="-e")
        .count(),
        "stuck": stuck.select_related("cause").order_by("id")[:20],
        "stuck_total": stuck.count(),
        "accounts": _accounts(now),
        "spent": budgets.spent(now),
        "budget": settings.BUDGET_DAY,
        "brakes": [
            (value, name, value in paused)
            for value, name in [("", "Everything"), *Channel.choices]
        ],
        "may_stop": may(officer, Verb.STOP, now),
        "may_brake": scoping.is_everywhere(officer, now, Verb.STOP),
    }
    return render(request, "dispatch/status.html", context)


def waits_for_a_person(now: datetime) -> Q:
    """Keep what nobody but an officer can settle; the rest is still being asked for.

    Of what is stopped or past its time nothing is sent any more, so nothing is left to
    decide: it would stand in the way of what came later.
    """
    left = Q(state=State.UNCLEAR, cause__on_unclear=Cause.OnUnclear.LEAVE)
    return (Q(state=State.SET_ASIDE) | left) & Q(
        cause__stopped_at=None, cause__not_after__gt=now
    )


def _accounts(now: datetime) -> list[dict[str, object]]:
    """Say of each account in one line how it is."""
    found = []
    for name, row in rates.rows().items():
        conf = settings.ACCOUNTS[name]
        names = routing.accounts(conf["channel"], conf["mode"])
        moved = {n: r.weight - routing.RESTING for n, r in rates.rows().items()}
        waits = row.waits_until is not None and row.waits_until > now
        found.append(
            {
                "row": row,
                "channel": Channel(conf["channel"]).label,
                "share": round(routing.weight_now(name, names, moved)),
                "rate": rates.rate_of(name),
                "waits": waits,
                "is_troubled": row.trouble_at is not None
                and (row.accepted_at is None or row.trouble_at > row.accepted_at),
                "can_test": conf["channel"] in OWN,
            }
        )
    return found


@officer_page(Verb.STOP)
@require_POST
def brake(request: HttpRequest) -> HttpResponse:
    """Pause a channel or everything, or let it go on."""
    channel = request.POST.get("channel", "")
    if channel not in ("", *Channel.values):
        messages.error(request, "There is no such channel.")
        return redirect("dispatch:status")
    now = timezone.now()
    if not scoping.is_everywhere(officer_of(request), now, Verb.STOP):
        messages.error(request, "Pause what your own incident sends, on its page.")
        return redirect("dispatch:status")
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
    now = timezone.now()
    mine = scoping.messages(officer_of(request), now, Verb.STOP)
    message = get_object_or_404(mine, pk=pk)
    with transaction.atomic():
        moved = outbox.retry(Message.objects.filter(pk=pk), now)
        if moved:
            audit.record("retry", officer_of(request), f"message {message.uid}", now)
    if moved:
        messages.success(request, "The message is sent again.")
    else:
        messages.error(request, "The message has moved on, or its alert was stopped.")
    return redirect("dispatch:status")


@officer_page(Verb.STOP)
@require_POST
def send_test(request: HttpRequest, account: str) -> HttpResponse:
    """Send a test through one account to the officer who asks for it."""
    officer, now = officer_of(request), timezone.now()
    conf = settings.ACCOUNTS.get(account, {})
    channel = conf.get("channel", "")
    address = getattr(officer, OWN.get(channel, ""), "") if channel in OWN else ""
    if not address or conf.get("mode") != settings.MODE:
        words = "Your profile has no address for it, or it is of the other mode."
        messages.error(request, words)
        return redirect("dispatch:status")
    exercise = modes.mark(modes.installation())
    try:
        with transaction.atomic():
            message = outbox.send_notice(
                f"test:{account}:{officer.pk}:{int(now.timestamp())}",
                purpose="own test",
                channel=channel,
                address=address,
                language="en",
                subject=f"{exercise}Test of {account}",
                body=f"{exercise}Test of {account} for {settings.MINISTRY_NAME}.",
                now=now,
            )
            Message.objects.filter(pk=message.pk).update(account=account)
            audit.record("send_test", officer, f"account {account}", now)
    except outbox.CappedError as error:
        messages.error(request, f"Not sent: {error}.")
    else:
        messages.success(request, "A test to you is on its way; see below.")
    return redirect("dispatch:status")
