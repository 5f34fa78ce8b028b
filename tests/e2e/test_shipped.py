# SPDX-License-Identifier: MIT
"""The shipped files as they are: with their default paths, and the drop-in for shared hosting."""
import os
import shutil
import subprocess
import uuid

import requests

from cases import PlaceCase, for_each_mode
from place import ROOT, SECRET, need
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


@for_each_mode("apache-cgid", "apache-fcgid", "apache-cgi")
class SharedHosting:
    """One folder with the program and the drop-in; the configuration is found in the account's home."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        place = cls.place
        cls.folder = os.path.join(place.www, "hooks")
        # The topmost folder above the program that belongs to the program's user stands for the account's home.
        home = place.www if os.geteuid() == 0 else place.folder
        cls.config = os.path.join(home, ".config", "stenohook", "stenohook.conf")
        os.makedirs(cls.folder)
        os.makedirs(os.path.dirname(cls.config))
        for name in ("stenohook.cgi", "stenohook.fcgi"):
            shutil.copy(place.program, os.path.join(cls.folder, name))
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

    def names(self):
        return ("stenohook.fcgi",) if self.mode == "apache-fcgid" else ("stenohook.cgi", "stenohook.fcgi")

    def test_every_name_of_the_program_records(self):
        for name in self.names():
            subject = str(uuid.uuid4())
            answer = Sender().once(self.url(name + "/calls"), transcript(subject))
            self.assertEqual(200, answer.status_code, answer.text)
            self.assertEqual(1, len(self.found(subject)))

    def test_files_that_are_nobodys_business_are_not_shown(self):
        for name in ("stenohook.conf", ".htaccess"):
            self.assertEqual(403, requests.get(self.url(name), timeout=10).status_code)

    def test_authorization_header_reaches_the_program(self):
        self.place.configure({"calls": {"auth-header": "Authorization", "secret": "Bearer " + SECRET}})
        shutil.copy(self.place.config, self.config)
        try:
            sender = Sender(name="Authorization", value="Bearer " + SECRET)
            for name in self.names():
                answer = sender.once(self.url(name + "/calls"), transcript(str(uuid.uuid4())))
                self.assertEqual(200, answer.status_code, answer.text)
        finally:
            self.place.configure(self.endpoints)
            shutil.copy(self.place.config, self.config)
