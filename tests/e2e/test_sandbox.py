# SPDX-License-Identifier: MIT
"""The stand-in for AssemblyAI's API: each address, errors, pages, limits, webhooks by the rules, and kills."""
import json
import os
import re
import socket
import subprocess
import wave
from io import BytesIO

import requests

from place import wait_until
from sandbox import SandboxCase
from scripted import SILENCE, in_turn, reply

UNKNOWN = "01a2117d-d596-786b-ba82-099b85628b9b"


class Addresses(SandboxCase):
    def refused(self, answer, code, words=""):
        self.assertEqual(code, answer.status_code, answer.text)
        self.assertEqual("application/json", answer.headers["Content-Type"])
        self.assertEqual(["error"], list(answer.json()))
        self.assertIn(words, answer.json()["error"])

    def test_nobody_is_answered_without_the_right_key(self):
        for path in ("/v2/transcript", f"/v2/transcript/{UNKNOWN}", "/v2/nothing"):
            self.refused(self.sandbox.ask("GET", path, key=None), 401, "missing")
            self.refused(self.sandbox.ask("GET", path, key="wrong"), 401, "invalid")
            self.refused(self.sandbox.ask("GET", path, key="Bearer " + self.sandbox.key), 401)
        self.refused(self.sandbox.ask("POST", "/v2/upload", key="wrong", data=b"x" * 3000000), 401)

    def test_a_transcript_is_submitted_and_fetched(self):
        answer = self.sandbox.ask("POST", "/v2/transcript", json={
            "audio_url": "https://example.com/a.mp3", "language_code": "en_uk", "unheard_of": {"deep": [1, "ü"]}})
        self.assertEqual(200, answer.status_code, answer.text)
        found = self.sandbox.ended(answer.json()["id"])
        self.assertEqual("completed", found["status"])
        self.assertEqual("https://example.com/a.mp3", found["audio_url"])
        self.assertEqual("en_uk", found["language_code"])
        self.assertEqual({"deep": [1, "ü"]}, found["unheard_of"])
        self.assertIs(False, found["webhook_auth"])
        self.assertIsNone(found["webhook_status_code"])
        self.assertEqual(found["text"], " ".join(w["text"] for w in found["words"]))
        self.assertLessEqual(found["words"][-1]["end"], found["audio_duration"] * 1000)
        self.assertIsNone(found["utterances"])
        self.assertTrue(0 < found["confidence"] < 1)
        again = self.sandbox.ended(self.sandbox.submit("https://example.com/a.mp3"))
        self.assertEqual(found["text"], again["text"])
        self.assertNotEqual(found["id"], again["id"])

    def test_speakers_and_channels_have_utterances(self):
        spoken = self.sandbox.ended(self.sandbox.submit(speaker_labels=True, speakers_expected=3))
        self.assertEqual({"A", "B", "C"}, {u["speaker"] for u in spoken["utterances"]})
        self.assertEqual(spoken["words"], [w for u in spoken["utterances"] for w in u["words"]])
        channels = self.sandbox.ended(self.sandbox.submit(multichannel=True))
        self.assertEqual({"1", "2"}, {u["channel"] for u in channels["utterances"]})
        self.assertEqual(2, channels["audio_channels"])

    def test_audio_whose_name_holds_error_fails(self):
        found = self.sandbox.ended(self.sandbox.submit("https://example.com/error.mp3"))
        self.assertEqual("error", found["status"])
        self.assertIn("sandbox", found["error"])
        self.assertIsNone(found["text"])
        self.refused(self.sandbox.ask("GET", f"/v2/transcript/{found['id']}/srt"), 400, "error, not completed")

    def test_what_cannot_be_submitted_is_told_why(self):
        for body, words in ((b"", "ends too early"), (b'{"audio_url": ', "ends too early"), (b"[]", "not a JSON object"),
                            (b'{"audio_url" "x"}', "offset 13"), (b"{}", "audio_url"), (b"\xff", "JSON"),
                            (b'{"audio_url": "https://a.b/\xff"}', "UTF-8"),
                            (b'{"audio_url": "https://a.b/", "x": ' + b"[" * 100000, "deep"),
                            (b'{"audio_url": "https://a.b/", "webhook_auth_header_name": "X"}', "together")):
            self.refused(self.sandbox.ask("POST", "/v2/transcript", data=body), 400, words)

    def test_a_submission_may_be_so_large_and_no_larger(self):
        most = 256 * 1024
        head, tail = b'{"audio_url": "https://example.com/a.mp3", "prompt": "', b'"}'
        body = head + b"x" * (most - len(head) - len(tail)) + tail
        answer = self.sandbox.ask("POST", "/v2/transcript", data=body)
        self.assertEqual(200, answer.status_code, answer.text)
        self.assertEqual("completed", self.sandbox.ended(answer.json()["id"])["status"])
        self.refused(self.sandbox.ask("POST", "/v2/transcript", data=body[:-2] + b'x"}'), 413, str(most))
        self.refused(self.sandbox.ask("POST", "/v2/transcript", data=b"x" * 20000000), 413)

    def test_ids_that_are_none_are_not_found_and_touch_no_file(self):
        outside = os.path.join(self.sandbox.folder, "outside.json")
        for name in (UNKNOWN, "x", "5552493-16d8-42d8-8feb-c2a16b56f6e8", UNKNOWN.upper(), "..", "%00", "a" * 5000):
            for tail in ("", "/srt", "/sentences", "/redacted-audio", "/word-search?words=a"):
                answer = self.sandbox.ask("GET", f"/v2/transcript/{name}{tail}")
                self.assertIn(answer.status_code, (400, 404), name)
        self.refused(self.sandbox.ask("GET", f"/v2/transcript/{UNKNOWN}"), 400, "transcript id not found")
        for path in ("/v2/transcript/..%2f..%2foutside", "/v2/transcript/%2e%2e/outside", "/v2/transcript/",
                     "/v2/transcript//", f"/v2/transcript/{UNKNOWN}/mp3", "/", "/v2"):
            connection = socket.create_connection(("127.0.0.1", self.sandbox.port), 10)
            connection.sendall(f"DELETE {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                               f"Authorization: {self.sandbox.key}\r\n\r\n".encode())
            head = connection.makefile("rb").read().split(b"\r\n")[0]
            connection.close()
            self.assertIn(head.split(b" ")[1], (b"400", b"404", b"405"), path)
        self.assertFalse(os.path.exists(outside))
        self.assertEqual(["due", "key", "lock", "rate", "transcripts", "uploads"],
                         sorted({*os.listdir(self.sandbox.state), "lock"}))

    def test_other_methods_and_addresses_are_told_so(self):
        self.refused(self.sandbox.ask("PUT", "/v2/transcript"), 405)
        self.refused(self.sandbox.ask("POST", f"/v2/transcript/{UNKNOWN}", json={}), 405)
        self.refused(self.sandbox.ask("GET", "/v2/upload"), 405)
        self.refused(self.sandbox.ask("GET", "/v2/nothing"), 404)

    def test_subtitles_have_the_text_in_captions_of_the_length_asked_for(self):
        found = self.sandbox.ended(self.sandbox.submit())
        srt = self.sandbox.ask("GET", f"/v2/transcript/{found['id']}/srt?chars_per_caption=32")
        srt.encoding = "utf-8"
        self.assertTrue(srt.headers["Content-Type"].startswith("text/plain"))
        captions = [c.split("\n") for c in srt.text.rstrip("\n").split("\n\n")]
        self.assertEqual([str(i + 1) for i in range(len(captions))], [c[0] for c in captions])
        for caption in captions:
            self.assertRegex(caption[1], r"^\d\d:\d\d:\d\d,\d\d\d --> \d\d:\d\d:\d\d,\d\d\d$")
            self.assertLessEqual(len(caption[2]), 32)
        self.assertEqual(found["text"], " ".join(c[2] for c in captions))
        vtt = self.sandbox.ask("GET", f"/v2/transcript/{found['id']}/vtt")
        vtt.encoding = "utf-8"
        self.assertTrue(vtt.text.startswith("WEBVTT\n\n00:00:00.400 --> "))
        self.assertEqual(found["text"], " ".join(re.findall(r"-->.*\n(.*)\n", vtt.text)))
        for good in ("1", "10000"):
            self.assertEqual(200, self.sandbox.ask("GET", f"/v2/transcript/{found['id']}/vtt?chars_per_caption={good}").status_code)
        for bad in ("0", "x", "10001", "-1"):
            self.refused(self.sandbox.ask("GET", f"/v2/transcript/{found['id']}/srt?chars_per_caption={bad}"), 400)

    def test_sentences_and_paragraphs_make_up_the_text(self):
        found = self.sandbox.ended(self.sandbox.submit())
        counts = []
        for piece in ("sentences", "paragraphs"):
            answer = self.sandbox.ask("GET", f"/v2/transcript/{found['id']}/{piece}").json()
            self.assertEqual(found["id"], answer["id"])
            self.assertEqual(found["audio_duration"], answer["audio_duration"])
            self.assertEqual(found["text"], " ".join(p["text"] for p in answer[piece]))
            self.assertEqual(found["words"], [w for p in answer[piece] for w in p["words"]])
            counts.append(len(answer[piece]))
        self.assertGreater(counts[0], counts[1])

    def test_words_are_searched_for(self):
        found = self.sandbox.ended(self.sandbox.submit())
        word = found["words"][1]
        answer = self.sandbox.ask("GET", f"/v2/transcript/{found['id']}/word-search",
                                  params={"words": f"{word['text'].upper()},nobodysaysthis"}).json()
        self.assertEqual(1, len(answer["matches"]))
        self.assertIn(1, answer["matches"][0]["indexes"])
        self.assertEqual(answer["total_count"], answer["matches"][0]["count"])
        self.assertIn([word["start"], word["end"]], answer["matches"][0]["timestamps"])
        self.refused(self.sandbox.ask("GET", f"/v2/transcript/{found['id']}/word-search"), 400, "words")

    def test_redacted_audio_can_be_had_where_it_was_asked_for(self):
        found = self.sandbox.ended(self.sandbox.submit(redact_pii=True, redact_pii_audio=True))
        answer = self.sandbox.ask("GET", f"/v2/transcript/{found['id']}/redacted-audio").json()
        self.assertEqual("redacted_audio_ready", answer["status"])
        audio = requests.get(answer["redacted_audio_url"], timeout=20)
        self.assertEqual("audio/wav", audio.headers["Content-Type"])
        with wave.open(BytesIO(audio.content)) as w:
            self.assertEqual((1, 8000, 4000), (w.getnchannels(), w.getframerate(), w.getnframes()))
        other = self.sandbox.ended(self.sandbox.submit())
        self.refused(self.sandbox.ask("GET", f"/v2/transcript/{other['id']}/redacted-audio"), 400, "redact_pii_audio")
        self.assertEqual(404, requests.get(f"{self.sandbox.url}/redacted-audio/{other['id']}.wav", timeout=20).status_code)

    def test_addresses_of_answers_name_the_host_that_was_asked_unless_it_is_none(self):
        for host, shown in (("sandbox.test:8098", "sandbox.test:8098"), ('a"b', f"127.0.0.1:{self.sandbox.port}")):
            answer = self.sandbox.ask("POST", "/v2/upload", data=b"x", headers={"Host": host})
            if answer.status_code == 200:
                self.assertTrue(answer.json()["upload_url"].startswith(f"http://{shown}/upload/"), answer.text)
            else:
                # lighttpd is the first to look.
                self.assertEqual((400, 'a"b'), (answer.status_code, host))

    def test_an_upload_is_kept_and_can_be_transcribed(self):
        data = os.urandom(3000000)
        answer = self.sandbox.ask("POST", "/v2/upload", data=data)
        self.assertEqual(200, answer.status_code, answer.text)
        url = answer.json()["upload_url"]
        with open(os.path.join(self.sandbox.state, "uploads", url.rpartition("/")[2]), "rb") as f:
            self.assertEqual(data, f.read())
        self.assertEqual("completed", self.sandbox.ended(self.sandbox.submit(url))["status"])
        self.refused(self.sandbox.ask("POST", "/v2/upload", data=b""), 400, "empty")
        chunked = self.sandbox.ask("POST", "/v2/upload", data=iter([b"abc", b"def"]))
        with open(os.path.join(self.sandbox.state, "uploads", chunked.json()["upload_url"].rpartition("/")[2]), "rb") as f:
            self.assertEqual(b"abcdef", f.read())
        self.assertFalse([n for n in os.listdir(os.path.join(self.sandbox.state, "uploads")) if n.endswith(".part")])

    def test_a_deleted_transcript_is_forgotten_but_for_its_name(self):
        found = self.sandbox.ended(self.sandbox.submit("https://example.com/private-name.mp3"))
        for _ in range(2):
            answer = self.sandbox.ask("DELETE", f"/v2/transcript/{found['id']}")
            self.assertEqual(200, answer.status_code)
            self.assertEqual("Deleted by user.", answer.json()["text"])
        self.assertEqual(answer.json(), self.sandbox.get(found["id"]))
        self.assertEqual(("completed", "http://deleted_by_user", False),
                         (answer.json()["status"], answer.json()["webhook_url"], answer.json()["webhook_auth"]))
        stored = subprocess.run(["grep", "-r", "private-name", self.sandbox.state], capture_output=True, check=False)
        self.assertEqual(1, stored.returncode, stored.stdout)
        self.refused(self.sandbox.ask("GET", f"/v2/transcript/{found['id']}/srt"), 400, "deleted")
        self.refused(self.sandbox.ask("DELETE", f"/v2/transcript/{UNKNOWN}"), 400, "not found")

    def test_the_state_is_for_nobody_else(self):
        for folder, _, files in os.walk(self.sandbox.state):
            for name in [".", *files]:
                self.assertEqual(0, os.stat(os.path.join(folder, name)).st_mode & 0o077, (folder, name))


class Unfinished(SandboxCase):
    settings = {"delay_ms": 600000, "upload_max": 1000}

    def test_an_upload_may_be_so_large_and_no_larger(self):
        self.assertEqual(200, self.sandbox.ask("POST", "/v2/upload", data=b"x" * 1000).status_code)
        for data in (b"x" * 1001, iter([b"x" * 600, b"x" * 600])):
            answer = self.sandbox.ask("POST", "/v2/upload", data=data)
            self.assertEqual(413, answer.status_code)
            self.assertIn("1000", answer.json()["error"])
        self.assertEqual(1, len(os.listdir(os.path.join(self.sandbox.state, "uploads"))))

    def test_a_transcript_that_is_not_finished_says_so(self):
        found = self.sandbox.get(self.sandbox.submit())
        self.assertEqual("queued", found["status"])
        self.assertIsNone(found["text"])
        for tail in ("/srt", "/vtt", "/sentences", "/paragraphs", "/word-search?words=a", "/redacted-audio"):
            answer = self.sandbox.ask("GET", f"/v2/transcript/{found['id']}{tail}")
            self.assertEqual(400, answer.status_code, tail)
        self.assertEqual(400, self.sandbox.ask("DELETE", f"/v2/transcript/{found['id']}").status_code)
        listed = self.sandbox.ask("GET", "/v2/transcript?status=queued").json()
        self.assertIsNone(listed["transcripts"][0]["completed"])


class Pages(SandboxCase):
    """Thirty submitted in turn, of which each fifth fails."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = [cls.sandbox.submit("https://example.com/" + ("error" if i % 5 == 0 else "a")) for i in range(30)]
        cls.ids.reverse()

    def list(self, query=""):
        answer = self.sandbox.ask("GET", "/v2/transcript" + query)
        self.assertEqual(200, answer.status_code, answer.text)
        return answer.json()

    def follow(self, url):
        return self.list(url.removeprefix(self.sandbox.url + "/v2/transcript"))

    def test_without_parameters_the_ten_newest_are_listed(self):
        page = self.list()
        self.assertEqual(self.ids[:10], [t["id"] for t in page["transcripts"]])
        self.assertEqual((10, 10, f"{self.sandbox.url}/v2/transcript", None),
                         tuple(page["page_details"][k] for k in ("limit", "result_count", "current_url", "next_url")))
        item = page["transcripts"][1]
        self.assertEqual(["audio_url", "completed", "created", "error", "id", "resource_url", "status"], sorted(item))
        self.assertEqual(f"{self.sandbox.url}/v2/transcript/{item['id']}", item["resource_url"])

    def test_prev_url_leads_to_the_oldest_and_next_url_back(self):
        page, seen = self.list("?limit=7"), []
        while True:
            seen.append([t["id"] for t in page["transcripts"]])
            if page["page_details"]["prev_url"] is None:
                break
            page = self.follow(page["page_details"]["prev_url"])
        self.assertEqual(self.ids, [i for ids in seen for i in ids])
        for ids in reversed(seen[:-1]):
            page = self.follow(page["page_details"]["next_url"])
            self.assertEqual(ids, [t["id"] for t in page["transcripts"]])
        self.assertIsNone(page["page_details"]["next_url"])

    def test_a_status_and_a_day_narrow_every_page(self):
        page = self.list("?status=error&limit=4")
        self.assertEqual({"error"}, {t["status"] for t in page["transcripts"]})
        rest = self.follow(page["page_details"]["prev_url"])
        self.assertEqual(2, rest["page_details"]["result_count"])
        self.assertIsNone(rest["page_details"]["prev_url"])
        day = page["transcripts"][0]["created"][:10]
        self.assertEqual(30, len(self.list(f"?limit=200&created_on={day}")["transcripts"]))
        self.assertEqual([], self.list("?created_on=2001-01-01")["transcripts"])
        self.assertEqual([], self.list("?status=queued&limit=&before_id=")["transcripts"])

    def test_parameters_that_cannot_be_are_refused(self):
        for query in ("limit=0", "limit=201", "limit=x", "status=done", "created_on=yesterday", "created_on=2026-13-01",
                      "before_id=x", "after_id=../../key", "before_id=" + "a" * 4000):
            answer = self.sandbox.ask("GET", "/v2/transcript?" + query)
            self.assertEqual(400, answer.status_code, query)
            self.assertIn(query.split("=")[0], answer.json()["error"])


class ManyTranscripts(SandboxCase):
    def test_ten_thousand_are_listed_by_their_names_alone(self):
        first = self.sandbox.submit()
        folder = os.path.join(self.sandbox.state, "transcripts")
        day = os.path.join(folder, os.listdir(folder)[0])
        # Older than the one that is there, and all unreadable as transcripts.
        for i in range(10000):
            with open(os.path.join(day, f"{first[:9]}0000-7000-8000-{i:012x}.json"), "wb"):
                pass
        answer = self.sandbox.ask("GET", "/v2/transcript?limit=1")
        self.assertEqual(200, answer.status_code, answer.text)
        self.assertEqual([first], [t["id"] for t in answer.json()["transcripts"]])
        self.assertIsNotNone(answer.json()["page_details"]["prev_url"])


class Rate(SandboxCase):
    settings = {"delay_ms": 0, "rate": 5, "rate_seconds": 3600}

    def test_too_many_requests_are_told_when_to_come_again(self):
        answers = [self.sandbox.ask("GET", "/v2/transcript") for _ in range(7)]
        self.assertEqual([200] * 5 + [429] * 2, [a.status_code for a in answers])
        self.assertTrue(3500 < int(answers[-1].headers["Retry-After"]) <= 3600)
        self.assertEqual(["error"], list(answers[-1].json()))
        self.assertNotIn("Retry-After", answers[0].headers)
        self.assertEqual(401, self.sandbox.ask("GET", "/v2/transcript", key="wrong").status_code)


class Webhooks(SandboxCase):
    settings = {"delay_ms": 0, "interval_ms": 150, "timeout_ms": 1000}

    def receiver(self, script):
        return self.serve(script)

    def arrived(self, receiver, count):
        wait_until(lambda: len(receiver.requests) >= count, 20, f"{count} deliveries")
        return receiver.requests

    def no_more(self):
        wait_until(lambda: not os.listdir(os.path.join(self.sandbox.state, "due")), 20, "all deliveries are made")

    def test_a_webhook_is_as_documented_and_its_answer_is_told(self):
        receiver = self.receiver(in_turn(reply(204)))
        submitted = self.sandbox.submit(webhook_url=receiver.url + "/hook?customer_id=1234&x=a%20b",
                                        webhook_auth_header_name="X-My-Secret", webhook_auth_header_value="open sesame")
        found = self.sandbox.until(submitted, lambda t: t["webhook_status_code"] is not None)
        self.no_more()
        request = receiver.requests[0]
        self.assertEqual(("POST", "/hook?customer_id=1234&x=a%20b"), (request.method, request.target))
        self.assertEqual(f'{{"transcript_id": "{submitted}", "status": "completed"}}'.encode(), request.body)
        headers = {n.lower(): v for n, v in request.headers}
        self.assertEqual("open sesame", headers["x-my-secret"])
        self.assertEqual("application/json", headers["content-type"])
        self.assertEqual(1, len(receiver.requests))
        self.assertEqual((204, True, "X-My-Secret"), (found["webhook_status_code"], found["webhook_auth"],
                                                      found["webhook_auth_header_name"]))
        self.assertNotIn("open sesame", json.dumps(found))

    def test_a_failed_transcript_is_told_as_such(self):
        receiver = self.receiver(in_turn(reply(200)))
        submitted = self.sandbox.submit("https://example.com/error", webhook_url=receiver.url)
        self.assertEqual({"transcript_id": submitted, "status": "error"}, json.loads(self.arrived(receiver, 1)[0].body))

    def test_a_5xx_is_tried_again_until_it_is_taken(self):
        receiver = self.receiver(in_turn(reply(503), reply(500), reply(200)))
        submitted = self.sandbox.submit(webhook_url=receiver.url)
        self.sandbox.until(submitted, lambda t: t["webhook_status_code"] == 200)
        self.no_more()
        self.assertEqual(3, len(receiver.requests))
        self.assertEqual(1, len({r.body for r in receiver.requests}))

    def test_a_4xx_is_final(self):
        receiver = self.receiver(in_turn(reply(503), reply(401)))
        submitted = self.sandbox.submit(webhook_url=receiver.url)
        self.sandbox.until(submitted, lambda t: t["webhook_status_code"] == 401)
        self.no_more()
        self.assertEqual(2, len(receiver.requests))

    def test_after_ten_attempts_nobody_tries_again(self):
        receiver = self.receiver(in_turn(reply(500)))
        submitted = self.sandbox.submit(webhook_url=receiver.url)
        self.arrived(receiver, 10)
        self.no_more()
        self.assertEqual(10, len(receiver.requests))
        self.assertEqual(500, self.sandbox.get(submitted)["webhook_status_code"])

    def test_redacted_audio_has_a_webhook_of_its_own(self):
        receiver = self.receiver(in_turn(reply(200)))
        submitted = self.sandbox.submit(webhook_url=receiver.url, redact_pii=True, redact_pii_audio=True)
        self.arrived(receiver, 2)
        self.no_more()
        bodies = [json.loads(r.body) for r in receiver.requests]
        redacted = next(b for b in bodies if "redacted_audio_url" in b)
        self.assertEqual({"status", "redacted_audio_url"}, set(redacted))
        self.assertIn(submitted, redacted["redacted_audio_url"])
        self.assertEqual(b"RIFF", requests.get(redacted["redacted_audio_url"], timeout=20).content[:4])
        self.assertIn({"transcript_id": submitted, "status": "completed"}, bodies)

    def test_requests_are_answered_while_a_receiver_hangs(self):
        receiver = self.receiver(lambda _: SILENCE)
        submitted = self.sandbox.submit(webhook_url=receiver.url)
        self.arrived(receiver, 1)
        other = self.receiver(in_turn(reply(200)))
        self.sandbox.submit(webhook_url=other.url)
        self.arrived(other, 1)
        self.assertIsNone(self.sandbox.get(submitted)["webhook_status_code"])
        self.assertEqual(200, self.sandbox.ask("DELETE", f"/v2/transcript/{submitted}").status_code)
        self.no_more()


class KilledSandbox(SandboxCase):
    settings = {"delay_ms": 0, "interval_ms": 400}

    def test_deliveries_go_on_after_a_kill(self):
        """Killed again and again while receivers refuse: each webhook arrives all the same."""
        ready = []
        receiver = self.serve(lambda _: reply(200) if ready else reply(503))
        wanted = set()
        for _ in range(3):
            wanted |= {self.sandbox.submit(webhook_url=receiver.url) for _ in range(5)}
            before = len(receiver.requests)
            wait_until(lambda: len(receiver.requests) > before, 20, "a delivery")  # pylint: disable=cell-var-from-loop
            self.sandbox.kill()
            self.sandbox.start()
        ready.append(True)
        for submitted in wanted:
            self.assertEqual(200, self.sandbox.until(submitted, lambda t: t["webhook_status_code"] == 200)["webhook_status_code"])
        listed = self.sandbox.ask("GET", "/v2/transcript?limit=200").json()["transcripts"]
        self.assertEqual(wanted, {t["id"] for t in listed})
