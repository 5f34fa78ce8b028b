# SPDX-License-Identifier: MIT
"""What the gateway tells a person who has nothing but its address: the report, and the lines of the log."""
import json
import os
import subprocess
import time
import unittest
import uuid

from fastcgi import Gateway, run_cgi
from place import SECRET, Place, as_worker
from sender import transcript


class ReportCase(unittest.TestCase):
    endpoints = {"default": {}}

    def setUp(self):
        self.place = Place(self.endpoints)
        self.addCleanup(self.place.remove)

    def logs(self):
        return self.place.log_text()

    def log(self):
        path = os.path.join(self.place.spool, "stenohook.log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as f:
            return f.read()

    def get(self, secret=SECRET, method="GET", **env):
        env = {"PATH_INFO": None, "SCRIPT_NAME": "/cgi-bin/stenohook.cgi", "CONTENT_LENGTH": None, **env}
        return run_cgi(self.place, b"", REQUEST_METHOD=method, secret=secret, **env)


class Strangers(ReportCase):
    def test_who_shows_no_secret_learns_nothing_and_leaves_no_line(self):
        self.assertEqual(405, self.get(secret=None).status)
        self.assertEqual(405, self.get(secret=None, method="HEAD").status)
        self.assertEqual("", self.log())

    def test_a_browser_is_told_what_the_address_is_for(self):
        page = self.get(secret=None, HTTP_ACCEPT="text/html,application/xhtml+xml,*/*;q=0.8")
        self.assertEqual((405, "text/html; charset=utf-8"), (page.status, page.headers["content-type"]))
        self.assertIn(b"<p>This is a webhook address: it takes deliveries (POST) only.</p>", page.body)
        self.assertEqual({"status": "error", "error": "method not allowed"},
                         json.loads(self.get(secret=None, HTTP_ACCEPT="*/*").body))
        self.assertEqual("ok", json.loads(self.get(HTTP_ACCEPT="text/html").body)["status"])

    def test_a_wrong_secret_is_401_and_a_line(self):
        for method in ("GET", "HEAD"):
            self.assertEqual(401, self.get(secret="wrong", method=method).status)
        self.assertEqual(2, self.log().count('401 unauthorized, endpoint "default", from 127.0.0.1: X-Webhook-Secret does '
                                             f"not match the 1 secret (5 bytes given, {len(SECRET)} expected); health report"))
        self.assertEqual([], [n for n in os.listdir(os.path.join(self.place.spool, "refused")) if n.endswith(".box")])

    def test_wrong_secrets_by_get_and_by_post_are_counted_together(self):
        minute = None
        while minute != time.gmtime()[:5]:  # again if a minute has begun meanwhile
            minute = time.gmtime()[:5]
            for _ in range(15):
                self.get(secret="wrong")
                run_cgi(self.place, b"{}", secret="wrong", PATH_INFO=None)
        begin = "{:04}-{:02}-{:02}T{:02}:{:02}:".format(*minute)
        self.assertLessEqual(sum(line.startswith(begin) and " 401 " in line for line in self.log().splitlines()), 20)

    def test_the_right_secret_from_a_foreign_address_is_403_as_for_a_delivery(self):
        self.place.configure({"default": {"allow-from": ["192.0.2.1"]}})
        self.assertEqual(403, self.get().status)
        self.assertIn("127.0.0.1 is not in allow-from; health report", self.log())

    def test_an_endpoint_without_any_secret_is_503_by_its_name(self):
        os.unlink(os.path.join(self.place.secrets, "default"))
        for secret in (SECRET, None):
            answer = self.get(secret=secret)
            self.assertEqual((503, b'{"status":"error","problem":"no-secret"}\n'), (answer.status, answer.body))
        head = self.get(method="HEAD")
        self.assertEqual((503, b""), (head.status, head.body))
        self.assertIn('503 no-secret, endpoint "default"', self.log())

    def test_a_broken_configuration_is_503_by_its_name(self):
        self.place.write_config(self.place.good + "frob = 1\n")
        answer = self.get()
        self.assertEqual((503, b'{"status":"error","problem":"config"}\n'), (answer.status, answer.body))
        self.assertEqual((503, b""), (lambda a: (a.status, a.body))(self.get(method="HEAD")))
        self.assertIn("frob", answer.errors.decode())

    def test_a_secret_file_that_ends_in_a_blank_is_hinted_at(self):
        self.place.secret_file("default", SECRET + " \n")
        self.assertEqual(401, self.get().status)
        self.assertIn("a secret file begins or ends with a blank", self.log())
        done = subprocess.run([self.place.cli, "check"], env=self.place.env(), cwd="/", capture_output=True, text=True,
                              check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn("the secret begins or ends with a blank", done.stdout)


class Report(ReportCase):
    """What the right secret is told."""

    def told(self, status=200, **how):
        answer = self.get(**how)
        self.assertEqual(status, answer.status, answer.raw)
        return json.loads(answer.body)

    def hook(self, script="exit 0", **globals_):
        path = os.path.join(self.place.folder, "hook")
        with open(path, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\n{script}\n")
        os.chmod(path, 0o755)
        self.place.configure({"default": {"hook": [path]}}, **globals_)
        return path

    def deliver(self):
        answer = run_cgi(self.place, transcript(str(uuid.uuid4())), PATH_INFO=None)
        self.assertEqual(200, answer.status)

    def once(self):
        subprocess.run([self.place.runner, "--config", self.place.config, "--once"], check=True, cwd="/", timeout=60,
                       env=self.place.env(), capture_output=True, **as_worker())

    def test_all_is_well(self):
        self.assertEqual({"status": "ok"}, self.told())
        self.deliver()
        self.assertEqual({"status": "ok"}, self.told())
        self.assertEqual(b"", self.get(method="HEAD").body)

    def test_hooks_that_are_done_are_well(self):
        self.hook(runner="/nonexistent/stenohook-run")
        self.deliver()
        self.once()
        self.hook()
        self.assertEqual({"status": "ok", "hooks": {"done": 1, "failed": 0, "given_up": 0, "to_run_again": 0}}, self.told())

    def test_without_a_runner_the_report_says_where_it_was_looked_for(self):
        self.hook(runner="/nonexistent/stenohook-run")
        told = self.told()
        self.assertEqual("attention", told["status"])
        self.assertIn("no runner can be started: /nonexistent/stenohook-run cannot be found", told["problems"][0])
        self.assertEqual(200, self.get(method="HEAD").status)

    def test_hooks_that_were_given_up_are_told(self):
        self.hook("exit 65", runner="/nonexistent/stenohook-run")
        self.deliver()
        self.once()
        self.hook("exit 65")
        told = self.told()
        self.assertEqual(("attention", 1), (told["status"], told["hooks"]["given_up"]))
        self.assertEqual(["the hooks of 1 recent event were given up: see 'stenohook list --hook dead'"], told["problems"])

    def test_a_suspended_hook_is_told_with_the_reason(self):
        path = self.hook(runner="/nonexistent/stenohook-run")
        os.chmod(path, 0o644)
        self.deliver()
        self.once()
        told = self.told()
        self.assertEqual("attention", told["status"])
        self.assertTrue([p for p in told["problems"] if p.startswith("the hook is suspended: ") and path in p], told)

    def test_what_keeps_deliveries_from_being_recorded_is_503_in_words(self):
        self.place.configure({"default": {}}, free_space_min="1024G")
        told = self.told(503)
        self.assertEqual(("error", "no-space"), (told["status"], told["problem"]))
        self.assertRegex(told["problems"][0], r"^only \d+ bytes are free, and \d+ are kept in reserve$")

    def test_a_process_that_serves_on_with_the_last_good_configuration_says_so(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        how = {"REQUEST_METHOD": "GET", "endpoint": "default"}
        self.assertEqual({"status": "ok"}, json.loads(gateway.post(b"", **how).body))
        self.place.write_config(self.place.good + "frob = 1\n")
        answer = gateway.post(b"", **how)
        self.assertEqual(200, answer.status)
        self.assertIn("the configuration on disk cannot be used", json.loads(answer.body)["problems"][0])


class Log(ReportCase):
    def test_a_line_names_the_endpoint_and_not_the_program(self):
        answer = run_cgi(self.place, b"{}", secret="wrong", PATH_INFO=None, SCRIPT_NAME="/cgi-bin/stenohook.cgi")
        self.assertEqual(401, answer.status)
        self.assertIn('401 unauthorized, endpoint "default", ', self.log())


    def test_a_log_that_somebody_rotates_goes_on_under_its_name(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        path = os.path.join(self.place.spool, "stenohook.log")
        for number in (1, 2):
            self.assertEqual(401, gateway.post(b"{}", endpoint="default", secret="wrong").status)
            self.assertEqual(1, self.log().count(" 401 unauthorized"))
            os.rename(path, f"{path}.{number}")
        self.assertEqual(503, gateway.post(b"", endpoint="default").status)
        self.assertEqual((0, 1), (self.log().count(" 401 "), self.log().count(" 503 ")))


class Shares(ReportCase):
    """Of the log's budget: what strangers do hides nothing of a sender."""

    endpoints = {"default": {"body-max": "1K"}, "signed": {"auth": "aai-signature", "body-max": "1K"}}

    def sent(self, gateway, endpoint):
        """The number of its line in the log, or none."""
        body = transcript(str(uuid.uuid4()))[:-1] + b',"pad":"' + b"x" * 2000 + b'"}'
        before = self.log().count(f'413 too-large, endpoint "{endpoint}"')
        self.assertEqual(413, gateway.post(body, endpoint=endpoint).status)
        return self.log().count(f'413 too-large, endpoint "{endpoint}"') - before

    def test_bodies_of_strangers_that_are_too_large_do_not_hide_that_of_a_sender(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        minute, seen = None, 0
        while minute != time.gmtime()[:5]:  # again if a minute has begun meanwhile
            minute = time.gmtime()[:5]
            strangers = [self.sent(gateway, "signed") for _ in range(20)]
            seen = self.sent(gateway, "default")
        self.assertEqual(0, strangers[-1], "the test cannot see what it is for")
        self.assertEqual(1, seen)
