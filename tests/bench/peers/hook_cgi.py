#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""hook_cgi - what a user of Python would write for CGI: the secret, the JSON, and a line appended with a sync."""
import hmac
import json
import os
import sys


def answer(status, what):
    sys.stdout.write(f"Status: {status}\r\nContent-Type: application/json\r\n\r\n{json.dumps(what)}\n")


def main():
    body = sys.stdin.buffer.read(int(os.environ.get("CONTENT_LENGTH") or 0))
    if not hmac.compare_digest(os.environ["BENCH_SECRET"], os.environ.get("HTTP_X_WEBHOOK_SECRET", "")):
        return answer("401 Unauthorized", {"error": "wrong secret"})
    try:
        event = json.loads(body)
        line = json.dumps({**event, "transcript_id": event["transcript_id"]}).encode() + b"\n"
    except (KeyError, TypeError, ValueError):
        return answer("400 Bad Request", {"error": "no transcript"})
    fd = os.open(os.environ["BENCH_FILE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    if os.write(fd, line) != len(line):
        return answer("503 Service Unavailable", {"recorded": False})
    os.fdatasync(fd)
    return answer("200 OK", {"recorded": True})


main()
