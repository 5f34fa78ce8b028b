# SPDX-License-Identifier: MIT
"""tail: the end of the list, and with -f each event and each run as it comes."""
import datetime
import json
import os
import re
import signal
import subprocess
import uuid

from fastcgi import run_cgi
from place import Process, wait_until
from sender import transcript
from verbs import NO_RUNNER, VerbCase


class Tail(VerbCase):
    def follow(self, *args):
        path = os.path.join(self.place.folder, "tail-" + os.urandom(4).hex())
        out = open(path, "wb")  # pylint: disable=consider-using-with
        self.addCleanup(out.close)
        process = Process([self.place.cli, "tail", "-f", *args], os.path.join(self.place.run, "tail.log"),
                          env=self.place.env(), stdout=out)
        self.addCleanup(process.kill)

        def lines():
            with open(path, encoding="utf-8") as f:
                return f.read().splitlines()
        return process, lines

    def test_without_f_it_is_the_end_of_the_list(self):
        events = [self.deliver() for _ in range(12)]
        self.assertEqual(events[2:], re.findall(r"\[(\d+:\d+)\]", self.cli("tail")[0]))
        self.assertEqual(events[-1:], re.findall(r"\[(\d+:\d+)\]", self.cli("tail", "-n", "1")[0]))

    def test_f_prints_each_event_once_as_it_comes_also_over_a_rotation(self):
        self.place.configure({"calls": {"hook": [self.hook]}}, runner=NO_RUNNER, segment_max="64K")
        events = [self.deliver()]
        process, lines = self.follow("--format", "json")
        wait_until(lambda: len(lines()) == 1, 20, "the first event is shown")
        for _ in range(5):
            body = b'{"transcript_id":"%s","status":"completed","x":"%s"}' % (uuid.uuid4().hex.encode(), b"x" * 30000)
            events.append(self.deliver(body=body))
        self.assertGreater(len(os.listdir(os.path.join(self.place.spool, "log"))), 1)
        wait_until(lambda: len(lines()) >= 6, 20, "all are shown")
        events.append(self.deliver())
        wait_until(lambda: len(lines()) >= 7, 20, "the last is shown")
        self.assertEqual(events, [json.loads(line)["id"] for line in lines()])
        self.assertEqual(0, process.stop(signal.SIGINT))

    def test_f_filters_and_shows_runs(self):
        process, lines = self.follow("--runs", "--status", "error")
        self.deliver()
        event = self.deliver(status="error")
        wait_until(lambda: len(lines()) == 1, 20, "the event is shown")
        self.assertIn(event, lines()[0])
        self.once()
        wait_until(lambda: len(lines()) == 3, 20, "both runs are shown")
        runs = "\n".join(sorted(lines()[1:], key=lambda line: event in line))
        self.assertRegex(runs, r"  hook  +exit 0 +done     1  \[\d+:\d+\]  .*\n.*  hook .*\[" + event)
        self.assertEqual(0, process.stop(signal.SIGTERM))

    def test_f_ends_when_nobody_reads_any_more(self):
        self.deliver()
        with subprocess.Popen([self.place.cli, "tail", "-f"], env=self.place.env(), cwd="/", stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as child:
            self.addCleanup(child.kill)
            child.stdout.readline()
            child.stdout.close()
            self.assertEqual(0, child.wait(20))
            self.assertEqual(b"", child.stderr.read())

    def test_f_json_tells_events_and_attempts_apart(self):
        process, lines = self.follow("--runs", "--format", "json")
        event = self.deliver()
        wait_until(lambda: len(lines()) == 1, 20, "the event is shown")
        self.once()
        wait_until(lambda: len(lines()) == 2, 20, "its run is shown")
        told = [json.loads(line) for line in lines()]
        self.assertEqual([("event", event, "waiting"), ("attempt", event, "done")],
                         [(line["type"], line["id"], line["hook"]) for line in told])
        self.assertEqual(0, process.stop(signal.SIGTERM))

    def test_f_ends_at_until(self):
        until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
        process, lines = self.follow("--until", until.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        event = self.deliver()
        self.assertEqual(0, process.child.wait(20))
        self.assertGreaterEqual(datetime.datetime.now(datetime.timezone.utc), until)
        self.assertEqual([event], re.findall(r"\[(\d+:\d+)\]", "\n".join(lines())))

    def test_what_was_recorded_late_is_marked(self):
        self.deliver()
        run_cgi(self.place, transcript("late"), secret="wrong")
        self.deliver()
        self.cli("rejected", "accept", "late")
        marks = [line.partition(" B")[2] for line in self.cli("tail")[0].splitlines()]
        self.assertEqual(["", "", "  via rejected"], marks)
        self.assertEqual([None, None, "rejected"],
                         [json.loads(line).get("via") for line in self.cli("list", "--format", "json")[0].splitlines()])

    def test_options_that_do_not_go_together(self):
        self.assertIn("--until is in the past", self.cli("tail", "-f", "--until", "1h", code=2)[1])
        self.cli("tail", "--until", "1h")
        self.cli("tail", "--runs", code=2)
        self.cli("tail", "-f", "--hook", "dead", code=2)
