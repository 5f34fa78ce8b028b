# SPDX-License-Identifier: MIT
"""Processes that are stopped (SIGSTOP, a frozen cgroup) in the middle: the others answer in time, and nothing is lost when
they go on."""
import concurrent.futures
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import uuid

from cases import PlaceCase
from fastcgi import Connection, Gateway, request_env, run_cgi
from place import Process, as_worker, need, stat_of, wait_until
from sender import transcript

# In the order of the system calls of an append. The signal is sent with the call and met behind it.
TAKES_APPEND_LOCK = ("flock", 1)
TAKES_COMMIT_LOCK = ("flock", 3)
SYNCS = ("fdatasync", 1)
STOPPED = "--- stopped by SIGSTOP ---"
# What they say who do not get that lock in time.
WORDS = {"append.lock": "other processes held the journal", "commit": "no time left to wait for the sync"}


class StoppedCase(PlaceCase):
    def setUp(self):
        self.sent = set()
        # Whatever an append does but once in a spool's life is done.
        self.assertEqual(200, run_cgi(self.place, self.body(str(uuid.uuid4()))).status)
        # Each test is to find its line in the log, whatever the one before has had logged in this minute.
        if os.path.exists(os.path.join(self.place.spool, "log-budget")):
            os.unlink(os.path.join(self.place.spool, "log-budget"))

    def body(self, subject):
        self.sent.add(subject)
        return transcript(subject)

    def strace(self, when):
        """What stops the process behind that call, and the file that tells so."""
        need("strace")
        call, count = when
        trace = os.path.join(self.place.run, f"trace-{uuid.uuid4()}")
        return trace, ["strace", "-f", "-qq", "-o", trace, "-e", f"trace={call}",
                       "-e", f"inject={call}:signal=SIGSTOP:when={count}"]

    def wait_stopped(self, trace):
        """The pid of the process that has stopped."""
        def lines():
            if not os.path.exists(trace):
                return []
            with open(trace, encoding="latin-1") as f:
                return [line for line in f.read().split("\n") if STOPPED in line]

        wait_until(lines, 30, "the process stops")
        with open(f"/proc/{lines()[0].split()[0]}/status", encoding="ascii") as f:
            return int(next(line for line in f if line.startswith("Tgid")).split()[1])

    def stop_all_of(self, pid):
        """Returns when each of its threads stands still: the signal stops those that run a little later."""
        def stands():
            return all(stat_of(f"{pid}/task/{thread}")[:1] == ["T"] for thread in os.listdir(f"/proc/{pid}/task"))

        os.kill(pid, signal.SIGSTOP)
        wait_until(stands, 30, "the process stands still")

    def go_on(self, pid):
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def held(self, name):
        """Whether somebody has that lock."""
        with open(os.path.join(self.place.spool, name), "rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return False
            except BlockingIOError:
                return True

    def check_holds_nothing(self):
        for lock in WORDS:
            self.assertFalse(self.held(lock), lock)

    def check_all_once(self):
        for subject in self.sent:
            self.assertEqual(200, run_cgi(self.place, transcript(subject)).status)
        listed = [json.loads(line)["transcript_id"]
                  for line in self.place.stenohook("list", "--format", "json").splitlines()]
        self.assertEqual({s: 1 for s in self.sent}, {s: listed.count(s) for s in self.sent})
        self.place.stenohook("verify")


class LockHolder(StoppedCase):
    @contextlib.contextmanager
    def short_deadline(self):
        """Only for those that are to be refused: on a slow machine a sync may take as long."""
        self.place.write_config('deadline = "1s"\n' + self.place.good)
        try:
            yield
        finally:
            self.place.write_config(self.place.good)

    def check_refused(self, answer, lock):
        """Behind the deadline of a second, and long before anybody's patience ends."""
        self.assertEqual((503, "10"), (answer.status, answer.headers.get("retry-after")), answer.raw)
        self.assertIn(WORDS[lock], self.place.log_text())

    def check_others_refuse(self, lock, gateway):
        """CGI and FastCGI, several at a time, new events and a retry."""
        subjects = [str(uuid.uuid4()) for _ in range(4)]
        with self.short_deadline(), concurrent.futures.ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(ask, self.body(s)) for s in subjects
                     for ask in (lambda body: run_cgi(self.place, body), gateway.post)]
            for one in asked:
                self.check_refused(one.result(timeout=60), lock)

    def cgi_stopped(self, when, lock):
        """Others beside a CGI process that is stopped with that lock."""
        gateway = Gateway(self.place)
        self.addCleanup(gateway.kill)
        self.assertEqual(200, gateway.post(self.body(str(uuid.uuid4()))).status)
        trace, before = self.strace(when)
        body = self.body(str(uuid.uuid4()))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            holder = pool.submit(run_cgi, self.place, body, before=before)
            pid = self.wait_stopped(trace)
            try:
                self.assertTrue(self.held(lock))
                self.check_others_refuse(lock, gateway)
                self.assertFalse(holder.done())
            finally:
                self.go_on(pid)
            self.assertIn(holder.result(timeout=60).status, (200, 503))
        self.assertFalse(self.held(lock))
        self.assertEqual(200, gateway.post(self.body(str(uuid.uuid4()))).status)
        self.check_all_once()
        gateway.stop()

    def test_cgi_stopped_with_the_append_lock(self):
        self.cgi_stopped(TAKES_APPEND_LOCK, "append.lock")

    def test_cgi_stopped_as_leader_before_its_sync(self):
        self.cgi_stopped(TAKES_COMMIT_LOCK, "commit")

    def test_cgi_stopped_as_leader_between_its_sync_and_saying_so(self):
        self.cgi_stopped(SYNCS, "commit")

    def test_cgi_killed_while_it_is_stopped_with_the_append_lock(self):
        trace, before = self.strace(TAKES_APPEND_LOCK)
        body = self.body(str(uuid.uuid4()))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            holder = pool.submit(run_cgi, self.place, body, before=before)
            pid = self.wait_stopped(trace)
            with self.short_deadline():
                self.check_refused(run_cgi(self.place, self.body(str(uuid.uuid4()))), "append.lock")
            os.kill(pid, signal.SIGKILL)
            self.assertEqual(b"", holder.result(timeout=60).raw)
        self.check_all_once()

    def test_fastcgi_stopped_as_leader(self):
        trace, before = self.strace(SYNCS)
        stopped, other = Gateway(self.place, before=before), Gateway(self.place)
        for gateway in (stopped, other):
            self.addCleanup(gateway.kill)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            # Those that come while it stands still wait with it: it is theirs too.
            holders = [pool.submit(stopped.post, self.body(str(uuid.uuid4())), timeout=60)]
            pid = self.wait_stopped(trace)
            holders += [pool.submit(stopped.post, self.body(str(uuid.uuid4())), timeout=60) for _ in range(2)]
            try:
                self.assertTrue(self.held("commit"))
                self.check_others_refuse("commit", other)
                self.assertFalse(any(h.done() for h in holders))
            finally:
                # Each of its threads is stopped at its own first sync.
                self.keep_going(pid, holders)
            for holder in holders:
                self.assertIn(holder.result(timeout=60).status, (200, 503))
        self.check_all_once()
        other.stop()

    def keep_going(self, pid, holders):
        def done():
            self.go_on(pid)
            return all(h.done() for h in holders)

        wait_until(done, 60, "all requests of the process that goes on are answered")


class InTheMiddle(StoppedCase):
    def test_fastcgi_stopped_in_a_body_holds_nobody_up(self):
        gateway, other = Gateway(self.place), Gateway(self.place)
        for one in (gateway, other):
            self.addCleanup(one.kill)
        body = self.body(str(uuid.uuid4()))
        connection = Connection(gateway.path)
        self.addCleanup(connection.close)
        connection.begin(request_env(body=body))
        connection.body(body[:20])
        connection.wait_until_read()
        self.addCleanup(self.go_on, gateway.pid)
        self.stop_all_of(gateway.pid)
        self.check_holds_nothing()
        connection.body(body[20:])
        connection.end_body()
        for ask in (other.post, lambda body: run_cgi(self.place, body)) * 3:
            self.assertEqual(200, ask(self.body(str(uuid.uuid4()))).status)
        self.assertEqual([], self.found(json.loads(body)["transcript_id"]))
        os.kill(gateway.pid, signal.SIGCONT)
        # Linux ends a read that has a timeout when the process goes on, and libfcgi takes that for the end of the body.
        answer = connection.answer()
        if answer.status != 200:
            self.assertEqual((503, "10"), (answer.status, answer.headers.get("retry-after")), answer.raw)
        self.check_all_once()
        for one in (gateway, other):
            one.stop()


class Runner(StoppedCase):
    def setUp(self):
        self.out = os.path.join(self.place.run, "ran")
        script = os.path.join(self.place.folder, "hook")
        with open(script, "w", encoding="ascii") as f:
            f.write(f'#!/bin/sh\necho "$STENOHOOK_EVENT_ID" >>{self.out}\n')
        os.chmod(script, 0o755)
        self.place.configure({"calls": {"hook": [script]}}, runner=self.place.runner)
        super().setUp()
        self.addCleanup(self.place.kill_runners)

    def ran(self):
        if not os.path.exists(self.out):
            return []
        with open(self.out, encoding="ascii") as f:
            return f.read().split()

    def deliver(self, ask):
        answer = ask(self.body(str(uuid.uuid4())))
        self.assertEqual(200, answer.status)
        return json.loads(answer.body)["id"]

    def test_runner_that_is_stopped_delays_no_answer_and_runs_every_hook_once_when_it_goes_on(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.kill)
        wait_until(lambda: len(self.ran()) == 1 and len(self.place.runners()) == 1, 20, "the first hook has run")
        pid = self.place.runners()[0]
        self.addCleanup(self.go_on, pid)
        self.stop_all_of(pid)
        self.check_holds_nothing()
        events = [self.deliver(ask) for ask in (gateway.post, lambda body: run_cgi(self.place, body)) * 4]
        # A second one finds its place taken, and says nothing.
        second = Process([self.place.runner, "--config", self.place.config], os.path.join(self.place.run, "second.log"),
                         env=self.place.env(), **as_worker())
        self.addCleanup(second.kill)
        wait_until(second.ended, 20, "the second runner ends")
        wait_until(lambda: self.place.runners() == [pid], 20, "no runner but the one that is stopped")
        self.assertEqual(1, len(self.ran()))
        os.kill(pid, signal.SIGCONT)
        wait_until(lambda: len(self.ran()) > len(events), 20, "all hooks have run")
        once = subprocess.run([self.place.runner, "--config", self.place.config, "--once"], env=self.place.env(),
                              capture_output=True, text=True, cwd="/", timeout=60, check=False, **as_worker())
        self.assertEqual(sorted(events), sorted(self.ran()[1:]), once.stderr)
        self.check_all_once()
        gateway.stop()
