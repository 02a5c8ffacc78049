"""The pages of a ministry's own templates: list, write, hand over, approve."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from alerts.dispatch.models import Channel
from alerts.hazards.models import Kind
from alerts.incidents.drafts import templating, wording
from alerts.incidents.errors import FieldsError, IncidentError
from alerts.incidents.framing import language_name, officer_of
from alerts.incidents.models import Phase, Template
from alerts.incidents.zones import zone_forms
from consular import languages
from consular.missions.access import Verb, may, officer_page
from geo import countries

LONGEST_TYPED = 12_000


@officer_page(Verb.WATCH)
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """List templates; begin one with the words of a phase."""
    officer, now = officer_of(request), timezone.now()
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            made = templating.begin(**_asked(request), by=officer, now=now)
        except FieldsError as error:
            errors = error.errors
        except IncidentError as error:
            errors = {"name": str(error)}
        else:
            return redirect("incidents:template", made.pk)
    rows = Template.objects.select_related("changed_by", "approved_by")
    context = {
        "section": "templates",
        "templates": rows,
        "errors": errors,
        "typed": request.POST,
        "phases": Phase.choices,
        "kinds": Kind.choices,
        "countries": sorted(countries.countries().items(), key=lambda item: item[1]),
        "may_write": may(officer, Verb.DECLARE, now),
    }
    return render(request, "incidents/templates.html", context)


def _region(typed: str, country: str) -> str:
    """Read for which region the words are; nothing when for the whole country."""
    if not typed.strip():
        return ""
    code = zone_forms.region_code(typed[:120], country)
    if country not in ("", code[:2]):
        raise FieldsError({"region": "This region is in another country."})
    return code


def _asked(request: HttpRequest) -> dict[str, str]:
    said = {name: request.POST.get(name, "") for name in ("phase", "kind", "country")}
    errors = {}
    if said["phase"] not in Phase.values:
        errors["phase"] = "Choose what kind of message it is."
    if said["kind"] not in ("", *Kind.values):
        errors["kind"] = "Choose a hazard from the list."
    if said["country"] and said["country"] not in countries.countries():
        errors["country"] = "Choose a country from the list."
    try:
        said["region"] = _region(request.POST.get("region", ""), said["country"])
    except FieldsError as error:
        errors |= error.errors
    if errors:
        raise FieldsError(errors)
    return said | {"name": request.POST.get("name", "")[:200]}


@officer_page(Verb.WATCH)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a template in all languages, its checks and who approved it."""
    template = get_object_or_404(Template, pk=pk)
    officer, now = officer_of(request), timezone.now()
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            messages.success(request, _act(request, template))
            return redirect("incidents:template", template.pk)
        except FieldsError as error:
            errors = error.errors
        except IncidentError as error:
            errors = {"template": str(error)}
        template.refresh_from_db()
    context = {
        "section": "templates",
        "template": template,
        "columns": _columns(template, errors),
        "errors": errors,
        "problems": templating.problems(template.phase, template.texts),
        "fields": templating.SAYS.items(),
        "may_write": may(officer, Verb.DECLARE, now),
        "why_not": templating.why_not(template, officer, now),
    }
    return render(request, "incidents/template.html", context)


def _act(request: HttpRequest, template: Template) -> str:
    officer, now = officer_of(request), timezone.now()
    number = request.POST.get("revision", "")
    template.revision = int(number) if number.isdecimal() and len(number) < 9 else 0
    action = request.POST.get("action")
    if action == "approve":
        templating.approve(template, officer, now)
        return "Approved beforehand. Messages can begin with it."
    if action == "retire":
        templating.retire(template, officer, now)
        return "Retired. New messages do not use it."
    typed = _typed(request)
    if typed != template.texts or action == "save":
        templating.save(template, typed, officer, now)
    if action == "submit":
        templating.submit(template, officer, now)
        return "Handed over. A second person can approve it."
    return "Saved. It is used once a second person has approved it."


def _typed(request: HttpRequest) -> list[dict[str, str]]:
    texts = []
    for code in languages.LANGUAGES:
        for channel in wording.CHANNELS:
            name = f"{channel}-{code}"
            body = request.POST.get(name, "")[:LONGEST_TYPED].replace("\r\n", "\n")
            subject = request.POST.get(f"subject-{name}", "")[:200]
            if body.strip():
                words = wording.Words(
                    channel=channel.value,
                    language=code,
                    subject=subject.strip() if channel == Channel.EMAIL else "",
                    body=body.strip(),
                )
                texts.append(words.as_dict())
    return texts


def _columns(template: Template, errors: dict[str, str]) -> list[dict[str, Any]]:
    said = {f"{each['channel']}-{each['language']}": each for each in template.texts}
    return [
        {
            "code": code,
            "own_name": own_name,
            "name": language_name(code),
            "direction": languages.direction(code),
            "texts": [
                {
                    "name": name,
                    "title": title,
                    "is_email": channel == Channel.EMAIL,
                    "said": said.get(name, {}),
                    "error": errors.get(name, ""),
                }
                for channel, title in wording.CHANNELS.items()
                if (name := f"{channel}-{code}")
            ],
        }
        for code, own_name in languages.LANGUAGES.items()
    ]
