# SPDX-License-Identifier: MIT
"""send: deliveries by the sender's rules, against a scripted receiver and against the gateway."""
import json
import os
import ssl
import subprocess

from cases import for_each_mode
from place import SECRET, build_dir, free_port, need
from remote import RemoteCase
from scripted import SILENCE, in_turn, reply

FAST = ("--interval", "0")
OK = reply(200, b'{"status":"accepted"}')
SAID = "the-right-secret-of-this-test"


class Rules(RemoteCase):
    def send(self, script, *args, code=0, **how):
        """The requests that arrived, and what was said."""
        server = self.serve(script)
        said, wrong = self.remote("send", "--to", server.url + "/hook/calls", *FAST, *args, code=code, **how)
        return server.requests, said + wrong

    def test_a_2xx_is_a_delivery(self):
        for status in (200, 201, 204, 299):
            requests, said = self.send(in_turn(reply(status)))
            self.assertEqual(1, len(requests), status)
            self.assertIn(f"<-- {status} in ", said)

    def test_the_request_is_that_of_the_documentation(self):
        (request,), said = self.send(in_turn(OK))
        self.assertEqual(("POST", "/hook/calls"), request[:2])
        headers = {name.lower(): value for name, value in request.headers}
        self.assertEqual(len(headers), len(request.headers))
        self.assertRegex(headers.pop("host"), r"^127\.0\.0\.1:\d+$")
        self.assertEqual({"user-agent": "python-requests/2.25.1", "accept-encoding": "gzip, deflate", "accept": "*/*",
                          "content-type": "application/json", "content-length": "80"}, headers)
        self.assertRegex(request.body, rb'^\{"transcript_id": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", '
                                       rb'"status": "completed"\}$')
        self.assertRegex(said, r"^--> POST http://127\.0\.0\.1:\d+/hook/calls completed, 80 bytes\n"
                               r'<-- 200 in \d+ ms \{"status":"accepted"\}\n$')

    def test_a_4xx_is_final(self):
        for status in (400, 401, 404, 410, 429, 499):
            requests, said = self.send(in_turn(reply(status), OK), code=1)
            self.assertEqual(1, len(requests), status)
            self.assertIn("attempt 1 of 10, given up: AssemblyAI would not retry", said)

    def test_a_4xx_at_the_seventh_attempt_is_final_too(self):
        requests, said = self.send(in_turn(*[reply(503)] * 6, reply(404), OK), code=1)
        self.assertEqual(7, len(requests))
        self.assertIn("attempt 7 of 10, given up: AssemblyAI would not retry", said)

    def test_by_the_old_rule_a_4xx_is_tried_again(self):
        requests, _ = self.send(in_turn(*[reply(404)] * 6, OK), "--rule", "old")
        self.assertEqual(7, len(requests))

    def test_a_5xx_is_tried_ten_times_by_both_rules_with_the_same_bytes(self):
        for rule in ("new", "old"):
            requests, said = self.send(in_turn(reply(500)), "--rule", rule, code=1)
            self.assertEqual(10, len(requests), rule)
            self.assertEqual({requests[0].body}, {r.body for r in requests})
            self.assertIn("attempt 10 of 10, given up: AssemblyAI would not retry", said)

    def test_a_receiver_that_is_too_slow_is_tried_again(self):
        for rule in ("new", "old"):
            requests, said = self.send(in_turn(SILENCE, OK), "--rule", rule, "--timeout", "1s")
            self.assertEqual(2, len(requests), rule)
            self.assertIn("no answer", said)

    def test_nobody_at_the_port_is_tried_again_by_the_new_rule_only(self):
        url = f"http://127.0.0.1:{free_port()}/hook"
        said, _ = self.remote("send", "--to", url, *FAST, code=1)
        self.assertEqual(10, said.count("<-- no answer"))
        said, _ = self.remote("send", "--to", url, *FAST, "--rule", "old", code=1)
        self.assertEqual(1, said.count("<-- no answer"))

    def test_a_redirect_is_not_followed_but_tried_again(self):
        for status in (301, 302, 303, 307, 308):
            requests, _ = self.send(in_turn(reply(status, b"", "Location: /other"), OK))
            self.assertEqual(["/hook/calls"] * 2, [r.target for r in requests], status)

    def test_an_answer_that_is_cut_off_is_none(self):
        cut = [reply(200, b"0123456789", length=100), b"HTTP/1.1 200 OK\r\nContent-Le", b"",
               b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n0123456789",
               b"SSH-2.0-OpenSSH_9.2\r\n", reply(404, b"x", length=2)]
        for rule in ("new", "old"):
            requests, said = self.send(in_turn(*cut, OK), "--rule", rule)
            self.assertEqual(len(cut) + 1, len(requests), said)

    def test_of_an_answer_without_end_the_code_counts(self):
        requests, said = self.send(in_turn(reply(200, b"x" * 1000000)))
        self.assertEqual(1, len(requests))
        self.assertIn("larger than 65536 bytes", said)
        header = "X-Long: " + "x" * 80000
        requests, _ = self.send(in_turn(reply(503, b"", header), OK))
        self.assertEqual(2, len(requests))

    def test_control_characters_of_an_answer_do_not_reach_the_terminal(self):
        _, said = self.send(in_turn(reply(200, b"\x1b]0;title\x07\x1b[2J\r\nnext")))
        self.assertNotIn("\x1b", said)
        self.assertIn("\\x1b", said)

    def test_attempts_are_as_many_as_was_said(self):
        requests, _ = self.send(in_turn(reply(503)), "--attempts", "3", code=1)
        self.assertEqual(3, len(requests))

    def test_the_interval_is_waited(self):
        _, said = self.send(in_turn(reply(503), OK), "--interval", "1s")
        self.assertIn("again in 1 s", said)

    def test_what_is_repeated_is_the_same(self):
        requests, _ = self.send(in_turn(OK), "--repeat", "3")
        self.assertEqual(3, len(requests))
        self.assertEqual(1, len({r.body for r in requests}))

    def test_one_lost_delivery_of_many_is_a_failure(self):
        requests, said = self.send(in_turn(OK, reply(401), OK), "--repeat", "3", code=1)
        self.assertEqual(3, len(requests))
        self.assertIn("1 of 3 delivery was given up", said)


class Words(RemoteCase):
    """What is sent, by the options."""

    def setUp(self):
        super().setUp()
        self.server = self.serve(in_turn(OK))

    def send(self, *args, **how):
        said = self.remote("send", *args, "--to", self.server.url + "/x", *FAST, **how)
        return self.server.requests[-1], "".join(said)

    def test_each_kind_is_the_documented_one(self):
        shapes = {"completed": {"transcript_id", "status"}, "error": {"transcript_id", "status"},
                  "redacted": {"status", "redacted_audio_url"}, "streaming": {"session_id", "messages"},
                  "voice": {"event_id", "event", "timestamp", "session"}}
        for kind, names in shapes.items():
            body = json.loads(self.send(kind)[0].body)
            self.assertEqual(names, set(body))
            if "status" in body:
                self.assertEqual({"redacted": "redacted_audio_ready"}.get(kind, kind), body["status"])

    def test_members_are_set_and_added(self):
        request, _ = self.send("--set", "transcript_id=abc", "--set", "n=3", "--set", 'o={"a": [true]}', "--set", "t=a b")
        self.assertEqual(b'{"transcript_id": "abc", "status": "completed", "n": 3, "o": {"a": [true]}, "t": "a b"}',
                         request.body)

    def test_data_is_sent_byte_for_byte(self):
        data = bytes(range(256)) * 300
        request, _ = self.send("--data", "@" + self.file("body", data))
        self.assertEqual(data, request.body)
        self.assertEqual(b"{not json", self.send("--data", "{not json")[0].body)
        self.assertEqual(b"", self.send("--data", "")[0].body)

    def test_parameters_are_escaped(self):
        request, _ = self.send("--query", "customer_id=1234", "--query", "a b=c&d=e#f")
        self.assertEqual("/x?customer_id=1234&a%20b=c%26d%3De%23f", request.target)

    def test_a_2xx_is_not_enough_of_whom_a_secret_is_sent_to(self):
        secret = self.file("secret", SAID)
        for status, body, said in ((200, b"\x7fELF\x02\x01" + b"x" * 300000, "serves the program as a file"),
                                   (202, b"<html>", "a web page answers"), (204, b"", "another program than the gateway")):
            server = self.serve(in_turn(reply(status, body)))
            how = ["send", "--to", server.url, *FAST]
            self.assertIn("1 of 1 delivery was answered with a 2xx, but not recorded: ",
                          self.remote(*how, "--secret-file", secret, code=1)[1])
            self.assertIn(said, self.remote(*how, "--secret-file", secret, code=1)[1])
            self.remote(*how)

    def test_the_end_of_an_answer_s_line_is_not_shown(self):
        server = self.serve(in_turn(reply(200, b'{"status":"accepted"}\r\n')))
        self.assertIn('ms {"status":"accepted"}\n', self.remote("send", "--to", server.url, *FAST)[0])

    def test_the_secret_is_sent_and_never_shown(self):
        secret = self.file("secret", SAID + "\n")
        request, said = self.send("--secret-file", secret)
        self.assertIn(("X-Webhook-Secret", SAID), request.headers)
        self.assertNotIn(SAID, said)
        request, _ = self.send("--secret-file", secret, "--header", "X-Other")
        self.assertIn(("X-Other", SAID), request.headers)

    def test_a_wrong_secret_takes_the_place_of_the_right_one(self):
        request, _ = self.send("--secret-file", self.file("secret", SAID), "--bad-secret")
        self.assertIn("X-Webhook-Secret", dict(request.headers))
        self.assertNotIn(SAID, str(request))

    def test_without_configuration_and_secret_file_no_secret_is_sent(self):
        self.assertNotIn("X-Webhook-Secret", dict(self.send()[0].headers))

    def test_a_secret_that_others_can_read_is_told(self):
        _, said = self.send("--secret-file", self.file("secret", SAID, 0o644))
        self.assertIn("others can read it", said)

    def test_wrong_use_is_told_and_nothing_is_sent(self):
        for args in (["bogus"], ["--rule", "newest"], ["--attempts", "0"], ["--attempts", "1001"], ["--interval", "x"],
                     ["--timeout", "0"], ["--repeat", "0"], ["--set", "novalue"], ["--query", "=x"], ["--header", "X-A"],
                     ["--data", "x", "--set", "a=b"], ["completed", "error"], ["--secret-file", "x", "--endpoint", "y"],
                     ["--set", "t=\udcff"]):
            self.remote("send", "--to", self.server.url, *args, code=2)
        for url in ("ftp://127.0.0.1/", "127.0.0.1", "http://", "http://u:p@127.0.0.1/", "http://127.0.0.1/a b"):
            self.remote("send", "--to", url, code=2)
        self.remote("send", "--to", self.server.url, "--data", "@/nonexistent", code=4)
        self.assertEqual([], self.server.requests)

    def test_a_header_with_a_bad_name_is_not_sent(self):
        secret = self.file("secret", SAID)
        for name in ("X-A\r\nX-B", "X A", "X:A", ""):
            self.remote("send", "--to", self.server.url, "--secret-file", secret, "--header", name, *FAST, code=1)
        self.assertEqual([], self.server.requests)

    def test_it_does_not_run_as_a_cgi_program(self):
        for name in ("REQUEST_METHOD", "GATEWAY_INTERFACE"):
            self.remote("send", "--to", self.server.url, env={name: "GET"}, code=2)
        self.assertEqual([], self.server.requests)

    def test_a_closed_standard_output_is_told(self):
        program = os.path.join(build_dir(), "stenohook-remote")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([program, "send", "--to", self.server.url], env={}, stdout=full, stderr=subprocess.PIPE,
                                  check=False)
        self.assertEqual(4, done.returncode)
        self.assertIn(b"standard output", done.stderr)


class Certificates(RemoteCase):
    def test_only_a_receiver_that_is_trusted_gets_the_secret(self):
        need("openssl")
        key, cert = os.path.join(self.folder, "key"), os.path.join(self.folder, "cert")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server = self.serve(in_turn(OK), context=context)
        said, _ = self.remote("send", "--to", server.url, *FAST, "--attempts", "2", code=1)
        self.assertEqual(2, said.count("no answer"))
        self.assertEqual([], server.requests)
        proxy = self.serve(in_turn(reply(403)))
        self.remote("send", "--to", server.url, env={"SSL_CERT_FILE": cert, "https_proxy": proxy.url})
        self.assertEqual(1, len(server.requests))
        self.assertEqual([], proxy.requests)
        # The right certificate for another name.
        self.remote("send", "--to", server.url.replace("localhost", "127.0.0.1"), *FAST, "--rule", "old",
                    env={"SSL_CERT_FILE": cert}, code=1)
        self.assertEqual(1, len(server.requests))


class Proxies(RemoteCase):
    def test_a_proxy_of_the_environment_is_used(self):
        proxy = self.serve(in_turn(OK))
        self.remote("send", "--to", "http://receiver.invalid/hook", *FAST, env={"http_proxy": proxy.url})
        self.assertEqual("http://receiver.invalid/hook", proxy.requests[0].target)

    def test_a_proxy_that_refuses_makes_the_host_unreachable(self):
        proxy = self.serve(in_turn(reply(403)))
        said, _ = self.remote("send", "--to", "https://receiver.invalid/hook", *FAST, "--rule", "old",
                              env={"https_proxy": proxy.url}, code=1)
        self.assertIn("<-- no answer", said)
        self.assertEqual(["CONNECT"], [r.method for r in proxy.requests])


@for_each_mode("lighttpd-fastcgi", "lighttpd-cgi")
class Gateway:
    endpoints = {"calls": {}, "token": {"auth-query": "token", "secret": SECRET}, "open": {"auth": "none"},
                 "signed": {"auth": "aai-signature"},
                 "standard": {"auth": "standard-webhooks", "secret": "whsec_bXktc2VjcmV0LWtleS0xMjM0NQ=="}}

    def send(self, endpoint, *args, code=0):
        program = os.path.join(build_dir(), "stenohook-remote")
        done = subprocess.run([program, "send", *args, "--endpoint", endpoint, "--to", self.server.url(endpoint), *FAST],
                              env=self.place.env(), capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        return done.stdout

    def test_every_kind_is_recorded_as_what_it_is_once(self):
        kinds = {"completed": "transcript", "error": "transcript", "redacted": "redacted_audio",
                 "streaming": "streaming", "voice": "voice_agent"}
        before = len(self.journal())
        for kind, recorded in kinds.items():
            said = self.send("calls", kind, "--repeat", "2", "--query", "case=a b")
            self.assertIn('"duplicate":false', said)
            self.assertIn('"duplicate":true', said)
            last = self.journal()[-1]
            self.assertEqual((recorded, "case=a%20b"), (last["kind"], last["query"]))
        self.assertEqual(before + len(kinds), len(self.journal()))

    def test_each_way_of_proving_is_right_with_the_secret_and_wrong_without(self):
        for endpoint in ("calls", "token", "signed", "standard"):
            before = len(self.journal())
            self.assertIn("<-- 200", self.send(endpoint))
            self.assertEqual(before + 1, len(self.journal()), endpoint)
            said = self.send(endpoint, "--bad-secret", code=1)
            self.assertIn("<-- 401", said)
            self.assertEqual(1, said.count("<--"))
            self.assertEqual(before + 1, len(self.journal()), endpoint)
        self.assertIn("<-- 200", self.send("open"))

    def test_an_unknown_endpoint_of_the_configuration_is_wrong_use(self):
        self.send("nobody", code=2)
