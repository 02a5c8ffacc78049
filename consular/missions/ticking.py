"""What missions does every second: chain the audit, end accounts that ran out."""

from datetime import datetime

from consular.missions import audit
from consular.missions.sign_in import throttling
from consular.missions.staff import staffing
from consular.rhythm import Every

ACCOUNTS = Every(60)


def tick(now: datetime) -> None:
    """Do what is due."""
    audit.tick(now)
    if ACCOUNTS(now):  # one that ran out can do nothing meanwhile
        throttling.forget(now)
        staffing.expire(now)
