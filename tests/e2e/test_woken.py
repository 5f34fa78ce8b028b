# SPDX-License-Identifier: MIT
"""Killed between a durable record and the wake-up of the runner: whoever does the same again wakes the runner."""
import json
import os
import signal
import subprocess
import unittest
import uuid

from cases import needs_root
from fastcgi import Gateway, run_cgi, wait_ended
from place import need
from reconciling import URL, ReconcileCase
from sender import transcript
from verbs import VerbCase

WRONG = "another-secret"


def killed_at_the_wake_up(trace, when=1):
    """What goes in front of a command line: it is killed when it opens the runner's FIFO for that time."""
    need("strace")
    return ["strace", "-f", "-qq", "-o", trace, "-P", "run/wake", "-e", "trace=openat", "-e",
            f"inject=openat:signal=SIGKILL:when={when}"]


class WokenCase(VerbCase):
    def setUp(self):
        super().setUp()
        self.site(runner=self.place.runner)
        self.addCleanup(self.place.kill_runners)
        self.trace = os.path.join(self.place.run, "trace")

    def kill(self, *args, when=1):
        """Runs the command line up to its wake-up."""
        done = subprocess.run([*killed_at_the_wake_up(self.trace, when), self.place.cli, *args], env=self.place.env(),
                              capture_output=True, cwd="/", timeout=60, check=False)
        self.assertEqual(-signal.SIGKILL, done.returncode, f"{done.stdout}\n{done.stderr}")

    def runs(self, count, event=None):
        """So many runs of hooks, without anything else that could wake the runner."""
        self.eventually(lambda: len(self.ran()) >= count, 20, f"{count} runs of hooks")
        if event:
            self.assertEqual(event, self.ran()[-1][0])


@needs_root
class Gateways(WokenCase):
    """The sender's retry is the only thing that comes after the kill."""

    def killed(self, fastcgi, body):
        """A gateway that answers, and does not come to its wake-up."""
        before = killed_at_the_wake_up(self.trace)
        if fastcgi:
            gateway = Gateway(self.place, before=before)
            self.addCleanup(gateway.kill)
            self.assertEqual(200, gateway.post(body).status)
            wait_ended(gateway.process)
            self.assertEqual(-signal.SIGKILL, gateway.process.child.returncode)
        else:
            answer = run_cgi(self.place, body, before=before)
            self.assertEqual((200, -signal.SIGKILL), (answer.status, answer.app_status), answer.errors)
        self.assertEqual((1, []), (len(self.journal()), self.ran()))

    def retried(self, fastcgi, body):
        if fastcgi:
            gateway = Gateway(self.place)
            self.addCleanup(gateway.stop)
            answer = gateway.post(body)
        else:
            answer = run_cgi(self.place, body)
        self.assertEqual((200, True), (answer.status, json.loads(answer.body)["duplicate"]))
        self.runs(1, self.journal()[0]["id"])
        self.assertEqual(1, len(self.journal()))

    def check(self, first, then):
        body = transcript(str(uuid.uuid4()))
        self.killed(first, body)
        self.retried(then, body)

    def test_a_retry_of_what_a_killed_cgi_process_recorded_wakes_the_runner(self):
        self.check(first=False, then=False)

    def test_a_retry_of_what_a_killed_fastcgi_process_recorded_wakes_the_runner(self):
        self.check(first=True, then=True)

    def test_a_retry_to_the_other_kind_of_process_wakes_the_runner(self):
        self.check(first=True, then=False)


class Accept(WokenCase):
    def refuse(self):
        subject = str(uuid.uuid4())
        self.assertEqual(401, run_cgi(self.place, transcript(subject), secret=WRONG).status)
        return subject

    def test_accepted_again_the_runner_is_woken(self):
        subject = self.refuse()
        self.kill("rejected", "accept", subject)
        self.assertEqual(1, len(self.journal()))
        self.assertEqual([], self.ran())
        self.assertIn("on record", self.cli("rejected", "accept", subject)[0])
        self.runs(1, self.journal()[0]["id"])
        self.cli("rejected", "accept", subject, code=1)

    def test_of_many_those_that_are_told_as_recorded_are_still_there_until_the_runner_was_woken(self):
        for _ in range(70):
            self.refuse()
        self.kill("rejected", "accept", "--all", "--yes")
        self.assertGreater(len(self.journal()), 1)
        self.assertEqual([], self.ran())
        told = self.cli("rejected", "accept", "--all", "--yes")[0]
        self.assertEqual(70, len(told.splitlines()))
        self.runs(70)
        self.assertEqual(70, len(self.journal()))


class Orders(WokenCase):
    def test_a_replay_that_is_given_again_wakes_the_runner(self):
        event = self.deliver()
        self.runs(1)
        self.settled()
        self.kill("replay", event, when=2)  # the first time it only looks whether there is a runner
        self.assertEqual([(event, "waiting", 0)], self.hooks())
        self.cli("replay", event, code=1)
        self.runs(2, event)

    def test_a_retry_of_all_that_is_given_again_wakes_the_runner(self):
        self.code(65)
        event = self.deliver()
        self.runs(1)
        self.settled()
        self.code(0)
        self.kill("retry", "--all", when=2)
        self.cli("retry", "--all", code=1)
        self.runs(2, event)

    def settled(self):
        """The runner has noted the end of the hook, and has left."""
        self.eventually(lambda: {state for _, state, _ in self.hooks()} <= {"done", "dead"}, 20, "the hook's end is noted")
        self.place.kill_runners()


@needs_root
class Reconcile(ReconcileCase):
    def test_a_second_reconcile_wakes_the_runner(self):
        need("strace")
        out = self.place.worker_folder("out")
        hook = os.path.join(self.place.folder, "hook")
        with open(hook, "w", encoding="ascii") as f:
            f.write(f'#!/bin/sh\necho "$STENOHOOK_TRANSCRIPT_ID" >>"{out}/ran"\n')
        os.chmod(hook, 0o755)
        self.place.configure({"calls": {"url": URL, "hook": [hook]}}, runner=self.place.runner)
        self.addCleanup(self.place.kill_runners)
        api = self.api()
        missing = api.add()
        command = [*killed_at_the_wake_up(os.path.join(self.place.run, "trace")), *self.command(api)]
        done = subprocess.run(command, env=self.place.env(), capture_output=True, cwd="/", timeout=60, check=False)
        self.assertEqual(-signal.SIGKILL, done.returncode, f"{done.stdout}\n{done.stderr}")
        self.assertEqual(1, self.subjects()[missing])
        self.assertFalse(os.path.exists(os.path.join(out, "ran")))
        self.assertIn("0 recorded, 1 on record before", self.reconcile(api).err)
        self.eventually(lambda: os.path.exists(os.path.join(out, "ran")), 20, "the hook runs")
        self.once_each([missing])


if __name__ == "__main__":
    unittest.main()
