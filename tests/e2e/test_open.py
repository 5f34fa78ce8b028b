# SPDX-License-Identifier: MIT
"""Endpoints that anybody can deliver to: what a day's budget lets through, and who is told that it is used up."""
import concurrent.futures
import fcntl
import json
import os
import subprocess
import uuid

import requests

from cases import PlaceCase, for_each_mode
from fastcgi import Gateway, run_cgi
from sender import Sender, transcript

EVENTS, BYTES = 8, 64 * 1024
ENDPOINTS = {
    "open": {"auth": "none", "daily-events-max": EVENTS},
    "small": {"auth": "none", "daily-events-max": 0, "daily-bytes-max": "64K"},
    "free": {"auth": "none", "daily-events-max": 0, "daily-bytes-max": 0},
    "calls": {"daily-events-max": 1},
    "fenced": {"auth": "none", "allow-from": ["127.0.0.1"], "daily-events-max": 1},
}


def fresh():
    return transcript(str(uuid.uuid4()))


class Budgets:
    endpoints = ENDPOINTS

    def setUp(self):
        """A new day."""
        for name in os.listdir(self.place.spool):
            if name.startswith("budget."):
                os.unlink(os.path.join(self.place.spool, name))

    def recorded(self, bodies):
        ids = {json.loads(b)["transcript_id"] for b in bodies}
        return len([r for r in self.journal() if r.get("transcript_id") in ids])

    def check(self):
        return subprocess.run([self.place.cli, "check"], env=self.place.env(), cwd="/", capture_output=True, text=True,
                              check=False).stdout

    def budget(self, endpoint):
        stats = json.loads(self.place.stenohook("stats", "--format", "json"))
        [found] = [b for b in stats["budgets"] if b["endpoint"] == endpoint]
        return found


@for_each_mode()
class Served(Budgets):
    def post(self, body, endpoint):
        return Sender(name=None).once(self.server.url(endpoint), body)

    def test_no_more_events_than_the_budget_are_recorded_however_many_come_at_once(self):
        bodies = [fresh() for _ in range(4 * EVENTS)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = [a.status_code for a in pool.map(lambda b: self.post(b, "open"), bodies)]
        self.assertEqual((EVENTS, 3 * EVENTS), (answers.count(200), answers.count(503)))
        self.assertEqual(EVENTS, self.recorded(bodies))
        budget = self.budget("open")
        self.assertEqual((EVENTS, EVENTS, 3 * EVENTS), (budget["events"], budget["events_max"], budget["refused"]))

    def test_beyond_it_503_and_everybody_is_told(self):
        bodies = [fresh() for _ in range(EVENTS)]
        for body in bodies:
            self.assertEqual(200, requests.get(self.server.url("open"), timeout=10).status_code)
            self.assertNotIn("budget", self.check())
            self.assertEqual(200, self.post(body, "open").status_code)
        late = fresh()
        answer = self.post(late, "open")
        self.assertEqual((503, "10"), (answer.status_code, answer.headers.get("Retry-After")))
        self.assertEqual(0, self.recorded([late]))
        # What is on record is a duplicate, and no other endpoint has a budget.
        self.assertTrue(self.post(bodies[0], "open").json()["duplicate"])
        for endpoint in ("free", "fenced", "fenced"):
            self.assertEqual(200, self.post(fresh(), endpoint).status_code, endpoint)
        for _ in range(2):
            self.assertEqual(200, Sender().once(self.server.url("calls"), fresh()).status_code)
        report = requests.get(self.server.url("open"), timeout=10)
        self.assertEqual((503, "budget"), (report.status_code, report.json()["problem"]))
        self.assertIn("the budget of today (UTC) is used up", report.json()["problems"][0])
        self.assertIn('warning: endpoint "open": its budget of today (UTC) was too small for 1 request', self.check())
        self.assertIn(f"budget         open: today {EVENTS} of {EVENTS} events", self.place.stenohook("stats"))
        self.assertIn('stenohook_budget_refused{endpoint="open"} 1\n',
                      self.place.stenohook("stats", "--format", "prometheus"))

    def test_no_more_bytes_than_the_budget_are_recorded(self):
        def large(size):
            return b'{"transcript_id":"%s","x":"%s"}' % (str(uuid.uuid4()).encode(), b"x" * size)
        answers = [self.post(large(10000), "small").status_code for _ in range(8)]
        self.assertEqual([200] * 6 + [503] * 2, answers)
        self.assertEqual(503, self.post(large(BYTES), "small").status_code)
        self.assertEqual(200, self.post(large(1000), "small").status_code)
        self.assertLessEqual(self.budget("small")["bytes"], BYTES)

    def test_what_anybody_sends_is_logged_rarely(self):
        for n in range(60):
            self.assertEqual(400, self.post(b"no JSON %d" % n, "open").status_code)
        with open(os.path.join(self.place.spool, "stenohook.log"), encoding="utf-8") as f:
            self.assertLess(f.read().count(" 400 malformed"), 45)


class Direct(Budgets, PlaceCase):
    def test_a_duplicate_uses_none_of_it(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        body = fresh()
        for _ in range(2 * EVENTS):
            self.assertEqual(200, gateway.post(body, endpoint="open", secret=None).status)
            self.assertEqual(200, run_cgi(self.place, body, endpoint="open", secret=None).status)
        self.assertEqual(1, self.budget("open")["events"])

    def test_it_is_one_budget_for_each_way_to_be_started_and_outlives_a_restart(self):
        for n in range(EVENTS // 2):
            gateway = Gateway(self.place)
            self.assertEqual(200, gateway.post(fresh(), endpoint="open", secret=None).status, n)
            gateway.stop()
            self.assertEqual(200, run_cgi(self.place, fresh(), endpoint="open", secret=None).status, n)
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        self.assertEqual(503, gateway.post(fresh(), endpoint="open", secret=None).status)
        self.assertEqual(503, run_cgi(self.place, fresh(), endpoint="open", secret=None).status)
        self.assertIn('503 budget, endpoint "open"', self.place.log_text())

    def test_a_budget_that_stays_locked_is_503_and_not_waited_for_long(self):
        self.assertEqual(200, run_cgi(self.place, fresh(), endpoint="open", secret=None).status)
        body = fresh()
        with open(os.path.join(self.place.spool, "budget.open"), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertEqual(503, run_cgi(self.place, body, endpoint="open", secret=None).status)
            self.assertEqual(200, run_cgi(self.place, fresh(), endpoint="free", secret=None).status)
        self.assertIn("budget.open is locked", self.place.log_text())
        self.assertEqual(200, run_cgi(self.place, body, endpoint="open", secret=None).status)

    def test_what_an_operator_accepts_needs_no_budget(self):
        for _ in range(EVENTS):
            self.assertEqual(200, run_cgi(self.place, fresh(), endpoint="open", secret=None).status)
        body = fresh()
        self.assertEqual(404, run_cgi(self.place, body, endpoint="oben", secret=None).status)
        self.place.stenohook("rejected", "accept", "--as", "open", "--yes", "--endpoint", "oben")
        self.assertEqual(1, self.recorded([body]))
        self.assertEqual(EVENTS, self.budget("open")["events"])
