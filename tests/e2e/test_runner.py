# SPDX-License-Identifier: MIT
"""What runs these tests: how it ends, what it reports, what it counts. Each test runs tests of its own with it."""
import glob
import os
import re
import shutil
import signal
import socket
import sys
import textwrap
import time
import unittest

from cases import NO_REGISTRY, needs_root
from place import ROOT, Process, build_dir, need, temporary_folder, wait_until

HERE = os.path.join(ROOT, "tests", "e2e")
PROGRAMS = ("stenohook", "stenohook.fcgi", "stenohook-run")
HEAD = """\
import os, threading, time, unittest
import pytest
from cases import PlaceCase, ServerCase, figures, lacking, needs_root
from place import Process
"""
# Has a server, a process and a folder, tells us so, and never ends.
HANGING = """\
class {name}(ServerCase):
    mode = "lighttpd-fastcgi"
    def test_hangs(self):
        Process(["sleep", "1000"], os.path.join(self.place.run, "sleep.log"))
        mark = os.path.join(os.environ["TOLD"], "{name}")
        threading.Timer(0.3, lambda: open(mark, "w").close()).start()  # when we sleep already
        time.sleep(1000)
"""


class RunnerCase(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder()
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        self.tests = os.path.join(self.folder, "tests", "e2e")
        self.build = os.path.join(self.folder, "build")
        for folder in (self.tests, *(os.path.join(self.folder, n) for n in ("build", "tmp", "told"))):
            os.makedirs(folder)
            os.chmod(folder, 0o1777)
        for path in [p for p in glob.glob(os.path.join(HERE, "*")) if os.path.isfile(p) and "/test_" not in p]:
            shutil.copy(path, self.tests)
        for name in PROGRAMS:
            shutil.copy(os.path.join(build_dir(), name), self.build)
        for name in ("apache", "lighttpd"):
            shutil.copytree(os.path.join(ROOT, name), os.path.join(self.folder, name))

    def topic(self, name, text):
        with open(os.path.join(self.tests, f"test_{name}.py"), "w", encoding="utf-8") as f:
            f.write(HEAD + textwrap.dedent(text))

    def start(self, *args, **env):
        env.update(PATH=os.environ["PATH"], STENOHOOK_BUILD=self.build, LC_ALL="C.UTF-8",
                   TMPDIR=os.path.join(self.folder, "tmp"), TOLD=os.path.join(self.folder, "told"))
        env.update({name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ})
        process = Process([sys.executable, os.path.join(self.tests, "run"), *args], os.path.join(self.folder, "log"), env=env)
        self.addCleanup(process.kill)
        return process

    def said(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as f:
            return f.read()

    def run_it(self, *args, status=0, **env):
        """All that it prints."""
        with open(os.path.join(self.folder, "log"), "w", encoding="utf-8"):
            pass
        process = self.start(*args, **env)
        wait_until(process.ended, 120, "the run ends")
        self.assertEqual(status, process.child.returncode, self.said())
        return self.said()

    def left(self):
        """Folders and processes of a run."""
        mark = self.folder.encode() + b"/"
        found = os.listdir(os.path.join(self.folder, "tmp"))
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                for file in ("cmdline", "environ"):
                    with open(f"/proc/{name}/{file}", "rb") as f:
                        text = f.read()
                        if mark in text:
                            found.append(text.replace(b"\0", b" ").decode(errors="replace")[:200])
                            break
            except OSError:
                continue
        return found


class Stop(RunnerCase):
    def stop(self, signum, jobs, status, kill=os.kill):
        self.topic("hanging", "".join(HANGING.format(name=f"Hanging{i}") for i in range(jobs)))
        process = self.start("-j", str(jobs))
        told = os.path.join(self.folder, "told")
        wait_until(lambda: len(os.listdir(told)) == jobs, 60, "the tests hang")
        self.assertTrue(self.left())
        kill(process.pid, signum)
        wait_until(process.ended, 60, "the run ends")
        self.assertEqual(status, process.child.returncode, self.said())
        wait_until(lambda: not self.left(), 30, f"nothing is left of {self.left()}")
        if signum != signal.SIGKILL:
            self.assertRegex(self.said(), f"\nrun: stopped by signal {int(signum)}\n$")
        for name in os.listdir(told):
            os.unlink(os.path.join(told, name))

    def test_a_signal_ends_a_run_of_one_and_leaves_nothing(self):
        need("lighttpd")
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signum=signum):
                self.stop(signum, 1, 128 + signum)

    def test_a_signal_ends_a_run_of_several_and_leaves_nothing(self):
        need("lighttpd")
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signum=signum):
                self.stop(signum, 2, 128 + signum)
        with self.subTest("as a terminal sends it, to all of them"):
            self.stop(signal.SIGINT, 2, 128 + signal.SIGINT, os.killpg)

    def test_a_signal_leaves_workers_the_time_to_clean_up(self):
        self.topic("tidy", """
            class Tidy(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    cls.addClassCleanup(open, os.path.join(os.environ["TOLD"], "clean"), "w")
                    cls.addClassCleanup(time.sleep, 8)
                def test_hangs(self):
                    open(os.path.join(os.environ["TOLD"], "hangs"), "w").close()
                    time.sleep(1000)
            """)
        process = self.start("-j", "2")
        told = os.path.join(self.folder, "told")
        wait_until(lambda: os.listdir(told), 60, "the test hangs")
        os.kill(process.pid, signal.SIGTERM)
        wait_until(process.ended, 60, "the run ends")
        self.assertEqual(["clean", "hangs"], sorted(os.listdir(told)))

    def test_workers_whose_run_is_killed_leave_nothing(self):
        need("lighttpd")
        self.stop(signal.SIGKILL, 2, -signal.SIGKILL)

    def test_a_test_that_hangs_fails_after_its_time_and_its_clean_up_runs(self):
        self.topic("slow", """
            class Slow(PlaceCase):
                @pytest.mark.timeout(int(os.environ["LIMIT"]))
                def test_hangs(self):
                    self.addCleanup(open, os.path.join(os.environ["TOLD"], "cleaned"), "w")
                    time.sleep(1000)
                def test_one_more(self):
                    pass
            """)
        for jobs, limit in (("1", "2"), ("2", "11")):
            said = self.run_it("-j", jobs, status=1, LIMIT=limit)
            self.assertIn(f"Failed: took more than {limit} s", said)
            self.assertEqual(["cleaned"], os.listdir(os.path.join(self.folder, "told")))
            if limit == "11":
                self.assertRegex(said, r"\n\[0/2, 0:.*\] \.\.\.     slow: hangs \(\d+ s\)\n", "ten silent seconds")
            self.assertTrue(said.endswith("\n1 passed, 1 failed\n"), said)
            os.unlink(os.path.join(self.folder, "told", "cleaned"))
        self.assertEqual([], self.left())


class Reports(RunnerCase):
    MIXED = """
        class Good(PlaceCase):
            def test_one_thing_works(self):
                figures("mixed: 3 things")
            def test_another(self):
                lacking("flux capacitor")
            def test_left_out(self):
                self.skipTest("no time")
            @needs_root
            def test_for_root(self):
                assert os.geteuid() == 0
        class Bad(PlaceCase):
            def test_fails(self):
                with open(os.path.join(self.place.run, "server.log"), "w") as f:
                    f.write("what the server logged")
                self.assertEqual(1, 2)
            def test_has_parts(self):
                for part in range(3):
                    with self.subTest(part=part):
                        self.assertEqual(1, part)
        """

    def check_mixed(self, jobs):
        said = self.run_it("-j", jobs, status=1)
        lines = said.split("\n")
        root = os.geteuid() == 0
        passed, skipped = (2, 1) if root else (1, 2)
        self.assertEqual([f"{passed} passed, 3 failed", ""], lines[-2:])
        self.assertIn("figures: mixed: 3 things", lines)
        at = lines.index(f"{skipped} skipped:")
        self.assertEqual("    mixed: another: this machine has no flux capacitor", lines[at + 1])
        self.assertEqual([] if root else ["    mixed: for root: needs root"], lines[at + 2:at + 1 + skipped])
        self.assertRegex(said, r"\n\[./6, 0:0.*\] ok      mixed: one thing works\n")
        self.assertRegex(said, r"\n\[./6, 0:0.*\] FAILED  mixed: left out\n")
        self.assertIn("skipped, which no test here may be: no time", said)
        for once in ("AssertionError: 1 != 2\n--- server.log\nwhat the server logged", "(part=0)", "(part=2)",
                     "==== test_mixed.Bad.test_fails\n"):
            self.assertEqual(1, said.count(once), f"{once}\n{said}")
        self.assertNotIn("(part=1)", said)

    def test_each_test_counts_as_passed_failed_or_skipped(self):
        self.topic("mixed", self.MIXED)
        for jobs in ("1", "2"):
            self.check_mixed(jobs)

    def test_what_was_slow_is_begun_first_and_how_long_it_takes_is_known(self):
        self.topic("speed", """
            def begin(name):
                with open(os.path.join(os.environ["TOLD"], "begun"), "a") as f:
                    f.write(name + "\\n")
            """ + "".join(f"""
            class {name}(unittest.TestCase):
                def test_goes(self):
                    begin("{name}")
                    time.sleep({seconds})
            """ for name, seconds in (("Fly", 0.2), ("Ant", 0.2), ("Bee", 0.2), ("Wasp", 0.2), ("Snail", 2))))
        begun = os.path.join(self.folder, "told", "begun")
        first = self.run_it("-j", "2")
        self.assertNotIn("of ~", first)
        os.unlink(begun)
        second = self.run_it("-j", "2")
        self.assertRegex(second, r"\[1/5, 0:0. of ~0:(0[2-9]|[1-5].)\] ok      speed: goes \((Ant|Bee|Fly|Wasp)\)\n")
        self.assertRegex(second, r"\[[2-5]/5, .*speed: goes \(Snail\), \d+\.. s\n")
        with open(begun, encoding="ascii") as f:
            self.assertIn("Snail", f.read().split()[:2])

    def test_a_class_that_cannot_begin_fails_with_all_its_tests_and_is_shown_once(self):
        self.topic("begin", """
            class Broken(PlaceCase):
                @classmethod
                def setUpClass(cls):
                    raise RuntimeError("no such luck")
                def test_one(self):
                    pass
                def test_two(self):
                    pass
            """)
        for jobs in ("1", "2"):
            said = self.run_it("-j", jobs, status=1)
            self.assertTrue(said.endswith("\n0 passed, 2 failed\n"), said)
            self.assertEqual(1, said.count("RuntimeError: no such luck"), said)
            self.assertIn("==== test_begin.Broken.test_one (set-up)\n", said)

    def test_a_class_whose_clean_up_fails_has_failed(self):
        self.topic("end", """
            def complain():
                raise RuntimeError("there it was")
            class Unclean(PlaceCase):
                @classmethod
                def setUpClass(cls):
                    super().setUpClass()
                    cls.addClassCleanup(complain)
                def test_one(self):
                    pass
                def test_two(self):
                    pass
            """)
        said = self.run_it(status=1)
        self.assertTrue(said.endswith("\n1 passed, 1 failed\n"), said)
        self.assertEqual(1, said.count("RuntimeError: there it was"), said)
        self.assertRegex(said, "==== test_end.Unclean.test_(one|two) .clean-up.\n")

    def test_a_topic_that_cannot_be_read_and_a_worker_that_dies_are_failures(self):
        self.topic("mad", "import no_such_module\n")
        self.topic("sad", """
            class Sad(unittest.TestCase):
                def test_dies(self):
                    os._exit(0)
                def test_lives(self):
                    pass
            """)
        said = self.run_it("-j", "2", status=1)
        self.assertIn("No module named 'no_such_module'", said)
        self.assertRegex(said, r"FAILED  sad: dies\n")
        self.assertRegex(said, r"ok      sad: lives\n")
        self.assertRegex(said, r"\n1 passed, 2 failed\n$")

    def test_tests_are_chosen_by_id_or_sentence(self):
        self.topic("mixed", self.MIXED)
        for text in ("Good.test_one", "one thing works", "one_thing"):
            self.assertIn("\n1 passed, 0 failed\n", self.run_it("-k", text))
        self.assertIn("ok      test_mixed.Good.test_one_thing_works\n", self.run_it("-v", "-k", "one_thing", "mixed"))
        for jobs in ("1", "2"):
            self.assertIn("no test has such an id", self.run_it("-j", jobs, "-k", "nothing_like_it", status=1))

    def test_unknown_topics_are_refused_at_once(self):
        self.topic("mixed", self.MIXED)
        said = self.run_it("mixed", "nonsense", status=1)
        self.assertEqual("run: no such topic: nonsense (use any of mixed)\n", said)


class Apart(RunnerCase):
    """A run needs nothing of our user's home, and no sources that others can read."""

    @needs_root
    def test_servers_restart_though_their_user_cannot_enter_the_sources(self):
        need("lighttpd", "apache2")
        self.topic("closed", """
            from sender import Sender, transcript
            from servers import MODES
            from cases import for_each_mode
            @for_each_mode()
            class Closed:
                def test_restarts(self):
                    self.server.restart_gracefully()
                    self.assertEqual(200, Sender().deliver(self.server.url(), transcript()).status_code)
            """)
        closed = os.path.join(self.folder, "closed")
        os.mkdir(closed, 0o700)
        for name in ("tests", "apache", "lighttpd", "build"):
            os.rename(os.path.join(self.folder, name), os.path.join(closed, name))
        self.tests = os.path.join(closed, "tests", "e2e")
        self.build = os.path.join(closed, "build")
        self.assertIn("\n7 passed, 0 failed\n", self.run_it())

    def test_without_the_npm_registry_what_needs_it_is_skipped_at_once_and_together(self):
        need("node", "npm")
        self.topic("packages", """
            import npm
            class One(unittest.TestCase):
                def test_first(self):
                    npm.folder()
                def test_second(self):
                    npm.folder()
            class Two(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    npm.folder()
                def test_third(self):
                    pass
            """)
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(8)  # and never answers
            for jobs, registry in (("2", "http://127.0.0.1:1/"), ("2", f"http://127.0.0.1:{silent.getsockname()[1]}/")):
                begun = time.monotonic()
                said = self.run_it("-j", jobs, npm_config_registry=registry)
                self.assertLess(time.monotonic() - begun, 60)
                self.assertEqual(1 + 3, said.count(f": {NO_REGISTRY}"), said)
                self.assertTrue(said.endswith("\n0 passed, 0 failed\n"), said)

    def test_home_is_an_empty_folder_that_goes(self):
        self.topic("home", """
            class Home(unittest.TestCase):
                def test_home(self):
                    print("home", os.environ["HOME"], os.listdir(os.environ["HOME"]))
            """)
        said = self.run_it("-j", "1")
        home = re.search(r"^home (/.*) \[\]$", said, re.MULTILINE)[1]
        self.assertTrue(home.startswith(os.path.join(self.folder, "tmp")), home)
        self.assertFalse(os.path.exists(home))
