# SPDX-License-Identifier: MIT
"""Trials: deliveries that are no event of anybody, and `check --url`, which makes them."""
import gzip
import json
import os
import subprocess

import requests

from cases import PlaceCase, for_each_mode
from fastcgi import run_cgi
from place import HEADER, SECRET, Place, as_worker, build_dir
from scripted import Scripted, reply
from servers import Server
from verbs import VerbCase

TRIAL = b'{"stenohook": "trial", "event_id": "0b7cf45a-6a9c-4ef0-9d5c-1d3c1a1f5c11"}'


class Kind(VerbCase):
    def test_a_trial_is_recorded_hidden_and_runs_no_hook(self):
        trial = self.deliver(body=TRIAL)
        self.assertEqual(["trial"], [r["kind"] for r in self.journal()])
        self.once()
        self.assertEqual([], self.ran())
        event = self.deliver()
        self.once()
        self.assertEqual([(event, "1")], self.ran())
        self.assertEqual([event], [e for e, _, _ in self.hooks()])
        self.assertEqual([event], [e for e, _, _ in self.hooks("--endpoint", "calls", "-n", "5")])
        self.assertEqual([trial], [json.loads(line)["id"] for line in
                                   self.cli("list", "--format", "json", "--kind", "trial")[0].splitlines()])
        self.assertNotIn("trial", self.cli("tail")[0])
        self.assertEqual(0, json.loads(self.cli("stats", "--format", "json")[0])["endpoints"][0]["waiting"])

    def test_a_trial_starts_no_runner(self):
        started = os.path.join(self.out, "started")
        runner = os.path.join(self.place.folder, "noting-runner")
        with open(runner, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\necho >>{started}\n")
        os.chmod(runner, 0o755)
        self.site(runner=runner)
        self.deliver(body=TRIAL)
        self.assertFalse(os.path.exists(started))
        self.deliver()
        self.assertTrue(os.path.exists(started))


class Prover:
    """`check --url`, as the gateway's user."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.place.copied("stenohook-remote")

    def check(self, *args, code=0):
        """The findings; none of them shows a secret."""
        done = subprocess.run([self.place.cli, "check", "--url", *args], env=self.place.env(), cwd="/",
                              capture_output=True, text=True, check=False, timeout=120, **as_worker())
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def error(self, pattern, *args):
        said = self.check(*args, code=1)
        self.assertRegex(said, "(?m)^error: .*" + pattern)
        return said

    def entries(self):
        return self.box("refused") + self.box("quarantine")


@for_each_mode("lighttpd-cgi", "lighttpd-fastcgi", "apache-cgi", "apache-cgid", "apache-fcgid", "apache-proxy-fcgi")
class Straight(Prover):
    """Behind each server as we configure it."""

    def test_each_way_is_proved_and_its_trials_are_on_record_byte_for_byte(self):
        std = "whsec_bXktc2VjcmV0LWtleS0xMjM0NQ=="
        keys = {"calls": {}, "bearer": {"auth-header": "Authorization", "secret": "Bearer " + SECRET},
                "both": {"auth-header": HEADER, "auth-query": "token"}, "open": {"auth": "none"},
                "signed": {"auth": "aai-signature"}, "standard": {"auth": "standard-webhooks", "secret": std}}
        self.place.configure({n: {**k, "url": self.server.url(n)} for n, k in keys.items()})
        before = len(self.journal())
        said = self.check()
        self.assertNotIn("error: ", said)
        trials = self.journal()[before:]
        self.assertEqual({"trial"}, {r["kind"] for r in trials})
        self.assertEqual(["calls"] * 2 + ["bearer"] * 2 + ["both"] * 3 + ["open"] * 2 + ["signed"] * 2 + ["standard"] * 2,
                         [r["endpoint"] for r in trials])
        self.assertEqual(len(trials), said.count("recorded byte for byte"))
        self.assertEqual(4, said.count("ok: the report of "))
        sizes = [len(r["body"].encode()) for r in trials if r["endpoint"] == "calls"]
        self.assertLess(sizes[0], 1000)
        self.assertEqual(200000, sizes[1])
        # Signed bodies must be read before anybody is known: their endpoints take 64 KiB.
        self.assertEqual(65536, max(len(r["body"].encode()) for r in trials if r["endpoint"] == "signed"))
        self.assertEqual("", self.place.stenohook("list"))

    def test_an_address_is_tried_that_the_configuration_does_not_have(self):
        self.place.configure({"calls": {}, "other": {}})
        self.assertEqual(2, self.check("--endpoint", "calls", self.server.url("calls")).count("byte for byte"))
        self.error('recorded for endpoint "other"', "--endpoint", "calls", self.server.url("other"))

    def test_what_the_report_says_is_told(self):
        path = os.path.join(self.place.folder, "hook")
        with open(path, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\n")
        os.chmod(path, 0o755)
        self.place.configure({"calls": {"url": self.server.url(), "hook": [path]}}, runner="/nonexistent/stenohook-run")
        self.assertRegex(self.check(code=1), "(?m)^warning: the report of .*no runner can be started")

    def test_a_secret_that_the_gateway_does_not_know_and_a_foreign_address(self):
        self.place.configure({"calls": {"url": self.server.url("unknown")}})
        self.error("no endpoint of that name|no such endpoint")
        for keys in ({}, {"auth": "none"}):
            self.place.configure({"calls": {"url": self.server.url(), "allow-from": ["192.0.2.1"], **keys}})
            self.assertRegex(self.check(), "(?m)^warning: a delivery .* 127.0.0.1 is not in allow-from; so nothing more")
            self.assertEqual([], self.entries())


CGI = """
ScriptAlias /hook {program}
<Location /hook>
    SetHandler {handler}
    Options +ExecCGI
    Require all granted
    SetEnv STENOHOOK_CONFIG {config}
    {more}
</Location>
{outside}
"""


class Crooked(Prover, PlaceCase):
    """Behind servers that are not configured as we say."""

    def serve(self, handler="cgi-script", more="", outside="", modules=(), mode="apache-cgid"):
        server = Server(mode, self.place, start=False)
        server.prefix = "/hook"
        server.modules += modules
        server.shipped = os.path.join(self.place.folder, "crooked.conf")
        with open(server.shipped, "w", encoding="utf-8") as f:
            f.write(CGI.format(program=self.place.program, config=self.place.config, handler=handler, more=more,
                               outside=outside.format(config=self.place.config, program=self.place.program)))
        server.start()
        self.addCleanup(server.stop)
        server.wait_for_answer()
        return server

    def send(self, url, code):
        done = subprocess.run([os.path.join(build_dir(), "stenohook-remote"), "send", "--endpoint", "calls", "--to", url,
                               "--attempts", "1"], env=self.place.env(), capture_output=True, text=True, check=False,
                              timeout=60)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return done.stderr

    def test_one_that_ignores_the_htaccess_file(self):
        folder = os.path.join(self.place.www, "hooks")
        os.mkdir(folder)
        program = os.path.join(folder, "stenohook.cgi")
        with open(self.place.program, "rb") as f, open(program, "wb") as g:
            g.write(f.read())
        os.chmod(program, 0o755)
        with open(os.path.join(folder, ".htaccess"), "w", encoding="ascii") as f:
            f.write("SetHandler cgi-script\n")
        server = self.serve(outside=f"<Directory {folder}>\nAllowOverride None\n</Directory>")
        url = f"http://127.0.0.1:{server.port}/hooks/stenohook.cgi"
        self.place.configure({"calls": {"url": url}})
        self.error("serves the program as a file")
        self.assertIn("1 of 1 delivery was answered with a 2xx, but not recorded: the web server serves the program",
                      self.send(url, 1))

    def test_one_that_keeps_the_authorization_header(self):
        server = self.serve()
        self.place.configure({"calls": {"url": server.url(), "auth-header": "Authorization"}})
        self.error("Authorization missing; it was sent, so the web server keeps it")
        self.assertEqual([], self.entries())
        self.assertIn("its header is lost on the way", self.send(server.url(), 1))
        # A token that works must not hide it.
        self.place.configure({"calls": {"url": server.url(), "auth-header": "Authorization", "auth-query": "token"}})
        said = self.error("Authorization missing")
        self.assertIn("the secret in the query, is event", said)

    def test_mod_fcgid_with_its_own_limit(self):
        server = self.serve(handler="fcgid-script", mode="apache-fcgid",
                            outside="FcgidInitialEnv STENOHOOK_CONFIG {config}")
        self.place.configure({"calls": {"url": server.url()}})
        said = self.error("a delivery of 200000 bytes, .* is answered 500: mod_fcgid refuses bodies over 128 KiB")
        self.assertEqual(1, said.count("byte for byte"))

    def test_a_filter_that_does_not_like_the_sender(self):
        server = self.serve(more='<If "%{{HTTP_USER_AGENT}} =~ /python-requests/">\nRedirect 406 /hook\n</If>'
                            .replace("{{", "{").replace("}}", "}"))
        self.place.configure({"calls": {"url": server.url()}})
        self.error("is answered 406: a filter such as ModSecurity")
        self.assertIn("a filter such as ModSecurity", self.send(server.url(), 1))

    def test_a_redirect(self):
        server = self.serve(more="Redirect 301 /hook https://example.com/hook")
        self.place.configure({"calls": {"url": server.url()}})
        self.error("a GET is answered 301: a redirect, which the sender does not follow")

    def proxy(self, body=lambda b: b, answer=lambda a: reply(a.status_code, a.content)):
        """Something between the sender and a gateway, which changes what passes."""
        other = self.serve()

        def script(request):
            how = {n: v for n, v in request.headers if n.lower() not in ("host", "content-length", "accept-encoding")}
            return answer(requests.request(request.method, other.url(), headers=how, data=body(request.body), timeout=20))
        proxy = Scripted(script)
        self.addCleanup(proxy.stop)
        self.place.configure({"calls": {"url": proxy.url + "/hook/calls"}})
        return proxy

    def test_answers_that_are_compressed_are_understood(self):
        proxy = self.proxy(answer=lambda a: reply(a.status_code, gzip.compress(a.content), "Content-Encoding: gzip"))
        self.assertEqual(2, self.check().count("byte for byte"))
        self.send(proxy.url, 0)

    def test_a_proxy_that_changes_bodies(self):
        self.proxy(body=bytes.rstrip)
        self.error(r"was changed on its way: \d+ bytes were recorded, and byte \d+ is the first that differs")

    def test_a_proxy_that_changes_bodies_and_not_their_length(self):
        self.proxy(body=lambda b: b.replace(b"\t", b" "))
        said = self.error(r"was changed on its way: \d+ bytes were recorded, and byte \d+ is the first that differs")
        self.assertNotIn("byte for byte", said)

    def test_the_gateway_of_another_installation(self):
        other = Place(spool=os.path.join(self.place.folder, "spool-of-another"))
        self.addCleanup(other.remove)
        server = Server("lighttpd-cgi", other)
        self.addCleanup(server.stop)
        self.place.configure({"calls": {"url": server.url()}})
        # The ids of two journals begin alike.
        self.assertEqual(200, run_cgi(self.place, TRIAL).status)
        self.error("which is not in .*: the address leads to another installation")

    def test_a_page_of_the_host_and_nobody(self):
        for answer, cause in ((reply(200, b"<html>parked</html>", "Content-Type: text/html"), "a web page answers"),
                              (reply(404, b"no", "Content-Type: text/html"), "the server has nothing at that address")):
            page = Scripted(lambda _, a=answer: a)
            self.addCleanup(page.stop)
            self.place.configure({"calls": {"url": page.url}})
            self.error(cause)
            self.assertIn(cause, self.send(page.url, 1))
        self.place.configure({"calls": {"url": "http://127.0.0.1:9/"}})
        self.error("a GET: no answer: ")

    def test_without_an_address_or_with_a_wrong_word_nothing_is_claimed(self):
        self.place.configure({"calls": {}})
        self.assertEqual("", self.check(code=1))
        self.check("--endpoint", "nobody", code=1)
        self.check("a", "b", code=2)


class Words(PlaceCase):
    def test_an_address_or_an_endpoint_needs_the_option(self):
        self.place.stenohook("check", "http://127.0.0.1/", ok=(2,))
        self.place.stenohook("check", "--endpoint", "calls", ok=(2,))

    def test_without_stenohook_remote_it_is_named(self):
        self.assertIn("error: --url needs the program stenohook-remote", self.place.stenohook("check", "--url", ok=(1,)))
