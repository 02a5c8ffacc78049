"""Name the pages of people."""

from django.urls import path

from consular.people import desk_views
from consular.people.lists import list_views
from consular.people.managing import confirm_views, manage_views
from consular.people.protecting import notice_views
from consular.people.registering import (
    crisis_views,
    intake_views,
    offline_views,
    suggesting,
    views,
)

app_name = "people"
urlpatterns = [
    path("", views.home, name="home"),
    path("register/", views.register, name="register"),
    path("places/", suggesting.suggest, name="places"),
    path("confirm/<str:token>/", confirm_views.confirm, name="confirm"),
    path("confirm/<str:token>/<str:code>/", confirm_views.confirm, name="confirm_code"),
    path("privacy/", notice_views.privacy, name="privacy"),
    path("my-link/", confirm_views.recover, name="recover"),
    path("r/<str:token>/", manage_views.manage, name="manage"),
    path("now/<slug:code>/", crisis_views.register, name="crisis"),
    path("desk/crisis-forms/", crisis_views.forms, name="crisis_forms"),
    path("desk/crisis-forms/<slug:code>/poster/", crisis_views.poster, name="poster"),
    path(
        "desk/crisis-forms/<slug:code>/close/",
        crisis_views.close,
        name="close_crisis_form",
    ),
    path("desk/registrations/by-phone/", intake_views.intake, name="intake"),
    path("desk/registrations/offline/", offline_views.page, name="offline"),
    path("desk/registrations/offline/sync/", offline_views.sync, name="offline_sync"),
    path("desk/groups/", list_views.groups, name="groups"),
    path("desk/groups/<int:pk>/close/", list_views.close_group, name="close_group"),
    path("desk/lists/", list_views.lists, name="lists"),
    path("desk/lists/<int:pk>/", list_views.upload, name="upload"),
    path("desk/registrations/", desk_views.registrations, name="list"),
    path("desk/registrations/<slug:reference>/", desk_views.registration, name="page"),
]
