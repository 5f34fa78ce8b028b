# SPDX-License-Identifier: MIT
"""place - one temporary site: folder, spool, secrets, configuration, and the programs under test."""
import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import layouts
from stopping import whole

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECRET = "correct-horse-battery-staple"
HEADER = "X-Webhook-Secret"
PORTS = range(18100, 32000)


class Trouble(Exception):
    """The tests cannot go on: something of the machine is missing or does not start."""


def programs_in(folder, otherwise):
    if not os.access(os.path.join(folder, "stenohook.fcgi"), os.X_OK):
        raise Trouble(f"no stenohook.fcgi in {folder}: {otherwise}")
    return folder


def build_dir():
    return programs_in(os.environ.get("STENOHOOK_BUILD", os.path.join(ROOT, "build-check")),
                       "build first, or set STENOHOOK_BUILD")


def sanitized_build_dir():
    return programs_in(os.environ.get("STENOHOOK_BUILD_SANITIZED", os.path.join(build_dir(), "sanitized")),
                       "build with --enable-sanitizers, or set STENOHOOK_BUILD_SANITIZED")


def static_build_dir():
    return programs_in(os.environ.get("STENOHOOK_BUILD_STATIC", os.path.join(build_dir(), "static")),
                       "build with --enable-static-programs, or set STENOHOOK_BUILD_STATIC")


def worker():
    """The user that the web servers' programs run as: www-data where we are root, else ourselves."""
    return pwd.getpwnam("www-data") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def need(*programs):
    missing = [p for p in programs if shutil.which(p) is None]
    if missing:
        raise Trouble(f"not installed: {', '.join(missing)}")


def as_worker():
    """Arguments of subprocess that make the child the worker."""
    if os.geteuid() != 0:
        return {}
    return {"user": worker().pw_uid, "group": worker().pw_gid, "extra_groups": []}


def free_port():
    for _ in range(200):
        port = PORTS[int.from_bytes(os.urandom(4), "big") % len(PORTS)]
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Trouble("no free port on 127.0.0.1")


def wait_until(true, seconds, what, step=0.02):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise Trouble(f"waited {seconds} s in vain: {what}")
        time.sleep(step)


def quoted(value):
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(quoted(v) for v in value) + "}"
    if isinstance(value, int):
        return str(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def end(kill, number):
    try:
        kill(number, signal.SIGKILL)
    except ProcessLookupError:
        pass


def running(program):
    """Pids of those that run this copy of a program, which only one place has."""
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.readlink(f"/proc/{name}/exe") == program:
                found.append(int(name))
        except OSError:
            pass
    return found


def kill_running(pid, program):
    """Kills it, unless it has ended by now and its number may be another's."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if os.readlink(f"/proc/{pid}/exe") != program:
            return False
        signal.pidfd_send_signal(fd, signal.SIGKILL)
        return True
    except OSError:
        return False
    finally:
        os.close(fd)


def temporary_folder():
    """A folder that is gone at the end of the run, also of one that is stopped; who made it may remove it before."""
    with whole():
        folder = tempfile.mkdtemp(prefix="stenohook-e2e-", dir=os.environ.get("TMPDIR", "/tmp"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Place:
    """A site. `build` is the folder with the programs; `endpoints` maps names to the keys of an endpoint."""

    def __init__(self, endpoints=None, build=None, spool=None, **globals_):
        self.build = build or build_dir()
        with whole():
            self.base = temporary_folder()
            atexit.register(self.remove)
        self.folder = layouts.site(self.base, worker())
        self.check_reach()
        self.program = self.copied("stenohook.fcgi")
        self.cli = self.copied("stenohook")
        self.runner = self.copied("stenohook-run")
        self.config = os.path.join(self.folder, "stenohook.conf")
        self.secrets = self.worker_folder("secrets")
        self.run = self.worker_folder("run")
        self.www = self.worker_folder("www", 0o755)
        self.spool = spool or os.path.join(self.folder, "spool")
        self.make_spool()
        self.configure(endpoints or {"calls": {}}, **globals_)

    def check_reach(self):
        path = self.base
        while path != "/":
            if os.geteuid() == 0 and not os.stat(path).st_mode & 0o001:
                raise Trouble(f"{path} is closed to {worker().pw_name}: choose another TMPDIR")
            path = os.path.dirname(path)

    def home(self):
        """The topmost folder above `www` that belongs to the worker, which stands for his home: programs look there."""
        path, found = self.www, self.www
        while path != "/":
            found = path if os.stat(path).st_uid == worker().pw_uid else found
            path = os.path.dirname(path)
        return found

    def copied(self, name):
        """The program where the worker can reach it, whatever the build folder's modes."""
        folder = os.path.join(self.base, "libexec")
        os.makedirs(folder, exist_ok=True)
        target = os.path.join(folder, os.path.basename(name))
        shutil.copy(os.path.join(self.build, name), target)
        os.chmod(target, 0o755)
        return target

    def reachable(self, path):
        """A copy of a file of the sources, byte for byte, where the worker can read it: the sources may lie where it cannot
        enter, as /root is."""
        folder = os.path.join(self.folder, "shipped", os.path.basename(os.path.dirname(path)))
        os.makedirs(folder, exist_ok=True)
        target = os.path.join(folder, os.path.basename(path))
        if not os.path.exists(target):
            shutil.copyfile(path, target)
        for name, mode in ((os.path.dirname(folder), 0o755), (folder, 0o755), (target, 0o644)):
            os.chmod(name, mode)
        return target

    def worker_folder(self, name, mode=0o700):
        path = os.path.join(self.folder, name)
        os.mkdir(path, mode)
        os.chmod(path, mode)
        self.give(path)
        return path

    def give(self, path):
        if os.geteuid() == 0:
            os.chown(path, worker().pw_uid, worker().pw_gid)

    def make_spool(self):
        """By the product's own `init`, whose configuration and secret are then replaced by ours."""
        made = os.path.join(self.folder, "init")
        os.mkdir(made, 0o755)
        command = [self.cli, "init", "--spool", self.spool, "--config", os.path.join(made, "stenohook.conf"),
                   "--endpoint", "calls", "--url", "https://example.com/hook/calls", "--user", worker().pw_name]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        if done.returncode != 0:
            raise Trouble(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        self.init_output = done.stdout

    def secret_file(self, name, text=SECRET + "\n", mode=0o600):
        path = os.path.join(self.secrets, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)
        self.give(path)
        layouts.written(path)
        return path

    def endpoint_text(self, name, keys):
        keys = dict(keys)
        if keys.get("auth") != "none":
            secret = keys.pop("secret", SECRET)
            if "auth" not in keys and "auth-query" not in keys:
                keys.setdefault("auth-header", HEADER)
            if "secret-files" not in keys:
                keys["secret-files"] = [self.secret_file(name, secret + "\n")]
        lines = [f"    {k} = {quoted(v)}\n" for k, v in keys.items()]
        return f'endpoint "{name}" {{\n{"".join(lines)}}}\n'

    def configure(self, endpoints, **globals_):
        """Writes the configuration; underscores in the names of keys stand for hyphens."""
        keys = {"spool": self.spool}
        keys.update({k.replace("_", "-"): v for k, v in globals_.items()})
        text = "".join(f"{k} = {quoted(v)}\n" for k, v in keys.items())
        self.good = text + "".join(self.endpoint_text(n, e) for n, e in endpoints.items())
        self.write_config(self.good)

    def write_config(self, text):
        new = self.config + ".new"
        with open(new, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(new, 0o644)
        layouts.written(new)
        os.rename(new, self.config)

    def read_config(self):
        with open(self.config, encoding="utf-8") as f:
            return f.read()

    def env(self, **more):
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", "STENOHOOK_CONFIG": self.config, **more}

    def stenohook(self, *args, ok=(0,), text=True):
        """Runs the command line, as whoever we are, and returns what it prints."""
        done = subprocess.run([self.cli, *args], env=self.env(), capture_output=True, text=text, cwd="/", check=False)
        if done.returncode not in ok:
            raise AssertionError(f"stenohook {' '.join(args)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def log_text(self):
        """Everything that anybody logged: shown where a test fails."""
        parts = []
        for folder in (self.run, self.spool):
            for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
                path = os.path.join(folder, name)
                if name.endswith(".log") and os.path.getsize(path):
                    with open(path, encoding="utf-8", errors="backslashreplace") as f:
                        parts.append(f"--- {name}\n" + "".join(f.readlines()[-6:]))
        return "\n".join(parts)

    def check_sanitizers(self):
        """No program said that a sanitizer found something; a server hides the exit code of its CGI programs."""
        for name in os.listdir(self.run):
            if name.endswith(".log"):
                with open(os.path.join(self.run, name), encoding="utf-8", errors="backslashreplace") as f:
                    text = f.read()
                if "Sanitizer" in text or "runtime error:" in text:
                    raise AssertionError(f"{name}:\n{text[-4000:]}")

    def runners(self):
        return running(self.runner)

    def hook_groups(self):
        """Process groups of hooks that run, or that their runner left."""
        found = []
        folder = os.path.join(self.spool, "run")
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            if name.startswith("slot."):
                with open(os.path.join(folder, name), encoding="ascii") as f:
                    fields = f.read().split()
                if len(fields) == 6 and int(fields[2]) > 1:
                    found.append(int(fields[2]))
        return found

    def kill_runners(self, hooks=True):
        """As if the machine's keeper had killed them all."""
        for pid in self.runners():
            end(os.kill, pid)
        wait_until(lambda: not self.runners(), 30, "the killed runners are gone")
        # Only now: until then they could begin another.
        groups = set(self.hook_groups()) if hooks else set()
        for group in groups:
            end(os.killpg, group)
        wait_until(lambda: not groups & living_groups(), 30, "the killed hooks are gone")

    def remove(self):
        with whole():
            atexit.unregister(self.remove)
            self.kill_runners()
            shutil.rmtree(self.base, ignore_errors=True)


def stat_of(process):
    """What /proc/PROCESS/stat says behind the name: state, parent, group, session, … Nothing of one that is gone. A
    thread is PID/task/TID."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rpartition(")")[2].split()
    except OSError:
        return []


def ticks(pid):
    """Processor time of all its threads, in hundredths of a second."""
    return sum(int(field) for field in stat_of(pid)[11:13])


def wakes(pid):
    """How often its threads have slept or were interrupted."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as f:
            total += sum(int(line.split()[1]) for line in f if "ctxt_switches" in line)
    return total


def living():
    """Pid, group and session of everything that lives: what was killed may still be about to die."""
    for name in os.listdir("/proc"):
        fields = stat_of(name) if name.isdigit() else []
        if fields and fields[0] != "Z":
            yield int(name), int(fields[2]), int(fields[3])


def living_groups():
    return {group for _, group, _ in living()}


class Process:
    """A process in a session of its own, so that its children can be waited for and, at worst, killed."""

    def __init__(self, command, log, **how):
        self.command = command
        with open(log, "ab") as out, whole():
            # The caller's choice of streams wins over ours.
            how = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out, "cwd": "/", **how}
            self.child = subprocess.Popen(command, start_new_session=True, **how)
            self.pid = self.child.pid
            atexit.register(self.kill)

    def session(self):
        """Pids of the living processes of our session."""
        return [pid for pid, _, session in living() if session == self.pid]

    def ended(self):
        return self.child.poll() is not None

    def stop(self, signum=signal.SIGTERM, seconds=15):
        """Ends it politely; whoever does not obey is killed and reported."""
        if not self.ended():
            self.child.send_signal(signum)
        try:
            wait_until(lambda: self.ended() and not self.session(), seconds, f"{self.command[0]} does not end")
        finally:
            self.kill()
        return self.child.returncode

    def kill(self):
        with whole():
            atexit.unregister(self.kill)
            for pid in self.session():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.child.wait()
