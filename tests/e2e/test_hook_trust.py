# SPDX-License-Identifier: MIT
"""Programs that others could change or replace are not run, and deliveries are recorded all the same."""
import json
import os
import pwd
import shutil
import subprocess

from cases import for_each_mode, needs_root
from fastcgi import run_cgi
from place import SECRET, as_worker, kill_running, running
from sender import Sender
from test_hooks import NO_RUNNER, HookCase, fresh


class TrustCase(HookCase):
    def setUp(self):
        super().setUp()
        self.share = os.path.join(self.place.folder, "share-" + os.urandom(4).hex())
        os.mkdir(self.share)
        os.chmod(self.share, 0o757)

    def plant(self, target, name):
        """A link that a neighbour puts into the share."""
        path = os.path.join(self.share, name)
        os.symlink(target, path)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
        return path

    def evil(self):
        """A script of the neighbour that tells that it ran."""
        path = os.path.join(self.share, "evil")
        with open(path, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\nid >> {self.out}/evil\n")
        os.chmod(path, 0o755)
        return path

    def check(self):
        done = subprocess.run([self.place.cli, "check"], env=self.place.env(), cwd="/", capture_output=True, text=True,
                              check=False, timeout=60, **as_worker())
        return done.stdout

    def health(self):
        return json.loads(run_cgi(self.place, b"", REQUEST_METHOD="GET", CONTENT_LENGTH=None, secret=SECRET).body)

    def assert_waits(self, event, *words):
        self.once()
        self.assertEqual([], self.ends(event))
        for word in words:
            self.assertIn(word, self.place.log_text())

    def assert_runs(self, event):
        self.once()
        self.assertEqual([(1, "done", "exit", 0)], self.ends(event))


class Hook(TrustCase):
    def test_a_hook_that_a_neighbour_puts_into_a_shared_folder_is_not_run(self):
        hook = self.plant("/bin/sh", "hook")
        evil = self.evil()
        self.site(hook)
        event = self.deliver(json.dumps(evil).encode())
        remedy = f"{self.share}: others can write to it; run: chmod go-w {self.share}"
        self.assert_waits(event, f'endpoint "calls" is suspended, its hooks wait without using up attempts: the hook {hook} '
                          f"cannot be trusted: {self.share}: others can write to it")
        self.assertEqual("", self.said("evil"))
        self.assertIn(f"the hook {hook} cannot be trusted: {remedy}", self.check())
        self.assertIn(remedy, self.place.stenohook("stats"))
        self.assertIn(remedy, json.dumps(self.health()))
        # Made safe, it runs without a further command.
        os.unlink(hook)
        os.chmod(self.share, 0o755)
        shutil.copy(self.script("exit 0"), hook)
        self.assert_runs(event)
        self.assertEqual("", self.said("evil"))

    def test_a_hook_that_is_swapped_between_two_runs_runs_once(self):
        hook = os.path.join(self.share, "hook")
        evil = self.evil()
        os.chmod(self.share, 0o755)
        shutil.copy("/bin/true", hook)
        self.site(hook)
        self.assert_runs(self.deliver(json.dumps(evil).encode()))
        os.chmod(self.share, 0o757)
        os.unlink(hook)
        self.plant("/bin/sh", "hook")
        self.assert_waits(self.deliver(json.dumps(evil + " ").encode()), f"{self.share}: others can write to it")
        self.assertEqual("", self.said("evil"))

    def test_a_hook_that_is_swapped_while_its_runner_stays_is_not_run_again(self):
        hook = os.path.join(self.share, "hook")
        evil = self.evil()
        os.chmod(self.share, 0o755)
        shutil.copy("/bin/true", hook)
        self.site(hook)
        self.start()
        first = self.deliver(json.dumps(evil).encode())
        self.eventually(lambda: self.ends(first), 20, "the hook runs")
        self.assertEqual([(1, "done", "exit", 0)], self.ends(first))
        os.chmod(self.share, 0o757)
        os.unlink(hook)
        self.plant("/bin/sh", "hook")
        second = self.deliver(json.dumps(evil + " ").encode())
        self.eventually(lambda: f"{self.share}: others can write to it" in self.place.log_text() or self.ends(second), 20,
                        "the hook is looked at")
        self.assertEqual(([], ""), (self.ends(second), self.said("evil")))

    @needs_root
    def test_a_link_that_a_neighbour_puts_into_a_sticky_folder_is_not_run(self):
        os.chmod(self.share, 0o1777)
        hook = self.plant("/bin/sh", "hook")
        self.site(hook)
        event = self.deliver(json.dumps(self.evil()).encode())
        self.assert_waits(event, f"the hook {hook} cannot be trusted: {hook}: belongs to user")
        self.assertEqual("", self.said("evil"))

    def test_the_script_of_an_interpreter_is_not_run_where_others_can_change_it(self):
        script = self.evil()
        self.site(["/bin/sh", script])
        event = self.deliver()
        words = f"the hook /bin/sh has the argument {script}, which cannot be trusted: {self.share}: others can write to it"
        self.assert_waits(event, words)
        self.assertEqual("", self.said("evil"))
        self.assertIn(words, self.check())
        os.chmod(self.share, 0o755)
        self.assert_runs(event)
        self.assertNotEqual("", self.said("evil"))

    def test_an_endpoint_whose_hook_cannot_be_trusted_does_not_hold_up_another(self):
        self.place.configure({"calls": {"hook": [self.evil()]}, "other": {"hook": ["/bin/true"]}}, runner=NO_RUNNER)
        waits, goes = self.deliver(), self.deliver(endpoint="other")
        self.assert_runs(goes)
        self.assertEqual([], self.ends(waits))

    def test_folders_devices_and_words_may_be_arguments(self):
        self.site(["/bin/true", "/tmp", "/dev/null", "/hook/calls", "--file=/tmp/x", "https://example.com/"])
        self.assert_runs(self.deliver())


@needs_root
class Foreign(TrustCase):
    """The hook is root's, but a folder above it is another user's, who alone can write to it."""

    def setUp(self):
        super().setUp()
        os.chmod(self.share, 0o755)
        shutil.copy("/bin/true", os.path.join(self.share, "hook"))
        os.chown(self.share, pwd.getpwnam("nobody").pw_uid, -1)
        self.site(os.path.join(self.share, "hook"))

    def test_is_run_logged_once_and_warned_of(self):
        events = [self.deliver(), self.deliver()]
        self.once()
        for event in events:
            self.assertEqual([(1, "done", "exit", 0)], self.ends(event))
        with open(os.path.join(self.place.spool, "stenohook.log"), encoding="utf-8") as f:
            self.assertEqual(1, f.read().count(f"the way to a hook: {self.share}: belongs to user"))
        self.assertIn(f"{self.share}: belongs to user", self.check())

    def test_is_not_run_where_that_is_wanted(self):
        event = self.deliver()
        env = self.place.env(STENOHOOK_STRICT="yes")
        done = subprocess.run([self.place.runner, "--once"], env=env, cwd="/", capture_output=True, text=True, check=False,
                              timeout=60, **as_worker())
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertEqual([], self.ends(event))
        self.assertIn(f"cannot be trusted: {self.share}: belongs to user", self.place.log_text())


class Runner(TrustCase):
    def test_a_runner_in_a_folder_that_others_can_change_is_not_started(self):
        runner = os.path.join(self.share, "stenohook-run")
        shutil.copy(self.evil(), runner)
        self.site("/bin/true", runner=runner)
        event = self.deliver()
        words = f"{runner} cannot be trusted: {self.share}: others can write to it; run: chmod go-w {self.share}"
        self.assertIn(f"hooks wait, because no runner could be started: {runner} cannot be trusted: {self.share}: others can "
                      "write to it", self.place.log_text())
        self.assertEqual("", self.said("evil"))
        self.assertIn(words, self.check())
        self.assertIn(f"not running, and cannot be started: {words}", self.place.stenohook("stats"))
        self.assertEqual(words, json.loads(self.place.stenohook("stats", "--format", "json"))["runner_problem"])
        self.assertIn(words, json.dumps(self.health()))
        os.chmod(self.share, 0o755)
        self.assertNotIn("runner_problem", self.place.stenohook("stats", "--format", "json"))
        shutil.copy(self.place.runner, runner)
        self.deliver()
        self.eventually(lambda: self.ends(event) == [(1, "done", "exit", 0)], 20)
        for pid in running(runner):
            kill_running(pid, runner)

    def test_a_runner_that_is_not_named_and_found_beside_the_gateway_as_well(self):
        gateway = os.path.join(self.share, "stenohook.fcgi")
        shutil.copy(self.place.program, gateway)
        shutil.copy(self.evil(), os.path.join(self.share, "stenohook-run"))
        self.site("/bin/true", runner=None)
        self.deliver(program=gateway)
        self.assertIn(f"{self.share}/stenohook-run cannot be trusted", self.place.log_text())
        self.assertEqual("", self.said("evil"))


@for_each_mode()
class Behind:
    """Behind each web server, whose runner and hook a neighbour has put there."""

    def setUp(self):
        self.place.kill_runners()
        self.share = os.path.join(self.place.folder, "share-" + os.urandom(4).hex())
        os.mkdir(self.share)
        self.out = self.place.worker_folder("out-" + os.urandom(4).hex())
        for name in ("hook", "stenohook-run"):
            path = os.path.join(self.share, name)
            with open(path, "w", encoding="ascii") as f:
                f.write(f"#!/bin/sh\nid >> {self.out}/{name}\n")
            os.chmod(path, 0o755)
        os.chmod(self.share, 0o757)

    def send(self, **globals_):
        self.place.configure({"calls": {"hook": [os.path.join(self.share, "hook")]}}, **globals_)
        self.assertEqual(200, Sender().once(self.server.url(), fresh()).status_code)

    def log(self):
        path = os.path.join(self.place.spool, "stenohook.log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as f:
            return f.read()

    def test_deliveries_are_recorded_while_a_hook_is_not_run(self):
        self.send()
        self.eventually(lambda: f"the hook {self.share}/hook cannot be trusted" in self.log(), 20)
        self.assertEqual([], os.listdir(self.out))

    def test_deliveries_are_recorded_while_a_runner_is_not_started(self):
        self.send(runner=os.path.join(self.share, "stenohook-run"))
        self.eventually(lambda: f"{self.share}/stenohook-run cannot be trusted" in self.log(), 20)
        self.assertEqual([], os.listdir(self.out))
