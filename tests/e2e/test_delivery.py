# SPDX-License-Identifier: MIT
"""Deliveries that must be on record, byte for byte, behind every server."""
import concurrent.futures
import json
import uuid

from cases import for_each_mode
from place import SECRET
from records import body_of
from sender import Sender, streaming, transcript

ENDPOINTS = {
    "calls": {},
    "bearer": {"auth-header": "Authorization", "secret": "Bearer " + SECRET},
    "token": {"auth-query": "token"},
    "exact": {"body-max": "1K"},
}


@for_each_mode()
class Delivery:
    endpoints = ENDPOINTS

    def accepted(self, answer):
        self.assertEqual(200, answer.status_code, answer.text)
        self.assertTrue(answer.headers["Content-Type"].startswith("application/json"), answer.headers)
        told = answer.json()
        self.assertEqual({"status", "id", "duplicate"}, set(told))
        self.assertEqual("accepted", told["status"])
        return told

    def deliver(self, body, endpoint="calls", query="", **how):
        return self.accepted(Sender(**how).deliver(self.server.url(endpoint, query), body))

    def recorded(self, told):
        found = [r for r in self.journal() if r["id"] == told["id"]]
        self.assertEqual(1, len(found))
        return found[0]

    def test_documented_webhook_is_answered_and_recorded_whole(self):
        subject = str(uuid.uuid4())
        body = transcript(subject)
        told = self.deliver(body, query="?customer_id=1234&order_id=5678")
        self.assertIs(False, told["duplicate"])
        self.assertRegex(told["id"], r"^\d+:\d+$")
        record = self.recorded(told)
        self.assertEqual(body, body_of(record))
        self.assertEqual("calls", record["endpoint"])
        self.assertEqual("transcript", record["kind"])
        self.assertEqual(subject, record["transcript_id"])
        self.assertEqual("completed", record["status"])
        self.assertEqual("customer_id=1234&order_id=5678", record["query"])
        self.assertEqual("127.0.0.1", record["remote_addr"])
        self.assertEqual("application/json", record["content_type"])
        self.assertRegex(record["user_agent"], r"^python-requests/\d")
        self.assertRegex(record["received_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        self.assertEqual(["key", "id"], list(record)[:2])
        self.assertNotIn(SECRET, json.dumps(record))

    def test_retry_is_a_duplicate_and_recorded_once(self):
        subject = str(uuid.uuid4())
        first = self.deliver(transcript(subject))
        again = self.deliver(transcript(subject))
        self.assertEqual((False, True), (first["duplicate"], again["duplicate"]))
        self.assertEqual(first["id"], again["id"])
        self.assertEqual(1, len(self.found(subject)))

    def test_completed_and_error_of_one_transcript_are_two_events(self):
        subject = str(uuid.uuid4())
        for status in ("completed", "error"):
            self.assertIs(False, self.deliver(transcript(subject, status))["duplicate"])
        self.assertEqual(["completed", "error"], [r["status"] for r in self.found(subject)])

    def test_query_parameters_are_kept_raw_and_decoded(self):
        query = "tag=a&tag=b&na%20me=J%C3%BCrgen+S&empty=&flag&pct=100%25"
        record = self.recorded(self.deliver(transcript(str(uuid.uuid4())), query="?" + query))
        self.assertEqual(query, record["query"])
        self.assertEqual({"tag": ["a", "b"], "na me": "Jürgen S", "empty": "", "flag": "", "pct": "100%"},
                         record["params"])

    def test_streaming_session_of_three_megabytes_is_kept_whole(self):
        body = streaming(str(uuid.uuid4()), 30000)
        self.assertGreater(len(body), 3_000_000)
        record = self.recorded(self.deliver(body))
        self.assertEqual("streaming", record["kind"])
        self.assertTrue(body == body_of(record), "the recorded body differs")

    def test_redacted_audio_has_no_transcript_id_and_is_recorded(self):
        url = f"https://s3.us-west-2.amazonaws.com/b/redacted-audio/{uuid.uuid4()}.wav?Signature=" + "x" * 1300
        body = json.dumps({"status": "redacted_audio_ready", "redacted_audio_url": url}).encode()
        record = self.recorded(self.deliver(body))
        self.assertEqual("redacted_audio", record["kind"])
        self.assertEqual(body, body_of(record))
        later = body.replace(b"Signature=", b"Signature=again")
        self.assertIs(True, self.deliver(later)["duplicate"], "a newly signed URL of the same file is the same event")

    def test_voice_agent_event_is_recorded(self):
        event = str(uuid.uuid4())
        body = json.dumps({"event_id": event, "event": "session.completed", "timestamp": "2026-11-23T08:00:00Z",
                           "session": {"session_id": str(uuid.uuid4()), "status": "completed"}}).encode()
        record = self.recorded(self.deliver(body))
        self.assertEqual(("voice_agent", event), (record["kind"], record["event_id"]))

    def test_unknown_shape_and_odd_type_are_recorded_once(self):
        body = b'{ "made_up":\t[1, 2.50, "\\u00e9", {"a":null}],\n "made_up":"twice %s" }' % uuid.uuid4().bytes.hex().encode()
        first = self.deliver(body, headers={"Content-Type": "text/plain; charset=latin-1"})
        record = self.recorded(first)
        self.assertEqual(("unknown", "text/plain; charset=latin-1"), (record["kind"], record["content_type"]))
        self.assertEqual(body, body_of(record))
        self.assertIs(True, self.deliver(body)["duplicate"])

    def test_invalid_utf8_inside_a_string_is_kept_as_bytes(self):
        body = b'{"transcript_id":"%s","status":"completed","note":"\xff\xc0\x80"}' % str(uuid.uuid4()).encode()
        record = self.recorded(self.deliver(body))
        self.assertIn("body_base64", record)
        self.assertEqual(body, body_of(record))

    def test_chunked_body_is_recorded(self):
        for size in (1, 200_000):
            body = json.dumps({"transcript_id": str(uuid.uuid4()), "status": "completed", "x": "y" * size}).encode()
            halves = iter([body[:10], body[10:]])
            record = self.recorded(self.accepted(Sender().once(self.server.url(), halves)))
            self.assertTrue(body == body_of(record), "the recorded body differs")

    def test_secret_in_the_authorization_header_arrives(self):
        sender = Sender(name="Authorization", value="Bearer " + SECRET)
        self.accepted(sender.once(self.server.url("bearer"), transcript(str(uuid.uuid4()))))

    def test_secret_in_the_query_opens_and_is_not_recorded(self):
        told = self.deliver(transcript(str(uuid.uuid4())), "token", f"?a=1&token={SECRET}&b=2", name=None)
        record = self.recorded(told)
        self.assertEqual("a=1&b=2", record["query"])
        self.assertNotIn(SECRET, json.dumps(record))

    def test_body_of_exactly_the_limit_is_recorded(self):
        head = b'{"transcript_id":"%s","status":"completed","pad":"' % str(uuid.uuid4()).encode()
        body = head + b"x" * (1024 - len(head) - 2) + b'"}'
        self.assertEqual(1024, len(body))
        self.assertEqual(body, body_of(self.recorded(self.deliver(body, "exact"))))

    def test_many_at_once_are_all_recorded_once(self):
        subjects = [str(uuid.uuid4()) for _ in range(40)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            told = list(pool.map(lambda s: self.deliver(transcript(s)), subjects))
        self.assertEqual([False] * 40, [t["duplicate"] for t in told])
        ids = {r["transcript_id"]: r["id"] for r in self.journal() if r.get("transcript_id") in set(subjects)}
        self.assertEqual({s: t["id"] for s, t in zip(subjects, told)}, ids)

    def test_verify_finds_the_journal_sound(self):
        self.deliver(transcript(str(uuid.uuid4())))
        self.place.stenohook("verify")

    def test_record_is_shown_back_byte_for_byte(self):
        body = b'{"transcript_id": "%s",\n\t"status": "error"}' % str(uuid.uuid4()).encode()
        told = self.deliver(body)
        self.assertEqual(body, self.place.stenohook("show", "--raw", told["id"], text=False))
        self.assertIn(told["id"], self.place.stenohook("list"))

