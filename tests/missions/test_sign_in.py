import threading
import time

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from consular.missions.models import AuditEntry
from consular.missions.sign_in import stepping
from tests import factories

PASSWORD = "correct horse battery staple"


def code_for(officer):
    device = TOTPDevice.objects.get(user=officer, confirmed=True)
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = time.time()
    return f"{totp.token():06d}"


def sign_in(client, officer, password=PASSWORD, code=None):
    form = {"username": officer.username, "password": password}
    form["code"] = code or code_for(officer)
    return client.post(reverse("missions:sign_in"), form)


def test_name_password_and_code_open_the_desk(client, officer):
    officer.set_password(PASSWORD)
    officer.save()
    answer = sign_in(client, officer)
    assert answer.status_code == 302
    assert answer.url == reverse("missions:home")
    assert AuditEntry.objects.get().action == "sign_in"


def test_a_wrong_code_says_nothing_of_what_was_wrong(client, officer):
    officer.set_password(PASSWORD)
    officer.save()
    wrong_code = sign_in(client, officer, code="000000")
    wrong_password = sign_in(client, officer, password="wrong")
    assert wrong_code.status_code == wrong_password.status_code == 400
    assert wrong_code.context["form"].errors == wrong_password.context["form"].errors


def test_a_password_alone_opens_no_page(client, officer):
    client.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(reverse("missions:home"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("missions:sign_in"))


def test_a_name_is_locked_after_ten_wrong_passwords(client, officer):
    officer.set_password(PASSWORD)
    officer.save()
    for _ in range(10):
        sign_in(client, officer, password="wrong", code="123456")
    assert sign_in(client, officer).status_code in (400, 403, 429)


@pytest.mark.parametrize(
    "there", ["https://elsewhere.example/", "//elsewhere.example/", "NaN", "a:b"]
)
def test_sign_in_leads_to_no_other_host_and_breaks_on_no_word(client, officer, there):
    officer.set_password(PASSWORD)
    officer.save()
    form = {"username": officer.username, "password": PASSWORD}
    form |= {"code": code_for(officer), "next": there}
    assert client.post(reverse("missions:sign_in"), form).url == "/desk/"


def test_a_disabled_officer_is_out_at_once(desk, officer):
    officer.is_active = False
    officer.save()
    assert desk.get(reverse("missions:home")).status_code == 302


def test_a_duty_officer_may_not_declare(client, duty_officer):
    factories.sign_in(client, duty_officer)
    assert client.get(reverse("incidents:new")).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_who_come_with_one_code_at_once_do_not_both_get_in(officer):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is no such race")
    code, begun, found = code_for(officer), threading.Event(), []

    def come_second():
        begun.set()
        found.append(stepping.device_of(officer, code))
        connection.close()

    second = threading.Thread(target=come_second)
    with transaction.atomic():
        assert stepping.device_of(officer, code) is not None
        second.start()
        begun.wait()
        second.join(0.3)  # it waits for the first one's row
        assert not found
    second.join()
    assert found == [None]
