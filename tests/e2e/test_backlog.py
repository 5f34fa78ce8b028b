# SPDX-License-Identifier: MIT
"""Events whose hooks have still to run, as cron's `stats --max-age` sees them: whichever endpoint they wait for."""
import json
import time

from fastcgi import run_cgi
from place import wait_until
from sender import transcript
from verbs import NO_RUNNER, VerbCase


class Waiting(VerbCase):
    def numbers(self):
        return {e["endpoint"]: e for e in json.loads(self.cli("stats", "--format", "json")[0])["endpoints"]}

    def is_overdue(self):
        """What was delivered before, after a second has gone by."""
        delivered = time.time()
        wait_until(lambda: time.time() >= delivered + 1, 20, "a second goes by")
        self.assertTrue(any(e["oldest_seconds"] >= 1 for e in self.numbers().values()))
        self.assertIn("an event has waited", self.cli("stats", "--max-age", "0s", code=1)[1])
        self.cli("stats", "--max-age", "1h")


class OfOne(Waiting):
    def test_an_event_that_waits_for_another_attempt_is_one_that_waits(self):
        self.code(1)
        self.deliver()
        self.once()
        self.assertEqual((1, 1), (self.numbers()["calls"]["waiting"], self.numbers()["calls"]["begun"]))
        self.is_overdue()

    def test_the_oldest_counts_whatever_came_since(self):
        self.deliver()
        self.is_overdue()
        self.deliver()
        self.assertGreaterEqual(self.numbers()["calls"]["oldest_seconds"], 1)


class OfTwo(Waiting):
    """The hook of one endpoint cannot be executed, and those of the other are all done."""

    broken = None

    def site(self, runner=NO_RUNNER, **endpoint):
        self.place.configure({name: {"hook": [self.hook + ("-broken" if name == self.broken else "")]}
                              for name in ("calls", "later")}, runner=runner)

    def one_waits(self, name):
        with open(self.hook + "-broken", "w", encoding="ascii") as f:
            f.write("#!/bin/sh\n")
        self.broken = name
        self.site()
        for subject in ("one", "two"):
            for endpoint in ("calls", "later"):
                self.assertEqual(200, run_cgi(self.place, transcript(subject), endpoint=endpoint).status)
            self.once()
        # One was tried; the other one is behind the place up to which the other endpoint's are settled.
        self.assertEqual({name: (2, 1)}, {e: (n["waiting"], n["begun"]) for e, n in self.numbers().items() if n["waiting"]})
        self.is_overdue()

    def test_events_of_the_first_endpoint_wait(self):
        self.one_waits("calls")

    def test_events_of_the_last_endpoint_wait(self):
        self.one_waits("later")
