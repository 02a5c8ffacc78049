"""The invented officers of an exercise: their accounts, roles, rota and sign-ins."""

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from consular.missions.models import Duty, Mission, Officer, Posting, Role

MISSION = "Embassy in Managua"
PEOPLE = {
    Role.CONSULAR_OFFICER: ("officer@example.org", "Nora Keane"),
    Role.APPROVER: ("approver@example.org", "Paul Adeyemi"),
    Role.DUTY_OFFICER: ("duty@example.org", "Iris Lindqvist"),
    Role.ADMINISTRATOR: ("administrator@example.org", "Milan Horvat"),
    Role.AUDITOR: ("auditor@example.org", "Aisha Benali"),
}
TITLES = {
    Role.CONSULAR_OFFICER: "officer",
    Role.APPROVER: "approver",
    Role.DUTY_OFFICER: "duty officer",
    Role.ADMINISTRATOR: "administrator",
    Role.AUDITOR: "auditor",
}
# Who works at the embassy as well as for the whole ministry: only one's own countries
# are open to who sends alone.
AT_HOME = (Role.CONSULAR_OFFICER, Role.DUTY_OFFICER)
ROTA = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """What a person needs to sign in as one of the crew."""

    title: str
    officer: Officer
    password: str
    device: TOTPDevice

    @property
    def secret(self) -> str:
        """The TOTP secret, as authenticator apps take it."""
        return base64.b32encode(self.device.bin_key).decode().rstrip("=")

    def code(self, now: datetime) -> str:
        """Return the code that is valid now."""
        totp = TOTP(self.device.bin_key, self.device.step, self.device.t0)
        totp.time = now.timestamp()
        return f"{totp.token():0{self.device.digits}d}"


@dataclass(frozen=True, kw_only=True)
class Crew:
    """One officer a role: who declares, approves, is on duty, administers, audits."""

    mission: Mission
    sign_ins: dict[Role, SignIn]

    @property
    def officer(self) -> Officer:
        """Who declares, writes and hands over."""
        return self.sign_ins[Role.CONSULAR_OFFICER].officer

    @property
    def approver(self) -> Officer:
        """Who says the second yes."""
        return self.sign_ins[Role.APPROVER].officer


@transaction.atomic
def muster(now: datetime) -> Crew:
    """Make the crew, or find it again with the same passwords and secrets."""
    mission, _ = Mission.objects.update_or_create(
        name=MISSION,
        defaults={
            "place": "Managua",
            "country": "NI",
            "serves": ["NI", "HN", "SV"],
            "time_zone": "America/Managua",
            "phone": "+1 202 555 0100",
            "email": "managua@example.org",
        },
    )
    passwords = _passwords(settings.DATA_DIR / "secrets" / "exercise_sign_ins.json")
    sign_ins = {
        role: _sign_in(role, username, full_name, passwords[role])
        for role, (username, full_name) in PEOPLE.items()
    }
    for role in AT_HOME:
        Posting.objects.get_or_create(
            officer=sign_ins[role].officer, mission=mission, role=role
        )
    duty = sign_ins[Role.DUTY_OFFICER].officer
    Duty.objects.filter(officer=duty).delete()
    Duty.objects.create(
        officer=duty,
        starts_at=now - timedelta(hours=1),
        ends_at=now + ROTA,
        channel="email",
        address=duty.email,
    )
    return Crew(mission=mission, sign_ins=sign_ins)


def _passwords(path: Path) -> dict[str, str]:
    """Return the passwords, made once and kept beside the other made secrets."""
    found: dict[str, str] = {}
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        if found.keys() >= {role.value for role in PEOPLE}:
            return found
    made = {role.value: secrets.token_urlsafe(9) for role in PEOPLE} | found
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(json.dumps(made), encoding="utf-8")
    return made


def _sign_in(role: Role, username: str, full_name: str, password: str) -> SignIn:
    officer, _ = Officer.objects.get_or_create(
        username=username, defaults={"email": username, "full_name": full_name}
    )
    if not officer.check_password(password):
        officer.set_password(password)
        officer.save()
    Posting.objects.get_or_create(officer=officer, mission=None, role=role)
    device, _ = TOTPDevice.objects.get_or_create(
        user=officer, name="phone", defaults={"confirmed": True}
    )
    title = TITLES[role]
    return SignIn(title=title, officer=officer, password=password, device=device)
