# SPDX-License-Identifier: MIT
"""Gateways killed at any moment: what was answered 2xx is on record, once. KILLS=N makes it longer."""
import collections
import concurrent.futures
import contextlib
import os
import random
import signal
import socket
import subprocess
import threading
import time
import uuid

from cases import PlaceCase, figures, for_each_mode, needs_root
from fastcgi import Answer, ask, request_env
from loads import Load, now, outcome, transcript_event
from place import Process, as_worker, kill_running, running
from sender import Sender, transcript

KILLS = int(os.environ.get("KILLS", "60"))
PATIENCE_S = 120  # mod_fcgid starts nothing for half a minute where many have died


class Storm:
    """Senders that retry until they hear 200, while somebody kills."""

    # Small segments, so that kills also hit the change from one to the next.
    settings = {"segment_max": "64K", "free_space_min": "0"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.load = Load(cls.place)

    def setUp(self):
        self.random = random.Random(os.environ.get("SEED", str(time.time_ns())))
        self.acknowledged = set()
        self.stopping = threading.Event()

    def deliver_until_stopped(self, once):
        """A sender that retries each event until somebody says 200."""
        while not self.stopping.is_set():
            subject = str(uuid.uuid4())
            body = transcript(subject)
            end = time.monotonic() + PATIENCE_S
            while self.attempt(subject, body, once) != 200:
                if self.stopping.is_set():
                    return
                if time.monotonic() > end:
                    raise AssertionError(f"tried in vain for {PATIENCE_S} s")
                time.sleep(0.005)
            self.acknowledged.add(subject)

    def attempt(self, subject, body, once):
        try:
            return outcome(self.load.send(transcript_event(subject), body, once))[0]
        except OSError:
            return 0

    def kill(self, pid):
        """Of a gateway; whether it was still there."""
        began = now()
        killed = kill_running(pid, self.place.program)
        if killed:
            self.load.log.line("kill", what="gateway", pid=pid, **{"from": began}, to=now())
        return killed

    @contextlib.contextmanager
    def senders(self, count, once):
        """While they send; afterwards the history is judged."""
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            sending = [pool.submit(self.deliver_until_stopped, once) for _ in range(count)]
            try:
                yield sending
            finally:
                self.stopping.set()
            for sender in sending:
                sender.result()
        self.history = self.load.check()
        self.place.stenohook("verify")

    def tell(self, whose, kills):
        self.assertGreater(len(self.acknowledged), kills // 4, "too few events for the kills to hit anything")
        figures(f"kill: {whose}: {self.history}")


class Killed(Storm, PlaceCase):
    def test_fastcgi_processes_killed_under_load(self):
        path = os.path.join(self.place.run, "killed.sock")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        self.place.give(path)
        listener.listen(128)
        log = os.path.join(self.place.run, "killed.log")

        def start():
            return Process([self.place.program], log, stdin=listener, env=self.place.env(), **as_worker())

        def once(body):
            return ask(path, request_env(body=body), body, timeout=10)

        gateways = [start(), start()]
        try:
            with self.senders(4, once):
                for _ in range(KILLS):
                    time.sleep(self.random.uniform(0.0, 0.05))
                    victim = self.random.randrange(2)
                    self.load.kill("gateway", gateways[victim].pid)
                    gateways[victim].kill()
                    gateways[victim] = start()
        finally:
            listener.close()
            for gateway in gateways:
                gateway.stop()
        self.tell("FastCGI processes", KILLS)

    def test_cgi_processes_killed_under_load(self):
        kills = collections.Counter()

        def once(body):
            env = self.place.env(**request_env(body=body))
            child = subprocess.Popen([self.place.program], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL, cwd="/", **as_worker())
            child.stdin.write(body)
            child.stdin.close()
            if kills["done"] < KILLS and self.random.random() < 0.5:
                time.sleep(self.random.uniform(0.0, 0.003))
                child.kill()
            answer = child.stdout.read()
            child.stdout.close()
            # One that had ended before was not killed.
            if child.wait() == -signal.SIGKILL:
                kills["done"] += 1
                self.load.log.note("kill", what="gateway", pid=child.pid)
            # Its promise begins with its first bytes.
            return Answer(b"Status: 200\r\n\r\n" if answer.startswith(b"Status: 200") and b"\r\n\r\n" not in answer else answer)

        with self.senders(3, once):
            self.eventually(lambda: kills["done"] >= KILLS, 60 + KILLS, "so many kills")
        self.tell("CGI processes", kills["done"])


@for_each_mode("apache-cgi", "apache-cgid", "apache-fcgid", "lighttpd-cgi", "lighttpd-fastcgi")
@needs_root  # to find processes that are not dumpable
class KilledBehind(Storm):
    """Those that a web server has started, and starts anew."""

    # lighttpd looks for dead processes once a second; mod_fcgid starts new ones seconds later, and the later the more died.
    share = {"lighttpd-fastcgi": 6, "apache-fcgid": 12}
    slow_max = 30

    def test_programs_of_a_web_server_killed_under_load(self):
        sender = Sender()

        def once(body):
            return sender.once(self.server.url(), body)

        with self.senders(4, once) as sending:
            killed, kills = 0, KILLS
            if self.mode in self.share:
                kills = max(1, min(self.slow_max, KILLS // self.share[self.mode]))
            end = time.monotonic() + 60 + 10 * kills
            while killed < kills:
                if time.monotonic() > end or any(sender.done() for sender in sending):
                    self.fail(f"{killed} kills only")
                time.sleep(self.random.uniform(0.0, 0.03))
                # Those that only just begin would never come to serve.
                found = running(self.place.program) if 2 * len(self.acknowledged) >= killed else []
                killed += bool(found) and self.kill(self.random.choice(found))
        self.tell(f"programs of {self.mode}", killed)
