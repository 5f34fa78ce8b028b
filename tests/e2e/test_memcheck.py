# SPDX-License-Identifier: MIT
"""One CGI process for each kind of answer under valgrind: no read of what was not written, nothing left allocated."""
import json
import os
import shutil
import uuid

from cases import PlaceCase
from fastcgi import run_cgi
from place import ROOT, SECRET, need
from sender import transcript

FOUND = 99
SUPPRESSED = os.path.join(ROOT, "tests", "e2e", "memcheck.supp")


class Memcheck(PlaceCase):
    endpoints = {"calls": {}, "small": {"body-max": "1K"}, "signed": {"auth": "aai-signature"},
                 "hooked": {"hook": "/bin/true"}, "open": {"auth": "none", "daily-events-max": 1},
                 "fenced": {"auth": "none", "allow-from": ["192.0.2.1"]}}

    @classmethod
    def setUpClass(cls):
        need("valgrind")
        super().setUpClass()
        # Where the worker can read it.
        suppressed = shutil.copy(SUPPRESSED, cls.place.folder)
        os.chmod(suppressed, 0o644)
        cls.valgrind = ["valgrind", "--tool=memcheck", f"--error-exitcode={FOUND}", "--leak-check=full",
                        "--show-leak-kinds=all", "--errors-for-leak-kinds=all", f"--suppressions={suppressed}"]

    def check(self, status, body=b"", endpoint="calls", **how):
        """Its end is that of a process which memcheck watched and found nothing in."""
        answer = run_cgi(self.place, body, endpoint, before=self.valgrind, **how)
        said = answer.errors.decode("utf-8", "replace")
        self.assertIn("ERROR SUMMARY: 0 errors", said)
        self.assertEqual(0, answer.app_status, said)
        self.assertEqual(status, answer.status, said)
        return answer

    def test_new_event_and_its_retry(self):
        body = transcript(str(uuid.uuid4()))
        self.check(200, body)
        self.check(200, body)
        self.assertEqual(1, len(self.found(json.loads(body)["transcript_id"])))

    def test_event_whose_hook_is_to_run(self):
        self.check(200, transcript(str(uuid.uuid4())), "hooked")

    def test_wrong_secret(self):
        self.check(401, transcript(str(uuid.uuid4())), secret="wrong")
        self.assertTrue(self.box("refused", "calls"))

    def test_wrong_signature(self):
        self.check(401, transcript(str(uuid.uuid4())), "signed", HTTP_X_AAI_SIGNATURE="t=1,v1=00")

    def test_body_beyond_the_limit(self):
        self.check(413, b"x" * 2000, "small")

    def test_what_is_not_json(self):
        self.check(400, b"this is no JSON")
        self.assertTrue(self.box("quarantine", "calls"))

    def test_unknown_endpoint(self):
        self.check(404, transcript(str(uuid.uuid4())), "nobody")
        self.check(404, transcript(str(uuid.uuid4())), "nobody", query=f"a=b&c={SECRET}&d=%2b+")

    def test_foreign_address(self):
        self.check(403, transcript(str(uuid.uuid4())), "fenced")

    def test_budget_that_is_used_up(self):
        body = transcript(str(uuid.uuid4()))
        self.check(200, body, "open")
        self.check(503, transcript(str(uuid.uuid4())), "open")
        self.check(200, body, "open")

    def test_health(self):
        self.check(200, REQUEST_METHOD="GET", CONTENT_TYPE=None, CONTENT_LENGTH=None)

    def test_broken_configuration(self):
        self.place.write_config("spool = ")
        self.addCleanup(self.place.write_config, self.place.good)
        self.check(503, transcript(str(uuid.uuid4())))
