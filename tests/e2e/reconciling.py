# SPDX-License-Identifier: MIT
"""reconciling - a scripted API with a list of transcripts, and `stenohook reconcile` asking it."""
import collections
import datetime
import json
import os
import subprocess
import urllib.parse
import uuid

from cases import PlaceCase
from scripted import Scripted, reply

KEY = "0123456789abcdef-key"
URL = "https://hooks.example.com/cgi-bin/stenohook.cgi/calls"
OTHER = "https://hooks.example.com/cgi-bin/stenohook.cgi/other"
NO_RUNNER = "/nonexistent/stenohook-run"
DAY = 86400
PARALLEL = 8  # AAI_PARALLEL

Run = collections.namedtuple("Run", "code out err")


def iso(age=0, zone=""):
    moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + zone


class Api:
    """A scripted API: a list of transcripts, newest first, and each of them. `tamper` may replace an answer."""

    def __init__(self, tamper=None, page=200):
        self.items = []
        self.whole = {}
        self.page = page
        self.tamper = tamper or (lambda target: None)
        self.server = Scripted(self.answer)
        self.url = self.server.url

    def add(self, transcript_id=None, webhook_url=URL, status="completed", created=None, **more):
        transcript_id = transcript_id or str(uuid.uuid4())
        self.items.append({"id": transcript_id, "status": status, "created": created or iso(60), "audio_url": "x",
                           "error": None})
        self.whole[transcript_id] = {"id": transcript_id, "status": status, "words": [{"text": "]}"}], "text": "said",
                                     "webhook_url": webhook_url, "webhook_status_code": None, "error": None, **more}
        return transcript_id

    def listed(self, query):
        start = next((i + 1 for i, t in enumerate(self.items) if t["id"] == query.get("before_id")), 0)
        end = start + min(self.page, int(query["limit"]))
        older = "https://evil.example.com/v2/transcript?before_id=x" if end < len(self.items) else None
        return {"page_details": {"prev_url": older, "next_url": None}, "transcripts": self.items[start:end]}

    def answer(self, request):
        answer = self.tamper(request.target)
        if answer is not None:
            return answer
        path, _, query = request.target.partition("?")
        if path == "/v2/transcript":
            return reply(200, json.dumps(self.listed(dict(urllib.parse.parse_qsl(query)))).encode())
        found = self.whole.get(path.rpartition("/")[2])
        if found is None:
            return reply(400, b'{"error": "Transcript lookup error, transcript id not found"}')
        return reply(200, json.dumps(found).encode())

    def asked(self):
        """The ids that were asked for, in order."""
        return [r.target.rpartition("/")[2] for r in self.server.requests if "?" not in r.target]

    def stop(self):
        self.server.stop()


class ReconcileCase(PlaceCase):
    endpoints = {"calls": {"url": URL}, "other": {"url": OTHER}}
    settings = {"runner": NO_RUNNER}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.remote = cls.place.copied("stenohook-remote")
        cls.key_file = os.path.join(cls.place.folder, "key")
        with open(cls.key_file, "w", encoding="ascii") as f:
            f.write(KEY + "\n")
        os.chmod(cls.key_file, 0o600)

    def api(self, **how):
        api = Api(**how)
        self.addCleanup(api.stop)
        return api

    def command(self, api, *args, key_file=None):
        return [self.place.cli, "reconcile", "--api-url", api.url, "--key-file", key_file or self.key_file, *args]

    def reconcile(self, api, *args, code=0, key_file=None):
        command = self.command(api, *args, key_file=key_file)
        done = subprocess.run(command, env=self.place.env(), cwd="/", capture_output=True, text=True, timeout=400,
                              check=False)
        self.assertEqual(code, done.returncode, done.stdout[-3000:] + done.stderr[-3000:])
        self.assertNotIn("Sanitizer", done.stderr)
        return Run(done.returncode, done.stdout, done.stderr)

    def recorded(self, run):
        """The ids that were told as recorded, in order."""
        return [line.split()[4] for line in run.out.splitlines() if line.startswith("recorded ")]

    def once_each(self, ids, why=None):
        found = self.subjects()
        self.assertEqual({1}, {found[i] for i in ids}, why)

    def subjects(self):
        return collections.Counter(r["transcript_id"] for r in self.journal(torn=True) if "transcript_id" in r)
