# SPDX-License-Identifier: MIT
"""The programs of `./configure --enable-static-programs`: what people copy to a host that has none of the libraries."""
import os
import subprocess
import unittest
import uuid

import elf
import records
import test_fastcgi_bytes
from cases import PlaceCase, for_each_mode
from fastcgi import Gateway, run_cgi
from place import as_worker, static_build_dir, worker
from sender import Sender, transcript
from test_hardening import PROGRAMS

# Words that stand in every program with such a library in it: nothing here speaks to the network.
FOREIGN = (b"curl_easy", b"libcurl", b"OpenSSL", b"OPENSSL_", b"SSL_CTX")


def fresh():
    subject = str(uuid.uuid4())
    return subject, transcript(subject)


class Files(unittest.TestCase):
    def each(self):
        for name in PROGRAMS:
            with self.subTest(program=name):
                yield elf.Elf(os.path.join(static_build_dir(), name))

    def test_nothing_else_is_loaded(self):
        for program in self.each():
            self.assertIsNone(program.segment(elf.PT_INTERP))
            self.assertEqual([], program.needed())

    def test_the_stack_holds_no_code(self):
        for program in self.each():
            self.assertIsNotNone(program.segment(elf.PT_GNU_STACK))
            self.assertEqual(0, program.segment(elf.PT_GNU_STACK)[1] & elf.PF_X)

    def test_there_is_no_library_in_it_that_speaks_to_the_network(self):
        for program in self.each():
            self.assertEqual([], [word for word in FOREIGN if word in program.data])


class Static:
    """The place of such a case is made by the static `stenohook init --user`."""

    @classmethod
    def build(cls):
        return static_build_dir()


class Direct(Static, PlaceCase):
    def test_the_spool_that_init_made_is_the_user_s(self):
        self.assertEqual(worker().pw_uid, os.stat(self.place.spool).st_uid)
        self.assertEqual(worker().pw_gid, os.stat(self.place.spool).st_gid)

    def test_init_knows_who_is_there(self):
        for name, code in ((worker().pw_name, 0), (str(uuid.uuid4()), 2)):
            base = os.path.join(self.place.run, name)
            command = [self.place.cli, "--config", os.path.join(base, "stenohook.conf"), "init", "--user", name,
                       "--spool", os.path.join(base, "spool")]
            done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
            self.assertEqual(code, done.returncode, done.stderr)

    def test_what_was_recorded_is_found_checked_and_shown(self):
        subject, body = fresh()
        self.assertEqual(200, run_cgi(self.place, body).status)
        self.assertEqual([body], [records.body_of(r) for r in self.found(subject)])
        self.place.stenohook("check")
        self.place.stenohook("verify")
        self.assertIn(subject, self.place.stenohook("list"))
        self.assertEqual(body, self.place.stenohook("show", "--raw", self.found(subject)[0]["id"], text=False))

    def test_the_home_is_looked_for_without_a_crash(self):
        for who in ({}, as_worker()):
            done = subprocess.run([self.place.cli, "list"], env={"PATH": "/usr/bin:/bin"}, capture_output=True,
                                  text=True, cwd="/", check=False, **who)
            self.assertGreaterEqual(done.returncode, 0, f"a signal ended it: {done.stderr}")

    def test_fastcgi_serves_again_and_again(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        for _ in range(5):
            subject, body = fresh()
            self.assertEqual(200, gateway.post(body).status)
            self.assertEqual(1, len(self.found(subject)))
        self.assertEqual(401, gateway.post(fresh()[1], secret="wrong").status)


@for_each_mode("lighttpd-cgi", "lighttpd-fastcgi", "apache-cgi", "apache-cgid", "apache-fcgid", "apache-proxy-fcgi")
class Served(Static):
    def test_records_and_answers(self):
        subject, body = fresh()
        self.assertEqual(200, Sender().once(self.server.url(), body).status_code)
        self.assertEqual([body], [records.body_of(r) for r in self.found(subject)])
        self.assertEqual(401, Sender(value="wrong").once(self.server.url(), body).status_code)


class Bytes(Static, test_fastcgi_bytes.Broken):
    """src/cgi/wire.c stands between libfcgi and its connection in this build too."""
