# SPDX-License-Identifier: MIT
"""Rejected deliveries: looked at, and recorded after all, once each."""
import json
import os
import signal
import subprocess
import uuid

from cases import PlaceCase, ServerCase
from fastcgi import run_cgi
from place import as_worker
from records import body_of
from sender import Sender, transcript

WRONG = "another-secret"
NO_RUNNER = "/nonexistent/stenohook-run"


class RejectedCase(PlaceCase):
    """Each test begins with empty boxes."""

    endpoints = {"calls": {"body-max": "64K"}, "limited": {"allow-from": ["192.0.2.1"]}}

    def setUp(self):
        self.place.write_config(self.place.good)
        for box in ("refused", "quarantine"):
            for name in self.files(box):
                path = os.path.join(self.place.spool, box, name)
                (os.rmdir if os.path.isdir(path) and not os.path.islink(path) else os.unlink)(path)

    def files(self, box):
        return [n for n in os.listdir(os.path.join(self.place.spool, box)) if n != "usage"]

    def rejected(self, *args, code=0, raw=False, **how):
        """stdout and stderr."""
        done = subprocess.run([self.place.cli, "rejected", *args], env=self.place.env(), capture_output=True, cwd="/",
                              check=False, timeout=120, **how)
        self.assertEqual(code, done.returncode, f"{args}\n{done.stdout}\n{done.stderr}")
        return (done.stdout if raw else done.stdout.decode()), done.stderr.decode()

    def listed(self, *args, code=0):
        return [json.loads(line) for line in self.rejected("list", "--format", "json", *args, code=code)[0].splitlines()]

    def refuse(self, status, body=None, subject=None, **how):
        """A delivery that is answered with that status; the transcript's id."""
        subject = subject or str(uuid.uuid4())
        answer = run_cgi(self.place, transcript(subject) if body is None else body, **how)
        self.assertEqual(status, answer.status, answer.raw)
        return subject

    def accepted_once(self, subject, body=None):
        records = self.found(subject)
        self.assertEqual(1, len(records))
        self.assertEqual("rejected", records[0]["via"])
        self.assertEqual(body or transcript(subject), body_of(records[0]))
        return records[0]


class Look(RejectedCase):
    def test_nothing_is_listed_where_nothing_was_rejected(self):
        self.assertEqual(("", ""), self.rejected("list"))

    def test_a_line_says_what_came_and_why_it_was_refused(self):
        subject = self.refuse(401, secret=WRONG, query="customer_id=7")
        line = self.rejected("list")[0]
        for part in ("refused", "unauthorized", "calls", "transcript", "completed", subject):
            self.assertIn(part, line)
        entry, = self.listed()
        self.assertEqual(("refused", "unauthorized", "calls", "customer_id=7", subject, True),
                         (entry["box"], entry["reason"], entry["endpoint"], entry["query"], entry["transcript_id"],
                          entry["complete"]))
        self.assertEqual([entry["name"]], self.files("refused"))

    def test_the_oldest_comes_first_and_filters_choose(self):
        subjects = [self.refuse(401, secret=WRONG), self.refuse(404, endpoint="nobody"),
                    self.refuse(403, endpoint="limited")]
        self.assertEqual(subjects, [e["transcript_id"] for e in self.listed()])
        for args, chosen in ((("--box", "refused"), [0, 1]), (("--box", "quarantine"), [2]),
                             (("--reason", "unauthorized,address"), [0, 2]), (("--endpoint", "nobody"), [1]),
                             (("--since", "1h"), [0, 1, 2]), (("--until", "1h"), [])):
            with self.subTest(args=args):
                self.assertEqual([subjects[i] for i in chosen], [e["transcript_id"] for e in self.listed(*args)])

    def test_an_entry_is_shown_by_its_name_its_beginning_and_the_transcript(self):
        subject = self.refuse(401, secret=WRONG)
        name = self.listed()[0]["name"]
        for wanted in (name, name[:8], "refused/" + name[:8], subject):
            with self.subTest(wanted=wanted):
                told, _ = self.rejected("show", wanted)
                self.assertIn("unauthorized", told)
                self.assertTrue(told.endswith("\n\n" + transcript(subject).decode() + "\n"))
                self.assertEqual(transcript(subject), self.rejected("show", "--raw", wanted, raw=True)[0])
        self.rejected("show", "ffffffffffffffffff", code=1)

    def test_a_name_that_fits_several_entries_lists_them(self):
        for _ in range(17):
            self.refuse(401, secret=WRONG)
        names = self.files("refused")
        first = next(n[0] for n in names if sum(m[0] == n[0] for m in names) > 1)
        told, said = self.rejected("show", first, code=1)
        self.assertEqual("", told)
        for name in names:
            self.assertEqual(name[0] == first, name in said)

    def test_hostile_bytes_reach_no_terminal(self):
        body = b'{"a":"\x1b[31m\xc2\x9b\xff"}'
        self.refuse(401, body=body, secret=WRONG, query="q=%1b", HTTP_USER_AGENT="x\x1b]0;y\x07")
        for told in (self.rejected("list", raw=True)[0], self.rejected("list", "--format", "json", raw=True)[0],
                     self.rejected("show", self.files("refused")[0], raw=True)[0]):
            self.assertNotIn(b"\x1b", told)
            self.assertNotIn(b"\x9b", told)
        self.assertEqual(body, self.rejected("show", "--raw", self.files("refused")[0], raw=True)[0])

    def test_wrong_use_is_told(self):
        for args in ((), ("frob",), ("list", "x"), ("list", "--all"), ("list", "--raw"), ("show",), ("show", "a", "b"),
                     ("show", "--as", "calls", "a"), ("list", "--box", "x"), ("list", "--reason", "x"), ("show", ""),
                     ("accept",), ("accept", "--yes"), ("accept", "a", "--all"), ("accept", "--all", "--as", "x")):
            with self.subTest(args=args):
                told, said = self.rejected(*args, code=2)
                self.assertEqual("", told)
                self.assertTrue(said.startswith("stenohook: "), said)


class Accept(RejectedCase):
    def test_a_wrong_secret(self):
        subject = self.refuse(401, secret=WRONG, query="customer_id=7&customer_id=8")
        entry, = self.listed()
        told, _ = self.rejected("accept", entry["name"][:8])
        record = self.accepted_once(subject)
        self.assertIn(f"recorded     {record['id']}", told)
        self.assertEqual(("calls", "customer_id=7&customer_id=8", entry["received_at"], "127.0.0.1"),
                         (record["endpoint"], record["query"], record["received_at"], record["remote_addr"]))
        self.assertEqual([], self.files("refused"))
        self.place.stenohook("verify")

    def test_a_foreign_address(self):
        subject = self.refuse(403, endpoint="limited")
        self.rejected("accept", subject)
        self.assertEqual("limited", self.accepted_once(subject)["endpoint"])
        self.assertEqual([], self.files("quarantine"))

    def test_an_unknown_endpoint_needs_to_be_told_which_one_was_meant(self):
        subject = self.refuse(404, endpoint="cals")
        _, said = self.rejected("accept", subject, code=1)
        self.assertIn("--as", said)
        self.assertEqual([], self.found(subject))
        self.rejected("accept", subject, "--as", "calls")
        self.assertEqual("calls", self.accepted_once(subject)["endpoint"])

    def test_an_endpoint_that_was_configured_since_needs_no_more_words(self):
        subject = self.refuse(404, endpoint="later")
        self.place.write_config(self.place.good + self.place.endpoint_text("later", {}))
        self.rejected("accept", subject)
        self.assertEqual("later", self.accepted_once(subject)["endpoint"])

    def test_a_token_that_was_not_known_as_one_is_not_recorded(self):
        subject = self.refuse(404, endpoint="later", query="token=hush&n=1")
        self.place.write_config(self.place.good + self.place.endpoint_text("later", {"auth-query": "token"}))
        self.rejected("accept", subject)
        self.assertEqual("n=1", self.accepted_once(subject)["query"])

    def test_valid_json_of_unknown_shape(self):
        body = b'{"n": "\xff\xfe"}'
        self.refuse(401, body=body, secret=WRONG)
        before = len(self.journal())
        self.rejected("accept", "--all", "--yes")
        record, = self.journal()[before:]
        self.assertEqual(("unknown", body), (record["kind"], body_of(record)))

    def test_what_is_no_event_stays_and_says_why(self):
        self.refuse(400, body=b"no json")
        self.refuse(503, body=b'{"transcript_id": "t1", "sta')
        self.refuse(503, body=b'{"a": 1}', CONTENT_LENGTH="20")
        self.refuse(413, body=b'"' + b"x" * 70000 + b'"')
        before = len(self.journal())
        told, said = self.rejected("accept", "--all", "--yes", code=1)
        self.assertEqual("", told)
        for why in ("is not JSON", "ends too early", "cut off on the way", "only the first 65536 of the 70002 bytes"):
            self.assertIn(why, said)
        self.assertEqual(before, len(self.journal()))
        self.assertEqual(4, len(self.files("quarantine")))

    def test_a_body_beyond_the_endpoint_s_limit_waits_until_that_is_raised(self):
        body = json.dumps({"transcript_id": str(uuid.uuid4()), "status": "completed", "x": "y" * 66000}).encode()
        self.refuse(401, body=body, secret=WRONG, REMOTE_ADDR="44.238.19.20")
        _, said = self.rejected("accept", "--all", "--yes", code=1)
        self.assertIn("body-max", said)
        self.place.write_config(self.place.good.replace("64K", "128K"))
        self.rejected("accept", "--all", "--yes")
        self.accepted_once(json.loads(body)["transcript_id"], body)

    def test_several_need_a_yes_and_a_dry_run_does_nothing(self):
        subjects = [self.refuse(401, secret=WRONG) for _ in range(3)]
        _, said = self.rejected("accept", "--reason", "unauthorized", code=2)
        self.assertIn("3 deliveries", said)
        told, _ = self.rejected("accept", "--all", "--dry-run")
        self.assertEqual(subjects, [s for line in told.splitlines() for s in subjects if s in line])
        self.assertEqual(3, len(self.files("refused")))
        self.assertEqual([], [r for s in subjects for r in self.found(s)])

    def test_only_what_the_filter_lets_through(self):
        wrong, foreign = self.refuse(401, secret=WRONG), self.refuse(403, endpoint="limited")
        self.rejected("accept", "--endpoint", "limited")
        self.accepted_once(foreign)
        self.assertEqual([], self.found(wrong))
        self.assertEqual(1, len(self.files("refused")))

    def test_an_entry_that_comes_again_is_on_record_already(self):
        subject = self.refuse(401, secret=WRONG)
        self.rejected("accept", subject)
        self.refuse(401, subject=subject, secret=WRONG)
        told, _ = self.rejected("accept", subject)
        self.assertIn("on record", told)
        self.accepted_once(subject)
        self.assertEqual([], self.files("refused"))

    def test_the_sender_s_own_retry_came_first(self):
        subject = self.refuse(401, secret=WRONG)
        self.refuse(200, subject=subject)
        told, said = self.rejected("accept", "--all", "--yes")
        self.assertIn("on record", told)
        self.assertIn("0 recorded, 1 on record before", said)
        self.assertEqual([None], [r.get("via") for r in self.found(subject)])
        self.assertEqual([], self.files("refused"))

    def test_the_sender_s_own_retry_comes_later(self):
        subject = self.refuse(401, secret=WRONG)
        self.rejected("accept", subject)
        self.refuse(200, subject=subject)
        self.accepted_once(subject)

    def test_one_delivery_in_both_boxes_is_one_event(self):
        subject = self.refuse(401, endpoint="limited", secret=WRONG)
        self.refuse(403, subject=subject, endpoint="limited")
        self.rejected("accept", "--yes", subject)
        self.accepted_once(subject)
        self.assertEqual([], self.files("refused") + self.files("quarantine"))

    def test_nothing_to_accept(self):
        told, said = self.rejected("accept", "--all", "--yes")
        self.assertEqual(("", "0 recorded, 0 on record before, 0 not accepted\n"), (told, said))
        self.rejected("accept", "abc", code=1)

    def test_without_space_all_stays_as_it_is(self):
        subject = self.refuse(401, secret=WRONG)
        self.place.write_config('free-space-min = "1024G"\n' + self.place.good)
        self.rejected("accept", subject, code=4)
        self.assertEqual([], self.found(subject))
        self.assertEqual(1, len(self.files("refused")))

    def test_killed_half_way_it_is_run_again(self):
        subjects = [self.refuse(401, secret=WRONG) for _ in range(40)]
        command = [self.place.cli, "rejected", "accept", "--all", "--yes"]
        with subprocess.Popen(command, env=self.place.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              cwd="/") as process:
            process.stdout.read(1)
            process.send_signal(signal.SIGKILL)
        self.rejected("accept", "--all", "--yes")
        for subject in subjects:
            self.accepted_once(subject)
        self.assertEqual([], self.files("refused"))
        self.place.stenohook("verify")


class Hostile(RejectedCase):
    def put(self, box, name, content):
        path = os.path.join(self.place.spool, box, name)
        with open(path, "wb") as f:
            f.write(content)
        self.place.give(path)

    def test_files_that_are_no_whole_entries_are_told_and_left(self):
        subject = self.refuse(401, secret=WRONG)
        good = self.files("refused")[0]
        with open(os.path.join(self.place.spool, "refused", good), "rb") as f:
            whole = f.read()
        name = [f"{i:040x}.box" for i in range(12)]
        self.put("refused", name[0], b"")
        self.put("refused", name[1], whole[:50])
        self.put("refused", name[2], whole[:-1])
        self.put("refused", name[3], whole + b"x")
        self.put("refused", name[4], bytes(len(whole)))
        self.put("refused", name[5], b"x" * (9 << 20))
        self.put("quarantine", name[6], whole.replace(b'"box":1', b'"box":2'))
        self.put("quarantine", name[7], whole.replace(b'"kept":', b'"kept":9'))
        os.mkfifo(os.path.join(self.place.spool, "refused", name[8]))
        os.symlink("/etc/passwd", os.path.join(self.place.spool, "refused", name[9]))
        os.mkdir(os.path.join(self.place.spool, "refused", name[10]))
        self.put("refused", "no\x1bentry", whole)
        self.put("refused", ".tmp-1-1", whole[:20])
        told, said = self.rejected("list", code=1)
        self.assertEqual(1, len(told.splitlines()))
        for wrong in name[:11]:
            self.assertIn(wrong, said)
        self.assertNotIn("\x1b", said)
        self.rejected("accept", "--all", "--yes", code=1)
        self.accepted_once(subject)
        self.assertEqual(12, len(self.files("refused")) - 1 + len(self.files("quarantine")))

    def test_a_body_that_was_altered_is_not_recorded(self):
        subject = self.refuse(401, secret=WRONG)
        path = os.path.join(self.place.spool, "refused", self.files("refused")[0])
        with open(path, "r+b") as f:
            f.seek(-4, os.SEEK_END)
            f.write(b"\0")
        _, said = self.rejected("accept", "--all", "--yes", code=1)
        self.assertIn("is not accepted", said)
        self.assertEqual([], self.found(subject))
        self.assertEqual(1, len(self.files("refused")))


class Rotation(ServerCase):
    """The mishap that the boxes are for: a new secret that the server does not have yet."""

    mode = "lighttpd-cgi"
    COUNT = 50

    def test_fifty_refused_deliveries_become_events_whose_hooks_run_once_each(self):
        out = self.place.worker_folder("out")
        hook = os.path.join(self.place.folder, "hook")
        with open(hook, "w", encoding="ascii") as f:
            f.write(f'#!/bin/sh\necho "$STENOHOOK_TRANSCRIPT_ID" >>"{out}/ran"\n')
        os.chmod(hook, 0o755)
        self.place.configure({"calls": {"hook": [hook]}}, runner=NO_RUNNER)
        sender = Sender(value="new-secret")
        subjects = [str(uuid.uuid4()) for _ in range(self.COUNT)]
        for subject in subjects:
            self.assertEqual(401, sender.deliver(self.server.url("calls"), transcript(subject)).status_code)
        self.assertEqual([], self.journal())
        self.place.secret_file("calls", "new-secret\n")
        self.place.stenohook("rejected", "accept", "--reason", "unauthorized", "--yes")
        self.assertEqual(sorted(subjects), sorted(r["transcript_id"] for r in self.journal()))
        self.assertEqual({"rejected"}, {r["via"] for r in self.journal()})
        self.assertEqual([["default"]] * len(self.journal()), [r["hooks"] for r in self.journal()])
        self.assertEqual([], self.box("refused"))
        subprocess.run([self.place.runner, "--config", self.place.config, "--once"], env=self.place.env(), check=True,
                       cwd="/", timeout=120, **as_worker())
        with open(os.path.join(out, "ran"), encoding="ascii") as f:
            self.assertEqual(sorted(subjects), sorted(f.read().split()))

    def test_the_runner_is_started(self):
        out = self.place.worker_folder("out2")
        hook = os.path.join(self.place.folder, "hook2")
        with open(hook, "w", encoding="ascii") as f:
            f.write(f'#!/bin/sh\necho "$STENOHOOK_TRANSCRIPT_ID" >>"{out}/ran"\n')
        os.chmod(hook, 0o755)
        self.place.configure({"calls": {"hook": [hook], "secret": "right"}}, runner=self.place.runner)
        self.addCleanup(self.place.kill_runners)
        subject = str(uuid.uuid4())
        Sender(value="wrong").deliver(self.server.url("calls"), transcript(subject))
        self.place.stenohook("rejected", "accept", subject)
        ran = os.path.join(out, "ran")
        self.eventually(lambda: os.path.exists(ran) and os.path.getsize(ran) > 0, 20, "the hook runs")
        with open(ran, encoding="ascii") as f:
            self.assertIn(subject, f.read())
