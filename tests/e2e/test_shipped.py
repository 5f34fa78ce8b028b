# SPDX-License-Identifier: MIT
"""The shipped files as they are: with their default paths, and the drop-in for shared hosting."""
import os
import re
import shutil
import signal
import subprocess
import unittest
import uuid

import requests

from cases import PlaceCase, for_each_mode, lacking, words_in
from place import ROOT, SECRET, as_worker, need, running, wait_until
from sender import Sender, transcript
from servers import MODES, Server


class Defaults(PlaceCase):
    """Nothing but the shipped files: what a person gets who copies them."""

    def test_apache_reads_each_file_with_its_default_paths(self):
        need("apache2")
        # mod_fcgid wants to see the program at once: the topic `install` tries its file where everything is installed.
        for mode in [m for m in MODES if m.startswith("apache") and m != "apache-fcgid"]:
            main = Server(mode, self.place, start=False).write_files()
            with open(main, encoding="utf-8") as f:
                text = f.read()
            with open(main, "w", encoding="utf-8") as f:
                f.writelines(line + "\n" for line in text.split("\n") if not line.startswith("Define STENOHOOK"))
            done = subprocess.run(["apache2", "-t", "-f", main], capture_output=True, text=True, check=False)
            self.assertEqual(0, done.returncode, mode + done.stderr)

    def test_lighttpd_reads_each_file_with_its_default_paths(self):
        need("lighttpd")
        for mode in [m for m in MODES if m.startswith("lighttpd")]:
            main = Server(mode, self.place, start=False).write_files()
            shutil.copy(os.path.join(ROOT, "lighttpd/stenohook-paths.conf"), self.place.folder)
            done = subprocess.run(["lighttpd", "-t", "-f", main], capture_output=True, text=True, check=False)
            self.assertEqual(0, done.returncode, mode + done.stderr)


# What the files for Apache may say to a server of that version. Directives of mod_fcgid go by its own version.
APACHE_2_2 = {"Allow", "Deny", "Files", "FilesMatch", "IfModule", "Location", "Options", "Order", "ScriptAlias", "SetEnv",
              "SetEnvIfNoCase", "SetHandler"}
APACHE_2_4_0 = APACHE_2_2 | {"Define", "IfDefine", "IfVersion", "Require"}


def directives(name):
    """Each directive of a file in apache/ that is read by any version: what stands in a block that asks for Apache 2.4
    or for a later version does not count."""
    with open(os.path.join(ROOT, "apache", name), encoding="utf-8") as f:
        text = f.read()
    text = re.sub(r"(?s)<IfModule mod_authz_core\.c>.*?</IfModule>", "", text)
    text = re.sub(r"(?s)<IfVersion >= [0-9.]+>.*?</IfVersion>", "", text)
    words = {line.split()[0].strip("</>") for line in text.splitlines() if line.strip() and line.strip()[0] != "#"}
    return {w for w in words if not w.startswith("Fcgid")}


class OldApache(unittest.TestCase):
    """Servers that this machine has no package of: by the words that they know."""

    def test_files_for_apache_2_2_use_only_what_it_has(self):
        for name in ("stenohook-cgi-2.2.conf", "stenohook-fcgid-2.2.conf", "htaccess"):
            self.assertEqual(set(), directives(name) - APACHE_2_2, name)

    def test_files_for_apache_2_4_stop_no_early_release_of_it(self):
        for name in ("stenohook-cgi.conf", "stenohook-fcgid.conf", "stenohook-proxy-fcgi.conf"):
            self.assertEqual(set(), directives(name) - APACHE_2_4_0, name)


class Version22(PlaceCase):
    """The files for Apache 2.2, behind an Apache 2.4 that takes its words (mod_access_compat)."""

    endpoints = {"calls": {}, "bearer": {"auth-header": "Authorization", "secret": "Bearer " + SECRET}}

    def serve(self, mode, name):
        server = Server(mode, self.place, start=False)
        with open(os.path.join(ROOT, "apache", name), encoding="utf-8") as f:
            text = f.read()
        for default, ours in (("/usr/local/libexec/stenohook/stenohook.fcgi", self.place.program),
                              ("/usr/local/etc/stenohook/stenohook.conf", self.place.config)):
            self.assertIn(default, text)
            text = text.replace(default, ours)
        server.shipped = os.path.join(self.place.folder, name)
        with open(server.shipped, "w", encoding="utf-8") as f:
            f.write(text)
        server.modules += ("access_compat", "authz_host")
        write_files = server.write_files

        def write_with_old_words():
            main = write_files()
            with open(main, encoding="utf-8") as f:
                old = f.read().replace("Require all denied", "Order allow,deny\n    Deny from all").replace(
                    "Require all granted", "Order deny,allow\n    Allow from all")
            with open(main, "w", encoding="utf-8") as f:
                f.write(old)
            return main
        server.write_files = write_with_old_words
        server.start()
        self.addCleanup(server.stop)
        server.wait_for_answer()
        return server

    def test_they_record_and_pass_the_authorization_header_on(self):
        for mode, name in (("apache-cgid", "stenohook-cgi-2.2.conf"), ("apache-cgi", "stenohook-cgi-2.2.conf"),
                           ("apache-fcgid", "stenohook-fcgid-2.2.conf")):
            server = self.serve(mode, name)
            for endpoint, sender in (("calls", Sender()),
                                     ("bearer", Sender(name="Authorization", value="Bearer " + SECRET))):
                subject = str(uuid.uuid4())
                answer = sender.once(server.url(endpoint), transcript(subject) + b" " * 200000)
                self.assertEqual(200, answer.status_code, f"{mode} {endpoint} {answer.text}")
                self.assertEqual(1, len(self.found(subject)))
            self.assertEqual(404, Sender().once(server.url("x/calls"), transcript(str(uuid.uuid4()))).status_code)
            server.stop()


class Examples(PlaceCase):
    """The configurations in examples/, with this place's paths for those in them."""

    def test_every_example_is_in_order(self):
        secret = self.place.secret_file("secret", "a-secret-of-sufficient-length-0123456789\n")
        std = self.place.secret_file("standard-secret", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5\n")
        names = [n for n in os.listdir(os.path.join(ROOT, "examples")) if n.endswith(".conf")]
        self.assertEqual(2, len(names), names)
        for name in names:
            with open(os.path.join(ROOT, "examples", name), encoding="utf-8") as f:
                text = f.read()
            for path in ("/home/USER/webhooks", "/var/lib/stenohook"):
                text = text.replace(path, self.place.spool)
            text = text.replace("/usr/local/etc/stenohook/standard-secret", std)
            for path in ("/home/USER/.config/stenohook/secret", "/usr/local/etc/stenohook/secret.old",
                         "/usr/local/etc/stenohook/agents-secret", "/usr/local/etc/stenohook/secret"):
                text = text.replace(path, secret)
            self.place.write_config(text)
            self.place.stenohook("check")


@for_each_mode("apache-cgid", "apache-cgi")
class SharedHosting:
    """One folder with the program and the drop-in; the configuration is found in the account's home."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        place = cls.place
        cls.folder = os.path.join(place.www, "hooks")
        cls.config = os.path.join(place.home(), ".config", "stenohook", "stenohook.conf")
        os.makedirs(cls.folder)
        os.makedirs(os.path.dirname(cls.config))
        shutil.copy(place.program, os.path.join(cls.folder, "stenohook.cgi"))
        shutil.copy(os.path.join(ROOT, "apache/htaccess"), os.path.join(cls.folder, ".htaccess"))
        shutil.copy(place.config, cls.config)
        with open(os.path.join(cls.folder, "stenohook.conf"), "w", encoding="utf-8") as f:
            f.write("left here by mistake")
        for directory, _, names in os.walk(place.www):
            place.give(directory)
            for name in names:
                place.give(os.path.join(directory, name))

    def url(self, name):
        return f"http://127.0.0.1:{self.server.port}/hooks/{name}"

    def test_a_body_that_mod_fcgid_would_refuse_is_recorded(self):
        subject = str(uuid.uuid4())
        answer = Sender().once(self.url("stenohook.cgi/calls"), transcript(subject) + b" " * 200000)
        self.assertEqual(200, answer.status_code, answer.text)
        self.assertEqual(1, len(self.found(subject)))

    def test_no_more_than_a_name_follows_the_program(self):
        answer = Sender().once(self.url("stenohook.cgi/x/calls"), transcript(str(uuid.uuid4())))
        self.assertEqual(404, answer.status_code, answer.text)

    def test_files_that_are_nobodys_business_are_not_shown(self):
        for name in ("stenohook.conf", ".htaccess"):
            self.assertEqual(403, requests.get(self.url(name), timeout=10).status_code)

    def test_authorization_header_reaches_the_program(self):
        self.place.configure({"calls": {"auth-header": "Authorization", "secret": "Bearer " + SECRET}})
        shutil.copy(self.place.config, self.config)
        try:
            sender = Sender(name="Authorization", value="Bearer " + SECRET)
            answer = sender.once(self.url("stenohook.cgi/calls"), transcript(str(uuid.uuid4())))
            self.assertEqual(200, answer.status_code, answer.text)
        finally:
            self.place.configure(self.endpoints)
            shutil.copy(self.place.config, self.config)


@for_each_mode("apache-cgid", "apache-cgi")
class RunnerOfSharedHosting:
    """The three programs in an account's home and its cgi-bin, as the recipe has them and as people misplace them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        place = cls.place
        cls.home = place.home()
        cls.folder = os.path.join(place.www, "cgi")
        cls.out = place.worker_folder("out")
        os.makedirs(cls.folder)
        shutil.copy(place.program, os.path.join(cls.folder, "stenohook.cgi"))
        shutil.copy(os.path.join(ROOT, "apache/htaccess"), os.path.join(cls.folder, ".htaccess"))
        cls.cli = os.path.join(cls.home, "stenohook")
        shutil.copy(place.cli, cls.cli)
        hook = os.path.join(cls.home, "hook")
        with open(hook, "w", encoding="ascii") as f:
            f.write(f'#!/bin/sh\necho "$STENOHOOK_TRANSCRIPT_ID" >>{cls.out}/ran\n')
        os.chmod(hook, 0o755)
        place.configure({"calls": {"hook": [hook], "url": "https://example.com/cgi/stenohook.cgi"}})
        cls.config = os.path.join(cls.home, ".config", "stenohook", "stenohook.conf")
        os.makedirs(os.path.dirname(cls.config))
        shutil.copy(place.config, cls.config)
        for directory, _, names in os.walk(cls.home):
            if directory.startswith((place.www, os.path.join(cls.home, ".config"))):
                place.give(directory)
                for name in names:
                    place.give(os.path.join(directory, name))

    def end_runners(self):
        for path in [os.path.join(f, "stenohook-run") for f in (self.home, self.folder)]:
            for pid in running(path):
                os.kill(pid, signal.SIGTERM)
            wait_until(lambda p=path: not running(p), 20, "the runner ends")

    def setUp(self):
        self.end_runners()
        self.addCleanup(self.end_runners)
        for path in [os.path.join(f, "stenohook-run") for f in (self.home, self.folder)] + [
                os.path.join(self.place.spool, "run", "gateway"), os.path.join(self.place.spool, "stenohook.log"),
                os.path.join(self.place.spool, "refused", "usage")]:
            if os.path.lexists(path):
                os.unlink(path)

    def put_runner(self, folder):
        path = os.path.join(folder, "stenohook-run")
        shutil.copy(self.place.runner, path)
        self.place.give(path)

    def post(self):
        subject = str(uuid.uuid4())
        answer = Sender().once(f"http://127.0.0.1:{self.server.port}/cgi/stenohook.cgi", transcript(subject))
        self.assertEqual(200, answer.status_code, answer.text)
        return subject

    def ran(self):
        return words_in(os.path.join(self.out, "ran"))

    def ask(self, *args, cli=None):
        """As the account's user, who has no other sign of the configuration than where the program lies."""
        done = subprocess.run([cli or self.cli, *args], env={"PATH": "/usr/bin:/bin"}, cwd="/", capture_output=True,
                              text=True, check=False, timeout=60, **as_worker())
        return done.returncode, done.stdout + done.stderr

    def log(self):
        path = os.path.join(self.place.spool, "stenohook.log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as f:
            return f.read()

    def test_one_in_the_home_or_beside_the_gateway_is_everybodys(self):
        for folder in (self.home, self.folder):
            self.setUp()
            self.put_runner(folder)
            subject = self.post()
            self.eventually(lambda s=subject: s in self.ran(), 20, f"the hook runs by {folder}")
            code, said = self.ask("check", "-v")
            self.assertEqual(0, code, said)
            self.assertIn(f"ok: the runner {folder}/stenohook-run\n", said)
            self.assertIn(f"ok: the gateway {self.folder}/stenohook.cgi\n", said)
            code, said = self.ask("run", "--once")
            self.assertEqual(0, code, said)
            # Whoever administers the machine gets the owner's runner too.
            done = subprocess.run([self.cli, "--config", self.config, "run", "--once"], env={"PATH": "/usr/bin:/bin"},
                                  cwd="/", capture_output=True, text=True, check=False, timeout=60)
            self.assertEqual((0, ""), (done.returncode, done.stderr))
            self.assertNotIn("runner", self.log())

    def test_before_the_first_request_the_home_is_known_too(self):
        self.put_runner(self.home)
        code, said = self.ask("check", "-v")
        self.assertEqual(0, code, said)
        self.assertIn(f"ok: the runner {self.home}/stenohook-run\n", said)
        self.assertNotIn("has not looked for the runner", said)
        self.assertEqual(0, self.ask("run", "--once")[0])

    def no_runner_elsewhere(self):
        if os.path.exists("/usr/local/libexec/stenohook/stenohook-run"):
            lacking("place without a runner: stenohook is installed")

    def test_what_lies_only_beside_the_command_line_is_not_called_in_order(self):
        self.no_runner_elsewhere()
        folder = os.path.join(self.home, "bin")
        os.makedirs(folder, exist_ok=True)
        cli = os.path.join(folder, "stenohook")
        shutil.copy(self.place.cli, cli)
        self.put_runner(folder)
        self.addCleanup(shutil.rmtree, folder)
        code, said = self.ask("check", cli=cli)
        self.assertEqual(0, code, said)
        self.assertIn(f"note: the gateway has not looked for the runner yet, and finds {folder}/stenohook-run only if", said)
        self.assertNotIn("everything is in order", said)
        # As soon as a request came, it is seen.
        self.post()
        self.eventually(lambda: self.ask("check", cli=cli)[0] == 1, 10, "check says what the gateway says")

    def test_without_one_all_say_the_same(self):
        self.no_runner_elsewhere()
        subject = self.post()
        self.eventually(lambda: "no runner could be started" in self.log(), 10, "the gateway says so")
        sentence = self.log().rpartition("could be started: ")[2].strip()
        self.assertIn(f"in any of {self.folder}, {self.home}, ", sentence)
        code, said = self.ask("check")
        self.assertEqual(1, code, said)
        self.assertIn(f"error: hooks cannot be run: {sentence}\n", said)
        self.assertNotIn("in order", said)
        code, said = self.ask("run", "--once")
        self.assertEqual((1, f"stenohook: {sentence}\n"), (code, said))
        self.assertNotIn(subject, self.ran())
