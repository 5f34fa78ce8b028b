# SPDX-License-Identifier: MIT
"""What a request may cost: memory under a flood, and the same work with a long history as with a short one."""
import concurrent.futures
import os
import re
import subprocess
import uuid

from cases import PlaceCase
from fastcgi import STDIN, Connection, Gateway, record, request_env, run_cgi
from place import Place, as_worker, need
from sender import transcript

FLOOD = 100 << 20
PEAK_KB = 32 << 10
HISTORY = int(os.environ.get("HISTORY", "20000"))


class Memory(PlaceCase):
    endpoints = {"calls": {}, "small": {"body-max": "1K"}, "signed": {"auth": "aai-signature"}}

    def flood(self, gateway, endpoint, secret):
        """100 MB in one body; the gateway may answer before it has taken all of it."""
        connection = Connection(gateway.path)
        connection.begin(request_env(endpoint, b"", secret=secret, CONTENT_LENGTH=str(FLOOD)))
        piece = record(STDIN, b"x" * 65528)
        try:
            for _ in range(FLOOD // 65528):
                connection.send(piece)
            connection.end_body()
        except OSError:
            pass
        try:
            return connection.answer().status
        finally:
            connection.close()

    def peak_after(self, endpoint, secret):
        gateway = Gateway(self.place)
        try:
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                statuses = set(pool.map(lambda _: self.flood(gateway, endpoint, secret), range(8)))
            self.assertEqual(200, gateway.post(transcript(str(uuid.uuid4()))).status)
            return statuses, gateway.peak_kb()
        finally:
            gateway.stop()

    def test_flood_without_secret_takes_little_memory(self):
        statuses, peak = self.peak_after("calls", "wrong")
        self.assertEqual({401}, statuses)
        self.assertLess(peak, PEAK_KB)

    def test_flood_beyond_the_limit_takes_little_memory(self):
        statuses, peak = self.peak_after("small", "correct-horse-battery-staple")
        self.assertEqual({413}, statuses)
        self.assertLess(peak, PEAK_KB)

    def test_flood_of_an_endpoint_with_signatures_takes_little_memory(self):
        statuses, peak = self.peak_after("signed", None)
        self.assertLessEqual(statuses, {401, 413})
        self.assertLess(peak, PEAK_KB)


class HistoryPlace(Place):
    """A place with many events on record before the first request."""

    def __init__(self, events):
        super().__init__()
        tool = self.copied("tests/tools/history")
        done = subprocess.run([tool, self.spool, str(events)], env=self.env(), capture_output=True, text=True,
                              check=False, cwd="/", **as_worker())
        if done.returncode != 0:
            raise AssertionError(f"history: exit {done.returncode}\n{done.stdout}{done.stderr}")


class Growth(PlaceCase):
    @classmethod
    def setUpClass(cls):
        pass

    def instructions(self, events):
        """Of one CGI request: the least of three, after one that may find something to tidy up."""
        need("valgrind")
        self.place = HistoryPlace(events)
        self.addCleanup(self.place.remove)
        counted = len(self.journal())
        self.assertGreaterEqual(counted, events)
        valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        self.assertEqual(200, run_cgi(self.place, transcript(str(uuid.uuid4()))).status)
        found = []
        for _ in range(3):
            answer = run_cgi(self.place, transcript(str(uuid.uuid4())), before=valgrind)
            self.assertEqual(200, answer.status, answer.errors)
            found.append(int(re.search(rb"Collected : (\d+)", answer.errors)[1]))
        return min(found)

    def test_request_costs_the_same_with_a_long_history(self):
        few, many = self.instructions(10), self.instructions(HISTORY)
        self.assertLess(abs(many - few), few * 0.10, f"{few} instructions with 10 events, {many} with {HISTORY}")
