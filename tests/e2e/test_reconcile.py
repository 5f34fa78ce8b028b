# SPDX-License-Identifier: MIT
"""reconcile: transcripts whose webhook never arrived are on record once, with their parameters, and their hooks run."""
import collections
import datetime
import fcntl
import json
import os
import signal
import subprocess
import threading
import time
import uuid

from fastcgi import Gateway, run_cgi
from place import SECRET, as_worker, free_port, wait_until
from reconciling import DAY, KEY, NO_RUNNER, OTHER, PARALLEL, URL, ReconcileCase, iso
from sandbox import Sandbox
from scripted import reply
from sender import transcript


class Recording(ReconcileCase):
    def test_what_is_missing_is_recorded_as_the_webhook_would_have_been(self):
        api = self.api()
        done = api.add(webhook_url=URL + "?customer=7&tag=a&tag=b%20c")
        failed = api.add(status="error", error="no speech")
        run = self.reconcile(api)
        self.assertEqual([done, failed], sorted(self.recorded(run), key=[done, failed].index))
        self.assertIn("2 transcripts listed: 2 recorded, 0 on record before, 0 not for us", run.err)
        (record,) = self.found(done)
        self.assertEqual(("calls", "transcript", "completed", "reconciled"),
                         (record["endpoint"], record["kind"], record["status"], record["via"]))
        self.assertEqual([], record["hooks"])
        self.assertEqual("customer=7&tag=a&tag=b%20c", record["query"])
        self.assertEqual({"customer": "7", "tag": ["a", "b c"]}, record["params"])
        self.assertEqual(transcript(done).decode(), record["body"])
        self.assertEqual("error", self.found(failed)[0]["status"])
        again = self.reconcile(api)
        self.assertEqual("", again.out)
        self.assertIn("0 recorded, 2 on record before", again.err)
        self.assertEqual(2, len(api.asked()), "what is on record was asked for")

    def test_a_webhook_before_or_after_is_the_same_event(self):
        api = self.api()
        before, after = api.add(), api.add(webhook_url=URL + "?a=1")
        answer = run_cgi(self.place, transcript(before), query="a=2")
        self.assertIs(False, json.loads(answer.body)["duplicate"])
        run = self.reconcile(api)
        self.assertEqual([after], self.recorded(run))
        self.assertNotIn(before, api.asked())
        answer = run_cgi(self.place, transcript(after), query="a=1")
        self.assertEqual((200, True), (answer.status, json.loads(answer.body)["duplicate"]))
        self.assertEqual(1, len(self.found(before)))
        self.assertEqual(1, len(self.found(after)))

    def test_only_webhooks_to_our_endpoints_are_taken(self):
        api = self.api()
        for foreign in (None, "http://deleted_by_user", "https://hooks.example.com/", URL + "/x", URL + "x",
                        URL.replace("https", "http"), URL.replace(".com", ".com:8443"), URL.replace(".com", ".com.evil.org"),
                        URL.replace("//", "//user@"), "https://evil.org/?" + URL, "\x00" + URL, "not a url"):
            api.add(webhook_url=foreign)
        mine = {api.add(webhook_url=url) for url in (URL, URL + "?x=1", URL.replace("hooks.example.com", "HOOKS.Example.com:443"))}
        run = self.reconcile(api)
        self.assertEqual(mine, set(self.recorded(run)))
        self.assertIn("15 transcripts listed: 3 recorded, 0 on record before, 12 not for us", run.err)

    def test_only_the_endpoint_that_is_named_is_looked_at(self):
        api = self.api()
        mine, its = api.add(), api.add(webhook_url=OTHER)
        run = self.reconcile(api, "--endpoint", "other")
        self.assertEqual([its], self.recorded(run))
        self.assertEqual("other", self.found(its)[0]["endpoint"])
        self.assertEqual([], self.found(mine))
        self.assertEqual([mine], self.recorded(self.reconcile(api, "--endpoint", "calls")))
        self.reconcile(api, "--endpoint", "nobody", code=2)

    def test_only_finished_transcripts_are_taken(self):
        api = self.api()
        for status in ("queued", "processing", "", "redacted_audio_ready", "Completed"):
            api.add(status=status)
        late = api.add()
        api.whole[late]["status"] = "processing"
        run = self.reconcile(api)
        self.assertEqual("", run.out)
        self.assertEqual([late], api.asked())
        self.assertIn("6 not finished", run.err)

    def test_a_dry_run_records_nothing(self):
        api = self.api()
        missing = api.add()
        run = self.reconcile(api, "--dry-run")
        self.assertRegex(run.out, rf"^would record +- +calls  completed  {missing}\n$")
        self.assertIn("1 would be recorded", run.err)
        self.assertEqual([], self.found(missing))
        self.assertEqual([missing], self.recorded(self.reconcile(api)))

    def test_json_is_one_object_a_line(self):
        api = self.api()
        missing = api.add(webhook_url=URL + '?a="é')
        (line,) = self.reconcile(api, "--format", "json", "--dry-run").out.splitlines()
        expected = {"outcome": "would record", "endpoint": "calls", "transcript_id": missing, "status": "completed",
                    "query": "a=%22%C3%A9"}
        self.assertEqual(expected, json.loads(line))
        (line,) = self.reconcile(api, "--format", "json").out.splitlines()
        (record,) = self.found(missing)
        self.assertEqual({**expected, "outcome": "recorded", "id": record["id"]}, json.loads(line))
        self.assertEqual("a=%22%C3%A9", record["query"])
        self.reconcile(api, "--format", "xml", code=2)

    def test_many_pages_are_walked_and_the_key_goes_to_no_address_of_an_answer(self):
        api = self.api(page=7)
        ids = [api.add() for _ in range(50)]
        self.assertEqual(set(ids), set(self.recorded(self.reconcile(api))))
        self.assertEqual(8, sum("?" in r.target for r in api.server.requests))
        self.assertEqual({KEY}, {v for r in api.server.requests for n, v in r.headers if n == "Authorization"})

    def test_the_token_of_auth_query_is_not_recorded(self):
        with Sited(self, {"calls": {"url": URL, "auth-query": "token"}}):
            api = self.api()
            missing = api.add(webhook_url=f"{URL}?a=1&token={SECRET}&b=2")
            self.reconcile(api)
            (record,) = self.found(missing)
            self.assertEqual("a=1&b=2", record["query"])
            self.assertNotIn(SECRET, json.dumps(record))

    def test_an_endpoint_that_cannot_be_told_of_transcripts_is_a_fault_of_the_configuration(self):
        api = self.api()
        api.add()
        for keys in ({}, {"url": URL, "auth": "standard-webhooks"}, {"url": URL, "auth": "aai-signature"}):
            with Sited(self, {"calls": keys}):
                self.assertIn("requires a url", self.reconcile(api, code=3).err)
        self.assertEqual([], api.server.requests)


class Sited:
    """Another configuration for a while."""

    def __init__(self, case, endpoints, **globals_):
        self.place = case.place
        self.before = case.place.read_config()
        case.place.configure(endpoints, runner=NO_RUNNER, **globals_)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.place.write_config(self.before)


class LookingBack(ReconcileCase):
    def test_a_day_is_looked_back_unless_told_otherwise(self):
        api = self.api()
        ids = [api.add(created=iso(age)) for age in (23 * 3600, 25 * 3600, 3 * DAY, 8 * DAY)]
        self.assertEqual(ids[:1], self.recorded(self.reconcile(api)))
        self.assertCountEqual(ids[1:3], self.recorded(self.reconcile(api, "--since", "7d")))
        self.assertEqual(ids[3:], self.recorded(self.reconcile(api, "--since", iso(9 * DAY, "Z"))))
        for wrong in ("", "yesterday", "-1h", "24 h"):
            self.reconcile(api, "--since", wrong, code=2)

    def test_never_behind_keep_for_old_hooks_would_run_again(self):
        api = self.api()
        with Sited(self, self.endpoints, keep=f"{10 * DAY}s"):
            ids = [api.add(created=iso(age)) for age in (9 * DAY, 10 * DAY - 1800, 11 * DAY, 30 * DAY)]
            run = self.reconcile(api, "--since", "90d")
            self.assertEqual(ids[:1], self.recorded(run))
            self.assertIn("--since is longer ago than keep (", run.err)
            self.assertEqual(ids[:1], api.asked())
            self.assertNotIn("reaches back", self.reconcile(api, "--since", "9d").err)

    def test_a_time_in_any_form_is_understood(self):
        api = self.api()
        now = datetime.datetime.now(datetime.timezone.utc)
        zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
        recent, old = now - datetime.timedelta(minutes=30), now - datetime.timedelta(minutes=90)
        expected = set()
        for moment in (recent, old):
            for text in (moment.strftime("%Y-%m-%dT%H:%M:%S.%f"), moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         moment.strftime("%Y-%m-%d %H:%M:%S"), moment.isoformat(), moment.astimezone(zone).isoformat()):
                made = api.add(created=text)
                if moment is recent:
                    expected.add(made)
        self.assertEqual(expected, set(self.recorded(self.reconcile(api, "--since", "1h"))))

    def test_one_that_is_out_of_order_does_not_hide_those_behind_it(self):
        api = self.api(page=10)
        first, _, last = api.add(), api.add(created=iso(50 * DAY)), api.add()
        self.assertEqual([first, last], sorted(self.recorded(self.reconcile(api)), key=[first, last].index))

    def test_the_list_is_left_where_all_is_too_old(self):
        api = self.api()
        for _ in range(1000):
            api.add(created=iso(3 * DAY))
        self.reconcile(api)
        self.assertEqual(1, len(api.server.requests))


class Outages(ReconcileCase):
    """A sandbox that transcribes, and a gateway that is down."""

    COUNT = 200

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.out = cls.place.worker_folder("out")
        cls.port = free_port()
        cls.hook = os.path.join(cls.place.folder, "hook")
        with open(cls.hook, "w", encoding="ascii") as f:
            f.write(f'#!/bin/sh\necho "$STENOHOOK_TRANSCRIPT_ID" >>{cls.out}/ran\n')
        os.chmod(cls.hook, 0o755)
        cls.our_url = f"http://127.0.0.1:{cls.port}/hook/calls"
        cls.place.configure({"calls": {"url": cls.our_url, "hook": [cls.hook]}}, runner=cls.place.runner)
        cls.sandbox = Sandbox(delay_ms=0, attempts=1)
        cls.addClassCleanup(cls.sandbox.stop)

    def ran(self):
        path = os.path.join(self.out, "ran")
        if not os.path.exists(path):
            return collections.Counter()
        with open(path, encoding="ascii") as f:
            return collections.Counter(f.read().split())

    def finish(self, count):
        """So many transcripts whose webhooks found nobody."""
        ids = [self.sandbox.submit(webhook_url=f"{self.our_url}?customer={n}&text=a%20b") for n in range(count)]
        due = os.path.join(self.sandbox.state, "due")
        wait_until(lambda: not os.listdir(due), 60, "all webhooks were tried")
        return ids

    def hooks_ran_once(self, ids):
        # Then nothing is left that could run another time; the runner itself stays for a while.
        self.eventually(lambda: self.states() == {"done"}, 60, "all hooks are done")
        ran = self.ran()
        self.assertEqual({1}, {ran[i] for i in ids})

    def states(self):
        listed = self.place.stenohook("list", "--format", "json").splitlines()
        return {json.loads(line)["hook"] for line in listed}

    def test_all_that_finished_meanwhile_is_on_record_once_and_its_hooks_ran_once(self):
        ids = self.finish(self.COUNT)
        self.assertFalse(set(ids) & set(self.subjects()))
        run = self.reconcile(self.sandbox, key_file=self.sandbox.key_file)
        self.assertEqual(set(ids), set(self.recorded(run)))
        self.assertEqual(self.COUNT, len(self.recorded(run)))
        params = {r["transcript_id"]: r["params"] for r in self.journal()}
        for n, i in enumerate(ids):
            self.assertEqual({"customer": str(n), "text": "a b"}, params[i])
        again = self.reconcile(self.sandbox, key_file=self.sandbox.key_file)
        self.assertEqual("", again.out)
        self.assertIn(f"0 recorded, {self.COUNT} on record before", again.err)
        self.hooks_ran_once(ids)
        self.once_each(ids)

    def kill_at(self, events):
        """Runs it until it has told of so many events, and kills it there. Whether it was in time."""
        process = subprocess.Popen(self.command(self.sandbox, key_file=self.sandbox.key_file), env=self.place.env(),
                                   cwd="/", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        # A page holds fewer lines than there are events: it waits for us, however slow we are.
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        try:
            for _ in range(events):
                if not process.stdout.readline():
                    break
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        return process.returncode == -signal.SIGKILL

    def test_killed_anywhere_it_is_simply_run_again(self):
        killed = 0
        for events in (0, 1, 30, 90, 10 ** 6):
            ids = self.finish(100)
            killed += self.kill_at(events)
            run = self.reconcile(self.sandbox, key_file=self.sandbox.key_file)
            self.once_each(ids, f"killed at {events}: {run.err}")
            self.hooks_ran_once(ids)
        self.assertGreaterEqual(killed, 3, "none of the first three kills can be too late")

    def test_webhooks_may_arrive_meanwhile(self):
        ids = self.finish(self.COUNT)
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        new, lock = [], threading.Lock()

        def deliver(mine):
            for i in mine:
                answer = json.loads(gateway.post(transcript(i)).body)
                if not answer["duplicate"]:
                    with lock:
                        new.append(i)
        runs = []
        threads = [threading.Thread(target=deliver, args=(ids[k::3],), daemon=True) for k in range(3)]
        threads += [threading.Thread(target=lambda: runs.append(self.reconcile(self.sandbox, key_file=self.sandbox.key_file)), daemon=True)
                    for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(2, len(runs))
        told = sum((self.recorded(run) for run in runs), new)
        self.assertEqual(sorted(ids), sorted(told), "told as recorded by none or by two")
        self.once_each(ids)
        self.hooks_ran_once(ids)


class Trouble(ReconcileCase):
    """Answers that are busy, broken or hostile."""

    def tamper(self, script):
        """`script` maps an id or "list" to answers; the last one is for ever, None is the true one."""
        lock = threading.Lock()
        left = {name: list(answers) for name, answers in script.items()}

        def answer(target):
            answers = left.get("list" if "?" in target else target.rpartition("/")[2])
            with lock:
                return None if not answers else answers.pop(0) if len(answers) > 1 else answers[0]
        return answer

    def test_after_a_429_nothing_is_asked_before_the_pause_is_over(self):
        times, lock = [], threading.Lock()

        def tamper(target):
            with lock:
                busy = "?" not in target and not any(kind == "busy" for kind, _ in times)
                times.append(("busy" if busy else "asked", time.monotonic()))
            return reply(429, b"{}", "Retry-After: 2") if busy else None
        api = self.api(tamper=tamper)
        ids = [api.add() for _ in range(100)]
        run = self.reconcile(api)
        self.assertEqual(set(ids), set(self.recorded(run)))
        self.assertIn("a pause of 2 s; again in 2.0 s", run.err)
        busy = next(moment for kind, moment in times if kind == "busy")
        # What was under way already, or is asked before the answer has been read, may come a moment later.
        late = sorted(moment - busy for kind, moment in times if kind == "asked" and moment > busy)
        early = [moment for moment in late if moment < 1.9]
        self.assertLess(len(early), 3 * PARALLEL, f"{late}")
        self.assertTrue(all(moment < 0.5 for moment in early), f"{late}")
        self.assertEqual(len(ids) + 1, len(api.asked()))

    def test_a_pause_that_is_too_long_ends_it_and_what_came_is_on_record(self):
        busy = "busy"
        api = self.api(tamper=self.tamper({busy: [reply(429, b"{}", "Retry-After: 3600")]}))
        ids = [api.add() for _ in range(40)]
        api.add(busy)
        for _ in range(60):
            api.add()
        run = self.reconcile(api, code=4)
        self.assertIn("a pause of 3600 s", run.err)
        told = self.recorded(run)
        self.assertTrue(told and set(told) <= {t["id"] for t in api.items})
        self.once_each(told)
        self.assertLess(len(api.asked()), 100)
        api.tamper = lambda target: None
        told += self.recorded(self.reconcile(api))
        self.assertEqual(sorted(t["id"] for t in api.items), sorted(told))
        self.assertLess(set(ids[:1]), set(told))

    def test_what_fails_now_and_then_is_asked_for_again(self):
        odd = [str(uuid.uuid4()) for _ in range(3)]
        api = self.api(tamper=self.tamper({odd[0]: [reply(500, b"oops"), None], odd[1]: [reply(200, b'{"id"', length=900), None],
                                           odd[2]: [b"", None], "list": [reply(503), None]}))
        ids = [api.add(i) for i in odd] + [api.add() for _ in range(20)]
        self.assertEqual(set(ids), set(self.recorded(self.reconcile(api))))

    def test_a_key_that_is_refused_ends_it_at_once(self):
        api = self.api(tamper=lambda target: reply(401, b'{"error": "no such key"}'))
        api.add()
        self.assertIn("is the key right?", self.reconcile(api, code=3).err)
        self.assertEqual(1, len(api.server.requests))
        api.tamper = lambda target: None if "?" in target else reply(401)
        for _ in range(50):
            api.add()
        self.reconcile(api, code=3)
        self.assertLessEqual(len(api.asked()), PARALLEL)

    def test_an_api_that_is_not_there_is_a_failure_of_the_network(self):
        api = self.api()
        self.reconcile(type("Gone", (), {"url": f"http://127.0.0.1:{free_port()}"}), code=4)
        api.tamper = lambda target: reply(302, b"", "Location: http://127.0.0.1/")
        self.assertIn("redirect", self.reconcile(api, code=3).err)

    def test_one_that_makes_no_sense_is_told_and_does_not_keep_from_the_others(self):
        def whole(**members):
            return lambda i: reply(200, json.dumps({"id": i, "status": "completed", "webhook_url": URL, **members}).encode())
        bad = {
            "another": lambda i: whole()("somebody-else"),
            "no-json": lambda i: reply(200, b"<html>" + b"x" * 100000),
            "cut": lambda i: reply(200, json.dumps({"id": i, "status": "completed", "webhook_url": URL}).encode()[:-1]),
            "array": lambda i: reply(200, b"[]"),
            "empty": lambda i: reply(200, b""),
            "id-number": lambda i: reply(200, b'{"id": 5, "status": "completed"}'),
            "status-list": whole(status=["completed"]),
            "url-number": whole(webhook_url=5),
            "url-list": whole(webhook_url=[URL]),
            "url-huge": whole(webhook_url=URL + "?" + "x" * 20000),
            "url-control": whole(webhook_url=URL + "?a=\r\nX-Evil: 1\x1b[2J"),
            "url-nul": whole(webhook_url=URL + "?a=\x00"),
            "code-text": whole(webhook_status_code="200"),
            "twice": lambda i: reply(200, f'{{"id":"{i}","status":"completed","webhook_url":"{URL}","status":"error"}}'.encode()),
            "gone": lambda i: reply(404, b'{"error": "\x1b[31mgone"}'),
        }
        bad = {f"{name}-{uuid.uuid4()}": script for name, script in bad.items()}
        answers = {i: [script(i)] for i, script in bad.items()}
        api = self.api(tamper=self.tamper(answers))
        good = [api.add()] + [api.add(i) for i in bad] + [api.add()]
        run = self.reconcile(api, code=1)
        self.assertEqual({good[0], good[-1]}, set(self.recorded(run)))
        for i in bad:
            self.assertIn(f"{i} is skipped: ", run.err)
            self.assertEqual([], self.found(i))
        self.assertNotRegex(run.err + run.out, r"[\x00-\x08\x0b-\x1f\x7f]")
        self.assertIn(f"{len(bad)} skipped", run.err)

    def test_an_answer_without_end_is_passed_over(self):
        api = self.api(tamper=self.tamper({"endless": [reply(200, b'{"id":"endless","words":[' + b"1," * (40 << 20))]}))
        api.add("endless")
        good = api.add()
        run = self.reconcile(api, code=1)
        self.assertIn("endless is skipped", run.err)
        self.assertIn("larger than", run.err)
        self.assertEqual([good], self.recorded(run))

    def test_a_list_that_makes_no_sense_is_an_error(self):
        def page(*items, **more):
            return json.dumps({"page_details": {"prev_url": None}, "transcripts": list(items), **more}).encode()
        sound = {"id": "sound-" + str(uuid.uuid4()), "status": "completed", "created": iso(60)}
        before = self.place_files()
        for body in (b"", b"[]", b"{}", b"<html>", page()[:-1], page(transcripts={}), page(page_details=[]), page(page_details=None),
                     page(page_details={"prev_url": 5}), page(5), page(None), page({**sound, "id": "../../../etc/passwd"}),
                     page({**sound, "id": "a/b"}), page({**sound, "id": ".."}), page({**sound, "id": "x" * 129}),
                     page({**sound, "id": "a\x00b"}), page({**sound, "id": 5}), page({**sound, "created": "yesterday"}),
                     page({**sound, "created": None}), page({**sound, "status": None}), b'{"transcripts":' + b"[" * 100000):
            api = self.api(tamper=lambda target, body=body: reply(200, body))
            run = self.reconcile(api, code=1)
            self.assertRegex(run.err, "the API's (list|answer)", body[:200])
            self.assertEqual("", run.out)
            self.assertEqual(1, len(api.server.requests), body[:200])
        self.assertEqual(before, self.place_files())

    def place_files(self):
        """All names outside of the spool."""
        found = set()
        for folder, _, names in os.walk(self.place.folder):
            if not folder.startswith(self.place.spool):
                found |= {os.path.join(folder, name) for name in names}
        return found

    def test_a_list_that_turns_in_a_circle_ends(self):
        item = {"id": "same", "status": "queued", "created": iso(60)}
        body = json.dumps({"page_details": {"prev_url": "x"}, "transcripts": [item]}).encode()
        api = self.api(tamper=lambda target: reply(200, body))
        self.assertIn("repeats itself", self.reconcile(api, code=1).err)

    def test_what_a_list_named_before_it_broke_is_recorded(self):
        api = self.api(page=5)
        ids = [api.add() for _ in range(20)]
        api.tamper = lambda target: reply(200, b"{}") if f"before_id={ids[9]}" in target else None
        run = self.reconcile(api, code=1)
        self.assertEqual(set(ids[:10]), set(self.recorded(run)))


class Places(ReconcileCase):
    def test_a_journal_without_its_index_knows_what_it_holds(self):
        api = self.api()
        ids = [api.add() for _ in range(5)]
        self.assertEqual(set(ids), set(self.recorded(self.reconcile(api))))
        folder = os.path.join(self.place.spool, "idx")
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        self.assertEqual("", self.reconcile(api).out)
        self.once_each(ids)

    def test_no_runner_is_told_and_the_events_are_on_record(self):
        with Sited(self, {"calls": {"url": URL, "hook": ["/bin/true"]}}):
            api = self.api()
            missing = api.add()
            run = self.reconcile(api)
            self.assertEqual([missing], self.recorded(run))
            self.assertIn("hooks wait, because no runner could be started", run.err)

    def test_a_closed_output_ends_it_and_no_event_is_lost(self):
        api = self.api()
        ids = [api.add() for _ in range(30)]
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.command(api), env=self.place.env(), cwd="/", stdout=full, stderr=subprocess.PIPE,
                                  check=False, timeout=60)
        self.assertEqual(4, done.returncode, done.stderr)
        self.reconcile(api)
        self.once_each(ids)

    def test_as_the_owner_of_the_spool_it_is_the_same(self):
        api = self.api()
        missing = api.add()
        command = self.command(api, key_file=self.place.secret_file("key", KEY + "\n"))
        done = subprocess.run(command, env=self.place.env(), cwd="/", capture_output=True, check=False, timeout=60,
                              **as_worker())
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(1, len(self.found(missing)))
