# SPDX-License-Identifier: MIT
"""sandbox - starts the stand-in for AssemblyAI's API behind lighttpd, with the very file that we ship."""
import http.client
import os
import re
import shutil
import signal
import time

import requests

from cases import need_program
from place import ROOT, Process, Trouble, as_worker, free_port, need, temporary_folder, wait_until, worker
from remote import RemoteCase

SHIPPED = os.path.join(ROOT, "examples", "sandbox", "lighttpd.conf")


def shipped_config(**values):
    """The shipped file with these values for its variables."""
    with open(SHIPPED, encoding="utf-8") as f:
        text = f.read()
    for name, value in values.items():
        value = value if isinstance(value, int) else f'"{value}"'
        text, count = re.subn(rf"(?m)^var\.sandbox_{name} = .*$", f"var.sandbox_{name} = {value}", text)
        if count != 1:
            raise Trouble(f"{SHIPPED} sets var.sandbox_{name} {count} times")
    return text


def reachable_program(folder, name):
    """A copy of a program where the worker, as whom the sandbox runs, can reach it."""
    target = shutil.copy(need_program(name), folder)
    os.chmod(target, 0o755)
    return target


def worker_folder(folder, name):
    path = os.path.join(folder, name)
    os.mkdir(path, 0o700)
    give(path)
    return path


def give(path):
    if os.geteuid() == 0:
        os.chown(path, worker().pw_uid, worker().pw_gid)


class Sandbox:
    """A running sandbox. `settings` are the variables of its environment, without their prefix."""

    def __init__(self, **settings):
        need("lighttpd")
        self.folder = temporary_folder()
        os.chmod(self.folder, 0o755)
        self.program = reachable_program(self.folder, "stenohook-sandbox.fcgi")
        self.state = worker_folder(self.folder, "state")
        self.run = worker_folder(self.folder, "run")
        self.settings = settings
        self.process = None
        self.port = free_port()
        try:
            self.start()
        except Exception:
            self.stop()
            raise

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def key_file(self):
        """A copy that is ours, as programs warn of a key that another user can change."""
        with open(os.path.join(self.state, "key"), encoding="ascii") as f:
            key = f.read()
        path = os.path.join(self.folder, "key")
        with open(path, "w", encoding="ascii", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
            f.write(key)
        return path

    @property
    def key(self):
        with open(self.key_file, encoding="ascii") as f:
            return f.read().strip()

    def start(self):
        config = os.path.join(self.folder, "lighttpd.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write(shipped_config(program=self.program, folder=self.state, run=self.run, port=self.port))
        env = {"PATH": os.environ["PATH"]}
        env.update({f"STENOHOOK_SANDBOX_{k.upper()}": str(v) for k, v in self.settings.items()})
        self.process = Process(["lighttpd", "-D", "-f", config], os.path.join(self.run, "server.log"), env=env,
                               **as_worker())

        def answers():
            if self.process.ended():
                raise Trouble("the sandbox ended at once\n" + self.log_text())
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("GET", "/nothing")
                code = connection.getresponse().status
                connection.close()
                return code == 401
            except (OSError, http.client.HTTPException):
                return False
        try:
            wait_until(answers, 15, "the sandbox answers")
        except Trouble as e:
            raise Trouble(f"{e}\n{self.log_text()}") from e

    def give_state(self):
        """What a test has put there becomes the sandbox's own."""
        for folder, _, names in os.walk(self.state):
            for path in (folder, *(os.path.join(folder, n) for n in names)):
                give(path)

    def kill(self):
        """As a machine that loses its power, but for what the kernel has."""
        self.process.kill()
        # The threads of the old program may end a little later: lighttpd would take its socket for that of one that
        # serves.
        os.unlink(os.path.join(self.run, "sandbox.sock-0"))

    def stop(self):
        try:
            if self.process is not None:
                self.process.stop(signal.SIGTERM)
            said = self.log_text()
            if "Sanitizer" in said or "runtime error:" in said:
                raise AssertionError(said)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def log_text(self):
        parts = []
        for name in sorted(os.listdir(self.run)):
            if name.endswith(".log"):
                with open(os.path.join(self.run, name), encoding="utf-8", errors="backslashreplace") as f:
                    parts.append(f.read()[-4000:])
        return "\n".join(parts)

    # ---- requests

    def ask(self, method, path, key=True, **how):
        headers = {**({"Authorization": self.key if key is True else key} if key else {}), **how.pop("headers", {})}
        return requests.request(method, self.url + path, headers=headers, timeout=20, allow_redirects=False, **how)

    def submit(self, audio="https://example.com/audio.mp3", **options):
        answer = self.ask("POST", "/v2/transcript", json={"audio_url": audio, **options})
        if answer.status_code != 200:
            raise AssertionError(f"{answer.status_code} {answer.text}")
        return answer.json()["id"]

    def get(self, transcript_id):
        answer = self.ask("GET", f"/v2/transcript/{transcript_id}")
        if answer.status_code != 200:
            raise AssertionError(f"{answer.status_code} {answer.text}")
        return answer.json()

    def ended(self, transcript_id, seconds=20):
        """The transcript, as soon as it is completed or has failed."""
        return self.until(transcript_id, lambda t: t["status"] in ("completed", "error"), seconds)

    def until(self, transcript_id, true, seconds=20):
        end = time.monotonic() + seconds
        while True:
            found = self.get(transcript_id)
            if true(found):
                return found
            if time.monotonic() > end:
                raise AssertionError(f"in vain: {found}\n{self.log_text()}")
            time.sleep(0.05)


class SandboxCase(RemoteCase):
    """One sandbox for all tests of a class."""

    settings = {"delay_ms": 0}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = Sandbox(**cls.settings)
        cls.addClassCleanup(cls.sandbox.stop)
