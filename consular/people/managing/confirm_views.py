"""Public pages: confirm by link or code, ask for a lost link.

Exempt from the CSRF check: they use no session that another site could borrow.
"""

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consular import languages
from consular.people.lists import grouping
from consular.people.managing import confirming, errands, linking
from consular.people.models import Contact, Link
from consular.people.protecting import guarding
from consular.people.registering.addresses import AddressError, normalise
from consular.people.registering.forms import PublicForm
from consular.people.registering.public import lost, show, too_many


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str, code: str = "") -> HttpResponse:
    """Ask for one press, or for the code; opening the link changes nothing."""
    registration = linking.opened(token, Link.Purpose.CONFIRM)
    if registration is None:
        return lost(request)
    typed = code or request.POST.get("code", "")
    is_sent = request.method == "POST"
    if is_sent and confirming.answer(registration, typed, timezone.now()):
        if request.POST.get("group") == "1":
            grouping.agree(registration, timezone.now())
        return redirect(linking.link(registration, Link.Purpose.MANAGE))
    context = {
        "token": token,
        "code": code if not is_sent else "",
        "is_wrong": is_sent,
        "registration": registration,
        "group": grouping.name_for(registration),
        "language": languages.chosen(request, registration.language),
    }
    return show(request, "confirm", context, status=400 if is_sent else 200)


class RecoverForm(PublicForm):
    """The address that was given when registering."""

    address = forms.CharField(
        label=gettext_lazy("The phone number or e-mail address that you gave"),
        max_length=254,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "on"}),
    )

    def clean_address(self) -> tuple[str, str]:
        """Read it as what it looks like."""
        typed = self.cleaned_data["address"]
        kind = Contact.Kind.EMAIL if "@" in typed else Contact.Kind.PHONE
        try:
            address = normalise(kind, typed, settings.MINISTRY_COUNTRY)
        except AddressError as error:
            raise forms.ValidationError(str(error)) from None
        return kind.value, address


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def recover(request: HttpRequest) -> HttpResponse:
    """Send the link once more to an address on record; the answer never tells."""
    language, now = languages.chosen(request), timezone.now()
    with languages.speak(language):
        form = RecoverForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            kind, address = form.cleaned_data["address"]
            verdict = guarding.judge(
                request, "recover", now, by_phone=kind == Contact.Kind.PHONE
            )
            if not verdict.may_ask:
                return too_many(request)
            errands.recover_later(kind, address, now, may_text=verdict.may_text)
            return show(request, "recover_sent", {"language": language})
        is_wrong = request.method == "POST"
        context = {"forms": [form], "with_errors": is_wrong, "language": language}
        context |= {
            "title": _("Send me my link again"),
            "puzzle": guarding.puzzle(now),
        }
        return show(request, "recover", context, status=400 if is_wrong else 200)
