"""Pages of sources: whether the world is still heard, and what to do where not."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Max, Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alerts.hazards import coding
from alerts.hazards.listening import intake, polling
from alerts.hazards.models import Document, Report, Source, WaitingCode
from alerts.hazards.public import is_silent
from consular.missions.access import Verb, may, officer_of, officer_page

A_PAGE = 50


@dataclass(frozen=True)
class Health:
    """A source with how it does, in one word and a sentence."""

    source: Source
    total: int
    refused: int
    newest: datetime | None
    reports: int
    word: str  # heard | late | trouble | off | by_hand

    @property
    def order(self) -> tuple[int, str]:
        """What needs somebody first."""
        words = ("trouble", "late", "heard", "by_hand", "off")
        return words.index(self.word), self.source.name


def _word(source: Source, now: datetime) -> str:
    if not source.url:
        return "trouble" if source.trouble else "by_hand"
    if not source.is_active:
        return "off"
    if source.trouble:
        return "trouble"
    return "late" if is_silent(source, now) else "heard"


def healths(now: datetime) -> list[Health]:
    """Return all sources, those in trouble first."""
    quarantined = Q(state=Document.State.QUARANTINED)
    rows = (
        Document.objects.order_by()
        .values("source")
        .annotate(
            total=Count("pk"),
            refused=Count("pk", filter=quarantined),
            newest=Max("fetched_at"),
        )
    )
    counts = {
        row["source"]: (row["total"], row["refused"], row["newest"]) for row in rows
    }
    by_source = Report.objects.order_by().values_list("source")
    reports = dict(by_source.annotate(number=Count("pk")))
    listed = [
        Health(
            source,
            *counts.get(source.pk, (0, 0, None)),
            reports.get(source.pk, 0),
            _word(source, now),
        )
        for source in Source.objects.all()
    ]
    return sorted(listed, key=lambda health: health.order)


@officer_page(Verb.WATCH)
@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """Show whether each feed is heard, and what to do where it is not."""
    now = timezone.now()
    documents = Document.objects.select_related("source").defer("body")
    listed = healths(now)
    context = {
        "now": now,
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
        "section": "sources",
        "healths": listed,
        "troubled": sum(health.word in ("trouble", "late") for health in listed),
        "refused": documents.filter(state=Document.State.QUARANTINED)[:A_PAGE],
        "documents": documents[:20],
        "codes": WaitingCode.objects.filter(set_aside_by=None).exists(),
        "may_poll": _may_poll(request, now),
    }
    return render(request, "hazards/sources.html", context)


def _may_poll(request: HttpRequest, now: datetime) -> bool:
    return any(
        may(officer_of(request), v, now) for v in (Verb.DECLARE, Verb.ADMINISTER)
    )


@officer_page(Verb.WATCH)
@require_POST
def poll_now(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a source now instead of when it is due."""
    source = get_object_or_404(Source, slug=slug)
    now = timezone.now()
    if _may_poll(request, now):
        polling.poll(source, now)
        source.refresh_from_db()
        said = source.trouble or "The source answered."
        messages.add_message(
            request, messages.ERROR if source.trouble else messages.SUCCESS, said
        )
    return redirect("hazards:sources")


@officer_page(Verb.WATCH)
@require_POST
def try_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a quarantined document once more."""
    document = get_object_or_404(Document, pk=pk)
    now = timezone.now()
    if _may_poll(request, now):
        intake.read(document, now)
        document.refresh_from_db()
        if document.state == Document.State.PARSED:
            polling.weigh([document], now)
            messages.success(request, "The document could be read this time.")
        else:
            messages.error(request, f"Still not readable: {document.reason}")
    return redirect("hazards:sources")


@officer_page(Verb.WATCH)
@require_safe
def codes(request: HttpRequest) -> HttpResponse:
    """List the codes that reports give and no table knows."""
    now = timezone.now()
    waiting = (
        WaitingCode.objects.filter(set_aside_by=None)
        .values("scheme", "code")
        .annotate(
            reports=Count("report", distinct=True),
            place=Min("report__place"),
            newest=Max("report__sent_at"),
            worst=Max("report__level"),
        )
        .order_by("-worst", "-newest", "scheme", "code")
    )
    context = {
        "now": now,
        "ministry_zone": ZoneInfo(settings.MINISTRY_TIME_ZONE),
        "section": "sources",
        "total": waiting.count(),
        "waiting": waiting[:200],
        "aside": WaitingCode.objects.exclude(set_aside_by=None).count(),
        "may_set_aside": may(officer_of(request), Verb.DECLARE, now),
    }
    return render(request, "hazards/codes.html", context)


@officer_page(Verb.DECLARE)
@require_POST
def set_code_aside(request: HttpRequest) -> HttpResponse:
    """Take a code off the list; the reports stay as they are."""
    scheme, code = request.POST.get("scheme", ""), request.POST.get("code", "")
    count = coding.set_aside(scheme, code, officer_of(request), timezone.now())
    messages.success(request, f"Put aside for {count} reports, which stay listed.")
    return redirect("hazards:codes")
