"""Name the pages of missions."""

from django.urls import path

from consular.missions import views

app_name = "missions"
urlpatterns = [
    path("desk/", views.home, name="home"),
    path("desk/sign-in/", views.sign_in, name="sign_in"),
    path("desk/sign-out/", views.sign_out, name="sign_out"),
    path("health", views.health, name="health"),
]
