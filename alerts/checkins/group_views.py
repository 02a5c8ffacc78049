"""A coordinator's public page: register own people, see who has answered.

Exempt from the CSRF check: it uses no session that another site could borrow, only the
link, which nobody else has.
"""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from alerts.checkins import groups
from consular import languages, words
from consular.people.lists import grouping, reading, taking
from consular.people.lists.columns import NAMES
from consular.people.models import Group, Upload
from consular.people.registering.public import lost, show

EXAMPLE = (
    "Ada,Example,2010,+353209100000,ada@example.org,en,Managua,NI,"
    "2027-01-10,2027-01-24,,"
)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the group's people; look at a list before it is taken in."""
    group = grouping.opened(token)
    if group is None:
        return lost(request)
    context: dict[str, Any] = {"language": languages.chosen(request, group.language)}
    with languages.speak(context["language"]):
        if request.method == "POST":
            answer = _sent(request, group, token, context)
            if answer is not None:
                return answer
        context |= _shown(group, token)
        status = 400 if context.get("trouble") else 200
        return show(request, "group", context, status)


def _sent(
    request: HttpRequest, group: Group, token: str, context: dict[str, Any]
) -> HttpResponse | None:
    """Take an uploaded list, or the word to take it in."""
    now = timezone.now()
    if number := words.row_number(request.POST.get("take", "")):
        upload = get_object_or_404(Upload, pk=number, group=group)
        taking.want(upload, now)
        return redirect("checkins:group", token)
    sent = request.FILES.get("list")
    try:
        document = sent.read(reading.MOST_BYTES + 1) if sent else b""
        upload = taking.keep(document, now, group=group)
    except reading.ListError as error:
        context["trouble"] = str(error) if sent else _("Choose a file.")
        return None
    context |= {"upload": upload, "summary": taking.look(upload, now)}
    return None


def _shown(group: Group, token: str) -> dict[str, Any]:
    people = groups.members(group)
    under_way = Upload.objects.filter(
        group=group, wanted_at__isnull=False, ended_at=None
    )
    return {
        "group": group,
        "token": token,
        "people": people,
        "confirmed": sum(each.is_confirmed for each in people),
        "under_way": under_way.first(),
        "key": uuid.uuid4().hex,
    }


@require_safe
def example(request: HttpRequest) -> HttpResponse:
    """Give an empty list with the headings and one invented row."""
    lines = [",".join(NAMES), EXAMPLE]
    return HttpResponse(
        "\ufeff" + "\r\n".join(lines) + "\r\n",
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="people.csv"'},
    )
