# SPDX-License-Identifier: MIT
"""The verbs of hooks - list, show, tail, stats, replay, retry, drop, run - and the completion of shells."""
import datetime
import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import unittest
import uuid

from cases import PlaceCase
from fastcgi import run_cgi
from records import crc32c
from place import Place, Process, as_worker, need, wait_until, worker
from sender import transcript
from servers import Server

NO_RUNNER = "/nonexistent/stenohook-run"
RAW = b'{"odd": "\xff\x7f\xc2\x9b31m"}'


class VerbCase(PlaceCase):
    """A place for each test. Hooks note each run in `ran`, and end as the file `code` says."""

    @classmethod
    def setUpClass(cls):
        """No place of the class."""

    def setUp(self):
        self.place = Place(build=self.build())
        self.addCleanup(self.place.remove)
        self.addCleanup(self.place.check_sanitizers)
        self.out = self.place.worker_folder("out")
        self.hook = os.path.join(self.place.folder, "hook")
        with open(self.hook, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\n"
                    f'echo "$STENOHOOK_EVENT_ID $STENOHOOK_ATTEMPT" >>{self.out}/ran\n'
                    "printf 'to stdout \\033[31m\\n'; echo to stderr >&2\n"
                    f"exit $(cat {self.out}/code 2>/dev/null || echo 0)\n")
        os.chmod(self.hook, 0o755)
        self.site()

    def logs(self):  # pylint: disable=arguments-differ
        return self.place.log_text()

    def site(self, runner=NO_RUNNER, **endpoint):
        self.place.configure({"calls": {"hook": [self.hook], **endpoint}}, runner=runner)

    def code(self, code):
        with open(os.path.join(self.out, "code"), "w", encoding="ascii") as f:
            f.write(f"{code}\n")

    def cli(self, *args, code=0, **how):
        command = [self.place.cli, *args]
        how = {"env": self.place.env(), "cwd": "/", **how}
        done = subprocess.run(command, capture_output=True, check=False, timeout=60, **how)
        self.assertEqual(code, done.returncode, f"{command}\n{done.stdout}\n{done.stderr}")
        return done.stdout.decode(), done.stderr.decode()

    def deliver(self, subject=None, status="completed", body=None):
        answer = run_cgi(self.place, body or transcript(subject or str(uuid.uuid4()), status))
        self.assertEqual(200, answer.status)
        return json.loads(answer.body)["id"]

    def once(self):
        """By the verb, so that it is tested as well; it finds the program beside our own."""
        self.site(runner=self.place.runner)
        done = subprocess.run([self.place.cli, "--config", self.place.config, "run", "--once"], env=self.place.env(),
                              capture_output=True, cwd="/", timeout=120, check=False, **as_worker())
        self.site()
        self.assertEqual(0, done.returncode, done.stderr)

    def ran(self):
        path = os.path.join(self.out, "ran")
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as f:
            return [tuple(line.split()) for line in f]

    def hooks(self, *args):
        """What `list` says of each event's hook."""
        found = [json.loads(line) for line in self.cli("list", "--format", "json", *args)[0].splitlines()]
        return [(e["id"], e["hook"], e["attempts"]) for e in found]


class States(VerbCase):
    def test_list_follows_an_event_from_waiting_to_dead_and_back(self):
        event = self.deliver()
        self.assertEqual([(event, "waiting", 0)], self.hooks())
        self.code(1)
        self.once()
        self.assertEqual([(event, "again", 1)], self.hooks())
        told = json.loads(self.cli("list", "--format", "json")[0])
        self.assertRegex(told["next_at"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(("exit", 1), (told["last_end"], told["last_code"]))
        self.assertIn("  again 1  ", self.cli("list")[0])
        self.code(65)
        self.cli("retry", event)
        self.once()
        self.assertEqual([(event, "dead", 1)], self.hooks("--hook", "dead"))
        self.assertEqual([], self.hooks("--hook", "again,done"))
        self.code(0)
        self.cli("retry", event)
        self.assertEqual([(event, "waiting", 0)], self.hooks())
        self.once()
        self.assertEqual([(event, "done", 1)], self.hooks("--hook", "dead,done", "-n", "5"))
        self.assertEqual([(event, "1"), (event, "1"), (event, "1")], self.ran())

    def test_an_endpoint_without_hook_has_no_state(self):
        self.place.configure({"calls": {}}, runner=NO_RUNNER)
        event = self.deliver()
        self.assertEqual([(event, "none", 0)], self.hooks())
        self.assertEqual([event], [e[0] for e in self.hooks("--hook", "none")])

    def test_the_last_are_found_with_their_state(self):
        events = [self.deliver() for _ in range(4)]
        self.once()
        events.append(self.deliver())
        self.assertEqual([(events[3], "done", 1), (events[4], "waiting", 0)], self.hooks("-n", "2"))

    def test_colours_are_for_terminals_only(self):
        self.deliver()
        self.code(65)
        self.once()
        self.assertNotIn("\x1b", self.cli("list", env=self.place.env(TERM="xterm"))[0])
        for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
            told = Terminal([self.place.cli, "list"], self.place.env(**{"TERM": "xterm", **extra})).end()
            self.assertEqual(coloured, "\x1b[31mdead" in told, told)


class Show(VerbCase):
    def test_the_attempts_and_their_output(self):
        event = self.deliver()
        self.code(3)
        self.once()
        told = self.cli("show", event)[0]
        self.assertRegex(told, r"(?m)^hook +again, attempt 1: exit 3$")
        self.assertRegex(told, r"(?m)^attempt 1 .* exit 3 .* again at ")
        self.assertIn("    to stdout \\x1b[31m\n", told)
        self.assertIn("    to stderr\n", told)
        runs = [json.loads(line) for line in self.cli("show", "--attempts", "--format", "json", event)[0].splitlines()]
        self.assertEqual([(event, 1, "again", "exit", 3)],
                         [(r["id"], r["try"], r["state"], r["end"], r["code"]) for r in runs])
        self.assertEqual("to stdout \x1b[31m\n", runs[0]["stdout"])
        self.assertEqual("calls", json.loads(self.cli("show", "--format", "json", event)[0])["endpoint"])

    def test_ways_to_show_exclude_each_other(self):
        event = self.deliver()
        for args in (("--raw", "--curl"), ("--curl", "--attempts"), ("--curl", "--format", "json")):
            self.assertEqual("", self.cli("show", *args, event, code=2)[0])

    def test_curl_needs_a_url_and_an_unsigned_endpoint(self):
        event = self.deliver()
        self.assertIn("url", self.cli("show", "--curl", event, code=3)[1])
        self.site(auth="aai-signature", url="http://127.0.0.1/x")
        self.assertIn("stenohook send", self.cli("show", "--curl", event, code=3)[1])

    def test_curl_s_command_delivers_the_same_event_and_does_not_hold_the_secret(self):
        secret = 'a"b\\c $(id) \'d'
        server = Server("lighttpd-fastcgi", self.place)
        self.addCleanup(server.stop)
        url = f"http://127.0.0.1:{server.port}/hook/calls?it's=$HOME"
        for keys in ({"auth-header": "X-Webhook-Secret"}, {"auth-query": "token"}):
            self.site(url=url, secret=secret, **keys)
            query = "customer=a%20b" + ("" if "auth-header" in keys else "&token=a%22b%5Cc%20%24(id)%20'd")
            answer = run_cgi(self.place, RAW, secret=secret if "auth-header" in keys else None, query=query)
            self.assertEqual(200, answer.status, answer.raw)
            event = json.loads(answer.body)["id"]
            command = self.cli("show", "--curl", event)[0]
            self.assertNotIn('a"b', command)
            path = f"{os.path.dirname(self.place.cli)}:/usr/bin:/bin"
            done = subprocess.run(["/bin/sh", "-c", command], env={"PATH": path}, cwd="/", capture_output=True,
                                  check=False, timeout=60)
            self.assertEqual(0, done.returncode, done.stderr)
            # The query has what stands in `url` too, so it is another event, with the very same body.
            self.assertEqual("accepted", json.loads(done.stdout)["status"], command)
            again = json.loads(done.stdout)["id"]
            raw = subprocess.run([self.place.cli, "show", "--raw", again], env=self.place.env(), capture_output=True,
                                 cwd="/", check=True).stdout
            self.assertEqual(RAW, raw)


class Orders(VerbCase):
    def test_replay_runs_a_done_hook_again_and_records_nothing(self):
        event = self.deliver("tr-1")
        self.once()
        self.assertEqual([(event, "1")], self.ran())
        self.assertIn("1 event will run again", self.cli("replay", "tr-1")[1])
        self.once()
        self.assertEqual([(event, "1"), (event, "1")], self.ran())
        self.assertEqual(1, len(self.journal()))

    def test_several_are_not_replayed_without_yes(self):
        events = [self.deliver(status=s) for s in ("completed", "error", "completed")]
        self.once()
        told, said = self.cli("replay", "--since", "1h", code=2)
        self.assertEqual("", told)
        self.assertIn("3 events: add --yes", said)
        told, said = self.cli("replay", "--status", "completed", "--dry-run", "--format", "json")
        self.assertEqual([events[0], events[2]], [json.loads(line)["id"] for line in told.splitlines()])
        self.once()
        self.assertEqual(3, len(self.ran()))
        self.cli("replay", "--status", "completed", "--yes")
        self.once()
        self.assertEqual({events[0], events[2]}, {e for e, _ in self.ran()[3:]})

    def test_replay_of_failed_ones_leaves_the_others(self):
        self.deliver()
        self.once()
        bad = self.deliver()
        self.code(65)
        self.once()
        self.code(0)
        self.cli("replay", "--failed")
        self.once()
        self.assertEqual([bad, bad], [e for e, _ in self.ran()[1:]])
        self.assertIn("no such event", self.cli("replay", "--failed", code=1)[1])

    def test_retry_brings_dead_letters_and_waiting_retries_back(self):
        dead = self.deliver()
        self.code(65)
        self.once()
        again = self.deliver()
        self.code(1)
        self.once()
        done = self.deliver()
        self.code(0)
        self.once()
        self.assertIn('"done"', self.cli("retry", done, code=1)[1])
        self.assertIn("2 events", self.cli("retry", "--all")[1])
        self.once()
        self.assertEqual({dead: "done", again: "done", done: "done"}, {e: s for e, s, _ in self.hooks()})
        self.assertIn("no such event", self.cli("retry", "--all", code=1)[1])

    def test_dropped_hooks_do_not_run(self):
        events = [self.deliver() for _ in range(3)]
        self.assertIn("add --yes", self.cli("drop", "--hook", "waiting", code=2)[1])
        self.cli("drop", "--hook", "waiting", "--until", "1h", code=1)
        self.cli("drop", events[1])
        self.once()
        self.assertEqual({events[0], events[2]}, {e for e, _ in self.ran()})
        self.assertEqual([(events[1], "dropped", 0)], self.hooks("--hook", "dropped"))
        self.cli("replay", events[1])
        self.once()
        self.assertEqual(events[1], self.ran()[-1][0])

    def test_dead_letters_can_be_dropped(self):
        self.deliver(), self.deliver()
        self.code(65)
        self.once()
        self.assertEqual(2, json.loads(self.cli("stats", "--format", "json")[0])["dead_letters"])
        self.cli("drop", "--hook", "dead", "--yes")
        self.once()
        self.assertEqual(0, json.loads(self.cli("stats", "--format", "json")[0])["dead_letters"])

    def test_what_is_no_event_or_no_order_is_refused_before_anything_is_done(self):
        event = self.deliver()
        self.once()
        self.cli("replay", event, "nobody", code=1)
        self.cli("replay", code=2)
        self.cli("drop", code=2)
        self.cli("retry", code=2)
        self.cli("replay", event, "--since", "1h", code=2)
        self.cli("retry", "--hook", "done", code=2)
        self.once()
        self.assertEqual(1, len(self.ran()))

    def test_the_runner_is_woken(self):
        event = self.deliver()
        self.once()
        self.site(runner=self.place.runner)
        self.cli("replay", event)
        self.eventually(lambda: len(self.ran()) == 2, 20, "the hook runs again by itself")

    def test_an_order_is_noted_also_where_no_runner_can_be_started(self):
        event = self.deliver()
        self.once()
        self.assertIn("warning: ", self.cli("replay", event)[1])
        self.once()
        self.assertEqual(2, len(self.ran()))


class Stats(VerbCase):
    def numbers(self):
        return json.loads(self.cli("stats", "--format", "json")[0])

    def test_counts(self):
        self.deliver()
        self.once()
        self.code(65)
        self.deliver()
        self.once()
        self.code(1)
        self.deliver()
        self.once()
        self.deliver()
        run_cgi(self.place, b"{}", secret="wrong")
        n = self.numbers()
        e = n["endpoints"][0]
        self.assertEqual(("calls", True, 2, 1, 1, 1), (e["endpoint"], e["has_hook"], e["waiting"], e["begun"],
                                                       e["done"], e["dead"]))
        self.assertEqual((1, 1, 0), (n["dead_letters"], n["refused"]["files"], n["quarantine"]["files"]))
        self.assertFalse(n["runner"])
        journal = os.path.join(self.place.spool, "log")
        self.assertEqual(sum(os.path.getsize(os.path.join(journal, f)) for f in os.listdir(journal)),
                         n["journal"]["bytes"])
        self.assertRegex(self.cli("stats")[0], r"(?m)^hook +calls: 2 waiting \(1 of them begun\), 1 done")

    def test_limits_are_for_cron(self):
        self.cli("stats", "--max-age", "0s", "--max-dead", "0")
        self.deliver()
        self.cli("stats", "--max-age", "1h")
        self.eventually(lambda: self.numbers()["endpoints"][0]["oldest_seconds"] >= 1, 20, "a second goes by")
        self.assertIn("has waited", self.cli("stats", "--max-age", "0s", code=1)[1])
        self.code(65)
        self.once()
        self.cli("stats", "--max-dead", "1")
        told, said = self.cli("stats", "--format", "json", "--max-dead", "0", code=1)
        self.assertEqual(1, json.loads(told)["dead_letters"])
        self.assertRegex(said, r"\Astenohook: there are 1 dead letters, more than 0")
        self.cli("stats", "--max-age", "soon", code=2)
        self.cli("stats", "--max-dead", "-1", code=2)
        self.cli("stats", "--format", "xml", code=2)

    def test_a_suspended_hook_says_why(self):
        self.deliver()
        os.chmod(self.hook, 0o644)
        self.once()
        e = self.numbers()["endpoints"][0]
        self.assertTrue(e["suspended"], e)
        self.assertIn(self.hook, e["why"])
        self.assertIn(self.hook, self.cli("stats")[0])

    def test_prometheus_can_read_it(self):
        self.deliver()
        self.once()
        families, told = {}, self.cli("stats", "--format", "prometheus")[0]
        self.assertTrue(told.endswith("\n"))
        for line in told.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                self.assertIn(kind, ("gauge", "counter"))
                self.assertEqual(kind == "counter", name.endswith("_total"))
                self.assertNotIn(name, families)
                families[name] = []
            elif line.startswith("# HELP "):
                self.assertNotIn(line.split()[2], families)
            else:
                match = re.fullmatch(r'([a-z_]+)(\{[a-z]+="(?:[^"\\]|\\.)*"\})? (\d+)', line)
                self.assertIsNotNone(match, line)
                families[match[1]].append(line)
        self.assertTrue(all(families.values()))
        self.assertIn('stenohook_hook_done_total{endpoint="calls"} 1', told.splitlines())


class Check(VerbCase):
    def test_hooks_that_do_not_come_to_an_end_are_warned_of(self):
        self.site(runner=self.place.runner)
        self.assertEqual("", self.cli("check")[0])
        self.site()
        self.deliver()
        self.code(65)
        self.once()
        self.site(runner=self.place.runner)
        self.assertRegex(self.cli("check")[0], r"\Awarning: the hooks of 1 event were given up: ")
        self.site()
        self.deliver()
        os.chmod(self.hook, 0o644)
        self.once()
        self.assertRegex(self.cli("check", code=1)[0], r'(?m)^warning: the hook of endpoint "calls" is suspended: ')

    def test_events_that_wait_without_a_runner_are_warned_of(self):
        """Those of the last month, as of somebody who adds a hook to a long history."""
        spool = os.path.join(self.place.run, "spool")
        self.cli("init", "--user", worker().pw_name, "--spool", spool, "--config",
                 os.path.join(self.place.folder, "init", "other.conf"))
        subprocess.run([self.place.copied("tests/tools/history"), spool, "20"], check=True,
                       capture_output=True, cwd="/", **as_worker())
        self.place.spool = spool
        self.site(runner=self.place.runner)
        told = self.cli("check")[0]
        self.assertRegex(told, r"(?m)^warning: 20 events wait for hooks, the oldest for \d{6,} s, and no runner")
        self.assertIn(f"stenohook --config {self.place.config} run --once", told)
        self.cli("drop", "--since", "60d", "--yes")
        self.eventually(lambda: self.cli("check")[0] == "", 30, "all are dropped")
        self.assertEqual([], self.ran())


class Keep(VerbCase):
    """prune, and verify --repair."""

    def site(self, runner=NO_RUNNER, **endpoint):
        self.place.configure({"calls": {"hook": [self.hook], **endpoint}}, runner=runner, keep="2d")

    def age(self, segment, days):
        """Makes a segment as old as if it had been begun so many days ago."""
        path = os.path.join(self.place.spool, "log", f"{segment:08}.jsonl")
        with open(path, "rb") as f:
            head, rest = f.read().split(b"\n", 1)
        made = datetime.datetime.fromisoformat(json.loads(head)["created"][:-1]) - datetime.timedelta(days=days)
        head = re.sub(rb'"created":"[^"]*"', f'"created":"{made.isoformat(timespec="milliseconds")}Z"'.encode(), head)
        head = head[:head.index(b',"crc"')]
        with open(path, "wb") as f:
            f.write(head + f',"crc":"{crc32c(head):08x}"}}\n'.encode() + rest)

    def reboot(self):
        """A new segment follows a lost state."""
        path = os.path.join(self.place.spool, "state")
        if os.path.exists(path):
            os.unlink(path)

    def segments(self):
        return sorted(os.listdir(os.path.join(self.place.spool, "log")))

    def old_events(self):
        """Four segments: the records of the first two are too old to be kept."""
        for name in ("one", "two", "three", "four"):
            self.reboot()
            self.deliver(name)
        for segment, days in ((1, 9), (2, 5), (3, 3)):
            self.age(segment, days)

    def test_prune_removes_what_its_dry_run_tells_once_the_hooks_have_run(self):
        self.old_events()
        told, said = self.cli("prune", "--dry-run")
        # The second waits for its hook; the first does too, but for more than twice two days.
        self.assertRegex(told, r"(?m)^journal    1 file, \d+ bytes$")
        self.assertRegex(said, "1 file of the journal .* hooks have still to run")
        self.assertIn("hooks have still to run", "".join(self.cli("check", code=1)))
        self.assertEqual(4, len(self.segments()))
        self.assertEqual(told, self.cli("prune")[0])
        self.assertEqual(3, len(self.segments()))
        self.once()  # the runner prunes when it begins: before the hooks have run
        self.assertEqual(3, len(self.ran()))
        told, said = self.cli("prune")
        self.assertRegex(told, r"(?m)^journal    1 file, \d+ bytes$")
        self.assertEqual("", said)
        self.assertEqual(["three", "four"], [json.loads(e)["transcript_id"] for e in self.cli("list", "--format", "json")[0].splitlines()])
        self.assertNotIn("hooks have still to run", "".join(self.cli("check", code=1)))
        self.assertRegex(self.cli("prune")[0], "(?m)^journal    0 files, 0 bytes$")
        self.cli("verify")

    def test_the_runner_prunes_by_itself(self):
        self.old_events()
        self.once()
        self.assertEqual(3, len(self.segments()))
        self.once()
        self.assertEqual(2, len(self.segments()))

    def test_repair_recognises_retries_again(self):
        for name in ("one", "two", "three"):
            self.deliver(name)
        self.once()
        path = os.path.join(self.place.spool, "idx", "00.idx")
        size = os.path.getsize(path)
        with open(path, "r+b") as f:
            f.seek(4096)
            f.write(bytes(size - 4096))
        again = json.loads(run_cgi(self.place, transcript("one")).body)
        self.assertFalse(again["duplicate"])
        told = self.cli("verify", "--repair")[0]
        self.assertRegex(told, r"1 repeated\nrepaired: ")
        for name in ("one", "two", "three"):
            self.assertTrue(json.loads(run_cgi(self.place, transcript(name)).body)["duplicate"], name)
        self.once()
        self.assertEqual(4, len(self.ran()), "no hook that had run runs again; the repeated event's does")

    def test_repair_waits_for_no_runner_for_ever(self):
        self.deliver("one")
        self.once()
        with open(os.path.join(self.place.spool, "run", "lock"), "rb") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            self.assertIn("stop it", self.cli("verify", "--repair", code=4)[1])
        self.cli("verify", "--repair")


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
        self.assertRegex(runs, r"  hook  +exit 0 +done    1  \[\d+:\d+\]  .*\n.*  hook .*\[" + event)
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

    def test_options_that_do_not_go_together(self):
        self.cli("tail", "--runs", code=2)
        self.cli("tail", "-f", "--hook", "dead", code=2)


class Programs(VerbCase):
    def test_a_program_that_is_not_there_is_named(self):
        self.assertIn(NO_RUNNER, self.cli("run", "--once", code=1)[1])
        self.assertIn("stenohook-remote", self.cli("send", "--help", code=1)[1])

    def test_help_passes_through(self):
        self.site(runner=self.place.runner)
        self.assertIn("usage: stenohook-run", self.cli("run", "--help")[0])
        self.assertIn("usage: stenohook-run", self.cli("help", "run")[0])


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, env)
        self.seen = b""

    def type(self, keys):
        """What was shown before is not looked at any more."""
        self.seen = b""
        os.write(self.fd, keys)

    def read(self):
        """false: the program has ended."""
        if not select.select([self.fd], [], [], 0.1)[0]:
            return True
        try:
            chunk = os.read(self.fd, 65536)
        except OSError:
            return False
        self.seen += chunk
        return chunk != b""

    def expect(self, text):
        wait_until(lambda: text in self.seen or not self.read(), 30, f"{text!r} on the terminal", step=0)
        if text not in self.seen:
            raise AssertionError(f"{text!r} is not in {self.seen!r}")

    def end(self):
        """All that was shown."""
        wait_until(lambda: not self.read(), 30, "the program on the terminal ends", step=0)
        os.close(self.fd)
        os.waitpid(self.pid, 0)
        return self.seen.decode(errors="replace")


class Completion(VerbCase):
    ASKED = (("li", "list"), ("list --sin", "--since"), ("list --format js", "json"), ("list --hook dro", "dropped"),
             ("stats --format prom", "prometheus"), ("completion z", "zsh"), ("help repl", "replay"),
             ("--config /nonexistent tai", "tail"))

    def test_bash(self):
        script = self.cli("completion", "bash")[0]
        for typed, wanted in self.ASKED:
            words = ["stenohook", *typed.split(" ")]
            asked = (f"{script}\nCOMP_WORDS=({' '.join(words)}) COMP_CWORD={len(words) - 1}\n"
                     "complete -p stenohook >/dev/null && _stenohook && printf '%s\\n' \"${COMPREPLY[@]}\"")
            done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=False)
            self.assertEqual((0, f"{wanted}\n", ""), (done.returncode, done.stdout, done.stderr), typed)
        words = "stenohook list --format = j"
        done = subprocess.run(["bash", "-c", f"{script}\nCOMP_WORDS=({words}) COMP_CWORD=4\n_stenohook\necho $COMPREPLY"],
                              capture_output=True, text=True, check=False)
        self.assertEqual("json\n", done.stdout)

    def test_zsh(self):
        need("zsh")
        functions = self.place.worker_folder("functions", 0o755)
        with open(os.path.join(functions, "_stenohook"), "w", encoding="utf-8") as f:
            f.write(self.cli("completion", "zsh")[0])
        shell = Terminal(["/usr/bin/zsh", "-f", "-i"], {"PATH": "/usr/bin:/bin", "TERM": "dumb", "HOME": functions})
        shell.type(f"PS1='READ''Y '; fpath=({functions} $fpath); unsetopt beep\n".encode())
        shell.expect(b"READY ")
        shell.type(f"autoload -Uz compinit; compinit -u -d {functions}/dump; echo LOAD''ED\n".encode())
        shell.expect(b"LOADED")
        for typed, wanted in self.ASKED:
            shell.type(b"stenohook " + typed.encode() + b"\t")
            shell.expect(f" {wanted} ".encode())
            shell.type(b"\x15")
        shell.type(b"exit\n")
        shell.end()

    def test_another_shell_is_refused(self):
        self.cli("completion", "fish", code=2)
        self.cli("completion", code=2)


if __name__ == "__main__":
    unittest.main()
