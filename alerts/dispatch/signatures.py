"""Know a provider by its signature, over the address that the public sees."""

from django.conf import settings
from django.http import HttpRequest
from twilio.request_validator import RequestValidator


def account_of(request: HttpRequest) -> str | None:
    """Return the Twilio account that signed a request, or nothing.

    The signature is over the public address, which is `settings.PUBLIC_URL` and the
    path: what a proxy or a forger says of the host does not count.
    """
    signature = request.headers.get("X-Twilio-Signature", "")
    url = settings.PUBLIC_URL + request.get_full_path()
    form = request.POST.dict()
    for name, conf in settings.ACCOUNTS.items():
        if conf["transport"].endswith(".TwilioSms") and signature:
            validator = RequestValidator(conf["auth_token"])
            if validator.validate(url, form, signature):
                return name
    return None
