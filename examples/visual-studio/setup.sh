#!/bin/sh
# Runs on the agent before the load. Where it fails, there is none.
exec python3 -c '
import urllib.request
with urllib.request.urlopen("http://127.0.0.1:8000/", timeout=10) as answer:
    print("The shop is open:", answer.status)
'
