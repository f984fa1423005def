"""The scenario of plan.yaml as a Locust user writes it; `--host` says where."""

import re

from locust import FastHttpUser, constant, task

TOKEN = re.compile(r'name="token" value="([^"]*)"')


class LoginUser(FastHttpUser):  # type: ignore[misc]  # where Locust is not installed
    wait_time = constant(0)

    @task  # type: ignore[untyped-decorator]
    def login(self) -> None:
        form = self.client.get("/login")
        token = TOKEN.search(form.text)
        fields = {"password": "secret", "token": token[1] if token else "", "user": "jane"}
        with self.client.post("/session", data=fields, catch_response=True) as welcome:
            if "Welcome, jane" not in welcome.text:
                welcome.failure("not welcome")
        with self.client.get("/api/items", catch_response=True) as answer:
            items = answer.json()
            if items["user"] != "jane":
                answer.failure("not jane")
        self.client.get(f"/items/{items['items'][0]['id']}", name="/items/[id]")
        self.client.get("/account")
