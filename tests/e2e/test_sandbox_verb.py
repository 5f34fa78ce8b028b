# SPDX-License-Identifier: MIT
"""sandbox: the verb that serves until it is interrupted, and what its program says of how it was started."""
import json
import os
import re
import signal
import socket
import subprocess

import requests

from cases import needs_root
from place import Process, as_worker, wait_until
from sandbox import SandboxCase, reachable_program, shipped_config, worker_folder


class Verb(SandboxCase):
    """`stenohook sandbox`."""

    def setUp(self):
        super().setUp()
        self.process = None
        os.chmod(self.folder, 0o755)
        self.programs = worker_folder(self.folder, "programs")
        os.chmod(self.programs, 0o755)
        for name in ("stenohook", "stenohook-sandbox.fcgi"):
            reachable_program(self.programs, name)
        self.folder = worker_folder(self.folder, "home")

    def start(self, *args):
        out = os.path.join(self.folder, "out")
        with open(out, "wb") as f:
            self.process = Process([os.path.join(self.programs, "stenohook"), "sandbox", *args],
                                   os.path.join(self.folder, "err"), stdout=f, cwd=self.folder,
                                   env={"PATH": "/usr/bin:/bin", "TMPDIR": self.folder}, **as_worker())
        self.addCleanup(self.process.kill)

        def said():
            with open(out, encoding="utf-8") as f:
                return f.read()
        wait_until(lambda: "Ctrl-C" in said() or self.process.ended(), 30, "the sandbox starts")
        self.assertFalse(self.process.ended())
        self.url = re.search(r"http://127\.0\.0\.1:\d+", said()).group()
        self.key_file = re.search(r"key of the API is in (\S+)", said()).group(1)
        return said()

    def verb(self, *args, code, **how):
        return self.remote("sandbox", *args, code=code, env={"TMPDIR": self.folder},
                           program=os.path.join(self.programs, "stenohook"), **{**as_worker(), **how})[1]

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
            self.assertIn("in use", self.verb("--port", str(taken.getsockname()[1]), code=4))
        self.verb("--port", "0", code=2)
        self.verb("--port", "65536", code=2)
        self.verb("operand", code=2)
        self.verb("--key-file", "nothing", code=4)
        self.assertEqual([], self.own_folders())


    @needs_root
    def test_root_is_refused_with_a_way_out(self):
        said = self.verb(code=3, user=0, group=0)
        self.assertRegex(said, r"never serves as root: .*runuser -u www-data -- stenohook sandbox")
        self.assertEqual([], self.own_folders())


class Starting(SandboxCase):
    def program(self, *args, stdin=subprocess.DEVNULL, user=None, **env):
        return subprocess.run([self.sandbox.program, *args], stdin=stdin, env=env, capture_output=True, text=True,
                              check=False, timeout=20, **(as_worker() if user is None else {"user": user}))

    def run_alone(self, **env):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        return self.program(stdin=listener, **env)

    @needs_root
    def test_the_server_refuses_root_and_makes_nothing(self):
        state = os.path.join(self.folder, "state")
        done = self.run_alone(STENOHOOK_SANDBOX_DIR=state, user=0)
        self.assertEqual(3, done.returncode, done.stderr)
        self.assertIn("never serves as root", done.stderr)
        self.assertFalse(os.path.exists(state))

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
        done = self.program(REQUEST_METHOD="GET", STENOHOOK_SANDBOX_DIR=self.folder)
        self.assertEqual(1, done.returncode)
        self.assertIn("FastCGI", done.stderr)

    def test_without_a_listening_socket_it_is_a_command_line(self):
        shown = self.program("sandbox", "--help")
        self.assertEqual((0, ""), (shown.returncode, shown.stderr))
        self.assertIn("--port N", shown.stdout)
        done = self.program(STENOHOOK_SANDBOX_DIR=self.folder)
        self.assertEqual(2, done.returncode)
        self.assertIn("missing command", done.stderr)
