# SPDX-License-Identifier: MIT
"""submit, fetch and send at their edges: kept connections, keys that are none, and one bad answer among good ones."""
import json
import os

from remote import RemoteCase
from scripted import Keeping, in_turn, reply
from verbs import UNSHOWN

KEY = "0123456789abcdef0123456789abcdef"
ID = "5552493-16d8-42d8-8feb-c2a16b56f6e8"
FAST = ("--interval", "0")


def answer(what):
    return reply(200, json.dumps(what).encode(), "Content-Type: application/json")


class Edges(RemoteCase):
    def setUp(self):
        super().setUp()
        self.key = self.file("key", KEY + "\n")
        secret = self.file("secret", "the-secret-of-this-endpoint\n")
        self.config = self.file("conf", f'''spool = "/nonexistent"
endpoint "calls" {{ url = "https://example.com/hook/calls" auth-header = "X-Hook" secret-files = {{"{secret}"}} }}
''')

    def test_a_submission_is_made_once_also_if_a_kept_connection_ends_without_an_answer(self):
        """The API may have made the transcript, and it costs money."""
        api = Keeping(lambda r: answer({"upload_url": "https://cdn.example.com/1"}) if r.target == "/v2/upload" else None)
        self.addCleanup(api.stop)
        _, said = self.remote("submit", "--config", self.config, "--api-url", api.url, "--key-file", self.key,
                              self.file("a.mp3", b"audio"), code=4)
        self.assertEqual(["/v2/upload", "/v2/transcript"], [r.target for r in api.requests])
        self.assertIn("may have been made", said)

    def test_no_complaint_shows_the_key(self):
        for key in (KEY + " x", KEY + "\u00e9", KEY + "\x01", KEY + "\t" + KEY, KEY * 200):
            for how in ({"env": {"ASSEMBLYAI_API_KEY": key}}, {"args": ("--key-file", self.file("bad", key + "\n"))},
                        {"args": ("--key-file", self.file("open", key + "\n", 0o644))}):
                told, said = self.remote("fetch", ID, "--api-url", "http://127.0.0.1:9", *how.get("args", ()), code=3,
                                         env=how.get("env"))
                self.assertNotIn(KEY[:8], told + said)

    def test_what_goes_into_a_pipe_is_byte_for_byte_that_of_the_api(self):
        """Also what would be written as \\uXXXX on a terminal."""
        body = json.dumps({"id": ID, "status": "completed", "text": "a" + UNSHOWN}, ensure_ascii=False).encode()
        api = self.serve(lambda _: reply(200, body))
        self.assertEqual(body, self.remote("fetch", "--api-url", api.url, "--key-file", self.key, ID, text=False)[0])

    def test_an_api_url_may_end_in_slashes(self):
        api = self.serve(lambda _: answer({"id": ID, "status": "completed"}))
        self.remote("fetch", "--api-url", api.url + "//", "--key-file", self.key, ID)
        self.assertEqual([f"/v2/transcript/{ID}"], [r.target for r in api.requests])

    def test_one_answer_that_records_nothing_is_told_also_if_the_next_records(self):
        secret = self.file("known", "the-right-secret-of-this-test")
        recorded = reply(200, b'{"status":"accepted","id":"1:1","duplicate":false}')
        for bad, code in ((reply(200, b"<html>"), "1 of 3 delivery was answered with a 2xx, but not recorded"),
                          (reply(401, b"no"), "1 of 3 delivery was given up")):
            server = self.serve(in_turn(recorded, bad, recorded))
            self.assertIn(code, self.remote("send", "--to", server.url, *FAST, "--secret-file", secret, "--repeat", "3",
                                            code=1)[1])

    def test_one_file_that_cannot_be_fetched_is_a_failure_wherever_it_stands(self):
        api = self.serve(lambda r: answer({"id": r.target.rpartition("/")[2], "status": "completed"})
                         if "good" in r.target else reply(404, b'{"error": "no such transcript"}'))
        out = os.path.join(self.folder, "out")
        os.mkdir(out)
        for ids in (("gone", "good-1", "good-2"), ("good-1", "gone", "good-2"), ("good-1", "good-2", "gone")):
            told, said = self.remote("fetch", "--api-url", api.url, "--key-file", self.key, "--out", out, *ids, code=1)
            self.assertEqual(2, told.count("\n"))
            self.assertIn("gone: the transcript: the API answered 404: no such transcript", said)
