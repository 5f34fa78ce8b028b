# SPDX-License-Identifier: MIT
"""The stand-in for AssemblyAI's API: each address, errors, pages, webhooks by the rules, kills, and the official SDK."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import wave
from io import BytesIO

import requests

import npm
from cases import ServerCase
from place import HEADER, ROOT, SECRET, Process, build_dir, wait_until
from sandbox import Sandbox, SandboxCase, shipped_config
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
        for body, words in ((b"", "ends too early"), (b'{"audio_url": ', "ends too early"), (b"[]", "no JSON object"),
                            (b'{"audio_url" "x"}', "byte 13"), (b"{}", "audio_url"), (b"\xff", "JSON"),
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


SDK = """
import { readFileSync } from "node:fs";
import { AssemblyAI } from "assemblyai";
const [baseUrl, keyFile, webhook, audioFile] = process.argv.slice(-4);
const client = new AssemblyAI({ apiKey: readFileSync(keyFile, "utf8").trim(), baseUrl });
const out = {};
"""


def sdk(script, *args):
    return npm.node(SDK + script + "\nconsole.log(JSON.stringify(out));", *args)


class OfficialSdk(SandboxCase):
    settings = {"delay_ms": 500, "interval_ms": 200}

    def test_the_sdk_transcribes_a_file_and_reads_everything_of_it(self):
        audio = self.file("speech.wav", b"RIFF" + os.urandom(200000))
        out = sdk("""
        const t = await client.transcripts.transcribe({ audio: audioFile, speaker_labels: true, redact_pii: true,
            redact_pii_audio: true, redact_pii_policies: ["person_name"] }, { pollingInterval: 100 });
        Object.assign(out, { status: t.status, text: t.text, words: t.words.length, speakers: t.utterances.map(u => u.speaker),
            srt: await client.transcripts.subtitles(t.id, "srt", 40), vtt: await client.transcripts.subtitles(t.id, "vtt"),
            sentences: (await client.transcripts.sentences(t.id)).sentences.map(s => s.text).join(" "),
            paragraphs: (await client.transcripts.paragraphs(t.id)).paragraphs.map(p => p.text).join(" "),
            matches: (await client.transcripts.wordSearch(t.id, [t.words[1].text])).total_count,
            audio: (await (await client.transcripts.redactedAudioFile(t.id)).arrayBuffer()).byteLength });
        out.deleted = (await client.transcripts.delete(t.id)).text;
        """, self.sandbox.url, self.sandbox.key_file, "-", audio)
        self.assertEqual("completed", out["status"])
        self.assertEqual(out["text"], out["sentences"])
        self.assertEqual(out["text"], out["paragraphs"])
        self.assertEqual({"A", "B"}, set(out["speakers"]))
        self.assertTrue(out["srt"].startswith("1\n00:00:00,400 --> "))
        self.assertTrue(out["vtt"].startswith("WEBVTT\n\n"))
        self.assertGreater(out["matches"], 0)
        self.assertEqual(4044, out["audio"])
        self.assertEqual("Deleted by user.", out["deleted"])

    def test_the_sdk_submits_with_a_webhook_and_waits(self):
        receiver = self.serve(in_turn(reply(503), reply(200)))
        out = sdk("""
        const t = await client.transcripts.submit({ audio: "https://example.com/a.mp3", webhook_url: webhook,
            webhook_auth_header_name: "X-Webhook-Secret", webhook_auth_header_value: "secret" });
        const done = await client.transcripts.waitUntilReady(t.id, { pollingInterval: 100 });
        Object.assign(out, { queued: t.status, id: t.id, auth: t.webhook_auth, text: done.text });
        """, self.sandbox.url, self.sandbox.key_file, receiver.url + "/hook?customer_id=7", "-")
        self.assertEqual(("queued", True), (out["queued"], out["auth"]))
        self.assertGreater(len(out["text"]), 100)
        self.sandbox.until(out["id"], lambda t: t["webhook_status_code"] == 200)
        self.assertEqual([{"transcript_id": out["id"], "status": "completed"}] * 2,
                         [json.loads(r.body) for r in receiver.requests])

    def test_the_sdk_walks_through_the_pages(self):
        out = sdk("""
        for (let i = 0; i < 7; i++) await client.transcripts.submit({ audio: "https://example.com/a.mp3" });
        let page = await client.transcripts.list({ limit: 3 });
        out.ids = [];
        for (;;) {
            out.ids.push(...page.transcripts.map(t => t.id));
            out.dated = page.transcripts.every(t => t.created.getTime() > 0);
            if (page.page_details.prev_url === null) break;
            page = await client.transcripts.list(page.page_details.prev_url);
        }
        """, self.sandbox.url, self.sandbox.key_file, "-", "-")
        self.assertGreaterEqual(len(out["ids"]), 7)
        self.assertEqual(out["ids"], sorted(set(out["ids"]), reverse=True))
        self.assertTrue(out["dated"])

    def test_the_sdk_hears_of_errors(self):
        out = sdk("""
        const words = async (f) => { try { await f(); return null; } catch (e) { return e.message; } };
        out.unknown = await words(() => client.transcripts.get("01a2117d-d596-786b-ba82-099b85628b9b"));
        out.body = await words(() => client.transcripts.submit({ audio_url: 3 }));
        const other = new AssemblyAI({ apiKey: "wrong", baseUrl });
        out.key = await words(() => other.transcripts.list());
        const failed = await client.transcripts.transcribe({ audio: "https://example.com/error.mp3" }, { pollingInterval: 100 });
        out.failed = [failed.status, failed.error];
        """, self.sandbox.url, self.sandbox.key_file, "-", "-")
        self.assertIn("not found", out["unknown"])
        self.assertIn("audio_url", out["body"])
        self.assertIn("invalid", out["key"])
        self.assertEqual("error", out["failed"][0])
        self.assertIn("sandbox", out["failed"][1])


class WholeLoop(ServerCase):
    """SDK, sandbox, webhook, gateway behind lighttpd, the example hook, `stenohook list`."""

    mode = "lighttpd-fastcgi"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = Sandbox(delay_ms=0, interval_ms=200)
        cls.addClassCleanup(cls.sandbox.stop)
        cls.addClassCleanup(cls.place.kill_runners)
        cls.fetched = cls.place.worker_folder("fetched")
        key = os.path.join(cls.place.secrets, "api-key")
        shutil.copy(cls.sandbox.key_file, key)
        cls.place.give(key)
        # Where the worker can reach it, whoever owns the sources.
        hook = os.path.join(cls.place.folder, "fetch-transcript")
        shutil.copy(os.path.join(ROOT, "examples", "hooks", "fetch-transcript"), hook)
        cls.place.configure({"calls": {"hook": [hook, "-a", cls.sandbox.url, cls.fetched, key, "text"],
                                       "params": ["customer_id"]}})

    def test_what_the_sdk_submits_is_fetched_and_listed_when_its_webhook_has_come(self):
        out = sdk("""
        for (const audio of ["a.mp3", "error.mp3"]) {
            const t = await client.transcripts.submit({ audio: "https://example.com/" + audio, webhook_url: webhook,
                webhook_auth_header_name: "%s", webhook_auth_header_value: "%s", redact_pii: true,
                redact_pii_audio: true });
            out[audio] = t.id;
        }
        """ % (HEADER, SECRET), self.sandbox.url, self.sandbox.key_file, self.server.url(query="?customer_id=1234"), "-")
        for audio in out:
            self.sandbox.until(out[audio], lambda t: t["webhook_status_code"] == 200)
        self.eventually(lambda: [r for r in self.journal() if r["kind"] == "redacted_audio"], what="redacted audio")
        listed = self.place.stenohook("list")
        self.assertIn(out["a.mp3"], listed)
        self.assertIn(out["error.mp3"], listed)
        self.assertEqual("error", self.found(out["error.mp3"])[0]["status"])
        self.assertIn("customer_id=1234", json.dumps(self.found(out["a.mp3"])))
        text = os.path.join(self.fetched, "1234", out["a.mp3"] + ".txt")
        self.eventually(lambda: os.path.exists(text), 30, "the example hook has fetched the text")
        with open(text, encoding="utf-8") as f:
            self.assertEqual(self.sandbox.until(out["a.mp3"], lambda t: t["text"])["text"], f.read().rstrip("\n"))
        self.eventually(lambda: self.hooks(out["a.mp3"], out["error.mp3"]) == {"done"}, 30, "both hooks are done")

    def hooks(self, *subjects):
        listed = [json.loads(e) for e in self.place.stenohook("list", "--format", "json").splitlines()]
        return {e["hook"] for e in listed if e["transcript_id"] in subjects}

    def test_a_wrong_secret_is_final_and_the_api_tells_of_it(self):
        submitted = self.sandbox.submit(webhook_url=self.server.url(), webhook_auth_header_name=HEADER,
                                        webhook_auth_header_value="not-the-secret")
        self.sandbox.until(submitted, lambda t: t["webhook_status_code"] == 401)
        self.assertEqual([], self.found(submitted))


class Verb(SandboxCase):
    """`stenohook-remote sandbox`."""

    def setUp(self):
        super().setUp()
        self.process = None

    def start(self, *args):
        out = os.path.join(self.folder, "out")
        with open(out, "wb") as f:
            self.process = Process([os.path.join(build_dir(), "stenohook-remote"), "sandbox", *args],
                                   os.path.join(self.folder, "err"), stdout=f, cwd=self.folder,
                                   env={"PATH": "/usr/bin:/bin", "TMPDIR": self.folder})
        self.addCleanup(self.process.kill)

        def said():
            with open(out, encoding="utf-8") as f:
                return f.read()
        wait_until(lambda: "Ctrl-C" in said() or self.process.ended(), 30, "the sandbox starts")
        self.assertFalse(self.process.ended())
        self.url = re.search(r"http://127\.0\.0\.1:\d+", said()).group()
        self.key_file = re.search(r"key of the API is in (\S+)", said()).group(1)
        return said()

    def own_folders(self):
        return [n for n in os.listdir(self.folder) if n.startswith("stenohook-sandbox-")]

    def ask(self, path="/v2/transcript", **how):
        with open(self.key_file, encoding="ascii") as f:
            return requests.get(self.url + path, headers={"Authorization": f.read().strip()}, timeout=20, **how)

    def test_it_serves_until_it_is_interrupted_and_leaves_nothing_behind(self):
        for signum in (signal.SIGINT, signal.SIGTERM):
            said = self.start()
            self.assertEqual(200, self.ask().status_code)
            command = re.search(r"curl +(curl .*)", said).group(1)
            shown = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True, timeout=20)
            self.assertEqual([], json.loads(shown.stdout)["transcripts"])
            self.assertEqual(0, self.process.stop(signum))
            self.assertEqual([], self.own_folders())

    def test_its_configuration_is_the_shipped_one(self):
        self.start()
        with open(os.path.join(self.folder, self.own_folders()[0], "lighttpd.conf"), encoding="utf-8") as f:
            ours = f.read()

        def settings(text):
            return [line for line in text.splitlines()
                    if line and not line.lstrip().startswith("#") and not line.startswith("var.")]
        self.assertEqual(settings(shipped_config()), settings(ours))
        self.process.stop(signal.SIGINT)

    def test_it_listens_on_loopback_only(self):
        self.start()
        port = int(self.url.rpartition(":")[2])
        with open("/proc/net/tcp", encoding="ascii") as f:
            listening = [line.split()[1] for line in f if line.split()[3] == "0A"]
        self.assertEqual([f"0100007F:{port:04X}"], [a for a in listening if a.endswith(f":{port:04X}")])
        self.process.stop(signal.SIGINT)

    def test_a_folder_of_ones_own_keeps_everything(self):
        state, ids = os.path.join(self.folder, "state"), []
        for _ in range(2):
            self.start("--dir", "state", "--delay", "0s")
            with open(self.key_file, encoding="ascii") as f:
                key = f.read().strip()
            ids.append(requests.post(self.url + "/v2/transcript", json={"audio_url": "https://example.com/a"},
                                     headers={"Authorization": key}, timeout=20).json()["id"])
            self.process.stop(signal.SIGINT)
        self.start("--dir", "state")
        self.assertEqual(ids, [t["id"] for t in reversed(self.ask().json()["transcripts"])])
        self.process.stop(signal.SIGINT)
        self.assertTrue(os.path.isdir(os.path.join(state, "transcripts")))
        self.assertEqual([], self.own_folders())

    def test_stenohook_fetches_from_it(self):
        submitted = self.sandbox.ended(self.sandbox.submit())
        out, _ = self.remote("fetch", "--api-url", self.sandbox.url, "--key-file", self.sandbox.key_file, submitted["id"])
        self.assertIn(submitted["text"], out)

    def test_what_is_wrong_is_said_and_nothing_is_left(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            _, said = self.remote("sandbox", "--port", str(taken.getsockname()[1]), code=4,
                                  env={"TMPDIR": self.folder})
            self.assertIn("in use", said)
        self.remote("sandbox", "--port", "0", code=2)
        self.remote("sandbox", "--port", "65536", code=2)
        self.remote("sandbox", "operand", code=2)
        self.remote("sandbox", "--key-file", "nothing", code=4, env={"TMPDIR": self.folder})
        self.assertEqual([], self.own_folders())


class Starting(SandboxCase):
    def run_alone(self, **env):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        return subprocess.run([os.path.join(build_dir(), "stenohook-sandbox.fcgi")], stdin=listener, env=env,
                              capture_output=True, text=True, check=False, timeout=20)

    def test_an_environment_that_cannot_be_is_told(self):
        state = os.path.join(self.folder, "state")
        for env, words in (({}, "_DIR"), ({"STENOHOOK_SANDBOX_DIR": "here"}, "_DIR"),
                           ({"STENOHOOK_SANDBOX_DIR": state, "STENOHOOK_SANDBOX_DELAY_MS": "soon"}, "DELAY_MS"),
                           ({"STENOHOOK_SANDBOX_DIR": state, "STENOHOOK_SANDBOX_ATTEMPTS": "0"}, "ATTEMPTS"),
                           ({"STENOHOOK_SANDBOX_DIR": state, "STENOHOOK_SANDBOX_ATTEMPTS": "1001"}, "ATTEMPTS"),
                           ({"STENOHOOK_SANDBOX_DIR": state, "STENOHOOK_SANDBOX_RULE": "kind"}, "RULE")):
            done = self.run_alone(**env)
            self.assertEqual(3, done.returncode, done.stderr)
            self.assertIn(words, done.stderr)

    def test_it_does_not_run_as_a_cgi_program(self):
        done = subprocess.run([os.path.join(build_dir(), "stenohook-sandbox.fcgi")], stdin=subprocess.DEVNULL,
                              env={"REQUEST_METHOD": "GET", "STENOHOOK_SANDBOX_DIR": self.folder}, capture_output=True,
                              text=True, check=False, timeout=20)
        self.assertEqual(1, done.returncode)
        self.assertIn("FastCGI", done.stderr)


