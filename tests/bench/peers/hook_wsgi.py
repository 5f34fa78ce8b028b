# SPDX-License-Identifier: MIT
"""hook_wsgi - what a user of gunicorn would write: the secret, the JSON, and a line appended with a sync."""
import hmac
import json
import os

SECRET = os.environ["BENCH_SECRET"]
FILE = os.open(os.environ["BENCH_FILE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def answer(start_response, status, what):
    body = json.dumps(what).encode() + b"\n"
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def application(environ, start_response):
    if not hmac.compare_digest(SECRET, environ.get("HTTP_X_WEBHOOK_SECRET", "")):
        return answer(start_response, "401 Unauthorized", {"error": "wrong secret"})
    try:
        event = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        line = json.dumps({**event, "transcript_id": event["transcript_id"]}).encode() + b"\n"
    except (KeyError, TypeError, ValueError):
        return answer(start_response, "400 Bad Request", {"error": "no transcript"})
    if os.write(FILE, line) != len(line):
        return answer(start_response, "503 Service Unavailable", {"recorded": False})
    os.fdatasync(FILE)
    return answer(start_response, "200 OK", {"recorded": True})
