# SPDX-License-Identifier: MIT
"""What the gateway tells a person who has nothing but its address: the report, and the lines of the log."""
import os
import unittest

from fastcgi import run_cgi
from place import SECRET, Place


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


class Log(ReportCase):
    def test_a_line_names_the_endpoint_and_not_the_program(self):
        answer = run_cgi(self.place, b"{}", secret="wrong", PATH_INFO=None, SCRIPT_NAME="/cgi-bin/stenohook.cgi")
        self.assertEqual(401, answer.status)
        self.assertIn('401 unauthorized, endpoint "default", ', self.log())
