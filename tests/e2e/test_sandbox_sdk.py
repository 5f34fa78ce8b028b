# SPDX-License-Identifier: MIT
"""AssemblyAI's own SDK, as npm has it, with the sandbox: by itself, and in the whole loop to gateway and hook."""
import json
import os
import shutil

import npm
from cases import ServerCase
from place import HEADER, ROOT, SECRET
from sandbox import Sandbox, SandboxCase
from scripted import in_turn, reply

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
