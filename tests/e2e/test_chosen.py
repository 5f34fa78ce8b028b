# SPDX-License-Identifier: MIT
"""Which events a command line means: names, filters and the last N, at their edges."""
import json
import os
import re
import uuid

from fastcgi import run_cgi
from sender import transcript
from verbs import NO_RUNNER, VerbCase


class Chosen(VerbCase):
    def listed(self, *args):
        return [json.loads(line)["id"] for line in self.cli("list", "--format", "json", *args)[0].splitlines()]

    def orders(self):
        return json.loads(self.cli("stats", "--format", "json")[0])["orders"]

    def test_a_subject_means_its_own_events_and_not_those_of_longer_ones(self):
        before, own, after = self.deliver("call-10"), self.deliver("call-1"), self.deliver("call-11")
        self.once()
        self.assertIn(own, self.cli("show", "call-1")[0])
        self.cli("replay", "call-1")
        self.once()
        self.assertEqual({before: 1, own: 2, after: 1}, {e: [i for i, _ in self.ran()].count(e) for e in (before, own, after)})
        self.assertIn("'call-' matches 3 events", self.cli("replay", "call-", code=1)[1])

    def test_a_name_of_several_events_or_several_names_need_a_yes(self):
        events = [self.deliver("twice"), self.deliver("twice", status="error"), self.deliver("other")]
        for names in (["twice"], ["other", events[0]]):
            self.assertIn("2 events match: add --yes", self.cli("drop", *names, code=2)[1])
        self.once()
        for names in (["twice"], ["other", events[0]]):
            self.assertIn("2 events match: add --yes", self.cli("replay", *names, code=2)[1])
        self.assertEqual(0, self.orders())
        self.cli("replay", "twice", "--yes")
        self.assertEqual(2, self.orders())

    def test_an_event_that_is_named_twice_is_one_event(self):
        done = self.deliver("done")
        self.once()
        waits = self.deliver("waits")
        self.assertEqual([waits], re.findall(r"\[(\d+:\d+)\]", self.cli("drop", waits, "waits", "--dry-run")[0]))
        self.assertIn("the hook of 1 event will not run any more", self.cli("drop", waits, "waits", waits)[1])
        self.assertIn("the hook of 1 event will run again", self.cli("replay", "done", done)[1])
        self.assertEqual(2, self.orders())
        self.once()
        self.assertEqual([done, done], [e for e, _ in self.ran()])
        self.assertEqual(1, json.loads(self.cli("stats", "--format", "json")[0])["endpoints"][0]["dropped"])

    def test_a_value_that_is_empty_is_no_filter_that_everything_passes(self):
        """As from a script whose variable is not set."""
        self.deliver()
        self.deliver()
        for option in ("--endpoint", "--kind", "--status", "--hook", "--since", "--until"):
            for value in ("", " ", ","):
                self.assertIn(option, self.cli("drop", option, value, "--yes", code=2)[1])
        self.assertEqual(0, self.orders())

    def test_the_last_are_those_of_all_segments_together(self):
        self.place.configure({"calls": {"hook": [self.hook]}}, runner=NO_RUNNER, segment_max="64K")
        events = [self.deliver(body=b'{"transcript_id":"%s","status":"completed","x":"%s"}'
                               % (uuid.uuid4().hex.encode(), b"x" * 30000)) for _ in range(9)]
        self.assertGreater(len(os.listdir(os.path.join(self.place.spool, "log"))), 3)
        for n in range(1, len(events) + 2):
            self.assertEqual(events[-n:], self.listed("-n", str(n)))
        self.assertEqual(events[-4:], re.findall(r"\[(\d+:\d+)\]", self.cli("tail", "-n", "4")[0]))

    def test_windows_that_meet_have_each_rejected_delivery_once(self):
        for name in ("one", "two", "three"):
            run_cgi(self.place, transcript(name), secret="wrong")

        def listed(*args):
            lines = self.cli("rejected", "list", "--format", "json", *args)[0].splitlines()
            return [(e["transcript_id"], e["received_at"]) for e in map(json.loads, lines)]
        every = listed()
        self.assertEqual({"one", "two", "three"}, {name for name, _ in every})
        for _, edge in every:
            self.assertEqual([e for e in every if e[1] < edge], listed("--until", edge))
            self.assertEqual([e for e in every if e[1] >= edge], listed("--since", edge))
