"""Public posts of a cause: take one down, post one again that was set aside."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from alerts.dispatch.models import State
from alerts.dispatch.sending import posting
from alerts.dispatch.watching import scoping
from consular.missions import audit
from consular.missions.access import Verb, officer_of, officer_page


@officer_page(Verb.STOP)
@require_POST
def take_down(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a public post on its network."""
    now = timezone.now()
    mine = scoping.posts(officer_of(request), now, Verb.STOP)
    post = get_object_or_404(mine, pk=pk, state=State.DELIVERED)
    why_not = posting.take_down(post, now)
    if why_not:
        messages.error(request, f"Not taken down: {why_not}.")
    else:
        audit.record("take_down", officer_of(request), f"publication {post.pk}", now)
        messages.success(request, "Taken down. Who has seen it has seen it.")
    return redirect("dispatch:cause", post.cause_id)


@officer_page(Verb.STOP)
@require_POST
def post_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Post again what was set aside, after a look at the account."""
    now = timezone.now()
    mine = scoping.posts(officer_of(request), now, Verb.STOP)
    post = get_object_or_404(mine, pk=pk)
    with transaction.atomic():
        moved = posting.again(post, now)
        if moved:
            officer = officer_of(request)
            audit.record("post_again", officer, f"publication {post.pk}", now)
    if moved:
        messages.success(request, "It is posted again.")
    else:
        messages.error(request, "The post has moved on, or its alert was stopped.")
    return redirect("dispatch:cause", post.cause_id)
