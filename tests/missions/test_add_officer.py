import io

import pytest
from django.core.management import CommandError, call_command

from consular.missions.models import Officer, Posting


@pytest.mark.django_db
def test_a_new_officer_gets_a_password_and_a_secret_once():
    out = io.StringIO()
    words = ["--full-name", "Ada Brandt", "--role", "approver"]
    call_command("add_officer", "ada@example.org", *words, stdout=out)
    officer = Officer.objects.get(username="ada@example.org")
    password = out.getvalue().split("password:")[1].split()[0]
    assert officer.check_password(password)
    assert Posting.objects.get(officer=officer).role == "approver"
    with pytest.raises(CommandError, match="already"):
        call_command("add_officer", "ada@example.org", *words, stdout=out)
