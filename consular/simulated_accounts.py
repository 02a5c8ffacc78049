"""The accounts at the simulated provider, which serve exercises only.

What stands here as a secret opens nothing but the simulated provider.
"""

CHANNELS = "alerts.dispatch.channels."
Accounts = dict[str, dict[str, str]]

# The simulated Telnyx signs with a key that is made from its API key.
_TELNYX_KEY = "3+70dBIwW6a9bTRciPO3RTwqIonG5tozKZz/ubuZMbc="
_TEMPLATES = ("en", "ar", "fr", "es", "de", "pt", "ru", "zh")
_STANDS_BY = {"weight": "0"}
_TWILIO = {
    "account_sid": "AC" + "5" * 32,
    "auth_token": "simulated-" + "0" * 22,
    "sender": "+15005550006",
}
_TOKEN = {"access_token": "simulated"}
_X = {"api_key": "simulated", "api_secret": "simulated", "access_secret": "simulated"}

# Name → transport, channel, what the transport needs beside its address.
_ACCOUNTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "simulated-sms": ("twilio.TwilioSms", "sms", _TWILIO),
    "simulated-telnyx": (
        "telnyx.TelnyxSms",
        "sms",
        {
            "api_key": "simulated",
            "public_key": _TELNYX_KEY,
            "sender": "+15005550007",
            **_STANDS_BY,
        },
    ),
    "simulated-whatsapp": (
        "twilio.TwilioWhatsApp",
        "whatsapp",
        {
            "templates": ",".join(
                f"{language}=HX{number:032x}"
                for number, language in enumerate(_TEMPLATES)
            ),
            **_TWILIO,
        },
    ),
    "simulated-voice": ("twilio_voice.TwilioVoice", "voice", _TWILIO),
    "simulated-mastodon": ("mastodon.Mastodon", "social", _TOKEN),
    "simulated-bluesky": (
        "bluesky.Bluesky",
        "social",
        {"handle": "ministry.example.org", "app_password": "simulated"},
    ),
    "simulated-x": ("x.X", "social", _X | _TOKEN),
    "simulated-telegram": (
        "telegram.Telegram",
        "social",
        {"token": "simulated", "chat": "@ministry"},
    ),
    "simulated-facebook": ("facebook.FacebookPage", "social", {"page": "1", **_TOKEN}),
    "simulated-email": (
        "email.Smtp",
        "email",
        {"sender": "alerts@ministry.example.org"},
    ),
    "simulated-mailgun": (
        "anymail.Anymail",
        "email",
        {
            "esp": "mailgun",
            "api_key": "simulated",
            "sender_domain": "ministry.example.org",
            "sender": "alerts@ministry.example.org",
            **_STANDS_BY,
        },
    ),
}


def named(url: str, smtp_port: int) -> Accounts:
    """Return the accounts by name, at a simulated provider's address and mail port."""
    where = {
        "simulated-mailgun": {"api_url": f"{url}/v3"},
        "simulated-email": {"url": f"smtp://127.0.0.1:{smtp_port}"},
    }
    return {
        name: {
            "transport": CHANNELS + transport,
            "channel": channel,
            "mode": "exercise",
            **where.get(name, {"base_url": url}),
            **words,
        }
        for name, (transport, channel, words) in _ACCOUNTS.items()
    }
