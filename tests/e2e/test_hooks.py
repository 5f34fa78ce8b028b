# SPDX-License-Identifier: MIT
"""Hooks: what they get, what becomes of them, in whose name they run, and that they delay no answer."""
import json
import os
import pwd
import signal
import socket
import subprocess
import uuid

import records
from cases import PlaceCase, for_each_mode, needs_root
from fastcgi import run_cgi
from place import SECRET, Process, as_worker, wait_until, worker
from sender import Sender, transcript

NO_RUNNER = "/nonexistent/stenohook-run"


def fresh():
    return transcript(str(uuid.uuid4()))


def waits(fifo):
    """Shell that waits until it is offered a line. As it may write too, it never reads the end of an earlier offer."""
    return f"read x <> {fifo}"


class HookCase(PlaceCase):
    """Hooks are scripts that keep what they have to say in `out`, where the worker may write."""

    hook_keys = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.out = cls.place.worker_folder("out")

    def setUp(self):
        self.place.kill_runners()

    def script(self, text, name=None, mode=0o755):
        path = os.path.join(self.place.folder, name or "hook-" + os.urandom(4).hex())
        with open(path, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\n{text}\n")
        os.chmod(path, mode)
        return path

    def site(self, hook, runner=NO_RUNNER, endpoint=None, **globals_):
        """The gateway starts no runner unless it is told to: the tests do."""
        keys = {"hook": hook if isinstance(hook, list) else [hook], **(endpoint or {})}
        if runner is not None:
            globals_["runner"] = runner
        self.place.configure({"calls": keys}, **globals_)

    def deliver(self, body=None, **how):
        answer = run_cgi(self.place, body or fresh(), **how)
        self.assertEqual(200, answer.status)
        return json.loads(answer.body)["id"]

    def once(self, code=0, **how):
        done = subprocess.run([self.place.runner, "--config", self.place.config, "--once"], env=self.place.env(),
                              capture_output=True, text=True, cwd="/", timeout=120, check=False,
                              **{**as_worker(), **how})
        self.assertEqual(code, done.returncode, done.stderr + self.place.log_text())
        self.assertEqual("", done.stdout)
        return done.stderr

    def start(self, *args, **how):
        process = Process([self.place.runner, "--config", self.place.config, *args],
                          os.path.join(self.place.run, "runner.log"), env=self.place.env(), **{**as_worker(), **how})
        self.addCleanup(process.kill)
        return process

    def results(self, event=None):
        return [r for r in records.results(self.place.spool) if event in (None, r["id"])]

    def ends(self, event):
        return [(r["try"], r["state"], r["end"], r["code"]) for r in self.results(event)]

    def said(self, name="said"):
        path = os.path.join(self.out, name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="surrogateescape") as f:
            return f.read()

    def fifo(self):
        path = os.path.join(self.out, "fifo-" + os.urandom(4).hex())
        os.mkfifo(path, 0o600)
        self.place.give(path)
        return path

    def offer(self, fifo):
        """Lets one reader of a FIFO go on, if there is one."""
        try:
            fd = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return False
        os.write(fd, b"\n")
        os.close(fd)
        return True

    def release(self, fifo):
        """Lets one reader of a FIFO go on. Waits until there is one."""
        wait_until(lambda: self.offer(fifo), 20, "somebody reads the FIFO")

    def release_until(self, fifo, true, what):
        """Lets readers go on until that is so: an event of an earlier test may read the same FIFO."""
        wait_until(lambda: true() or (self.offer(fifo) and true()), 20, what)

    def let_end(self, fifo, log, count):
        """As release; then waits until so many hooks have said that they end: the next reader is another one."""
        self.release(fifo)
        wait_until(lambda: self.said(log).count("end") >= count, 20, "the hook ends")


class Given(HookCase):
    """What a hook gets."""

    def test_the_environment_is_this_and_nothing_else(self):
        self.site(self.script(f"/usr/bin/env -0 > {self.out}/said"), endpoint={"params": ["customer-id", "absent"]})
        query = "customer-id=%0a%24(id)%00&x=1"
        event = self.deliver(transcript("tr-7"), query=query, HTTP_X_EVIL="1", LD_PRELOAD_X="1")
        self.once()
        got = dict(v.split("=", 1) for v in self.said().split("\0")[:-1])
        # What /bin/sh sets by itself.
        for name in ("PWD", "_", "OLDPWD", "SHLVL"):
            got.pop(name, None)
        record = self.found("tr-7")[0]
        self.assertEqual({"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": worker().pw_dir, "LANG": "C.UTF-8",
                          "STENOHOOK_EVENT_ID": event, "STENOHOOK_ENDPOINT": "calls", "STENOHOOK_KIND": "transcript",
                          "STENOHOOK_TRANSCRIPT_ID": "tr-7", "STENOHOOK_STATUS": "completed",
                          "STENOHOOK_RECEIVED_AT": record["received_at"], "STENOHOOK_ATTEMPT": "1",
                          "STENOHOOK_PARAM_CUSTOMER_ID": "\n$(id)\ufffd", "STENOHOOK_QUERY": query,
                          "STENOHOOK_PARAMS": got["STENOHOOK_PARAMS"]}, got)
        self.assertEqual(record["params"], json.loads(got["STENOHOOK_PARAMS"]))

    def test_stdin_is_the_body_byte_for_byte_and_can_be_read_again(self):
        self.site(self.script(f"cat > {self.out}/first; exec < /proc/self/fd/0; cat > {self.out}/second"))
        body = b'{"odd": "\xff\xfe\\u0000",\r\n "x": "' + b"y" * 3000000 + b'"}\n\n'
        self.deliver(body)
        self.once()
        for name in ("first", "second"):
            with open(os.path.join(self.out, name), "rb") as f:
                self.assertTrue(f.read() == body, name)

    def test_arguments_are_those_of_the_configuration(self):
        hook = self.script(f'for a; do printf "%s|" "$a"; done > {self.out}/said')
        self.site([hook, "--mail", "a b", "", "$HOME;id"])
        self.deliver()
        self.once()
        self.assertEqual("--mail|a b||$HOME;id|", self.said())

    def test_umask_limits_group_and_user(self):
        self.site(self.script("umask; ulimit -c; id -u; id -G; "
                              "set -- $(cat /proc/$$/stat); test $$ = $5 && test $$ = $6 && echo own"))
        event = self.deliver()
        self.once()
        umask, core, uid, groups, own = self.results(event)[0]["stdout"].splitlines()
        self.assertEqual(("0077", "0", str(worker().pw_uid), "own"), (umask, core, uid, own))
        if os.geteuid() == 0:
            self.assertEqual(str(worker().pw_gid), groups)

    def test_a_program_gets_no_descriptor_but_four(self):
        self.site(["/bin/ls", "-1", "/proc/self/fd"])
        event = self.deliver()
        self.once()
        # The last is that of the folder which ls itself opens.
        self.assertEqual("0\n1\n2\n3\n4\n", self.results(event)[0]["stdout"])

    def test_a_runner_keeps_nothing_open_that_whoever_started_it_had(self):
        self.site("/bin/true")
        for way in ((), ("--detach",)):
            ours, theirs = socket.socketpair()
            with ours, theirs:
                self.start(*way, pass_fds=(theirs.fileno(),))
                theirs.close()
                ours.settimeout(20)
                self.assertEqual(b"", ours.recv(1), way)
            # Else it was its end that closed it.
            self.eventually(lambda: len(self.place.runners()) == 1, 20)
            self.place.kill_runners()


class Outcome(HookCase):
    """What becomes of an event."""

    def test_it_is_run_again_until_it_succeeds_and_then_no_more(self):
        self.site(self.script(f'echo "$STENOHOOK_ATTEMPT" >> {self.out}/tries-$STENOHOOK_EVENT_ID; test $STENOHOOK_ATTEMPT = 2'))
        event = self.deliver()
        self.once()
        self.assertEqual([(1, "again", "exit", 1)], self.ends(event))

        def done():
            self.once()
            return len(self.results(event)) > 1
        wait_until(done, 30, "the second run", step=0.5)
        self.assertEqual([(1, "again", "exit", 1), (2, "done", "exit", 0)], self.ends(event))
        self.once()
        self.assertEqual("1\n2\n", self.said(f"tries-{event}"))
        self.assertIn("exit 1; retrying at ", self.place.log_text())

    def test_exit_65_is_dead_at_once(self):
        self.site(self.script("exit 65"))
        event = self.deliver()
        self.once()
        self.once()
        self.assertEqual([(1, "dead", "exit", 65)], self.ends(event))
        self.assertIn(f"event {event}, attempt 1: exit 65; not retried any more", self.place.log_text())

    def test_a_duplicate_does_not_run_the_hook_again(self):
        self.site(self.script(f"echo x >> {self.out}/dup-$STENOHOOK_EVENT_ID"))
        body = fresh()
        event = self.deliver(body)
        self.once()
        self.assertEqual(event, self.deliver(body))
        self.once()
        self.assertEqual("x\n", self.said(f"dup-{event}"))

    def test_what_cannot_be_executed_waits_without_using_up_runs(self):
        path = os.path.join(self.place.folder, "later-" + os.urandom(4).hex())
        self.site(path)
        event = self.deliver()
        self.once()
        self.assertEqual([], self.ends(event))
        self.assertIn(f'endpoint "calls" is suspended, its hooks wait without using up attempts: the hook {path} cannot be '
                      "found", self.place.log_text())
        self.script("exit 0", os.path.basename(path), 0o757)
        self.once()
        self.assertEqual([], self.ends(event))
        self.assertIn("others can write to it", self.place.log_text())
        os.chmod(path, 0o755)
        self.once()
        self.assertEqual([(1, "done", "exit", 0)], self.ends(event))

    def test_a_suspended_endpoint_does_not_hold_up_another(self):
        self.place.configure({"calls": {"hook": ["/nonexistent/hook"]}, "other": {"hook": ["/bin/true"]}},
                             runner=NO_RUNNER)
        waits = self.deliver()
        goes = self.deliver(endpoint="other")
        self.once()
        self.assertEqual([], self.ends(waits))
        self.assertEqual([(1, "done", "exit", 0)], self.ends(goes))

    def test_a_hook_that_takes_too_long_is_stopped_with_its_children(self):
        self.site(self.script(f"(trap '' TERM; echo $$ > {self.out}/group; while :; do sleep 1; done) &\n"
                              "while :; do sleep 1; done"), endpoint={"hook-timeout": "1s"})
        event = self.deliver()
        self.once()
        self.assertEqual([(1, "again", "timeout", 0)], self.ends(event))
        group = int(self.said("group"))

        def gone():
            try:
                os.killpg(group, 0)
                return False
            except ProcessLookupError:
                return True
        self.eventually(gone, what="all processes of the hook are gone")

    def test_a_daemon_that_a_hook_leaves_behind_blocks_nothing(self):
        self.site(self.script(f"setsid sleep 300 & echo $! > {self.out}/daemon"), hooks_max=1)
        first, second = self.deliver(), None
        self.once()
        pid = int(self.said("daemon"))
        try:
            self.assertEqual([(1, "done", "exit", 0)], self.ends(first))
            second = self.deliver()
            self.once()
            self.assertEqual([(1, "done", "exit", 0)], self.ends(second))
            os.kill(pid, 0)
        finally:
            for daemon in {pid, int(self.said("daemon"))}:
                os.kill(daemon, signal.SIGKILL)

    def test_ends_of_the_output_are_kept_apart(self):
        self.site(self.script("head -c 100000 /dev/zero | tr '\\0' a; printf 'end\\033\\377'; echo wrong >&2; exit 3"))
        event = self.deliver()
        self.once()
        result = self.results(event)[0]
        self.assertEqual(("a" * (4096 - 5) + "end\x1b\ufffd", "wrong\n"), (result["stdout"], result["stderr"]))


class Who(HookCase):
    """Whose name hooks run in."""

    @needs_root
    def test_root_becomes_the_owner_of_the_spool(self):
        self.site(["/usr/bin/id", "-u"])
        event = self.deliver()
        self.once(user=None, group=None, extra_groups=None)
        self.assertEqual(f"{worker().pw_uid}\n", self.results(event)[0]["stdout"])

    @needs_root
    def test_hooks_of_a_spool_that_belongs_to_root_are_refused(self):
        self.site(["/usr/bin/touch", os.path.join(self.out, "as-root")])
        self.deliver()
        everything = [self.place.spool] + [os.path.join(d, n) for d, ds, fs in os.walk(self.place.spool) for n in ds + fs]
        for path in everything:
            os.chown(path, 0, 0)
        try:
            for args in (["--once"], []):
                done = subprocess.run([self.place.runner, "--config", self.place.config, *args], env=self.place.env(),
                                      cwd="/", capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(3, done.returncode, done.stderr)
                self.assertIn("hooks never run as root", done.stderr)
        finally:
            for path in everything:
                if os.path.exists(path):
                    self.place.give(path)
        self.assertFalse(os.path.exists(os.path.join(self.out, "as-root")))

    @needs_root
    def test_another_user_is_refused(self):
        self.site("/bin/true")
        nobody = pwd.getpwnam("nobody")
        # A layout may keep him from the configuration already.
        self.assertRegex(self.once(3, user=nobody.pw_uid, group=nobody.pw_gid), "belongs to user|Permission denied")

    def test_it_refuses_to_be_a_cgi(self):
        answer = run_cgi(self.place, b"", program=self.place.runner, after=("--once",))
        self.assertNotEqual(200, answer.status)
        self.assertEqual(b"", answer.raw)

    def test_options(self):
        def run(*args):
            return subprocess.run([self.place.runner, *args], env=self.place.env(), capture_output=True, text=True,
                                  cwd="/", timeout=60, check=False, **as_worker())
        self.assertIn("usage: stenohook-run", run("--help").stdout)
        for args in (["--frob"], ["--config"], ["x"], ["--once", "--detach"]):
            done = run(*args)
            self.assertEqual((2, ""), (done.returncode, done.stdout), args)
            self.assertNotEqual("", done.stderr)


@for_each_mode()
class Behind:
    """Behind each web server, without cron and without a further request."""

    def setUp(self):
        self.out = os.path.join(self.place.folder, "out")
        if not os.path.isdir(self.out):
            self.place.worker_folder("out")

    script, fifo, offer = HookCase.script, HookCase.fifo, HookCase.offer
    release, let_end = HookCase.release, HookCase.let_end
    results, ends, said = HookCase.results, HookCase.ends, HookCase.said

    def test_a_hook_that_hangs_delays_no_answer_and_outlives_a_graceful_restart(self):
        fifo = self.fifo()
        hook = self.script(f"echo begin >> {self.out}/log; {waits(fifo)}; echo end >> {self.out}/log")
        self.place.configure({"calls": {"hook": [hook]}}, hooks_max=1)
        sender = Sender()
        first = sender.once(self.server.url(), fresh())
        self.assertEqual(200, first.status_code)
        self.eventually(lambda: self.said("log") == "begin\n", 20)
        second = sender.once(self.server.url(), fresh())
        self.assertEqual(200, second.status_code)
        self.assertEqual("begin\n", self.said("log"))
        self.server.restart_gracefully()
        self.let_end(fifo, "log", 1)
        self.let_end(fifo, "log", 2)
        for answer in (first, second):
            self.eventually(lambda a=answer: self.ends(a.json()["id"]) == [(1, "done", "exit", 0)], 20)
        self.assertEqual("begin\nend\nbegin\nend\n", self.said("log"))
        runners = self.place.runners()
        self.assertEqual(1, len(runners), "it stays a while for what comes next")
        # Nothing of the server's environment, which holds the secret in CGI.
        with open(f"/proc/{runners[0]}/environ", "rb") as f:
            self.assertNotIn(SECRET.encode(), f.read())
