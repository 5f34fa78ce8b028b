# SPDX-License-Identifier: MIT
"""The quarantine is bounded: by its endpoint's quota, by what a signature covers, and by age."""
import base64
import hashlib
import hmac
import json
import os
import time
import uuid

import requests

from cases import for_each_mode
from place import SECRET
from sender import Sender, transcript

REPLAYS = 300
STALE_S = 4000
STD_KEY = bytes(range(24))
BODY = 60_000
QUOTA = 1 << 20
DAY_S = 86400
ENDPOINTS = {
    "calls": {"quarantine-max": "1M", "body-max": "512K"},
    "voice": {"auth": "aai-signature"},
    "std": {"auth": "standard-webhooks", "secret": "whsec_" + base64.b64encode(STD_KEY).decode()},
}


def captured(body):
    """What somebody saw long ago, and sends again and again."""
    at = int(time.time()) - STALE_S
    digest = hmac.new(SECRET.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return {"X-AAI-Signature": f"t={at},v1={digest}"}


def captured_message(body, prefix, others=""):
    at = int(time.time()) - STALE_S
    digest = hmac.new(STD_KEY, f"msg_1.{at}.".encode() + body, hashlib.sha256).digest()
    return {f"{prefix}-id": "msg_1", f"{prefix}-timestamp": str(at),
            f"{prefix}-signature": others + "v1," + base64.b64encode(digest).decode()}


@for_each_mode("apache-cgi", "lighttpd-cgi", "lighttpd-fastcgi")
class Quarantine:
    endpoints = ENDPOINTS

    def entries(self):
        return sorted(n for n in os.listdir(os.path.join(self.place.spool, "quarantine")) if n.endswith(".box"))

    def send(self, body, endpoint="calls"):
        return Sender().once(self.server.url(endpoint), body).status_code

    def forget_counts(self):
        """Then they are counted again, as after a minute."""
        path = os.path.join(self.place.spool, "quarantine", "usage")
        if os.path.exists(path):
            os.unlink(path)

    def replay(self, endpoint, variants):
        """The answers to the same delivery in all those variants, and how many entries it made."""
        before = len(self.entries())
        session = requests.Session()
        answers = {session.post(f"{self.server.url(endpoint)}?{query}", data=body, headers=headers,
                                timeout=10).status_code for query, body, headers in variants}
        return answers, len(self.entries()) - before

    def test_one_captured_signature_is_one_entry_whatever_the_query(self):
        body = b'{"pad":"' + b"x" * BODY + b'"}'
        headers = captured(body)
        variants = ((f"n={n}", body, headers) for n in range(REPLAYS))
        self.assertEqual(({503}, 1), self.replay("voice", variants))

    def test_one_captured_message_is_one_entry_whatever_is_not_signed(self):
        body = json.dumps({"type": "x", "id": str(uuid.uuid4())}).encode()
        wrong = "v1," + base64.b64encode(bytes(32)).decode() + " "
        variants = [(f"n={n}", body, {**captured_message(body, prefix, others), "User-Agent": f"a/{n}",
                                      "Content-Type": f"text/x{n}"})
                    for n in range(10) for prefix in ("webhook", "svix") for others in ("", n * wrong)]
        self.assertEqual(({503}, 1), self.replay("std", variants))

    def test_beyond_the_quota_the_answer_is_503_and_nothing_is_added(self):
        bodies = [b"{" + uuid.uuid4().hex.encode() + b"y" * BODY for _ in range(40)]
        before = len(self.entries())
        answers = [self.send(body) for body in bodies]
        room = answers.index(503)
        self.assertEqual([400] * room + [503] * (len(bodies) - room), answers)
        self.assertIn(room, range(QUOTA // BODY - 3, QUOTA // BODY + 1))
        self.assertEqual(before + room, len(self.entries()))
        self.assertIn("the quarantine is full", self.logs())
        # What is there already is the same entry, and events are recorded as before.
        self.assertEqual(400, self.send(bodies[0]))
        self.assertEqual(200, self.send(transcript(str(uuid.uuid4()))))
        told = self.place.stenohook("check", ok=(0, 1))
        self.assertRegex(told, r'(?m)^warning: the quarantine of endpoint "calls" is \d+ percent full \(\d+ of 10000')
        numbers = json.loads(self.place.stenohook("stats", "--format", "json"))
        self.assertGreater([q for q in numbers["quarantines"] if q["endpoint"] == "calls"][0]["percent"], 90)
        self.forget_counts()
        self.assertEqual(503, self.send(bodies[-1]))
        for name in self.entries():
            os.unlink(os.path.join(self.place.spool, "quarantine", name))
        self.forget_counts()
        self.assertEqual(400, self.send(bodies[-1]))

    def test_what_came_last_120_days_ago_goes_without_a_runner(self):
        for n in range(5):
            self.assertEqual(400, self.send(b"{old %d" % n))
        old = time.time() - 120 * DAY_S
        names = self.entries()
        for name in names:
            os.utime(os.path.join(self.place.spool, "quarantine", name), (old, old))
        self.forget_counts()
        self.assertEqual(200, self.send(transcript(str(uuid.uuid4()))))
        self.eventually(lambda: not set(names) & set(self.entries()), 10, "old entries are gone")
