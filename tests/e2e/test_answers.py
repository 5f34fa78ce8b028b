# SPDX-License-Identifier: MIT
"""What is not recorded: the answer, and the box that keeps it, behind every server."""
import concurrent.futures
import fcntl
import http.client
import json
import os
import time
import urllib.parse
import uuid

import requests

from cases import for_each_mode
from place import HEADER, SECRET, wait_until
from records import body_of, box_text
from sender import Sender, transcript

SPARE = "a secret+with all of it=="
ENDPOINTS = {
    "calls": {},
    "default": {},
    "small": {"body-max": "1K"},
    "fenced": {"allow-from": ["44.238.19.20", "54.220.25.36"]},
    "open-fenced": {"auth": "none", "allow-from": ["44.238.19.20", "54.220.25.36"]},
    "open-proxied": {"auth": "none", "allow-from": ["44.238.19.20"], "trusted-proxies": ["127.0.0.1"]},
    "proxied": {"allow-from": ["44.238.19.20", "54.220.25.36"], "trusted-proxies": ["127.0.0.1"]},
    "spare": {"auth-query": "spare-token", "secret": SPARE},
    "another": {"auth-query": "another-token", "secret": "another-" + SPARE},
    "keyless": {"auth-header": HEADER, "secret-files": ["/nonexistent/stenohook/secret"]},
}


def fresh():
    return transcript(str(uuid.uuid4()))


@for_each_mode()
class Answers:
    endpoints = ENDPOINTS

    def post(self, body, endpoint="calls", query="", sender=None):
        return (sender or Sender()).once(self.server.url(endpoint, query), body)

    def nothing_recorded(self, body):
        self.assertNotIn(json.loads(body)["transcript_id"], json.dumps(self.journal()))

    def quarantined(self, body):
        found = [h for h, kept in self.box("quarantine") if kept == body]
        self.assertEqual(1, len(found), "not in quarantine, or twice")
        return found[0]

    def come_again(self, answer):
        self.assertEqual(503, answer.status_code, answer.text)
        self.assertEqual("10", answer.headers.get("Retry-After"))

    def raw_post(self, headers, body, method="POST", path=None):
        """A request whose header fields go out exactly as given."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        connection.putrequest(method, path or self.server.path("calls"), skip_accept_encoding=True)
        for name, value in [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers]:
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def test_wrong_secret_is_401_and_kept_without_the_secret(self):
        given, body = "wrong-" + uuid.uuid4().hex, fresh()
        answer = self.post(body, sender=Sender(value=given))
        self.assertEqual(401, answer.status_code)
        self.nothing_recorded(body)
        self.assertEqual(1, len([1 for _, kept in self.box("refused", "calls") if kept == body]))
        self.assertNotIn(given.encode(), box_text(self.place.spool))
        self.assertNotIn(given, self.place.log_text())

    def test_a_secret_in_a_nearly_right_place_is_not_kept(self):
        encoded = urllib.parse.quote(SPARE, safe="")
        secrets = (SECRET, SPARE, encoded, urllib.parse.quote_plus(SPARE), SPARE.replace(" ", "+"))
        queries = [f"TOKEN={SECRET}", f"X-Webhook-Secret=%63{SECRET[1:]}", SECRET, f"token={encoded}",
                   f"a={urllib.parse.quote_plus(SPARE)}", f"b={SPARE.replace(' ', '%20')}", f"c=x&d={encoded}&d={encoded}",
                   f"spare-token=a&another-token={SECRET}", encoded]
        for endpoint in ("calls", "no-such"):
            for query in queries:
                body = fresh()
                sender = Sender(value="wrong", headers={"User-Agent": SECRET, "Content-Type": SECRET})
                answer = self.post(body, endpoint, f"?n=1&{query}&m=2", sender=sender)
                self.assertEqual(401 if endpoint == "calls" else 404, answer.status_code, query)
                [entry] = [h for h, kept in self.box("refused") if kept == body]
                self.assertEqual("n=1&c=x&m=2" if "c=x" in query else "n=1&spare-token=a&m=2" if "spare" in query
                                 and endpoint == "calls" else "n=1&m=2", entry["query"], query)
        self.assertEqual(404, self.post(fresh(), SECRET).status_code)
        self.assertEqual(400, self.post(b"no JSON", "default", f"?n=1&secret={SECRET}").status_code)
        kept = box_text(self.place.spool).decode("latin-1") + self.place.log_text()
        for secret in secrets:
            self.assertNotIn(secret, kept)

    def test_no_token_of_any_endpoint_is_kept_of_an_unknown_one(self):
        body = fresh()
        query = "?another-token=x&a=1&spare-token=y&b=2&%73pare-token=z&another-token="
        self.assertEqual(404, self.post(body, "no-such", query).status_code)
        self.assertEqual(["a=1&b=2"], [h["query"] for h, kept in self.box("refused") if kept == body])

    def test_refused_retry_is_one_entry(self):
        body = fresh()
        for _ in range(3):
            self.assertEqual(401, self.post(body, sender=Sender(value="wrong")).status_code)
        self.assertEqual(1, len([1 for _, kept in self.box("refused") if kept == body]))

    def test_missing_or_empty_or_longer_secret_is_401(self):
        body = fresh()
        for sender in (Sender(name=None), Sender(value=""), Sender(value=SECRET + "x"), Sender(value=SECRET[:-1])):
            self.assertEqual(401, self.post(body, sender=sender).status_code)
        self.nothing_recorded(body)

    def test_doubled_secret_is_401_even_if_one_is_right(self):
        body = fresh()
        for pair in ((SECRET, "wrong"), ("wrong", SECRET), (SECRET, SECRET)):
            self.assertEqual(401, self.raw_post([(HEADER, v) for v in pair], body), pair)
        self.nothing_recorded(body)

    def test_underscores_do_not_smuggle_a_second_secret(self):
        body = fresh()
        under = HEADER.replace("-", "_")
        status = self.raw_post([(under, "wrong"), (HEADER, SECRET)], body)
        # lighttpd makes the same variable of both spellings; Apache drops the field with underscores.
        self.assertEqual(401 if self.server.kind == "lighttpd" else 200, status)
        self.assertEqual(401, self.raw_post([(HEADER, "wrong"), (under, SECRET)], body))

    def test_what_is_not_json_is_400_and_quarantined(self):
        for body in (b"hello " + uuid.uuid4().bytes.hex().encode(),
                     b'{"transcript_id":"%s",,"status":"completed"}' % str(uuid.uuid4()).encode(),
                     b'{"transcript_id":"%s","status":"completed"} trailing' % str(uuid.uuid4()).encode()):
            self.assertEqual(400, self.post(body).status_code, body)
            self.assertEqual("calls", self.quarantined(body)["endpoint"])

    def test_json_that_ends_too_early_is_503_and_quarantined(self):
        body = fresh()[:-5]
        self.come_again(self.post(body))
        self.come_again(self.post(body))
        self.quarantined(body)

    def test_empty_body_is_503(self):
        self.come_again(self.post(b""))

    def test_body_beyond_the_limit_is_413_and_its_head_quarantined(self):
        for size in (1025, 300_000):
            body = uuid.uuid4().bytes.hex().encode() + b"x" * (size - 32)
            answer = self.post(body, "small")
            self.assertEqual(413, answer.status_code, answer.text)
            heads = [kept for _, kept in self.box("quarantine", "small") if kept[:32] == body[:32]]
            self.assertEqual(1, len(heads))
            self.assertTrue(body.startswith(heads[0]))

    def test_get_reports_health_to_who_has_the_secret(self):
        url = self.server.url()
        stranger = requests.get(url, timeout=10)
        self.assertEqual(405, stranger.status_code)
        self.assertIn("POST", stranger.headers["Allow"])
        wrong = requests.get(url, headers={HEADER: "wrong"}, timeout=10)
        self.assertEqual((401, {"status": "error", "error": "unauthorized"}), (wrong.status_code, wrong.json()))
        keyless = requests.get(self.server.url("keyless"), headers={HEADER: SECRET}, timeout=10)
        self.assertEqual((503, {"status": "error", "problem": "no-secret"}), (keyless.status_code, keyless.json()))
        friend = requests.get(url, headers={HEADER: SECRET}, timeout=10)
        self.assertEqual(200, friend.status_code, friend.text)
        head = requests.head(url, headers={HEADER: SECRET}, timeout=10)
        self.assertEqual((200, b""), (head.status_code, head.content))
        self.assertEqual(405, requests.put(url, data=b"{}", headers={HEADER: SECRET}, timeout=10).status_code)

    def test_unknown_endpoint_is_404_and_kept(self):
        body = fresh()
        self.assertEqual(404, self.post(body, "no-such").status_code)
        self.assertEqual(1, len([1 for _, kept in self.box("refused", "no-such") if kept == body]))

    def test_no_endpoint_in_the_url_means_the_default_one(self):
        body = fresh()
        answer = self.post(body, "")
        self.assertEqual(200, answer.status_code, answer.text)
        self.assertEqual("default", self.found(json.loads(body)["transcript_id"])[0]["endpoint"])

    def test_foreign_address_with_the_right_secret_is_403_and_quarantined(self):
        body = fresh()
        self.assertEqual(403, self.post(body, "fenced").status_code)
        self.quarantined(body)
        self.nothing_recorded(body)

    def test_foreign_address_that_alone_would_prove_the_sender_is_403_and_refused(self):
        body = fresh()
        self.assertEqual(403, self.post(body, "open-fenced").status_code)
        self.assertEqual([], [1 for _, kept in self.box("quarantine") if kept == body])
        [entry] = [h for h, kept in self.box("refused", "open-fenced") if kept == body]
        self.assertEqual(("foreign", "127.0.0.1 is not in allow-from"), (entry["reason"], entry["detail"]))
        self.nothing_recorded(body)

    def test_address_that_alone_proves_the_sender_is_enough(self):
        body = fresh()
        sender = Sender(name=None, headers={"X-Forwarded-For": "44.238.19.20"})
        self.assertEqual(200, self.post(body, "open-proxied", sender=sender).status_code)

    def test_forwarded_for_is_believed_of_nobody_unasked(self):
        body = fresh()
        sender = Sender(headers={"X-Forwarded-For": "44.238.19.20"})
        self.assertEqual(403, self.post(body, "fenced", sender=sender).status_code)

    def test_forwarded_for_of_a_trusted_proxy_is_the_client(self):
        body = fresh()
        # Whoever stands before the proxy can write the left part; the proxy added the last address.
        sender = Sender(headers={"X-Forwarded-For": "203.0.113.9, 44.238.19.20"})
        answer = self.post(body, "proxied", sender=sender)
        self.assertEqual(200, answer.status_code, answer.text)
        sender = Sender(headers={"X-Forwarded-For": "44.238.19.20, 203.0.113.9"})
        self.assertEqual(403, self.post(fresh(), "proxied", sender=sender).status_code)

    def test_no_readable_secret_is_503(self):
        body = fresh()
        self.come_again(self.post(body, "keyless"))
        self.nothing_recorded(body)

    def test_query_that_looks_like_an_option_is_only_a_query(self):
        for query in ("?--help", "?-c+/etc/passwd", "?--version"):
            body = fresh()
            answer = self.post(body, query=query)
            self.assertEqual(200, answer.status_code, answer.text)
            record = self.found(json.loads(body)["transcript_id"])[0]
            self.assertEqual(query[1:], record["query"])

    def test_broken_configuration_is_503_or_the_last_good_one_and_heals(self):
        body = fresh()
        self.assertEqual(200, self.post(body).status_code)
        self.place.write_config("spool = [nonsense\n")
        try:
            if self.server.fastcgi:
                self.assertEqual(200, self.post(fresh()).status_code)
            else:
                self.come_again(self.post(fresh()))
        finally:
            self.place.write_config(self.place.good)
        self.assertEqual(200, self.post(fresh()).status_code)

    def test_held_lock_is_503_within_the_deadline_and_no_loss(self):
        body = fresh()
        self.assertEqual(200, self.post(fresh()).status_code)
        self.place.write_config('deadline = "1s"\n' + self.place.good)
        try:
            with open(os.path.join(self.place.spool, "append.lock"), "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                begun = time.monotonic()
                self.come_again(self.post(body))
                self.assertLess(time.monotonic() - begun, 3)
        finally:
            self.place.write_config(self.place.good)
        self.assertEqual(200, self.post(body).status_code)
        self.assertEqual(1, len(self.found(json.loads(body)["transcript_id"])))

    def test_sender_gets_through_once_the_trouble_has_passed(self):
        body, sender = fresh(), Sender()
        self.assertEqual(200, self.post(fresh()).status_code)
        self.place.write_config('deadline = "1s"\n' + self.place.good)
        try:
            with open(os.path.join(self.place.spool, "append.lock"), "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                with concurrent.futures.ThreadPoolExecutor(1) as pool:
                    delivery = pool.submit(sender.deliver, self.server.url(), body)
                    wait_until(lambda: 503 in sender.attempts or delivery.done(), 20, "it is refused")
                    fcntl.flock(lock, fcntl.LOCK_UN)
        finally:
            self.place.write_config(self.place.good)
        self.assertEqual(200, delivery.result().status_code)
        self.assertIn(503, sender.attempts)
        self.assertEqual(1, len(self.found(json.loads(body)["transcript_id"])))

    def test_sender_gives_up_at_once_after_a_wrong_secret(self):
        sender = Sender(value="wrong")
        sender.deliver(self.server.url(), fresh())
        self.assertEqual([401], sender.attempts)

    def test_chunked_with_a_length_is_recorded_whole_or_not_at_all(self):
        body = fresh()
        head = (f"POST {self.server.path('calls')} HTTP/1.1\r\nHost: localhost\r\n{HEADER}: {SECRET}\r\n"
                f"Content-Type: application/json\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n").encode()
        with self.server.connect() as s:
            s.sendall(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
            answer = http.client.HTTPResponse(s)
            answer.begin()
        recorded = [body_of(r) for r in self.found(json.loads(body)["transcript_id"])]
        # lighttpd refuses such a request itself, Apache passes the length over.
        self.assertEqual((400, []) if self.server.kind == "lighttpd" else (200, [body]), (answer.status, recorded))

    def test_sender_who_hangs_up_in_the_body_leaves_no_event(self):
        body = fresh()
        head = (f"POST {self.server.path('calls')} HTTP/1.1\r\nHost: localhost\r\n{HEADER}: {SECRET}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
        with self.server.connect() as s:
            s.sendall(head + body[:-1])
        time.sleep(0.3)
        self.nothing_recorded(body)
        answer = self.post(body)
        self.assertEqual((200, False), (answer.status_code, answer.json()["duplicate"]))

    def test_broken_chunks_are_never_recorded(self):
        body = fresh()
        head = (f"POST {self.server.path('calls')} HTTP/1.1\r\nHost: localhost\r\n{HEADER}: {SECRET}\r\n"
                "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").encode()
        with self.server.connect() as s:
            s.sendall(head + b"%x\r\n%b\r\nzz\r\nx\r\n0\r\n\r\n" % (20, body[:20]))
            answer = http.client.HTTPResponse(s)
            answer.begin()
            self.assertGreaterEqual(answer.status, 400)
        self.nothing_recorded(body)


@for_each_mode()
class Guesses:
    endpoints = {"calls": {}, "token": {"auth-query": "token"}}

    def log(self):
        with open(os.path.join(self.place.spool, "stenohook.log"), encoding="utf-8") as f:
            return f.read()

    def test_guesses_by_get_and_head_stand_in_the_log_but_do_not_fill_it(self):
        for method in ("GET", "HEAD"):
            for guess in range(30):
                for endpoint, query, headers in (("calls", "", {HEADER: f"guess-{guess}"}),
                                                 ("token", f"?token=guess-{guess}", {})):
                    answer = requests.request(method, self.server.url(endpoint, query), headers=headers, timeout=10)
                    self.assertEqual(401, answer.status_code)
        lines = [line for line in self.log().splitlines() if " 401 unauthorized" in line and "; health report" in line]
        self.assertIn(len(lines), range(1, 61))
        self.assertNotIn("guess-", self.log())
        self.assertEqual([], self.box("refused"))
