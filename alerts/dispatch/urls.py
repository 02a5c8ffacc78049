"""Name the pages of dispatch."""

from django.urls import path

from alerts.dispatch.watching import cause_views, post_views, views

app_name = "dispatch"
urlpatterns = [
    path("sending/", views.status, name="status"),
    path("sending/brake/", views.brake, name="brake"),
    path("sending/accounts/<str:account>/test/", views.send_test, name="send_test"),
    path("sending/posts/<int:pk>/take-down/", post_views.take_down, name="take_down"),
    path("sending/posts/<int:pk>/again/", post_views.post_again, name="post_again"),
    path("sending/<int:pk>/", cause_views.cause, name="cause"),
    path("sending/<int:pk>/act/", cause_views.act, name="act"),
    path("sending/<int:pk>/messages/", cause_views.message_list, name="messages"),
    path("sending/<int:pk>/retry/", cause_views.retry_list, name="retry_list"),
    path("sending/messages/<int:pk>/retry/", views.retry, name="retry"),
]
