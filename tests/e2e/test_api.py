# SPDX-License-Identifier: MIT
"""submit and fetch: against a scripted API, honest and hostile."""
import json
import os
import pty
import re
import shutil
import socket
import stat
import subprocess
import sys
import threading

from cases import lacking
from place import SECRET, Process, as_worker, build_dir, wait_until
from remote import RemoteCase
from scripted import SILENCE, reply
from verbs import UNSHOWN, Terminal

KEY = "0123456789abcdef0123456789abcdef"
ID = "5552493-16d8-42d8-8feb-c2a16b56f6e8"
JSON = "Content-Type: application/json"
# What is no id, of a command line or of an answer.
NO_IDS = ("", ".", "..", "../etc", "a/b", "a%2fb", "a b", "é", "a\n", ".hidden", "x" * 129, "\x1b[2J", "a?b", "a#b")
REDIRECTS = (301, 302, 303, 307, 308)


def transcript(**more):
    return {"id": ID, "status": "completed", "text": "Good morning.", "error": None, "webhook_url": None,
            "webhook_status_code": None, "words": [], **more}


def answer(value, status=200, *headers):
    return reply(status, json.dumps(value).encode(), JSON, *headers)


class ApiCase(RemoteCase):
    """`self.answers` holds the answers of the API by method and path; a list is used up but for its last."""

    def setUp(self):
        super().setUp()
        self.answers = {}
        self.lock = threading.Lock()
        self.api = self.serve(self.script)
        self.key = self.file("key", KEY + "\n")

    def script(self, request):
        with self.lock:
            found = self.answers[request.method, request.target]
            if isinstance(found, list):
                return found.pop(0) if len(found) > 1 else found[0]
            return found

    def ask(self, *args, **how):
        """stdout; the key is shown nowhere."""
        said, wrong = self.remote(*args, "--api-url", self.api.url, "--key-file", self.key, **how)
        self.assertNotIn(KEY, str(said) + wrong)
        self.said = wrong
        return said


class Proxies(ApiCase):
    """Beside the machine's proxy, which would read what is asked of this very machine in clear."""

    def setUp(self):
        super().setUp()
        self.proxy = self.serve(lambda _: answer(transcript()))
        self.beside = {name: self.proxy.url for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                                         "ALL_PROXY")}

    def api_at(self, address, name=None):
        try:
            api = self.serve(lambda _: answer(transcript()), address=address)
        except OSError:
            lacking(f"the address {address}")
        return api, f"http://{name or address}:{api.port}"

    def key_comes_to(self, api, url):
        for env in (self.beside, {**self.beside, "NO_PROXY": "elsewhere.invalid", "no_proxy": "elsewhere.invalid"}):
            self.remote("fetch", ID, "--api-url", url, "--key-file", self.key, env=env)
            self.assertIn(("Authorization", KEY), api.requests.pop().headers)
        self.assertEqual([], self.proxy.requests)

    def test_the_key_never_goes_to_a_proxy_if_the_api_is_this_machine(self):
        for address, name in (("127.0.0.1", None), ("127.0.0.2", None), ("127.0.0.1", "localhost"),
                              ("127.0.0.1", "LocalHost")):
            self.key_comes_to(*self.api_at(address, name))

    def test_the_key_never_goes_to_a_proxy_if_the_api_is_this_machine_by_ipv6(self):
        self.key_comes_to(*self.api_at("::1", "[::1]"))

    def test_a_secret_sent_to_this_machine_never_goes_to_a_proxy(self):
        receiver = self.serve(lambda _: reply(200, b'{"status":"accepted"}'))
        secret = self.file("secret", SECRET)
        self.remote("send", "--to", receiver.url, "--interval", "0", "--header", "X-Webhook-Secret",
                    "--secret-file", secret, env=self.beside)
        self.assertIn(("X-Webhook-Secret", SECRET), receiver.requests[0].headers)
        self.assertEqual([], self.proxy.requests)


class Fetch(ApiCase):
    def fetch(self, *args, found=None, path="", **how):
        if found is not None:
            self.answers["GET", f"/v2/transcript/{ID}{path}"] = found
        return self.ask("fetch", *(args or (ID,)), **how)

    def test_the_json_is_that_of_the_api_byte_for_byte(self):
        body = b' {"id":"%s","status":"completed", "x": [1.0, "\\u00e9"]}\n' % ID.encode()
        self.assertEqual(body.decode(), self.fetch(found=reply(200, body)))
        (request,) = self.api.requests
        self.assertIn(("Authorization", KEY), request.headers)

    def test_every_form_is_asked_for_at_its_path(self):
        cases = {"text": ("", answer(transcript()), "Good morning.\n"),
                 "srt": ("/srt", reply(200, "1\n00:00 é\n".encode()), "1\n00:00 é\n"),
                 "vtt": ("/vtt", reply(200, b"WEBVTT\n\n"), "WEBVTT\n\n"),
                 "sentences": ("/sentences", answer({"id": ID}), json.dumps({"id": ID})),
                 "paragraphs": ("/paragraphs", answer({"id": ID}), json.dumps({"id": ID})),
                 "redacted-audio": ("/redacted-audio", answer({"status": "x"}), json.dumps({"status": "x"}))}
        for form, (path, found, expected) in cases.items():
            self.assertEqual(expected, self.fetch("--format", form, ID, found=found, path=path), form)

    def test_files_are_private_and_whole_and_told(self):
        out = os.path.join(self.folder, "out")
        os.mkdir(out)
        other = "other.1"
        self.answers["GET", f"/v2/transcript/{other}"] = answer(transcript(id=other, text="Two."))
        said = self.fetch("--out", out, "--format", "text", ID, other, found=answer(transcript()))
        self.assertEqual([f"{out}/{ID}.txt", f"{out}/{other}.txt"], said.splitlines())
        self.assertEqual({f"{ID}.txt", f"{other}.txt"}, set(os.listdir(out)))
        for path, text in zip(said.splitlines(), ("Good morning.\n", "Two.\n")):
            with open(path, encoding="utf-8") as f:
                self.assertEqual(text, f.read())
            self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))

    def test_one_that_fails_keeps_nobody_from_the_others_and_leaves_no_file(self):
        out = os.path.join(self.folder, "out")
        os.mkdir(out)
        self.answers["GET", "/v2/transcript/gone"] = answer({"error": "transcript id not found"}, 400)
        self.fetch("--out", out, "gone", ID, found=answer(transcript()), code=1)
        self.assertEqual([f"{ID}.json"], os.listdir(out))
        self.assertIn("not found", self.said)

    def test_what_is_not_finished_or_failed_is_told(self):
        for status in ("queued", "processing", "\x1b[2J"):
            self.assertEqual("", self.fetch(found=answer(transcript(status=status)), code=1))
            self.assertIn("not finished", self.said)
            self.assertNotIn("\x1b", self.said)
        failed = answer(transcript(status="error", error="File does not appear to contain audio", text=None))
        self.fetch("--format", "text", ID, found=failed, code=1)
        self.assertIn("does not appear", self.said)
        self.assertIn('"error"', self.fetch(found=failed))

    def test_a_terminal_is_shown_nothing_that_it_obeys(self):
        text = f"Good {UNSHOWN} morning é"
        program = os.path.join(build_dir(), "stenohook-remote")
        for form, path, found in (("json", "", reply(200, json.dumps(transcript(text=text), ensure_ascii=False).encode())),
                                  ("text", "", answer(transcript(text=text))),
                                  ("vtt", "/vtt", reply(200, f"WEBVTT\n\n{text}\n".encode()))):
            self.answers["GET", f"/v2/transcript/{ID}{path}"] = found
            seen = Terminal([program, "fetch", ID, "--format", form, "--api-url", self.api.url, "--key-file", self.key],
                            self.bare_env()).end()
            self.assertEqual(set(), set(UNSHOWN) & set(seen), form)
            self.assertIn(" morning é", seen)
            if form == "json":
                self.assertEqual(text, json.loads(seen)["text"])
            self.assertIn(text, json.loads(self.ask("fetch", ID))["text"] if form == "json" else
                          self.ask("fetch", ID, "--format", form))

    def test_ids_that_are_none_are_never_asked_for(self):
        for bad in NO_IDS:
            self.ask("fetch", bad, code=2)
        self.assertEqual([], self.api.requests)
        longest = "x" * 128
        self.answers["GET", f"/v2/transcript/{longest}"] = answer(transcript(id=longest))
        self.ask("fetch", longest)

    def test_hostile_answers_are_refused_and_nothing_is_printed(self):
        long = "x" * 200
        for bad in (reply(200, b""), reply(200, b"<html>"), reply(200, b"[]"), reply(200, b'{"id": "'),
                    answer(transcript(id="../../etc/passwd")), answer(transcript(id="other")), answer(transcript(id=7)),
                    answer(transcript(id=long)), answer(transcript(status=None)), answer(transcript(text=7)),
                    answer(transcript(error=[])), answer(transcript(webhook_status_code="200")),
                    reply(200, b'{"id":"%s","id":"b","status":"completed"}' % ID.encode()),
                    reply(200, b"[" * 100000)):
            self.assertEqual("", self.fetch(found=bad, code=1), bad[:200])
        for form, path, bad in (("vtt", "/vtt", b"<html>"), ("srt", "/srt", b"<html>"), ("srt", "/srt", b"1\n\xff\n"),
                                ("sentences", "/sentences", b'{"id":"b"}'), ("paragraphs", "/paragraphs", b"{")):
            self.assertEqual("", self.fetch("--format", form, ID, path=path, found=reply(200, bad), code=1), bad)

    def test_an_answer_that_is_too_large_is_not_taken(self):
        huge = reply(200, b'{"id": "' + b"x" * (64 * 1024 * 1024))
        self.assertEqual("", self.fetch(found=huge, code=4))
        self.assertIn("larger than", self.said)

    def test_the_words_of_a_refusal_are_shown_escaped(self):
        self.fetch(found=answer({"error": "no \x1b[2J" + "y" * 5000}, 400), code=1)
        self.assertIn("answered 400: no ", self.said)
        self.assertNotIn("\x1b", self.said)
        self.assertLess(len(self.said), 1000)

    def test_a_refused_key_and_a_redirect_name_the_remedy(self):
        self.fetch(found=answer({"error": "Unauthorized"}, 401), code=3)
        self.assertIn("is the key right?", self.said)
        self.fetch(found=reply(302, b"", "Location: http://127.0.0.1:1/"), code=3)
        self.assertIn("is the API's URL right?", self.said)
        self.assertEqual(2, len(self.api.requests))

    def test_nobody_but_the_api_gets_the_key(self):
        other = self.serve(lambda _: answer(transcript()))
        for status in REDIRECTS:
            for target in (f"{other.url}/v2/transcript/{ID}", f"//127.0.0.1:{other.port}/", "/elsewhere"):
                before = len(self.api.requests)
                self.assertEqual("", self.fetch(found=reply(status, b"", f"Location: {target}"), code=3))
                self.assertEqual(before + 1, len(self.api.requests))
        self.assertEqual([], other.requests)

    def test_answers_that_are_cut_off_are_never_taken_for_whole(self):
        whole = json.dumps(transcript()).encode()
        for length in (0, 1, len(whole) // 2, len(whole) - 1):
            self.assertEqual("", self.fetch(found=reply(200, whole[:length]), code=1), length)
            chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(whole) + whole[:length]
            out = os.path.join(self.folder, f"out-{length}")
            os.mkdir(out)
            self.fetch("--out", out, ID, found=[chunked, reply(404)], code=1)
            self.assertEqual([], os.listdir(out))

    def test_busy_and_broken_answers_are_asked_for_again(self):
        for busy in (answer({"error": "slow"}, 429, "Retry-After: 0"), reply(503), reply(200, b"{", length=9)):
            before = len(self.api.requests)
            self.fetch(found=[busy, answer(transcript())])
            self.assertEqual(before + 2, len(self.api.requests))
            self.assertIn("again in", self.said)

    def test_a_pause_that_is_too_long_is_told(self):
        self.fetch(found=answer({}, 429, "Retry-After: 3600"), code=4)
        self.assertEqual(1, len(self.api.requests))
        self.assertIn("3600 s", self.said)

    def test_the_key_of_the_environment_needs_no_configuration(self):
        self.answers["GET", f"/v2/transcript/{ID}"] = answer(transcript())
        self.remote("fetch", ID, "--api-url", self.api.url, env={"ASSEMBLYAI_API_KEY": KEY})
        self.assertIn(("Authorization", KEY), self.api.requests[0].headers)
        for bad in ("a b", "a\r\nX: y", "é"):
            self.remote("fetch", ID, "--api-url", self.api.url, env={"ASSEMBLYAI_API_KEY": bad}, code=3)
        self.assertEqual(1, len(self.api.requests))

    def test_the_key_goes_over_no_open_line(self):
        for url in ("http://api.example.com", "ftp://127.0.0.1", "https://a/?x"):
            self.remote("fetch", ID, "--api-url", url, "--key-file", self.key, code=2)


class Submit(ApiCase):
    def setUp(self):
        super().setUp()
        secret = self.file("secret", SECRET + "\n")
        self.config = self.file("conf", f'''spool = "/nonexistent"
api-key-file = "{self.key}"
api-url = "{self.api.url}"
endpoint "calls" {{ url = "https://example.com/hook/calls" auth-header = "X-Hook" secret-files = {{"{secret}"}} }}
endpoint "both" {{ url = "https://example.com/hook/both?a=b" auth-query = "token" auth-header = "X-Hook"
    secret-files = {{"{secret}"}} }}
endpoint "bare" {{ auth-header = "X-Hook" secret-files = {{"{secret}"}} }}
endpoint "signed" {{ url = "https://example.com/x" auth = "aai-signature" secret-files = {{"{secret}"}} }}
''')
        self.answers["POST", "/v2/transcript"] = answer({"id": ID, "status": "queued"})
        self.answers["POST", "/v2/upload"] = answer({"upload_url": "https://cdn.example.com/upload/1"})

    def submit(self, *args, endpoint="calls", **how):
        said, self.said = self.remote("submit", "--config", self.config, "--endpoint", endpoint, *args, **how)
        self.assertNotIn(KEY, said + self.said)
        self.assertNotIn(SECRET, said + self.said)
        return said

    def test_a_url_is_submitted_with_the_endpoint_s_webhook(self):
        said = self.submit("https://example.com/a.mp3", "--param", "customer_id=1234", "--param", "note=a b&c",
                           "--option", "speaker_labels=true", "--option", "language_code=en", "--option", 'x="3"')
        self.assertEqual(ID + "\n", said)
        (request,) = self.api.requests
        self.assertIn(("Authorization", KEY), request.headers)
        self.assertIn(("Content-Type", "application/json"), request.headers)
        self.assertEqual({"audio_url": "https://example.com/a.mp3", "speaker_labels": True, "language_code": "en", "x": "3",
                          "webhook_url": "https://example.com/hook/calls?customer_id=1234&note=a%20b%26c",
                          "webhook_auth_header_name": "X-Hook", "webhook_auth_header_value": SECRET},
                         json.loads(request.body))

    def test_a_file_is_uploaded_byte_for_byte_first(self):
        audio = bytes(range(256)) * 20000
        self.submit(self.file("a.mp3", audio))
        upload, submission = self.api.requests
        self.assertEqual(("/v2/upload", audio), (upload.target, upload.body))
        self.assertIn(("Content-Type", "application/octet-stream"), upload.headers)
        self.assertEqual("https://cdn.example.com/upload/1", json.loads(submission.body)["audio_url"])

    def test_a_token_of_the_query_goes_along(self):
        self.submit("https://example.com/a.mp3", endpoint="both")
        self.assertEqual(f"https://example.com/hook/both?a=b&token={SECRET}",
                         json.loads(self.api.requests[0].body)["webhook_url"])

    def test_a_submission_is_never_repeated_blindly(self):
        for lost, code in ((reply(500), 4), (reply(503), 4), (b"", 4), (reply(200, b"{", length=9), 4),
                           (reply(200, b"<html>"), 1), (answer({"id": "a/b", "status": "queued"}), 1),
                           (answer({"id": 7, "status": "queued"}), 1)):
            before = len(self.api.requests)
            self.answers["POST", "/v2/transcript"] = lost
            self.assertEqual("", self.submit("https://example.com/a.mp3", code=code))
            self.assertEqual(before + 1, len(self.api.requests))
            self.assertIn("may have been made", self.said)

    def test_a_submission_that_was_refused_is_told_as_that(self):
        self.answers["POST", "/v2/transcript"] = answer({"error": "bad language_code"}, 400)
        self.submit("https://example.com/a.mp3", code=1)
        self.assertIn("bad language_code", self.said)
        self.assertNotIn("may have been made", self.said)

    def test_a_submission_that_came_too_fast_is_made_later(self):
        self.answers["POST", "/v2/transcript"] = [answer({}, 429, "Retry-After: 0"), answer({"id": ID, "status": "queued"})]
        self.assertEqual(ID + "\n", self.submit("https://example.com/a.mp3"))
        self.assertEqual(2, len(self.api.requests))

    def test_an_upload_url_that_is_none_is_not_submitted(self):
        for bad in ({}, {"upload_url": 7}, {"upload_url": "file:///etc/passwd"}, {"upload_url": "https://a/\x1b"}):
            self.answers["POST", "/v2/upload"] = answer(bad)
            self.submit(self.file("a.mp3", b"x"), code=1)
        self.assertEqual({"/v2/upload"}, {r.target for r in self.api.requests})

    def test_hostile_answers_to_an_upload_end_it(self):
        url = {"upload_url": "https://cdn.example.com/upload/1"}
        huge = reply(200, json.dumps({"x": "y" * (1024 * 1024), **url}).encode(), JSON)
        for bad, code in ((huge, 4), (reply(200, b'{"upload_url": "https://a/b'), 1), (reply(200, b"{", length=9), 4),
                          (b"", 4), (reply(200, b"[]"), 1), (reply(500), 4),
                          (answer({"upload_url": "https://a/" + "b" * 8192}), 1),
                          (reply(200, b'{"upload_url": "https://a/b", "upload_url": "https://a/c"}'), 1)):
            before = len(self.api.requests)
            self.answers["POST", "/v2/upload"] = bad
            self.assertEqual("", self.submit(self.file("a.mp3", b"x"), code=code), bad[:200])
            self.assertEqual(before + 1, len(self.api.requests), "an upload is not repeated")
        self.assertEqual({"/v2/upload"}, {r.target for r in self.api.requests})

    def test_an_id_that_is_none_is_not_printed(self):
        for bad in (*NO_IDS, "a\0", None, 7, [ID], {"id": ID}):
            self.answers["POST", "/v2/transcript"] = answer({"id": bad, "status": "queued"})
            self.assertEqual("", self.submit("https://example.com/a.mp3", code=1))
            self.assertNotIn("\x1b", self.said)

    def test_an_answer_to_a_submission_that_is_too_large_is_not_taken(self):
        self.answers["POST", "/v2/transcript"] = answer({"id": ID, "status": "queued", "x": "y" * (1024 * 1024)})
        self.assertEqual("", self.submit("https://example.com/a.mp3", code=4))
        self.assertIn("may have been made", self.said)

    def test_nobody_but_the_api_gets_key_audio_and_secret(self):
        other = self.serve(lambda _: answer({"id": ID, "status": "queued", "upload_url": "https://a/b"}))
        audio = self.file("a.mp3", b"x")
        for target in ("/v2/upload", "/v2/transcript"):
            for status in REDIRECTS:
                self.answers["POST", target] = reply(status, b"", f"Location: {other.url}{target}")
                before = len(self.api.requests)
                self.assertEqual("", self.submit(audio if target == "/v2/upload" else "https://a/b", code=3))
                self.assertEqual(before + 1, len(self.api.requests))
        self.assertEqual([], other.requests)

    def on_terminal(self, audio, *args, code=0):
        """stdout, and what a terminal saw of stderr."""
        terminal, end = pty.openpty()
        program = os.path.join(build_dir(), "stenohook-remote")
        command = [program, "submit", "--config", self.config, "--endpoint", "calls", audio, *args]
        seen = b""
        with subprocess.Popen(command, env=self.bare_env(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=end) as process:
            os.close(end)
            try:
                while more := os.read(terminal, 65536):
                    seen += more
            except OSError:  # EIO: nobody has the other end any more
                pass
            os.close(terminal)
            said = process.stdout.read()
        self.assertEqual(code, process.returncode, seen)
        return said.decode(), seen.decode()

    def test_a_terminal_sees_how_far_an_upload_is_and_stdout_gets_the_id_alone(self):
        said, seen = self.on_terminal(self.file("a.mp3", bytes(3000000)))
        self.assertEqual(ID + "\n", said)
        self.assertRegex(seen, r"\A(\r\x1b\[K *\d+ % of 3 MB)+\r\x1b\[K\Z")
        steps = [int(n) for n in re.findall(r"(\d+) %", seen)]
        self.assertEqual(sorted(steps), steps)
        self.assertLessEqual(steps[-1], 100)

    def test_where_there_is_no_terminal_no_progress_is_told(self):
        self.assertEqual(ID + "\n", self.submit(self.file("a.mp3", bytes(3000000))))
        self.assertEqual("", self.said)

    def test_what_fails_in_the_middle_of_an_upload_is_told_on_a_line_of_its_own(self):
        audio = self.file("a.mp3", b"")
        os.truncate(audio, 64 * 1024 * 1024)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def hang_up():
                conn, _ = listener.accept()
                conn.recv(65536)
                conn.close()
            thread = threading.Thread(target=hang_up, daemon=True)
            thread.start()
            said, seen = self.on_terminal(audio, "--api-url", f"http://127.0.0.1:{listener.getsockname()[1]}", code=4)
            thread.join()
        self.assertEqual("", said)
        self.assertRegex(seen, r"\A(\r\x1b\[K *\d+ % of 68 MB)+\r\x1b\[Kstenohook[^\r]*the upload[^\r]*\r\n\Z")

    def test_wrong_use_sends_nothing(self):
        audio = "https://example.com/a.mp3"
        for args, endpoint, code in (([audio], "nobody", 2), ([audio], "bare", 3), ([audio], "signed", 3), ([], "calls", 2),
                                     (["/nonexistent.mp3"], "calls", 4), (["/dev/null"], "calls", 2),
                                     ([self.file("empty", b"")], "calls", 2), ([audio, "--param", "x"], "calls", 2),
                                     ([audio, "--option", "webhook_url=x"], "calls", 2), (["ftp://a/b"], "calls", 2)):
            self.submit(*args, endpoint=endpoint, code=code)
        self.assertEqual([], self.api.requests)


class Memory(ApiCase):
    """Another process of the same user wants the key that a running program holds."""

    LOOK = """if True:
        import ctypes, os, sys
        for name in ("mem", "environ"):
            try:
                os.close(os.open(f"/proc/{sys.argv[1]}/{name}", os.O_RDONLY))
                print(name)
            except PermissionError:
                pass
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.ptrace(16, int(sys.argv[1]), None, None) == 0:  # PTRACE_ATTACH
            print("ptrace")
        elif ctypes.get_errno() != 1:
            print("errno", ctypes.get_errno())
        """

    def seen(self, pid):
        done = subprocess.run([sys.executable, "-c", self.LOOK, str(pid)], capture_output=True, text=True, check=True,
                              cwd="/", timeout=60, **as_worker())
        return done.stdout.split()

    def start(self, *command, **env):
        process = Process(command, os.path.join(self.folder, "log"), env=self.bare_env(**env), **as_worker())
        self.addCleanup(process.kill)
        return process

    def test_nobody_of_the_same_user_reads_the_key_out_of_it(self):
        os.chmod(self.folder, 0o755)
        program = shutil.copy(os.path.join(build_dir(), "stenohook-remote"), self.folder)
        self.answers["GET", f"/v2/transcript/{ID}"] = SILENCE
        remote = self.start(program, "fetch", ID, "--api-url", self.api.url, ASSEMBLYAI_API_KEY=KEY)
        wait_until(lambda: self.api.requests, 30, "the API is asked with the key")
        self.assertIn("environ", self.seen(self.start("sleep", "1000").pid))
        self.assertEqual([], self.seen(remote.pid))
        with open(f"/proc/{remote.pid}/limits", encoding="ascii") as f:
            self.assertRegex(f.read(), r"(?m)^Max core file size +0 +0 ")
