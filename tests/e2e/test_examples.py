# SPDX-License-Identifier: MIT
"""The example hooks do what they say, and what a sender chooses stays data: no command, no header, no path."""
import base64
import csv
import email
import email.policy
import http.server
import json
import os
import subprocess
import tempfile
import threading
import unittest

from place import ROOT

HOOKS = os.path.join(ROOT, "examples", "hooks")
ID = "5552493-16d8-42d8-8feb-c2a16b56f6e8"
TEXT = "Grüße aus der Warteschleife"
HOSTILE = [
    "$(touch {0}/hit)", "`touch {0}/hit`", "'; touch {0}/hit; '", '"; touch {0}/hit; "', "../../{0}/hit", "-rf /",
    "--output={0}/hit", "a\nBcc: victim@example.com\n\nbody", 'a"\nurl = "http://127.0.0.1:1/', "a\r\nX-Evil: 1", "%s%n\\",
    "=cmd|' /C calc'!A0", "\\\"},{\"x\":\"", "<!channel>&", "ü" * 32768, "�", "",
]


class Listener(http.server.ThreadingHTTPServer):
    """Answers by a function of the path, and remembers what it was asked."""

    def __init__(self, answer):
        self.seen = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.seen.append((self.path, self.headers, body))
                code, text = answer(self.path)
                self.send_response(code)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_GET

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


def api(path):
    if path == f"/v2/transcript/{ID}":
        return 200, json.dumps({"id": ID, "status": "completed", "text": TEXT}).encode()
    if path == f"/v2/transcript/{ID}/srt":
        return 200, b"1\n00:00:00,000 --> 00:00:01,000\nGr\n"
    return 404, b'{"error":"Transcript lookup error, transcript id not found"}'


class Examples(unittest.TestCase):
    shell = []

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stenohook-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.answers = api
        self.listener = Listener(lambda path: self.answers(path))
        self.addCleanup(self.listener.server_close)
        self.addCleanup(self.listener.shutdown)
        self.key = self.file("key", "api-key-of-ours\n")

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o700)
        return path

    def hook(self, name, *args, body=b"{}", code=0, **variables):
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.folder, "STENOHOOK_EVENT_ID": "1:103",
               "STENOHOOK_ENDPOINT": "calls", "STENOHOOK_KIND": "transcript", "STENOHOOK_TRANSCRIPT_ID": ID,
               "STENOHOOK_STATUS": "completed", "STENOHOOK_RECEIVED_AT": "2026-11-23T07:50:18.966Z",
               "STENOHOOK_ATTEMPT": "1", "STENOHOOK_QUERY": "", "STENOHOOK_PARAMS": "{}"}
        env.update({f"STENOHOOK_{k}": v for k, v in variables.items()})
        done = subprocess.run([*self.shell, os.path.join(HOOKS, name), *args], env=env, input=body, cwd=self.folder,
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(code, done.returncode, done.stderr)
        return done

    def hostile(self):
        for value in HOSTILE:
            yield value.replace("{0}", self.folder)

    def nothing_was_hit(self):
        self.assertFalse(os.path.exists(os.path.join(self.folder, "hit")))

    def files(self, below):
        found = []
        for folder, _, names in os.walk(os.path.join(self.folder, below)):
            found += [os.path.relpath(os.path.join(folder, n), self.folder) for n in names]
        return sorted(found)

    # ---- fetch-transcript

    def fetch(self, *formats, **how):
        return self.hook("fetch-transcript", "-a", self.listener.url, os.path.join(self.folder, "out"), self.key, *formats, **how)

    def test_a_transcript_is_fetched_in_each_format_into_a_folder_by_customer(self):
        self.fetch("json", "text", "srt", PARAM_CUSTOMER_ID="1234")
        self.assertEqual([f"out/1234/{ID}.json", f"out/1234/{ID}.srt", f"out/1234/{ID}.txt"], self.files("out"))
        with open(os.path.join(self.folder, f"out/1234/{ID}.txt"), encoding="utf-8") as f:
            self.assertEqual(TEXT + "\n", f.read())
        self.assertEqual({"api-key-of-ours"}, {h["Authorization"] for _, h, _ in self.listener.seen})

    def test_what_the_api_cannot_give_now_is_tried_again_and_what_it_never_will_is_not(self):
        for answered, code in ((429, 75), (500, 75), (401, 75), (404, 65), (400, 65)):
            self.answers = lambda path, answered=answered: (answered, b"{}")
            self.fetch(code=code)
        self.assertEqual([], self.files("out"))
        self.listener.shutdown()
        self.listener.server_close()
        self.fetch(code=75)

    def test_the_folder_of_a_customer_lies_below_the_folder_whatever_he_is_called(self):
        for value in self.hostile():
            self.fetch(PARAM_CUSTOMER_ID=value)
        self.nothing_was_hit()
        self.assertTrue(all(name.endswith(f"/{ID}.json") and name.count("/") == 2 and name.startswith("out/")
                            for name in self.files("out")), self.files("out"))
        self.assertEqual(sorted(["out", "key"]), sorted(os.listdir(self.folder)))

    def test_an_id_that_is_none_is_not_asked_for(self):
        for value in self.hostile():
            if value != "":
                self.fetch(code=65, TRANSCRIPT_ID=value)
        self.assertEqual([], self.listener.seen)
        self.nothing_was_hit()

    # ---- mail-transcript

    def mail(self, **how):
        box = os.path.join(self.folder, "mail")
        sendmail = self.file("sendmail", f'#!/bin/sh\nprintf "%s\\n" "$@" >"{box}.args"\ncat >"{box}"\n')
        self.hook("mail-transcript", "-a", self.listener.url, "-s", sendmail, "me@example.com", self.key, **how)
        with open(box, "rb") as f:
            return email.message_from_bytes(f.read(), policy=email.policy.default)

    def test_a_mail_has_the_text(self):
        mail = self.mail(PARAM_CUSTOMER_ID="1234")
        self.assertEqual(("me@example.com", f"Transcript {ID}"), (mail["To"], mail["Subject"]))
        self.assertIn("Customer: 1234\n", mail.get_content())
        self.assertIn(TEXT, mail.get_content())

    def test_no_value_becomes_a_header_of_a_mail(self):
        for value in self.hostile():
            mail = self.mail(PARAM_CUSTOMER_ID=value, ENDPOINT=value)
            self.assertEqual(["To", "Subject", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"], mail.keys())
            self.assertIn(TEXT.encode(), base64.b64decode(mail.get_payload()))
        self.nothing_was_hit()

    # ---- forward

    def test_a_body_is_forwarded_byte_for_byte(self):
        self.answers = lambda path: (200, b"ok")
        headers = self.file("headers", "Authorization: Bearer token-of-ours\n")
        for body in (b"{}", b"", b"\0\xff\r\n$(id)'\"\n", b"@/etc/passwd", os.urandom(200000)):
            self.hook("forward", self.listener.url + "/in?a=1", headers, body=body)
            path, head, got = self.listener.seen.pop()
            self.assertEqual(("/in?a=1", "1:103", "Bearer token-of-ours", body),
                             (path, head["X-Stenohook-Event"], head["Authorization"], got))

    def test_what_the_other_side_refuses_is_a_dead_letter_and_all_else_comes_again(self):
        for answered, code in ((204, 0), (400, 65), (403, 65), (408, 75), (429, 75), (500, 75), (302, 75)):
            self.answers = lambda path, answered=answered: (answered, b"")
            self.hook("forward", self.listener.url, code=code)

    # ---- append-csv

    def test_each_event_is_one_row_whatever_its_values_hold(self):
        path = os.path.join(self.folder, "events.csv")
        values = list(self.hostile())
        for value in values:
            self.hook("append-csv", path, PARAM_CUSTOMER_ID=value, STATUS=value)
        with open(path, encoding="utf-8", newline="") as f:
            rows = list(csv.reader(f, strict=True))
        self.assertEqual(["received_at", "event_id", "endpoint", "kind", "transcript_id", "status", "customer_id"], rows.pop(0))
        expected = ["'" + v if v[:1] in ("=", "+", "-", "@") else v for v in values]
        self.assertEqual([[v, v] for v in expected], [r[5:] for r in rows])
        self.nothing_was_hit()

    def test_rows_of_hooks_that_run_side_by_side_stay_whole(self):
        path = os.path.join(self.folder, "events.csv")
        threads = [threading.Thread(target=self.hook, args=("append-csv", path), kwargs={"EVENT_ID": f"1:{n}"}, daemon=True)
                   for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with open(path, encoding="utf-8", newline="") as f:
            rows = list(csv.reader(f, strict=True))
        self.assertEqual(sorted(f"1:{n}" for n in range(20)), sorted(r[1] for r in rows[1:]))

    # ---- notify-chat

    def test_a_chat_is_told_in_json_that_holds(self):
        self.answers = lambda path: (200, b"ok")
        url = self.file("chat-url", self.listener.url + "/services/T0/B0/secret\n")
        for value in self.hostile():
            self.hook("notify-chat", url, PARAM_CUSTOMER_ID=value, STATUS=value)
            path, head, body = self.listener.seen.pop()
            told = json.loads(body)
            self.assertEqual(["text"], list(told))
            self.assertNotIn("<!", told["text"])
            self.assertEqual(("/services/T0/B0/secret", "application/json"), (path, head["Content-Type"]))
        self.assertEqual([], self.listener.seen)
        self.nothing_was_hit()

    def test_a_chat_that_does_not_answer_well_is_told_again(self):
        self.answers = lambda path: (500, b"")
        self.hook("notify-chat", self.file("chat-url", self.listener.url), code=75)

    # ---- all

    def test_each_says_how_it_is_used(self):
        for name in os.listdir(HOOKS):
            done = self.hook(name, code=64)
            self.assertTrue(done.stderr.decode().startswith(f"{name} "), done.stderr)


class ExamplesInBash(Examples):
    shell = ["bash", "--posix"]
