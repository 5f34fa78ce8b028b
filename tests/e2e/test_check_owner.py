# SPDX-License-Identifier: MIT
"""`sudo stenohook check`: what the owner of the spool, who is the gateway's user, cannot use is no good to root either."""
import os
import re
import subprocess

from cases import PlaceCase, needs_root
from fastcgi import run_cgi
from place import SECRET
from sender import transcript


@needs_root
class AsRoot(PlaceCase):
    endpoints = {"calls": {"url": "https://example.com/hook/calls"}}

    def setUp(self):
        self.place.write_config(self.place.good)
        self.secret = self.place.secret_file("calls")

    def check(self, code=0):
        done = subprocess.run([self.place.cli, "check"], env=self.place.env(), cwd="/", capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        return done.stdout

    def answer(self):
        return run_cgi(self.place, transcript("one")).status

    def test_a_secret_that_only_root_reads_is_none(self):
        self.assertEqual("", self.check())
        os.chown(self.secret, 0, 0)
        self.assertEqual(503, self.answer())
        self.assertRegex(self.check(code=1), '(?m)^error: endpoint "calls" has no usable secret')

    def test_a_configuration_that_only_root_reads_is_none(self):
        os.chmod(self.place.config, 0o600)
        self.assertEqual(503, self.answer())
        self.assertRegex(self.check(code=1),
                         "(?m)^error: the owner of the spool cannot use the configuration: .*" + re.escape(self.place.config))
