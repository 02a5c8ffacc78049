"""Whether this installation can send at all, and the setting to fill when it cannot."""

from django.conf import settings

from alerts.dispatch.models import Channel

# What an operator sets so that a channel can send live.
SETTINGS_OF = {
    Channel.SMS: "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_SENDER",
    Channel.EMAIL: "MUSTER_SMTP_URL and MUSTER_EMAIL_SENDER",
    Channel.SOCIAL: "MASTODON_URL and MASTODON_ACCESS_TOKEN",
}


def can_send(mode: str, channel: str) -> bool:
    """Tell whether an account of this mode is configured for a channel."""
    return any(
        account["mode"] == mode and account["channel"] == channel
        for account in settings.ACCOUNTS.values()
    )


def missing(mode: str) -> str:
    """Say which setting to fill before this mode can send; empty when it can."""
    if any(can_send(mode, channel) for channel in (Channel.SMS, Channel.EMAIL)):
        return ""
    return (
        f"No {mode} provider is configured, so nothing can be sent. Set "
        f"{SETTINGS_OF[Channel.SMS]} for text messages, or "
        f"{SETTINGS_OF[Channel.EMAIL]} for e-mail."
    )


def missing_for(mode: str, channel: str) -> str:
    """Say which setting to fill before a channel can send; empty when it can."""
    if can_send(mode, channel):
        return ""
    return f"Not configured here: set {SETTINGS_OF[Channel(channel)]}."
