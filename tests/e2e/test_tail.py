# SPDX-License-Identifier: MIT
"""tail: the end of the list, and with -f each event and each run as it comes."""
import datetime
import fcntl
import json
import os
import re
import select
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

    def test_f_shows_the_runs_of_the_endpoint_that_is_named_only(self):
        def site(runner=NO_RUNNER):
            self.place.configure({name: {"hook": [self.hook]} for name in ("calls", "other")}, runner=runner)
        self.site = site
        site()
        process, lines = self.follow("--runs", "--endpoint", "calls", "--format", "json")
        other = json.loads(run_cgi(self.place, transcript("one"), endpoint="other").body)["id"]
        self.once()
        event = self.deliver("two")
        self.once()
        wait_until(lambda: len(lines()) >= 2, 20, "the event and its run are shown")
        self.assertEqual({event, other}, {e for e, _ in self.ran()})
        self.assertEqual([("event", event), ("attempt", event)],
                         [(line["type"], line["id"]) for line in map(json.loads, lines())])
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

    def test_what_came_just_before_until_is_shown(self):
        """The end passes while it sleeps between two looks, or as here is not given the processor."""
        for seconds in (2, 10, 40):
            until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
            process, lines = self.follow("--until", until.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "-n", "1")
            self.deliver()
            wait_until(lambda seen=lines: seen(), 20, "it follows")
            process.child.send_signal(signal.SIGSTOP)
            event = self.deliver()
            if datetime.datetime.now(datetime.timezone.utc) < until:
                break  # else this machine was too slow, and it may have ended before
            process.kill()
        wait_until(lambda: datetime.datetime.now(datetime.timezone.utc) >= until, 60, "the end has passed")
        process.child.send_signal(signal.SIGCONT)
        self.assertEqual(0, process.child.wait(20))
        self.assertIn(event, re.findall(r"\[(\d+:\d+)\]", "\n".join(lines())))

    def test_what_comes_while_the_first_are_shown_is_shown_next(self):
        """A reader that is slow, as a pager: the list of the first does not fit into the pipe."""
        events = [self.deliver() for _ in range(40)]
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        fcntl.fcntl(read, fcntl.F_SETPIPE_SZ, 4096)
        process = Process([self.place.cli, "tail", "-f", "-n", "40", "--format", "json"],
                          os.path.join(self.place.run, "tail.log"), env=self.place.env(), stdout=write)
        self.addCleanup(process.kill)
        os.close(write)
        wait_until(lambda: select.select([read], [], [], 0)[0], 20, "it shows the first")
        events.append(self.deliver())
        told = b""
        while told.count(b"\n") < 40:
            told += os.read(read, 65536)
        # Whatever it shows next has come later.
        while told.count(b"\n") < 41:
            self.deliver()
            if select.select([read], [], [], 0.1)[0]:
                told += os.read(read, 65536)
        self.assertEqual(events, [json.loads(line)["id"] for line in told.splitlines()[:41]])

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
