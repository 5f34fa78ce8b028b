# SPDX-License-Identifier: MIT
"""The verbs of hooks: list, show, stats, check, run."""
import json
import os
import re
import subprocess
import unittest

import records
from cases import lacking
from fastcgi import run_cgi
from place import HEADER, SECRET, as_worker, worker
from scripted import Scripted, reply
from sender import transcript
from servers import Server
from verbs import NO_RUNNER, UNSHOWN, Terminal, VerbCase

RAW = b'{"odd": "\xff\x7f\xc2\x9b31m"}'


class States(VerbCase):
    def test_list_follows_an_event_from_waiting_to_dead_and_back(self):
        event = self.deliver()
        self.assertEqual([(event, "waiting", 0)], self.hooks())
        self.code(1)
        self.once()
        self.assertEqual([(event, "retrying", 1)], self.hooks())
        told = json.loads(self.cli("list", "--format", "json")[0])
        self.assertRegex(told["next_at"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(("exit", 1), (told["end"], told["code"]))
        self.assertIn("  retrying 1  ", self.cli("list")[0])
        for state in ("retrying", "failed", "again", "done,retrying"):
            self.assertEqual([(event, "retrying", 1)], self.hooks("--hook", state))
        self.code(65)
        self.cli("retry", event)
        self.once()
        self.assertEqual([(event, "dead", 1)], self.hooks("--hook", "dead"))
        self.assertEqual([(event, "dead", 1)], self.hooks("--hook", "failed"))
        self.assertEqual([], self.hooks("--hook", "retrying,done"))
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

    def test_an_endpoint_that_is_not_configured_is_told(self):
        self.deliver()
        self.assertEqual("", self.cli("list", "--endpoint", "calls")[1])
        for args in (("list",), ("tail",), ("replay", "--failed")):
            said = self.cli(*args, "--endpoint", "calls,nope", "--since", "0s", code=args[0] == "replay")[1]
            self.assertIn(f'warning: --endpoint: there is no endpoint "nope" in {self.place.config}\n', said)
            self.assertNotIn('"calls"', said)

    def test_a_hook_that_runs_is_shown_with_its_beginning_and_its_process(self):
        with open(self.hook, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\necho $$ >{self.out}/pid.new\nmv {self.out}/pid.new {self.out}/pid\n"
                    f"while [ ! -e {self.out}/go ]; do sleep 0.1; done\n")
        self.site(runner=self.place.runner)
        self.addCleanup(self.place.kill_runners)
        event = self.deliver()
        self.eventually(lambda: os.path.exists(f"{self.out}/pid"), 20, "the hook runs")
        with open(f"{self.out}/pid", encoding="ascii") as f:
            pid = int(f.read())
        told = json.loads(self.cli("list", "--format", "json", "--hook", "running")[0])
        self.assertEqual((event, "running", 1, pid), (told["id"], told["hook"], told["attempts"], told["pid"]))
        self.assertNotIn("end", told)
        since = re.escape(told["started_at"])
        self.assertRegex(self.cli("show", event)[0], rf"(?m)^hook +running, attempt 1 since {since}, process {pid}$")
        with open(f"{self.out}/go", "w", encoding="ascii"):
            pass
        self.eventually(lambda: self.hooks() == [(event, "done", 1)], 20, "the hook is done")
        self.assertNotIn("pid", json.loads(self.cli("list", "--format", "json")[0]))

    def test_the_names_of_its_hooks_are_in_the_json_of_an_event(self):
        event = self.deliver()
        self.place.configure({"calls": {}}, runner=NO_RUNNER)
        self.deliver()
        told = [json.loads(line) for line in self.cli("list", "--format", "json")[0].splitlines()]
        self.assertEqual([["default"], []], [e["hooks"] for e in told])
        self.assertEqual(["default"], json.loads(self.cli("show", "--format", "json", event)[0])["hooks"])

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


class Hostile(VerbCase):
    """What a stranger or a sender wrote, as JSON on a terminal."""

    TEXT = f"Mozilla{UNSHOWN}2J é\u05d0"

    def told(self, *args):
        """The objects; the same bytes go to a pipe."""
        text, _ = self.cli(*args, "--format", "json")
        seen = Terminal([self.place.cli, *args, "--format", "json"], self.place.env(TERM="xterm")).end()
        self.assertEqual(text, seen.replace("\r\n", "\n"))
        self.assertEqual(set(), set(UNSHOWN) & set(seen))
        self.assertIn("é\u05d0", seen)
        return [json.loads(line) for line in text.splitlines()]

    def test_no_json_of_a_delivery_holds_what_a_terminal_obeys_and_its_values_stay(self):
        body = json.dumps({"transcript_id": "tr-1", "status": "completed", "text": self.TEXT}, ensure_ascii=False)
        answer = run_cgi(self.place, body.encode(), HTTP_USER_AGENT=self.TEXT)
        self.assertEqual(200, answer.status, answer.raw)
        for args in (("list",), ("tail",), ("show", "tr-1")):
            (event,) = self.told(*args)
            self.assertEqual(self.TEXT, event["user_agent"])
        self.assertEqual(body, event["body"])
        self.assertIn(self.TEXT, self.journal()[0]["user_agent"])
        (segment,) = records.segments(self.place.spool)
        with open(segment, "rb") as f:
            self.assertIn("\u202e".encode(), f.read())

    def test_no_json_of_a_refused_request_holds_what_a_terminal_obeys(self):
        self.assertEqual(401, run_cgi(self.place, b"{}", secret="wrong", HTTP_USER_AGENT=self.TEXT).status)
        (entry,) = self.told("rejected", "list")
        self.assertEqual(self.TEXT, entry["user_agent"])

    def test_no_json_of_an_attempt_holds_what_a_terminal_obeys(self):
        with open(self.hook, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\nprintf '%s' '{self.TEXT}'\n")
        event = self.deliver()
        self.once()
        (attempt,) = self.told("show", "--attempts", event)
        self.assertEqual(self.TEXT, attempt["stdout"])

    def test_a_body_that_disguises_itself_is_shown_escaped(self):
        event = self.deliver(body='{"status": "\u202edetelpmoc"}'.encode())
        shown = Terminal([self.place.cli, "show", event], self.place.env(TERM="xterm")).end()
        self.assertIn("\\xe2\\x80\\xaedetelpmoc", shown)
        self.assertNotIn("\u202e", shown)


class Show(VerbCase):
    def test_the_attempts_and_their_output(self):
        event = self.deliver()
        self.code(3)
        self.once()
        told = self.cli("show", event)[0]
        self.assertRegex(told, r"(?m)^hook +retrying, attempt 1: exit 3$")
        self.assertRegex(told, r"(?m)^attempt 1 .* exit 3 .* retrying at ")
        self.assertIn("    to stdout \\x1b[31m\n", told)
        self.assertIn("    to stderr\n", told)
        runs = [json.loads(line) for line in self.cli("show", "--attempts", "--format", "json", event)[0].splitlines()]
        self.assertEqual([("attempt", event, "calls", 1, "retrying", "exit", 3)],
                         [tuple(r[m] for m in ("type", "id", "endpoint", "attempt", "hook", "end", "code")) for r in runs])
        self.assertEqual("to stdout \x1b[31m\n", runs[0]["stdout"])

    def test_an_event_has_the_same_members_in_list_and_show(self):
        event = self.deliver("tr-1")
        self.code(3)
        self.once()
        shown = json.loads(self.cli("show", "--format", "json", event)[0])
        listed = json.loads(self.cli("list", "--format", "json")[0])
        self.assertEqual(transcript("tr-1").decode(), shown.pop("body"))
        self.assertEqual(listed, shown)
        self.assertEqual(("event", "retrying", 1, "exit", 3),
                         tuple(shown[m] for m in ("type", "hook", "attempts", "end", "code")))

    def test_a_person_who_asked_for_more_attempts_is_seen_between_them(self):
        event = self.deliver()
        self.code(1)
        self.once()
        self.cli("retry", event)
        self.code(0)
        self.once()
        self.cli("replay", event)
        self.once()
        lines = [line[:9].strip() for line in self.cli("show", "--attempts", event)[0].splitlines() if line[0] != " "]
        self.assertEqual(["attempt 1", "asked for", "attempt 1", "asked for", "attempt 1"], lines)

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

    def test_curl_s_command_makes_one_request_whatever_the_query_holds_and_runs_in_any_folder(self):
        receiver = Scripted(lambda _: reply(200))
        self.addCleanup(receiver.stop)
        folder = os.path.dirname(self.place.config)
        secret = os.path.relpath(self.place.secret_file("calls"), folder)
        self.site(url=f"{receiver.url}/hook/calls", **{"secret-files": [secret]})
        query = "a=[1-50]&b={x,y}"
        answer = run_cgi(self.place, RAW, query=query)
        self.assertEqual(200, answer.status, answer.raw)
        command = self.cli("show", "--curl", json.loads(answer.body)["id"])[0]
        for cwd in ("/", self.place.worker_folder("elsewhere"), folder):
            done = subprocess.run(["/bin/sh", "-c", command], cwd=cwd, capture_output=True, check=False, timeout=60,
                                  env={"PATH": f"{os.path.dirname(self.place.cli)}:/usr/bin:/bin"})
            self.assertEqual((0, b""), (done.returncode, done.stderr))
            (request,) = receiver.requests
            self.assertEqual(f"/hook/calls?{query}", request.target)
            self.assertIn((HEADER, SECRET), request.headers)
            receiver.requests.clear()


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
                                                       e["done"], e["given_up"]))
        self.assertNotIn("dead", e)
        self.assertEqual((1, 1, 0), (n["dead_letters"], n["refused"]["files"], n["quarantine"]["files"]))
        self.assertFalse(n["runner"])
        journal = os.path.join(self.place.spool, "log")
        self.assertEqual(sum(os.path.getsize(os.path.join(journal, f)) for f in os.listdir(journal)),
                         n["journal"]["bytes"])
        told = self.cli("stats")[0]
        self.assertRegex(told, r"(?m)^hook +calls: now 2 events waiting, 1 of them begun$")
        self.assertRegex(told, r"(?m)^ +since the beginning 1 done, 1 given up, 0 dropped; 2 attempts failed, 0 lost$")
        self.assertRegex(told, r"(?m)^journal +1 file, \d+ bytes$")
        self.assertEqual(1, told.count("dead"))

    def test_limits_are_for_cron(self):
        self.cli("stats", "--max-age", "0s", "--max-dead", "0")
        self.deliver()
        self.cli("stats", "--max-age", "1h")
        self.eventually(lambda: self.numbers()["endpoints"][0]["oldest_seconds"] >= 1, 20, "a second goes by")
        self.assertRegex(self.cli("stats", "--max-age", "0s", code=1)[1],
                         r"an event has waited \d+ seconds? for its hook \(at most 0 seconds\)")
        self.code(65)
        self.once()
        self.cli("stats", "--max-dead", "1")
        told, said = self.cli("stats", "--format", "json", "--max-dead", "0", code=1)
        self.assertEqual(1, json.loads(told)["dead_letters"])
        self.assertRegex(said, r"\Astenohook: 1 dead letter \(at most 0\): 'stenohook list --hook dead' shows it\n\Z")
        self.assertEqual(("", ""), self.cli("stats", "-q", "--max-dead", "1"))
        self.assertEqual((said.replace("stenohook: ", "", 1), ""), self.cli("stats", "-q", "--max-dead", "0", code=1))
        self.cli("stats", "-q", code=2)
        self.cli("stats", "-q", "--format", "json", "--max-dead", "0", code=2)
        self.cli("stats", "--max-age", "soon", code=2)
        self.cli("stats", "--max-dead", "-1", code=2)
        self.cli("stats", "--format", "xml", code=2)

    def test_orders_that_wait_for_the_runner_are_told(self):
        for _ in range(3):
            self.deliver()
        self.assertEqual(0, self.numbers()["orders"])
        self.assertNotIn("orders", self.cli("stats")[0])
        self.cli("drop", "--hook", "waiting", "--yes")
        self.assertEqual((3, 0), (self.numbers()["orders"], self.numbers()["endpoints"][0]["dropped"]))
        self.assertRegex(self.cli("stats")[0], r"(?m)^orders +3 of replay, retry or drop not carried out yet$")
        self.once()
        self.assertEqual((0, 3), (self.numbers()["orders"], self.numbers()["endpoints"][0]["dropped"]))

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
        """Those of the last month, as of somebody who never had a runner."""
        spool = os.path.join(self.place.run, "spool")
        self.cli("init", "--user", worker().pw_name, "--spool", spool, "--config",
                 os.path.join(self.place.folder, "init", "other.conf"))
        subprocess.run([self.place.copied("tests/tools/history"), spool, "20"], check=True,
                       capture_output=True, cwd="/", **as_worker())
        self.place.spool = spool
        self.site(runner=self.place.runner)
        told = self.cli("check")[0]
        self.assertRegex(told, r"(?m)^warning: 20 events wait for hooks, the oldest for (29|30) days, and no runner")
        self.assertIn(f" * {self.place.cli} --config {self.place.config} run --once", told)
        self.cli("drop", "--since", "60d", "--yes")
        self.eventually(lambda: self.cli("check")[0] == "", 30, "all are dropped")
        self.assertEqual([], self.ran())


class Programs(VerbCase):
    def test_a_program_that_is_not_there_is_named(self):
        self.assertIn(NO_RUNNER, self.cli("run", "--once", code=1)[1])
        self.assertIn("the program stenohook-remote is not installed: put it ", self.cli("send", "--help", code=1)[1])

    def test_a_sandbox_that_is_not_there_is_named(self):
        if os.path.exists("/usr/local/libexec/stenohook/stenohook-sandbox.fcgi"):
            lacking("place without a sandbox: stenohook is installed")
        told = self.cli("sandbox", "--help", code=1)[1]
        self.assertIn("the program stenohook-sandbox.fcgi is not installed: put it ", told)

    def test_help_passes_through(self):
        self.site(runner=self.place.runner)
        self.assertIn("usage: stenohook-run", self.cli("run", "--help")[0])
        self.assertIn("usage: stenohook-run", self.cli("help", "run")[0])


if __name__ == "__main__":
    unittest.main()
