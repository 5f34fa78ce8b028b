# SPDX-License-Identifier: MIT
"""Signed deliveries: AssemblyAI's scheme, and Standard Webhooks by its reference signers."""
import base64
import hashlib
import hmac
import json
import os
import time
import uuid

import requests

import npm
from cases import PlaceCase, for_each_mode
from fastcgi import Gateway, ask, request_env

AAI_SECRET = "an-aai-signing-secret-of-some-length-0123"
STD_KEY = bytes(range(24))
STD_SECRET = "whsec_" + base64.b64encode(STD_KEY).decode()
ENDPOINTS = {
    "voice": {"auth": "aai-signature", "secret": AAI_SECRET},
    "std": {"auth": "standard-webhooks", "secret": STD_SECRET},
    "narrow": {"auth": "standard-webhooks", "secret": STD_SECRET, "signature-window": "20s", "body-max": "1K"},
}


def aai(body, secret=AAI_SECRET, at=None):
    at = int(at or time.time())
    digest = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return {"X-AAI-Signature": f"t={at},v1={digest}"}


def standard(body, message="msg_1", at=None, key=STD_KEY):
    at = int(at or time.time())
    digest = hmac.new(key, f"{message}.{at}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": message, "webhook-timestamp": str(at),
            "webhook-signature": "v1," + base64.b64encode(digest).decode()}


def voice_event(event=None):
    return json.dumps({"event_id": event or str(uuid.uuid4()), "event": "session.completed",
                       "timestamp": "2026-11-23T08:00:00Z", "session": {"session_id": "s"}}).encode()


def variables(headers):
    return {"HTTP_" + n.upper().replace("-", "_"): v for n, v in headers.items()}


@for_each_mode()
class Signed:
    endpoints = ENDPOINTS

    def test_both_schemes_pass_every_server(self):
        body = voice_event()
        for endpoint, headers in (("voice", aai(body)), ("std", standard(body, str(uuid.uuid4())))):
            url = self.server.url(endpoint)
            answer = requests.post(url, data=body, headers=headers, timeout=10)
            self.assertEqual(200, answer.status_code, answer.text)
            answer = requests.post(url, data=body + b" ", headers=headers, timeout=10)
            self.assertEqual(401, answer.status_code, answer.text)


class Schemes(PlaceCase):
    endpoints = ENDPOINTS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway = Gateway(cls.place)
        cls.addClassCleanup(cls.gateway.stop)

    def post(self, endpoint, body, headers):
        return self.gateway.post(body, endpoint, secret=None, **variables(headers))

    def told(self, endpoint, body, headers):
        answer = self.post(endpoint, body, headers)
        self.assertEqual(200, answer.status, answer.text)
        return json.loads(answer.body)

    def refused(self, status, endpoint, body, headers):
        before = len(self.journal())
        self.assertEqual(status, self.post(endpoint, body, headers).status, headers)
        self.assertEqual(before, len(self.journal()))

    def test_aai_signature_of_other_bytes_secret_or_shape_is_401(self):
        body = voice_event()
        good = aai(body)["X-AAI-Signature"]
        at, _, digest = good.partition(",v1=")
        for value in (good[:-1], good + "0", f"{at},v1=", f"v1={digest}", at, "", f"{at},v2={digest}",
                      f"t=hello,v1={digest}", f"t={int(time.time()) + 1},v1={digest}", "sha256=" + digest):
            self.refused(401, "voice", body, {"X-AAI-Signature": value})
        self.refused(401, "voice", body, aai(body, "another-secret"))
        self.refused(401, "voice", body + b"\n", aai(body))
        self.refused(401, "voice", body, {})
        self.told("voice", body, {"X-AAI-Signature": good})

    def test_right_signature_of_another_time_is_503_and_quarantined(self):
        for offset in (-400, 400):
            body = voice_event()
            self.refused(503, "voice", body, aai(body, at=time.time() + offset))
            self.assertIn(body, [kept for _, kept in self.box("quarantine")])
            body = voice_event()
            self.refused(503, "std", body, standard(body, str(uuid.uuid4()), at=time.time() + offset))

    def test_window_is_configurable_on_both_sides(self):
        body = voice_event()
        self.told("narrow", body, standard(body, str(uuid.uuid4()), at=time.time() - 10))
        self.refused(503, "narrow", body, standard(body, str(uuid.uuid4()), at=time.time() - 30))

    def test_wrong_signature_of_another_time_is_401_not_503(self):
        body = voice_event()
        self.refused(401, "voice", body, aai(body, "wrong", at=time.time() - 400))

    def test_signed_retry_is_a_duplicate(self):
        body = voice_event()
        self.assertIs(False, self.told("voice", body, aai(body))["duplicate"])
        self.assertIs(True, self.told("voice", body, aai(body, at=time.time() - 5))["duplicate"])
        message = str(uuid.uuid4())
        self.assertIs(False, self.told("std", body, standard(body, message))["duplicate"])
        self.assertIs(True, self.told("std", body, standard(body, message, at=time.time() - 5))["duplicate"])
        self.assertIs(False, self.told("std", body, standard(body, str(uuid.uuid4())))["duplicate"])

    def test_one_right_signature_among_others_is_enough(self):
        body, message = b'{"test":%d}' % time.time_ns(), str(uuid.uuid4())
        headers = standard(body, message)
        right = headers["webhook-signature"]
        wrong = "v1," + base64.b64encode(bytes(32)).decode()
        self.told("std", body, {**headers, "webhook-signature": f"{wrong} v2,abc {right} {wrong}"})
        for value in (wrong, "v2," + right[3:], right[3:], "v1,", "", right[:11], f"{wrong} {wrong}"):
            self.refused(401, "std", body, {**headers, "webhook-signature": value})

    def test_each_header_of_standard_webhooks_is_needed_and_signed(self):
        body = b'{"test":%d}' % time.time_ns()
        headers = standard(body, "msg_a")
        for name in headers:
            self.refused(401, "std", body, {n: v for n, v in headers.items() if n != name})
        self.refused(401, "std", body, {**headers, "webhook-id": "msg_b"})
        self.refused(401, "std", body, {**headers, "webhook-timestamp": "hello"})
        self.refused(401, "std", body, {**headers, "webhook-timestamp": str(int(time.time()) + 7)})

    def test_doubled_signature_headers_are_401(self):
        body = voice_event()
        env = list(request_env("voice", body, secret=None, **variables(aai(body))).items())
        answer = ask(self.gateway.path, [*env, ("HTTP_X_AAI_SIGNATURE", "t=1,v1=00")], body)
        self.assertEqual(401, answer.status)

    def test_limit_of_signed_bodies(self):
        def padded(size):
            return b'{"pad":"' + b"x" * (size - 10) + b'"}'
        for endpoint, limit in (("std", 64 * 1024), ("narrow", 1024)):
            for size, status in ((limit, 200), (limit + 1, 413)):
                body = padded(size)
                answer = self.post(endpoint, body, standard(body, str(uuid.uuid4())))
                self.assertEqual(status, answer.status, (endpoint, size))

    def test_reference_signers_are_believed(self):
        body = json.dumps({"event": "reference", "n": str(uuid.uuid4())})
        # import() takes ES modules and CommonJS alike, also in the node 18 that Debian 12 has.
        script = ("const {Webhook} = await import(process.argv[1]);"
                  "const [,, secret, id, body] = process.argv, at = new Date();"
                  "console.log(JSON.stringify({'webhook-id': id,"
                  " 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),"
                  " 'webhook-signature': new Webhook(secret).sign(id, at, body)}))")
        for package in ("standardwebhooks", "svix"):
            headers = npm.node(script, package, STD_SECRET, f"msg_{os.urandom(6).hex()}", body)
            self.assertIs(False, self.told("std", body.encode(), headers)["duplicate"])
            self.refused(401, "std", body.encode() + b" ", headers)
