# SPDX-License-Identifier: MIT
"""log - writes a history: README.md beside this file has the format."""
import contextlib
import hashlib
import json
import os
import threading
import time


def now():
    return time.monotonic_ns()


def digest(body):
    return hashlib.sha256(body).hexdigest()


def transcript_event(transcript_id, endpoint="calls", status="completed"):
    """The key on record of what sender.transcript makes."""
    return f"{endpoint} transcript {transcript_id} {status}"


def unknown_event(body, endpoint="calls"):
    """The key on record of JSON that names nothing; it came without a query."""
    return f"{endpoint} unknown {digest(bytes(1) + body)} -"


class Attempt:
    """One delivery that is under way. It had no answer unless `answered` is called."""

    def __init__(self):
        self.outcome = {"status": 0}

    def answered(self, status, body=b""):
        self.outcome = {"status": status}
        if not 200 <= status < 300:
            return
        try:
            said = json.loads(body)
        except ValueError:
            return  # cut off by a kill: an acknowledgement all the same
        self.outcome.update(says="duplicate" if said["duplicate"] else "recorded", id=said["id"])


class Log:
    """One file of a history; threads may share it."""

    def __init__(self, folder, name="load"):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.fd = os.open(os.path.join(folder, name + ".jsonl"), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.senders = threading.local()

    def line(self, kind, **members):
        text = json.dumps({"kind": kind, **members}, separators=(",", ":")).encode() + b"\n"
        if os.write(self.fd, text) != len(text):
            raise OSError("a line of the history was cut off")

    def sender(self):
        return f"{os.getpid()}.{threading.get_native_id()}"

    @contextlib.contextmanager
    def attempt(self, event, body, **more):
        """While it is delivered: `with log.attempt(event, body) as a: ...; a.answered(status, body of the answer)`."""
        attempt, began = Attempt(), now()
        try:
            yield attempt
        finally:
            self.line("attempt", sender=self.sender(), event=event, body=digest(body), **{"from": began}, to=now(),
                      **attempt.outcome, **more)

    def offer(self, event, body):
        """What may come in without an answer that we hear."""
        self.line("try", sender=self.sender(), event=event, body=digest(body), **{"from": now()})

    @contextlib.contextmanager
    def noted(self, kind, **members):
        """While something happens that decides what is allowed."""
        began = now()
        try:
            yield
        finally:
            self.line(kind, **members, **{"from": began}, to=now())

    def note(self, kind, **members):
        with self.noted(kind, **members):
            pass

    def close(self):
        os.close(self.fd)
