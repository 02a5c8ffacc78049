"""The accounts at providers: the simulated ones, and what the environment names.

Live accounts exist in a live installation only. Each is a block of words: `transport`,
`channel`, `mode`, what the transport needs, and three that any may have: `weight` (its
share of the channel, `80,FR=20`), `rate` (parts a second) and `replies` (where its
texts can be answered, `no,IE=yes`).
"""

from consular import env, simulated_accounts
from consular.simulated_accounts import CHANNELS, Accounts


def configured(*, live: bool, simulated_url: str, smtp_port: int) -> Accounts:
    """Return all accounts of this installation by name."""
    found = simulated_accounts.named(simulated_url, smtp_port)
    if live:
        for block in (*_twilio(), *_other_sms(), *_mail(), *_social()):
            found[block.pop("name")] = {"mode": "live", **block}
    for name, block in found.items():
        upper = name.upper().replace("-", "_")
        for word in ("weight", "rate", "replies"):
            if said := env.text(f"{upper}_{word.upper()}"):
                block[word] = said
    return found


def _block(name: str, transport: str, channel: str, **words: str) -> dict[str, str]:
    made = {"name": name, "transport": CHANNELS + transport, "channel": channel}
    return {**made, **words}


def _twilio() -> list[dict[str, str]]:
    sid = env.text("TWILIO_ACCOUNT_SID")
    words = {
        "account_sid": sid,
        "auth_token": env.secret("TWILIO_AUTH_TOKEN"),
        "base_url": "https://api.twilio.com",
    }
    senders = (
        ("twilio", "twilio.TwilioSms", "sms", "TWILIO_SENDER"),
        ("twilio-whatsapp", "twilio.TwilioWhatsApp", "whatsapp", "TWILIO_WHATSAPP"),
        ("twilio-voice", "twilio_voice.TwilioVoice", "voice", "TWILIO_VOICE"),
    )
    found = []
    for name, transport, channel, setting in senders:
        sender = env.text(setting)
        if sid and (sender or name == "twilio"):
            block = _block(name, transport, channel, sender=sender, **words)
            if channel == "whatsapp":
                block["templates"] = env.text("TWILIO_WHATSAPP_TEMPLATES")
            found.append(block)
    return found


def _other_sms() -> list[dict[str, str]]:
    if not env.text("TELNYX_SENDER"):
        return []
    return [
        _block(
            "telnyx",
            "telnyx.TelnyxSms",
            "sms",
            base_url="https://api.telnyx.com",
            api_key=env.secret("TELNYX_API_KEY"),
            public_key=env.text("TELNYX_PUBLIC_KEY"),
            sender=env.text("TELNYX_SENDER"),
        )
    ]


def _mail() -> list[dict[str, str]]:
    found = []
    words = {
        "sender": env.text("MUSTER_EMAIL_SENDER"),
        "inbox": env.text("MUSTER_MAIL_INBOX"),
    }
    if url := env.secret("MUSTER_SMTP_URL"):
        found.append(_block("smtp", "email.Smtp", "email", url=url, **words))
    if said := env.secret("MUSTER_ANYMAIL"):
        # `mailgun api_key=… sender_domain=…`: the backend, then its own options
        name, *options = said.split()
        own = dict(option.split("=", 1) for option in options)
        found.append(
            _block("anymail", "anymail.Anymail", "email", esp=name, **words, **own)
        )
    return found


def _social() -> list[dict[str, str]]:
    found = []
    if url := env.text("MASTODON_URL"):
        token = env.secret("MASTODON_ACCESS_TOKEN")
        found.append(
            _block(
                "mastodon",
                "mastodon.Mastodon",
                "social",
                base_url=url,
                access_token=token,
            )
        )
    if handle := env.text("BLUESKY_HANDLE"):
        found.append(
            _block(
                "bluesky",
                "bluesky.Bluesky",
                "social",
                base_url=env.text("BLUESKY_URL", "https://bsky.social"),
                handle=handle,
                app_password=env.secret("BLUESKY_APP_PASSWORD"),
            )
        )
    return [*found, *_social_by_key()]


def _social_by_key() -> list[dict[str, str]]:
    found = []
    if key := env.text("X_API_KEY"):
        found.append(
            _block(
                "x",
                "x.X",
                "social",
                base_url="https://api.x.com",
                api_key=key,
                api_secret=env.secret("X_API_SECRET"),
                access_token=env.secret("X_ACCESS_TOKEN"),
                access_secret=env.secret("X_ACCESS_SECRET"),
            )
        )
    if chat := env.text("TELEGRAM_CHAT"):
        found.append(
            _block(
                "telegram",
                "telegram.Telegram",
                "social",
                base_url="https://api.telegram.org",
                chat=chat,
                token=env.secret("TELEGRAM_TOKEN"),
            )
        )
    if page := env.text("FACEBOOK_PAGE"):
        found.append(
            _block(
                "facebook",
                "facebook.FacebookPage",
                "social",
                base_url="https://graph.facebook.com/v23.0",
                page=page,
                access_token=env.secret("FACEBOOK_ACCESS_TOKEN"),
            )
        )
    return found
