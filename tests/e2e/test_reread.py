# SPDX-License-Identifier: MIT
"""A gateway that runs takes what is on disk now: each key of the configuration, the secrets, and the hook."""
import hashlib
import hmac
import json
import os
import re
import time
import uuid

import records
from cases import PlaceCase, words_in
from fastcgi import Connection, Gateway, request_env
from place import HEADER, ROOT, SECRET, Place
from sender import transcript
from verbs import NO_RUNNER

MANUAL = os.path.join(ROOT, "man", "stenohook.conf.5")
CLIENT = "44.238.19.20"
DAY_S = 86400
# What another program reads, or only the start of a process.
NOT_THE_GATEWAYS = {"threads", "hooks-max", "api-key-file", "api-url", "url", "hook-timeout", "hook-memory-max",
                    "hook-file-max", "hook-processes-max", "params"}
OF_ALL_ENDPOINTS = {"spool", "keep", "free-space-min", "segment-max", "deadline", "refused-max", "runner"}


def fresh(pad=0):
    return transcript(str(uuid.uuid4()))[:-1] + b',"pad":"' + b"x" * pad + b'"}'


def subject(body):
    return json.loads(body)["transcript_id"]


# ---- what shows a key's value, and what it shows before and after the change. Each endpoint is called after its key.

def answer(case, **how):
    return case.gateway.post(how.pop("body", None) or fresh(), **how).status


def second_answer(case, body, **how):
    """Of two that differ."""
    return [answer(case, body=body(), **how) for _ in range(2)][1]


def old_signature(case, endpoint):
    body, at = fresh(), int(time.time()) - 400
    digest = hmac.new(SECRET.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return answer(case, body=body, endpoint=endpoint, secret=None, HTTP_X_AAI_SIGNATURE=f"t={at},v1={digest}")


def spool_of_event(case, endpoint):
    body = fresh()
    case.assertEqual(200, answer(case, body=body, endpoint=endpoint))
    return [name for name in ("spool", "spool.new") if any(
        r["transcript_id"] == subject(body) for r in records.journal(os.path.join(case.place.folder, name)))]


def old_entry_stays(case, endpoint):
    """An entry of the quarantine that came 120 days ago, when the gateway looks after the quarantine."""
    case.assertEqual(400, answer(case, body=b"no JSON " + fresh(), endpoint=endpoint))
    folder, old = os.path.join(case.place.spool, "quarantine"), time.time() - 120 * DAY_S
    [name] = [n for n in os.listdir(folder) if n.endswith(".box")]
    os.utime(os.path.join(folder, name), (old, old))
    os.unlink(os.path.join(folder, "usage"))
    # The only thread does it after the first answer, and before the second.
    case.assertEqual([200, 200], [answer(case, endpoint=endpoint) for _ in range(2)])
    stays = os.path.exists(os.path.join(folder, name))
    if stays:
        os.unlink(os.path.join(folder, name))
    return stays


def segments_are_begun(case, endpoint):
    case.assertEqual(200, answer(case, endpoint=endpoint))
    before = len(records.segments(case.place.spool))
    case.assertEqual([200] * 3, [answer(case, body=fresh(40_000), endpoint=endpoint) for _ in range(3)])
    return len(records.segments(case.place.spool)) > before


def waits_long_for_a_body(case, endpoint):
    connection = Connection(case.gateway.path)
    try:
        connection.begin(request_env(endpoint, CONTENT_LENGTH="100"))
        connection.socket.settimeout(4)
        try:
            case.assertEqual(503, connection.answer().status)
            return False
        except TimeoutError:
            return True
    finally:
        connection.close()


def refused_is_kept(case, endpoint):
    body = fresh()
    case.assertEqual(401, answer(case, body=body, endpoint=endpoint, secret="wrong"))
    return body in [kept for _, kept in case.box("refused")]


def hook_runs(case, endpoint):
    """If it is to run it does so soon, and otherwise nothing was started when the next request has been answered."""
    body, ran = fresh(), os.path.join(case.out, "ran")
    case.assertEqual([200, 200], [answer(case, body=b, endpoint=endpoint) for b in (body, body)])
    if not case.changed:
        return os.path.exists(ran) or case.place.runners() != []

    def has_run():
        with open(ran, encoding="ascii") as f:
            return subject(body) in f.read()
    case.eventually(lambda: os.path.exists(ran) and has_run(), 20, "the hook runs")
    return True


NO_AUTH = {"auth": "none"}
# key: value before, value after, other keys of the endpoint, what to look at, what is seen before and after
TABLE = {
    "spool": ("{folder}/spool", "{folder}/spool.new", {}, spool_of_event, ["spool"], ["spool.new"]),
    "keep": ("200d", "90d", {}, old_entry_stays, True, False),
    "free-space-min": ("1M", "1024G", {}, lambda c, e: answer(c, endpoint=e), 200, 503),
    "segment-max": ("1G", "64K", {}, segments_are_begun, False, True),
    "deadline": ("9s", "1s", {}, waits_long_for_a_body, True, False),
    "refused-max": (0, "64M", {}, refused_is_kept, False, True),
    "runner": (NO_RUNNER, "{runner}", {"hook": ["{hook}"]}, hook_runs, False, True),
    "auth": ("none", "aai-signature", {}, lambda c, e: answer(c, endpoint=e), 200, 401),
    "auth-header": ("X-One", "X-Two", {}, lambda c, e: answer(c, endpoint=e, HTTP_X_TWO=SECRET), 401, 200),
    "auth-query": ("one", "two", {}, lambda c, e: answer(c, endpoint=e, query=f"two={SECRET}"), 401, 200),
    "secret-files": (["{other}"], ["{other}", "{secret}"], {"auth-header": HEADER}, lambda c, e: answer(c, endpoint=e), 401, 200),
    "allow-from": (["192.0.2.1"], ["127.0.0.1"], {}, lambda c, e: answer(c, endpoint=e), 403, 200),
    "trusted-proxies": (["192.0.2.1"], ["127.0.0.1"], {"allow-from": [CLIENT]},
                        lambda c, e: answer(c, endpoint=e, HTTP_X_FORWARDED_FOR=CLIENT), 403, 200),
    "body-max": ("1K", "1M", {}, lambda c, e: answer(c, endpoint=e, body=fresh(2000)), 413, 200),
    "quarantine-max": ("1M", "256M", {}, lambda c, e: second_answer(c, lambda: b"no JSON " + fresh(700_000), endpoint=e),
                       503, 400),
    "signature-window": ("5m", "20m", {"auth": "aai-signature"}, old_signature, 503, 200),
    "daily-events-max": (1, 1000, NO_AUTH, lambda c, e: second_answer(c, fresh, endpoint=e), 503, 200),
    "daily-bytes-max": ("64K", "64M", NO_AUTH, lambda c, e: second_answer(c, lambda: fresh(40_000), endpoint=e), 503, 200),
    "hook": (None, ["{hook}"], {}, hook_runs, False, True),
}


class RereadCase(PlaceCase):
    """A gateway with a single thread, which has served by the old configuration when it is given the new one."""

    @classmethod
    def setUpClass(cls):
        """No place of the class."""

    def setUp(self):
        self.place = Place(self.endpoints, threads=1)
        self.addCleanup(self.place.remove)
        self.addCleanup(self.place.check_sanitizers)
        self.out = self.place.worker_folder("out")
        self.hook = os.path.join(self.place.folder, "hook")
        with open(self.hook, "w", encoding="ascii") as f:
            f.write(f'#!/bin/sh\necho "$STENOHOOK_TRANSCRIPT_ID" >>"{self.out}/ran"\n')
        os.chmod(self.hook, 0o755)
        self.gateway = Gateway(self.place)
        self.addCleanup(self.gateway.stop)

    def logs(self):  # pylint: disable=arguments-differ
        return self.place.log_text()


class Keys(RereadCase):
    def setUp(self):
        super().setUp()
        self.names = {"folder": self.place.folder, "runner": self.place.runner, "hook": self.hook,
                      "secret": self.place.secret_file("calls"), "other": self.place.secret_file("other", "another-secret\n")}
        kept, self.place.spool = self.place.spool, os.path.join(self.place.folder, "spool.new")
        os.rename(os.path.join(self.place.folder, "init"), os.path.join(self.place.folder, "init.first"))
        self.place.make_spool()
        self.place.spool = kept

    def filled(self, value):
        if isinstance(value, list):
            return [self.filled(v) for v in value]
        return value.format(**self.names) if isinstance(value, str) else value

    def configure(self, key, value, others):
        endpoint = {k: self.filled(v) for k, v in others.items()}
        globals_ = {"threads": 1, "runner": NO_RUNNER}
        if value is not None:
            (globals_ if key in OF_ALL_ENDPOINTS else endpoint)[key] = self.filled(value)
        if key == "hook":
            globals_["runner"] = self.place.runner
        self.place.configure({key: endpoint}, **globals_)

    def check(self, key):
        old, new, others, look, before, after = TABLE[key]
        self.changed = False
        self.configure(key, old, others)
        self.assertEqual(before, look(self, key), "before the change")
        self.changed = True
        self.configure(key, new, others)
        self.assertEqual(after, look(self, key), "after the change")
        self.assertFalse(self.gateway.process.ended())

    def test_every_key_is_in_the_table_or_not_the_gateways(self):
        with open(MANUAL, encoding="utf-8") as f:
            keys = re.findall(r"^\.It Ic (\S+) = Ar", f.read(), re.MULTILINE)
        self.assertGreater(len(keys), 20)
        self.assertEqual(sorted(keys), sorted([*TABLE, *NOT_THE_GATEWAYS]))


def of_key(key):
    def test(self):
        self.check(key)
    return test


for name in TABLE:
    setattr(Keys, f"test_a_changed_{name.replace('-', '_')}_is_taken_at_once", of_key(name))


class Secrets(RereadCase):
    def both(self, old, new):
        """The answers to who has the old secret and who has the new one."""
        return answer(self, secret=old), answer(self, secret=new)

    def test_a_secret_file_that_is_written_anew_counts_from_the_next_delivery_on(self):
        new = "rotated-" + uuid.uuid4().hex
        self.assertEqual((200, 401), self.both(SECRET, new))
        path = self.place.secret_file("calls", new + "\n")
        self.assertEqual((401, 200), self.both(SECRET, new))
        # As a deployment does it: another file with the times of the first.
        times = os.stat(path)
        other = self.place.secret_file("calls.new", new[::-1] + "\n")
        os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
        os.rename(other, path)
        self.assertEqual((401, 200), self.both(new, new[::-1]))

    def test_a_secret_that_is_rotated_while_the_configuration_is_broken_counts(self):
        new = "rotated-" + uuid.uuid4().hex
        self.assertEqual((200, 401), self.both(SECRET, new))
        self.place.write_config(self.place.good + "frob = 1\n")
        self.assertEqual((200, 401), self.both(SECRET, new))
        self.place.secret_file("calls", new + "\n")
        self.assertEqual((401, 200), self.both(SECRET, new))

    def test_a_secret_that_is_gone_is_503_until_it_is_back(self):
        path = os.path.join(self.place.secrets, "calls")
        self.assertEqual(200, answer(self))
        os.rename(path, path + ".away")
        self.assertEqual(503, answer(self))
        os.rename(path + ".away", path)
        self.assertEqual(200, answer(self))


class Broken(RereadCase):
    """A configuration that is replaced by one which cannot be used."""

    endpoints = {"calls": {}, "fenced": {"allow-from": ["192.0.2.1"]}}

    def everything_is_as_before(self):
        self.assertEqual([200, 401, 403], [answer(self), answer(self, secret="wrong"), answer(self, endpoint="fenced")])
        self.assertEqual(413, answer(self, body=b"", CONTENT_LENGTH=str(17 << 20)))

    def report(self):
        got = self.gateway.post(b"", REQUEST_METHOD="GET", CONTENT_LENGTH=None)
        return got.status, json.loads(got.body)

    def test_the_last_good_one_serves_and_what_it_does_not_know_may_come_again(self):
        self.everything_is_as_before()
        self.assertEqual(404, answer(self, endpoint="new"))
        for text in ("", "endpoint {", self.place.good + "frob = 1\n", self.place.good.replace("spool", "spol"), "\0\xff"):
            with self.subTest(text):
                self.place.write_config(text)
                self.everything_is_as_before()
                self.assertEqual(503, answer(self, endpoint="new"), "the file may have been meant to know it")
                status, told = self.report()
                self.assertEqual((200, "attention"), (status, told["status"]))
                self.assertIn("the configuration on disk cannot be used", told["problems"][0])
        self.place.configure({**self.endpoints, "new": {}}, threads=1)
        self.assertEqual(200, answer(self, endpoint="new"))
        self.assertEqual((200, {"status": "ok"}), self.report())

    def test_one_that_is_gone_is_as_a_broken_one(self):
        self.everything_is_as_before()
        os.rename(self.place.config, self.place.config + ".away")
        self.everything_is_as_before()
        self.assertEqual(503, answer(self, endpoint="new"))
        os.rename(self.place.config + ".away", self.place.config)
        self.everything_is_as_before()
        self.assertEqual(404, answer(self, endpoint="new"))


class Hook(RereadCase):
    def hooked(self, *command):
        endpoint = {"hook": list(command)} if command else {}
        self.place.configure({"calls": endpoint}, threads=1, runner=self.place.runner)

    def ran(self):
        return words_in(os.path.join(self.out, "ran"))

    def deliver(self, runs=True):
        body = fresh()
        self.assertEqual(200, answer(self, body=body))
        if runs:
            self.eventually(lambda: subject(body) in self.ran(), 20, "the hook runs")
        return subject(body)

    def test_a_hook_that_is_taken_out_is_not_run_for_what_comes_then(self):
        self.hooked(self.hook)
        first = self.deliver()
        self.hooked()
        second = self.deliver(runs=False)
        self.hooked(self.hook)
        third = self.deliver()
        self.assertEqual([first, third], self.ran())
        self.assertEqual([(first, ["default"]), (second, []), (third, ["default"])],
                         [(r["transcript_id"], r["hooks"]) for r in self.journal()])
