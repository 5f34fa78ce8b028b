# SPDX-License-Identifier: MIT
"""Events whose hooks have still to run, as cron's `stats --max-age` sees them: whichever endpoint they wait for."""
import json

from fastcgi import run_cgi
from sender import transcript
from verbs import NO_RUNNER, VerbCase


class Waiting(VerbCase):
    def numbers(self):
        return {e["endpoint"]: e for e in json.loads(self.cli("stats", "--format", "json")[0])["endpoints"]}

    def is_overdue(self):
        """Once a second has gone by."""
        self.eventually(lambda: any(e["oldest_seconds"] >= 1 for e in self.numbers().values()), 20, "an event is old")
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
        for endpoint in ("calls", "later"):
            self.assertEqual(200, run_cgi(self.place, transcript("one"), endpoint=endpoint).status)
        self.once()
        self.assertEqual({name: 1}, {e: n["waiting"] for e, n in self.numbers().items() if n["waiting"]})
        self.is_overdue()

    def test_an_event_of_the_first_endpoint_waits(self):
        self.one_waits("calls")

    def test_an_event_of_the_last_endpoint_waits(self):
        self.one_waits("later")
