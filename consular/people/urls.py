"""Name the pages of people."""

from django.urls import path

from consular.people import desk_views, views

app_name = "people"
urlpatterns = [
    path("", views.home, name="home"),
    path("register/", views.register, name="register"),
    path("confirm/<str:token>/", views.confirm, name="confirm"),
    path("r/<str:token>/", views.manage, name="manage"),
    path("desk/registrations/", desk_views.registrations, name="list"),
    path("desk/registrations/<slug:reference>/", desk_views.registration, name="page"),
]
