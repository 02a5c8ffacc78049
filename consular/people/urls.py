"""Name the pages of people."""

from django.urls import path

from consular.people import crisis_views, desk_views, views

app_name = "people"
urlpatterns = [
    path("", views.home, name="home"),
    path("register/", views.register, name="register"),
    path("confirm/<str:token>/", views.confirm, name="confirm"),
    path("r/<str:token>/", views.manage, name="manage"),
    path("now/<slug:code>/", crisis_views.register, name="crisis"),
    path("desk/crisis-forms/", crisis_views.forms, name="crisis_forms"),
    path("desk/crisis-forms/<slug:code>/poster/", crisis_views.poster, name="poster"),
    path(
        "desk/crisis-forms/<slug:code>/close/",
        crisis_views.close,
        name="close_crisis_form",
    ),
    path("desk/registrations/", desk_views.registrations, name="list"),
    path("desk/registrations/<slug:reference>/", desk_views.registration, name="page"),
]
