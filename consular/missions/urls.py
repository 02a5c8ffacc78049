"""Name the pages of missions."""

from django.urls import path

from consular.missions import views
from consular.missions.sign_in import account_views
from consular.missions.staff import rota_views, staff_views

app_name = "missions"
urlpatterns = [
    path("desk/", views.home, name="home"),
    path("desk/sign-in/", views.sign_in, name="sign_in"),
    path("desk/confirm/", views.confirm, name="confirm"),
    path("desk/resume/", views.resume, name="resume"),
    path("desk/account/", account_views.account, name="account"),
    path("desk/account/password/", account_views.password, name="password"),
    path("desk/passkeys/", account_views.ask_passkey, name="ask_passkey"),
    path("desk/passkeys/use/", account_views.use_passkey, name="use_passkey"),
    path("desk/passkeys/new/", account_views.offer_passkey, name="offer_passkey"),
    path("desk/passkeys/add/", account_views.add_passkey, name="add_passkey"),
    path("desk/sign-out/", views.sign_out, name="sign_out"),
    path("desk/officers/", staff_views.officers, name="officers"),
    path("desk/officers/new/", staff_views.add, name="add_officer"),
    path("desk/officers/surge/", staff_views.add_surge, name="add_surge"),
    path("desk/officers/<int:pk>/", staff_views.officer, name="officer"),
    path("desk/missions/", staff_views.missions, name="missions"),
    path("desk/missions/new/", staff_views.mission, name="add_mission"),
    path("desk/missions/<int:pk>/", staff_views.mission, name="mission"),
    path("desk/rota/", rota_views.page, name="rota"),
    path("health", views.health, name="health"),
]
