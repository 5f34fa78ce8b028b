# SPDX-License-Identifier: MIT
"""Gateways killed at any moment: what was answered 2xx is on record, once. KILLS=N makes it longer."""
import collections
import concurrent.futures
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time
import uuid

from cases import PlaceCase
from fastcgi import ask, request_env
from place import Process, as_worker
from sender import transcript

KILLS = int(os.environ.get("KILLS", "60"))


class Killed(PlaceCase):
    # Small segments, so that kills also hit the change from one to the next.
    settings = {"segment_max": "64K", "free_space_min": "0"}

    def setUp(self):
        self.random = random.Random(os.environ.get("SEED", str(time.time_ns())))
        self.acknowledged = set()
        self.stopping = threading.Event()

    def deliver_until_stopped(self, once):
        """A sender that retries each event until somebody says 200."""
        count = 0
        while not self.stopping.is_set():
            subject = str(uuid.uuid4())
            body = transcript(subject)
            for _ in range(200):
                if once(body) == 200:
                    self.acknowledged.add(subject)
                    count += 1
                    break
                if self.stopping.is_set():
                    return count
                time.sleep(0.005)
            else:
                raise AssertionError("200 attempts in vain")
        return count

    def check_journal(self):
        counts = collections.Counter()
        for line in self.place.stenohook("list", "--format", "json").splitlines():
            counts[json.loads(line)["transcript_id"]] += 1
        lost = [s for s in self.acknowledged if counts[s] == 0]
        twice = [s for s, n in counts.items() if n > 1]
        self.assertEqual(([], []), (lost, twice), f"of {len(self.acknowledged)} acknowledged")
        raw = collections.Counter(r["transcript_id"] for r in self.journal(torn=True) if "transcript_id" in r)
        self.assertEqual([], [s for s in self.acknowledged if raw[s] == 0])
        self.place.stenohook("verify")

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
            try:
                return ask(path, request_env(body=body), body, timeout=10).status
            except OSError:
                return 0

        gateways = [start(), start()]
        try:
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                senders = [pool.submit(self.deliver_until_stopped, once) for _ in range(4)]
                try:
                    for _ in range(KILLS):
                        time.sleep(self.random.uniform(0.0, 0.05))
                        victim = self.random.randrange(2)
                        os.kill(gateways[victim].pid, signal.SIGKILL)
                        gateways[victim].kill()
                        gateways[victim] = start()
                finally:
                    self.stopping.set()
                total = sum(s.result() for s in senders)
        finally:
            listener.close()
            for gateway in gateways:
                gateway.stop()
        self.assertGreater(total, KILLS // 2, "too few events for the kills to hit anything")
        self.check_journal()

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
            kills["done"] += child.wait() == -signal.SIGKILL
            return 200 if answer.startswith(b"Status: 200") else 0

        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            senders = [pool.submit(self.deliver_until_stopped, once) for _ in range(3)]
            try:
                self.eventually(lambda: kills["done"] >= KILLS, 60 + KILLS, "so many kills")
            finally:
                self.stopping.set()
            total = sum(s.result() for s in senders)
        self.assertGreater(total, KILLS // 4)
        self.check_journal()
