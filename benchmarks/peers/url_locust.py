"""One URL again and again, for Locust, as the fast user and as the usual one."""

from locust import FastHttpUser, HttpUser, constant, task


class Fast(FastHttpUser):  # type: ignore[misc]  # where Locust is not installed
    wait_time = constant(0)

    @task  # type: ignore[untyped-decorator]
    def get(self) -> None:
        self.client.get("/")


class Usual(HttpUser):  # type: ignore[misc]
    wait_time = constant(0)

    @task  # type: ignore[untyped-decorator]
    def get(self) -> None:
        self.client.get("/")
