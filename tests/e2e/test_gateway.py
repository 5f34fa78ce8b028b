# SPDX-License-Identifier: MIT
"""The gateway without a web server, as FastCGI server and as CGI process: what servers hide or cannot say."""
import json
import os
import signal
import socket
import subprocess
import threading
import time
import uuid

import records
from cases import PlaceCase, needs_root
from fastcgi import Connection, Gateway, ask, request_env, run_cgi
from place import HEADER, SECRET, as_worker, need, wait_until
from sender import streaming, transcript


def fresh():
    return transcript(str(uuid.uuid4()))


class Both(PlaceCase):
    """One and the same expectation of both ways to be started."""

    endpoints = {"calls": {}, "small": {"body-max": "1K"}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway = Gateway(cls.place)
        cls.addClassCleanup(cls.gateway.stop)

    def each_way(self, body, **how):
        yield "fastcgi", self.gateway.post(body, **how)
        yield "cgi", run_cgi(self.place, body, **how)

    def test_fewer_bytes_than_content_length_is_503_and_quarantined(self):
        body = fresh()
        for way, answer in self.each_way(body, CONTENT_LENGTH=str(len(body) + 1)):
            self.assertEqual(503, answer.status, way)
            self.assertEqual("10", answer.headers.get("retry-after"))
        self.assertEqual(1, len([1 for _, kept in self.box("quarantine") if kept == body]))
        self.assertEqual([], self.found(json.loads(body)["transcript_id"]))

    def test_bytes_beyond_content_length_are_no_part_of_the_body(self):
        body = fresh()
        answer = run_cgi(self.place, body + b"\r\nGET / HTTP/1.1", CONTENT_LENGTH=str(len(body)))
        self.assertEqual(200, answer.status)
        self.assertEqual(body, records.body_of(self.found(json.loads(body)["transcript_id"])[0]))

    def test_content_length_that_is_no_number_is_refused(self):
        for length in ("12x", "-1", "99999999999999999999999", "0x10", " "):
            body = fresh()
            for way, answer in self.each_way(body, CONTENT_LENGTH=length):
                self.assertGreaterEqual(answer.status, 400, (way, length))
            self.assertEqual([], self.found(json.loads(body)["transcript_id"]))

    def test_empty_content_length_means_to_the_end(self):
        # nginx sends CONTENT_LENGTH="" for chunked bodies.
        for length in ("", None):
            body = fresh()
            for way, answer in self.each_way(body, CONTENT_LENGTH=length):
                self.assertEqual(200, answer.status, (way, length))

    def test_limit_holds_where_no_length_is_told(self):
        for size, status in ((1024, 200), (1025, 413)):
            for way in ("fastcgi", "cgi"):
                head = b'{"transcript_id":"%s","status":"completed","x":"' % str(uuid.uuid4()).encode()
                body = head + b"x" * (size - len(head) - 2) + b'"}'
                post = self.gateway.post if way == "fastcgi" else lambda b, **h: run_cgi(self.place, b, **h)
                self.assertEqual(status, post(body, endpoint="small", CONTENT_LENGTH=None).status, (way, size))

    def test_endpoint_is_found_without_path_info(self):
        body = fresh()
        env = request_env(body=body, SCRIPT_NAME="/hook/calls", PATH_INFO=None)
        self.assertEqual(200, ask(self.gateway.path, env, body).status)

    def test_a_variable_of_the_request_does_not_choose_the_configuration(self):
        env = request_env(body=fresh(), STENOHOOK_CONFIG="/nonexistent")
        self.assertEqual(200, ask(self.gateway.path, env, fresh()).status)

    def test_line_feeds_and_escapes_in_the_url_do_not_forge_log_lines(self):
        mark = uuid.uuid4().hex
        env = request_env(endpoint=f"x\n{mark}\x1b[31m", body=b"{}")
        self.assertEqual(404, ask(self.gateway.path, env, b"{}").status)
        self.assertNotIn("\x1b", self.place.log_text())
        self.assertFalse([line for line in self.place.log_text().split("\n") if line.startswith(mark)])

    def test_what_is_logged_is_whole_lines_of_the_server_s_error_log(self):
        for way, answer in self.each_way(fresh(), secret="wrong"):
            self.assertRegex(answer.errors, rb"\A[^\n]+ 401 unauthorized, [^\n]+\n\Z", way)

    def test_command_line_refuses_to_be_a_cgi(self):
        answer = run_cgi(self.place, b"", program=self.place.cli, after=("list",))
        self.assertNotEqual(0, answer.app_status)
        self.assertEqual(b"", answer.raw)

    def test_large_session_passes_both_ways(self):
        for way in ("fastcgi", "cgi"):
            body = streaming(str(uuid.uuid4()), 9000)
            answer = self.gateway.post(body) if way == "fastcgi" else run_cgi(self.place, body)
            self.assertEqual(200, answer.status, way)


class Trouble(PlaceCase):
    """Our own trouble: 503, the process stays, and all is well again when it is mended."""

    def both_say(self, gateway, status, body=None):
        for answer in (gateway.post(body or fresh()), run_cgi(self.place, body or fresh())):
            self.assertEqual(status, answer.status, answer.text)
            if status == 503:
                self.assertEqual("10", answer.headers.get("retry-after"))

    def with_gateway(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        return gateway

    def test_broken_configuration_from_the_start_heals(self):
        self.place.write_config("endpoint {")
        try:
            gateway = self.with_gateway()
            self.both_say(gateway, 503)
        finally:
            self.place.write_config(self.place.good)
        self.both_say(gateway, 200)
        self.place.write_config("endpoint {")
        try:
            self.assertEqual(200, gateway.post(fresh()).status, "the last good configuration serves on")
        finally:
            self.place.write_config(self.place.good)

    def test_missing_configuration_is_503(self):
        os.rename(self.place.config, self.place.config + ".away")
        try:
            gateway = self.with_gateway()
            self.both_say(gateway, 503)
        finally:
            os.rename(self.place.config + ".away", self.place.config)
        self.both_say(gateway, 200)

    def test_configuration_that_others_can_write_is_503(self):
        os.chmod(self.place.config, 0o666)
        try:
            self.both_say(self.with_gateway(), 503)
        finally:
            os.chmod(self.place.config, 0o644)

    def test_limit_of_the_size_of_files_is_503(self):
        self.assertEqual(200, run_cgi(self.place, fresh()).status)
        limit = ("prlimit", "--fsize=64")
        gateway = Gateway(self.place, before=limit)
        self.addCleanup(gateway.stop)
        for answer in (gateway.post(fresh()), gateway.post(fresh()), run_cgi(self.place, fresh(), before=limit)):
            self.assertEqual((503, "10", 0), (answer.status, answer.headers.get("retry-after"), answer.app_status))
        self.assertEqual(200, run_cgi(self.place, fresh()).status)

    @needs_root
    def test_spool_of_another_user_is_503(self):
        owner = os.stat(self.place.spool).st_uid
        os.chown(self.place.spool, 0, 0)
        try:
            self.both_say(self.with_gateway(), 503)
        finally:
            os.chown(self.place.spool, owner, -1)
        self.both_say(self.with_gateway(), 200)

    def test_missing_spool_is_503_and_is_not_made(self):
        away = self.place.spool + ".away"
        os.rename(self.place.spool, away)
        try:
            gateway = self.with_gateway()
            self.both_say(gateway, 503)
            self.assertFalse(os.path.exists(self.place.spool))
        finally:
            os.rename(away, self.place.spool)
        self.both_say(gateway, 200)

    def test_rotated_secrets_are_read_without_a_restart(self):
        gateway = self.with_gateway()
        new = "new-" + uuid.uuid4().hex
        self.assertEqual(401, gateway.post(fresh(), secret=new).status)
        try:
            self.place.configure({"calls": {"secret-files": [self.place.secret_file("new", new),
                                                             self.place.secret_file("old")], "auth-header": HEADER}})
            for secret in (new, SECRET):
                self.assertEqual(200, gateway.post(fresh(), secret=secret).status)
            os.unlink(os.path.join(self.place.secrets, "old"))
            self.assertEqual(200, gateway.post(fresh(), secret=new).status)
        finally:
            self.place.configure(self.endpoints)


class Life(PlaceCase):
    """Ends, silences and interruptions of a FastCGI process."""

    settings = {"threads": 4}

    def test_idle_process_ends_at_once(self):
        for signum in (signal.SIGTERM, signal.SIGUSR1):
            gateway = Gateway(self.place)
            self.assertEqual(200, gateway.post(fresh()).status)
            begun = time.monotonic()
            self.assertEqual(0, gateway.stop(signum))
            self.assertLess(time.monotonic() - begun, 2)

    @needs_root
    def test_signal_that_comes_before_it_serves_ends_it(self):
        need("strace")
        # The opening of the configuration takes a second: the time between its start and its first request.
        gateway = Gateway(self.place, before=["strace", "-D", "-qq", "-o", os.path.join(self.place.run, "trace"), "-P",
                                              self.place.config, "-e", "inject=openat:delay_enter=1000000"],
                          ASAN_OPTIONS="detect_leaks=0")
        self.addCleanup(gateway.kill)

        def begun():
            with open(f"/proc/{gateway.pid}/status", encoding="ascii") as f:
                caught = next(int(line.split()[1], 16) for line in f if line.startswith("SigCgt"))
            return caught >> (signal.SIGTERM - 1) & 1 and os.readlink(f"/proc/{gateway.pid}/exe") == self.place.program
        wait_until(begun, 20, "libfcgi has its handlers", step=0.001)
        self.assertEqual(0, gateway.stop(signal.SIGTERM))

    def test_request_in_the_middle_is_finished_before_the_end(self):
        for signum in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT):
            with self.subTest(signal=signum):
                gateway = Gateway(self.place)
                self.addCleanup(gateway.kill)
                body = fresh()
                connection = Connection(gateway.path)
                self.addCleanup(connection.close)
                connection.begin(request_env(body=body))
                connection.body(body[:10])
                connection.wait_until_read()
                os.kill(gateway.pid, signum)
                # Three of its four threads are idle.
                wait_until(lambda g=gateway: g.process.ended() or g.thread_count() <= 2, 20, "the idle threads end")
                self.assertFalse(gateway.process.ended(), "before the request")
                connection.body(body[10:])
                connection.end_body()
                self.assertEqual(200, connection.answer().status)
                connection.close()
                wait_until(gateway.process.ended, 20, "it ends by itself")
                self.assertEqual(0, gateway.stop())
                self.assertEqual(1, len(self.found(json.loads(body)["transcript_id"])))

    def test_hangup_signal_does_not_end_it(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        self.assertEqual(200, gateway.post(fresh()).status)
        os.kill(gateway.pid, signal.SIGHUP)
        self.assertEqual(200, gateway.post(fresh()).status)

    def test_silent_peers_do_not_stop_the_others(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        silent = []
        for first in (b"", b"\x01"):
            s = socket.socket(socket.AF_UNIX)
            s.connect(gateway.path)
            s.sendall(first)
            silent.append(s)
        for _ in range(5):
            self.assertEqual(200, gateway.post(fresh(), timeout=5).status)
        for s in silent:
            s.close()

    def test_aborted_body_is_not_recorded_and_the_process_goes_on(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        body = fresh()
        for _ in range(10):
            connection = Connection(gateway.path)
            connection.begin(request_env(body=body))
            connection.body(body[:-1])
            connection.close()
        self.assertEqual(200, gateway.post(fresh()).status)
        self.assertEqual([], self.found(json.loads(body)["transcript_id"]))

    def test_threads_of_two_processes_record_the_same_event_once(self):
        gateways = [Gateway(self.place), Gateway(self.place)]
        for gateway in gateways:
            self.addCleanup(gateway.stop)
        for _ in range(5):
            body, answers = fresh(), []
            threads = [threading.Thread(target=lambda g=g: answers.append(g.post(body)), daemon=True) for g in gateways * 4]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertEqual([200] * 8, [a.status for a in answers])
            told = [json.loads(a.body) for a in answers]
            self.assertEqual(1, len({t["id"] for t in told}))
            self.assertEqual(7, sum(t["duplicate"] for t in told))
            self.assertEqual(1, len(self.found(json.loads(body)["transcript_id"])))


@needs_root
class AsRoot(PlaceCase):
    """By a mistake of the web server's configuration, with a spool that would let it."""

    def setUp(self):
        subprocess.run(["chown", "-R", "root:root", self.place.spool, self.place.secrets], check=True)

    def test_each_request_is_503_and_the_log_says_what_to_do(self):
        gateway = Gateway(self.place, as_root=True)
        self.addCleanup(gateway.stop)
        for method in ("POST", "GET", "PUT"):
            for answer in (gateway.post(fresh(), REQUEST_METHOD=method), run_cgi(self.place, fresh(), REQUEST_METHOD=method, as_root=True)):
                self.assertEqual(503, answer.status)
                self.assertIn(b"the gateway does not run as root: have it started as the spool's owner", answer.errors)
        self.assertEqual([], self.journal() if os.path.exists(os.path.join(self.place.spool, "log")) else [])
        self.assertEqual([], self.box("refused"))


class Memory(PlaceCase):
    """Secrets are in it."""

    def closed(self, pid):
        """To other processes of the same user, as hooks are."""
        def denied(name):
            done = subprocess.run(["head", "-c", "1", f"/proc/{pid}/{name}"], capture_output=True, check=False, **as_worker())
            return b"ermission denied" in done.stderr

        for name in ("environ", "maps", "mem"):
            self.eventually(lambda n=name: denied(n), what=f"{name} is closed")

    def test_no_other_process_reads_it(self):
        gateway = Gateway(self.place)
        self.addCleanup(gateway.stop)
        self.assertEqual(200, gateway.post(fresh()).status)
        self.closed(gateway.pid)

    def test_nor_that_of_a_cgi_process(self):
        body = fresh()
        process = subprocess.Popen([self.place.program], env=self.place.env(**request_env(body=body)), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, cwd="/", **as_worker())
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        process.stdin.write(body[:1])
        process.stdin.flush()
        self.closed(process.pid)
        process.stdin.write(body[1:])
        process.stdin.close()
        self.assertIn(b"Status: 200", process.stdout.read())
