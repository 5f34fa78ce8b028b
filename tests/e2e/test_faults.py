# SPDX-License-Identifier: MIT
"""Calls that fail, in the programs as they are installed: each in turn by strace, and by chance, where fiu-run stands
between them and the C library, several in one run, those of the paths for errors too.

    CHANCE_RUNS=5000 ./check e2e faults
"""
import collections
import json
import os
import signal
import subprocess
import uuid

from cases import figures
from fastcgi import Gateway, ask, request_env, run_cgi
from loads import Load, transcript_event
from place import as_worker, need
from sender import transcript
from test_hooks import HookCase

KILL = "signal=SIGKILL"
SIGNALLED = 128  # and more: what the shell says of a program that a signal ended
RUNS = int(os.environ.get("CHANCE_RUNS", "400"))
# That each call fails, of one request after the other.
CHANCES = (0.01, 0.03, 0.1)
# The sender of each so many comes again at once, and all is well by then. Without that no index would be completed any
# more as soon as that takes some hundred calls, and all that follows would be refused.
RETRIED = 4
EVENTS = 5
CALLS = {"openat": "EMFILE", "read": "EIO", "pread64": "EIO", "write": "ENOSPC", "pwrite64": "EIO", "fdatasync": "EIO",
         "fsync": "EIO", "flock": "ENOLCK", "fstat,newfstatat": "EIO", "fstatfs,statfs": "EIO", "linkat": "EIO",
         "renameat,renameat2": "EIO", "unlinkat": "EIO", "ftruncate": "ENOSPC", "getdents64": "EIO", "mkdirat": "ENOSPC"}
CALLS_MAX = 150  # more than a request makes of any of them
POINTS = ("posix/io/rw/read", "posix/io/rw/read/reduce", "posix/io/rw/pread", "posix/io/rw/pread/reduce",
          "posix/io/rw/write", "posix/io/rw/write/reduce", "posix/io/rw/pwrite", "posix/io/rw/pwrite/reduce",
          "posix/io/rw/ftruncate", "posix/io/sync/*", "posix/io/oc/open", "posix/io/dir/*")


def by_chance(probability):
    """The beginning of a command line: its program's calls fail with that probability each. Memory does not (the fault
    sweep tries that), nor do waits for a child, which no kernel lets fail."""
    command = ["fiu-run", "-x", "-f", ""]
    for point in POINTS:
        command += ["-c", f"enable_random name={point},probability={probability}"]
    return command


class FaultCase(HookCase):
    needs = None

    @classmethod
    def setUpClass(cls):
        need(cls.needs)
        super().setUpClass()
        cls.load = Load(cls.place)

    def attempt(self, subject, once=None, **how):
        """One delivery of a transcript, as CGI unless `once` delivers it."""
        return self.load.send(transcript_event(subject), transcript(subject),
                              once or (lambda body: run_cgi(self.place, body, **how)))


class EachCall(FaultCase):
    needs = "strace"

    def request(self, subject, call, fault, turn):
        """The status, and whether the fault has happened."""
        trace = os.path.join(self.place.run, "trace")
        answer = self.attempt(subject, before=["strace", "-qq", "-o", trace, "-e", f"trace={call}", "-e",
                                               f"inject={call}:{fault}:when={turn}"])
        with open(trace, encoding="utf-8", errors="replace") as f:
            text = f.read()
        if fault != KILL:
            # The dynamic linker's own word where it gets no file is 127.
            self.assertIn(answer.app_status, range(SIGNALLED), (call, fault, turn, answer.errors))
        return answer.status, "INJECTED" in text or answer.app_status == -signal.SIGKILL

    def test_no_call_that_fails_or_kills_loses_what_was_accepted_or_makes_a_refusal_final(self):
        self.site("/bin/true")
        subjects, kinds = [], collections.Counter()
        for call, error in CALLS.items():
            for fault in (f"error={error}", KILL):
                for turn in range(1, CALLS_MAX):
                    subjects.append(str(uuid.uuid4()))
                    status, hit = self.request(subjects[-1], call, fault, turn)
                    if not hit:
                        self.assertEqual(200, status)
                        break
                    kinds["kills" if fault == KILL else "faults"] += 1
        self.load.check()
        for subject in subjects:
            self.assertEqual(200, self.attempt(subject).status)
        history = self.load.check()
        self.place.stenohook("verify")
        figures(f"faults: {kinds['faults']} calls of a request failed, {kinds['kills']} killed: {history}")


class Chance(FaultCase):
    needs = "fiu-run"

    def test_no_chance_loses_what_was_accepted_or_makes_a_refusal_final(self):
        self.site("/bin/true")
        subjects, accepted = [str(uuid.uuid4()) for _ in range(RUNS)], []
        for number, subject in enumerate(subjects):
            answer = self.attempt(subject, before=by_chance(CHANCES[number % len(CHANCES)]))
            self.assertIn(answer.app_status, range(SIGNALLED), answer.errors)
            accepted += [subject] if answer.status == 200 else []
            if number % RETRIED == 0:
                self.assertEqual(200, self.attempt(subject).status)
        self.load.check()
        for subject in subjects:
            self.assertEqual(200, self.attempt(subject).status)
        history = self.load.check()
        self.place.stenohook("verify")
        self.assertGreater(len(accepted), RUNS // 10)
        self.assertGreater(RUNS - len(accepted), RUNS // 10)
        figures(f"faults: by chance: {RUNS} requests, {RUNS - len(accepted)} failed: {history}")

    def test_no_chance_stops_a_fastcgi_process_or_loses_what_it_accepted(self):
        self.site("/bin/true")
        gateway = Gateway(self.place, before=by_chance(0.005))
        subjects, statuses = [str(uuid.uuid4()) for _ in range(RUNS)], {}
        try:
            for subject in subjects:
                try:
                    statuses[subject] = self.attempt(
                        subject, lambda body: ask(gateway.path, request_env(body=body), body, timeout=20)).status
                except ConnectionError:
                    statuses[subject] = 0
        finally:
            gateway.stop()
        self.assertEqual(set(), set(statuses.values()) - {0, 200, 503})
        accepted = [s for s, status in statuses.items() if status == 200]
        history = self.load.check()
        self.assertGreater(len(accepted), RUNS // 10)
        self.assertGreater(RUNS - len(accepted), RUNS // 100)
        figures(f"faults: by chance: {RUNS} requests to one process, {RUNS - len(accepted)} failed: {history}")


class ChanceOfHooks(FaultCase):
    needs = "fiu-run"

    def hooks(self, events):
        states = {e["id"]: e["hook"] for e in map(json.loads, self.place.stenohook("list", "--format", "json").splitlines())}
        return {event: states[event] for event in events}

    def finish(self, events):
        """A healthy runner; what has been put off is not waited for."""
        self.once()
        if "waiting" in self.hooks(events).values():
            # Only the snapshot says that it waits.
            os.unlink(os.path.join(self.place.spool, "run", "snapshot"))
            self.once()
        again = [event for event, hook in self.hooks(events).items() if hook == "retrying"]
        for event in again:
            with self.load.log.noted("order", id=event):
                self.place.stenohook("replay", event)
        if again:
            self.once()

    def test_no_chance_lets_a_hook_be_passed_over(self):
        self.load.log.note("setting", hooks_max=2)
        self.site(self.load.hook())
        failed = rounds = 0
        while rounds < max(1, RUNS // 20):
            rounds += 1
            events = [json.loads(self.attempt(str(uuid.uuid4())).body)["id"] for _ in range(EVENTS)]
            with self.load.log.noted("fault"):
                done = subprocess.run([*by_chance(0.03), self.place.runner, "--config", self.place.config, "--once"],
                                      env=self.place.env(), capture_output=True, text=True, cwd="/", timeout=120,
                                      check=False, **as_worker())
            self.assertIn(done.returncode, range(SIGNALLED), done.stderr)
            failed += bool(done.returncode != 0 or done.stderr)
            self.finish(events)
            self.assertEqual({event: "done" for event in events}, self.hooks(events))
        history = self.load.check(drained=True)
        self.place.stenohook("verify")
        self.assertGreater(failed, 0)
        figures(f"faults: by chance: {rounds} runners, {failed} met faults: {history}")
