# SPDX-License-Identifier: MIT
"""loads - what every load shares: it writes a history (tests/history), which is compared with the spool at the end."""
import os
import sys

from place import ROOT, end, stat_of, wait_until

sys.path.insert(0, os.path.join(ROOT, "tests", "history"))

from judge import judge  # noqa: E402
from log import Log, now, transcript_event, unknown_event  # noqa: E402

HOOK = "tests/history/hook"


def outcome(answer):
    """Status and body of an answer: by requests, or of fastcgi.Answer."""
    return (answer.status_code, answer.content) if hasattr(answer, "status_code") else (answer.status, answer.body)


class Load:
    """The history of one spool. Threads may share it."""

    def __init__(self, place, spool=None):
        self.place, self.spool = place, spool or place.spool
        self.folder = place.worker_folder("history-" + os.urandom(4).hex())
        self.log = Log(self.folder)
        self.program = None

    def send(self, event, body, once, **more):
        """One attempt. `once` delivers the body: it returns the answer, or None, or raises."""
        with self.log.attempt(event, body, **more) as attempt:
            answer = once(body)
            if answer is not None:
                attempt.answered(*outcome(answer))
        return answer

    def deliver(self, sender, url, event, body):
        """All attempts of a sender.Sender: its last answer, or None."""
        return sender.deliver(url, body, lambda: self.send(event, body, lambda sent: sender.once(url, sent)))

    def kill(self, what, pid):
        """Until it is gone. It may be gone already."""
        with self.log.noted("kill", what=what, pid=pid):
            end(os.kill, pid)
            wait_until(lambda: stat_of(pid)[:1] in ([], ["Z"], ["X"]), 30, f"the killed {what} is gone")

    def hook(self, *options):
        """A hook that writes its part. Options: those of tests/history/hook.c."""
        self.program = self.program or self.place.copied(HOOK)
        return [self.program, os.path.join(self.folder, "hooks.jsonl"), *options]

    def hooks_begun(self):
        path = os.path.join(self.folder, "hooks.jsonl")
        if not os.path.exists(path):
            return 0
        with open(path, "rb") as f:
            return f.read().count(b'"kind":"begin"')

    def check(self, drained=False):
        """Judges all of it; returns the line of figures. `drained`: no hook has anything to do any more."""
        if drained:
            self.log.note("drained")
        verdict = judge(self.folder, self.spool)
        if verdict.count:
            raise AssertionError(verdict.text())
        return verdict.line()


__all__ = ["HOOK", "Load", "judge", "now", "outcome", "transcript_event", "unknown_event"]
