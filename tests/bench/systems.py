# SPDX-License-Identifier: MIT
"""systems - what is measured: which programs each needs, and how it is started and stopped."""
import dataclasses
import http.client
import os
import shutil
import signal
import socket

import fronts
from fronts import found
from load import File, History, Nothing, now, single
from meter import Syncs, cpu_ns
from place import HEADER, SECRET, Place, Process, Trouble, as_worker, free_port, temporary_folder, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, "peers")
NULL_THREADS = {"lighttpd": "64", "apache": "512", "nginx": "512"}  # a kept connection occupies one
PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclasses.dataclass(frozen=True)
class System:
    name: str
    title: str
    kind: str  # a function below that starts it
    front: str = None  # a web server
    base: str = "null"  # the system that it is compared with
    syncs: bool = False
    cgi: bool = False
    package: str = None
    programs: tuple = ()
    how: str = None
    build: str = None

    def missing(self):
        """Packages to install, or programs to build."""
        wanted = {"lighttpd": "lighttpd", "apache": "apache2", "nginx": "nginx-light"}
        front = [wanted[self.front]] if self.front is not None and found(FRONT_PROGRAMS[self.front]) is None else []
        return front + ([self.package] if self.programs and found(*self.programs) is None else [])


FRONT_PROGRAMS = {"lighttpd": "lighttpd", "apache": "apache2", "nginx": "nginx"}
PHP = tuple(f"php-fpm8.{minor}" for minor in range(9, 0, -1))

SYSTEMS = (
    System("null", "null responder behind lighttpd", "null", "lighttpd"),
    System("stenohook", "stenohook behind lighttpd", "gateway", "lighttpd", syncs=True),
    System("null-cgi", "null responder, CGI, static", "null_cgi", "lighttpd", base="null-cgi", cgi=True),
    System("stenohook-cgi", "stenohook, CGI, static", "gateway_cgi", "lighttpd", base="null-cgi", cgi=True),
    System("php-fsync", "PHP-FPM, append, sync under the lock", "php", "lighttpd", syncs=True, package="php-fpm", programs=PHP,
           how="locked"),
    System("php-fsync-shared", "PHP-FPM, append, sync after the lock", "php", "lighttpd", syncs=True, package="php-fpm",
           programs=PHP, how="shared"),
    System("node-flush", "Node, appendFile with flush", "node", syncs=True, package="nodejs", programs=("node",)),
    System("node-flush-64", "Node, the same with 64 threads", "node", syncs=True, package="nodejs", programs=("node",), how="64"),
    System("gunicorn-fsync", "gunicorn, append and sync", "gunicorn", syncs=True, package="gunicorn", programs=("gunicorn",)),
    System("webhook", "adnanh/webhook, a shell appends, no sync", "webhook", package="webhook", programs=("webhook",)),
    System("null-nginx", "null responder behind nginx", "null", "nginx", base="null-nginx"),
    System("stenohook-nginx", "stenohook behind nginx", "gateway", "nginx", base="null-nginx", syncs=True),
    System("null-apache", "null responder behind Apache", "null", "apache", base="null-apache"),
    System("stenohook-apache", "stenohook behind Apache", "gateway", "apache", base="null-apache", syncs=True),
    System("php", "PHP-FPM, append, no sync", "php", "lighttpd", package="php-fpm", programs=PHP, how=""),
    System("perl-cgi", "Perl, CGI, append and sync", "script", "lighttpd", base="null-cgi", cgi=True, package="libjson-xs-perl",
           programs=("perl",), how="perl"),
    System("python-cgi", "Python, CGI, append and sync", "script", "lighttpd", base="null-cgi", cgi=True, package="python3",
           programs=("python3",), how="python3"),
)


def also(name, build):
    """The systems of another build of stenohook."""
    more = [System(name, f"{name} behind lighttpd", "gateway", "lighttpd", syncs=True, build=build)]
    if static_in(build) is not None:
        more.append(System(name + "-cgi", f"{name}, CGI, static", "gateway_cgi", "lighttpd", base="null-cgi", cgi=True,
                           build=build))
    return more


def optional(name, build):
    """More of them, which are measured only if they are asked for by name."""
    return [System(f"{name}-{front}", f"{name} behind {front}", "gateway", front, base=f"null-{front}", syncs=True, build=build)
            for front in ("apache", "nginx")]


def static_in(build):
    """The folder of static programs that `make bench` makes in a build's folder."""
    folder = os.path.join(build, "bench-static")
    return folder if os.access(os.path.join(folder, "stenohook.fcgi"), os.X_OK) else None


def build_of(system, options):
    """The folder of its programs. What is not ours needs none, except that it counts syncs."""
    if system.kind.endswith("_cgi"):
        return static_in(system.build) if system.build is not None else options.static
    return system.build or options.build


class Site:
    """A folder of what is not stenohook. As far as they are used here, the members are those of place.Place."""

    def __init__(self, build):
        self.build = build
        self.base = self.folder = temporary_folder()
        os.chmod(self.base, 0o755)
        self.run, self.www = (os.path.join(self.folder, name) for name in ("run", "www"))
        for path, mode in ((self.run, 0o700), (self.www, 0o755)):
            os.mkdir(path)
            os.chmod(path, mode)
            self.give(path)

    give = Place.give
    copied = Place.copied

    def env(self, **more):
        return {"PATH": PATH, **more}

    def remove(self):
        shutil.rmtree(self.base, ignore_errors=True)


class Running:
    """A system that runs, each time in a folder of its own."""

    def __init__(self, system, options):
        self.system, self.syncs_library = system, os.path.join(options.build, "tests/bench/syncs.so")
        self.front = self.back = None
        self.path = "/hook/calls"
        self.port = free_port()
        self.recorded = Nothing()
        build, gateway = build_of(system, options), system.kind.startswith("gateway")
        self.site = Place({"calls": {}}, build) if gateway else Site(build)
        self.syncs = Syncs(os.path.join(self.site.run, "syncs"), self.site.give)
        if gateway:
            self.recorded = History(self.site)
        self.file = os.path.join(self.site.run, "events")
        self.socket = os.path.join(self.site.run, "back.sock")
        try:
            STARTS[system.kind](self)
            self.wait_for_answer()
            self.try_secrets()
        except BaseException:
            self.stop()
            raise

    # ---- for those that start it

    def peer(self, name):
        """A copy of a peer's program, where the worker can read it."""
        target = os.path.join(self.site.www, name)
        shutil.copy(os.path.join(PEERS, name), target)
        os.chmod(target, 0o755)
        return target

    def env(self):
        """Of a peer. From here on its file is judged."""
        self.recorded = File(self.file)
        return {"PATH": PATH, "HOME": self.site.run, "BENCH_FILE": self.file, "BENCH_SECRET": SECRET}

    def begin(self, command, env, **how):
        """Starts the program that records, which counts its syncs."""
        library = shutil.copy(self.syncs_library, self.site.run)
        self.site.give(library)
        self.back = Process(command, os.path.join(self.site.run, "back.log"),
                            env={**env, **self.syncs.env(library)}, **how, **as_worker())

    def listen(self):
        """A unix socket, for descriptor 0."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.socket)
        self.site.give(self.socket)
        listener.listen(1024)
        return listener

    # ---- whether it works

    def post(self, secret):
        """Run and code of one event."""
        run, body = single()
        began = now()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", self.path, body, {"Content-Type": "application/json", HEADER: secret})
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        self.recorded.add(run, 1, int(answer.status == 200), began, now())
        return answer.status, said

    def wait_for_answer(self):
        def listens():
            for process in (self.front, self.back):
                if process is not None and process.ended():
                    raise Trouble(f"{self.system.name} ended at once\n{self.logs()}")
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", self.port)) == 0
        wait_until(listens, 30, f"{self.system.name} listens")

    def try_secrets(self):
        status, said = self.post(SECRET)
        if status != 200:
            raise Trouble(f"{self.system.name} answers {status} {said.decode('utf-8', 'replace')}\n{self.logs()}")
        if not self.system.kind.startswith("null") and not 400 <= self.post("wrong")[0] < 500:
            raise Trouble(f"{self.system.name} takes a wrong secret")

    def logs(self):
        parts = []
        for name in sorted(os.listdir(self.site.run)):
            if name.endswith(".log"):
                with open(os.path.join(self.site.run, name), encoding="utf-8", errors="backslashreplace") as f:
                    parts.append(f"--- {name}\n" + "".join(f.readlines()[-8:]))
        return "\n".join(parts)

    # ---- what is read of it

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}"

    def processes(self):
        return [p for p in (self.front, self.back) if p is not None]

    def cpu_ns(self):
        """Of the web server, and of what records. CGI programs are children of the web server."""
        return tuple(0 if p is None else cpu_ns(p) for p in (self.front, self.back))

    def end(self):
        """The processes only: what was recorded stays. Whether the program that records ended as it should."""
        back, good = self.back, True
        for process in self.processes():
            if not process.ended():
                process.child.send_signal(signal.SIGTERM)
        for process in self.processes():
            try:
                good = (process.stop(seconds=20) == 0 or process is not back) and good
            except Trouble:
                good = good and process is not back  # it did not obey, and was killed
        self.front = self.back = None
        return good

    def stop(self):
        self.end()
        self.site.remove()


# ---- how each is started

def start_null(r):
    listener = r.listen()
    r.begin([r.site.copied("tests/bench/null"), NULL_THREADS[r.system.front]], r.site.env(), stdin=listener)
    listener.close()
    r.front = fronts.FASTCGI[r.system.front](r.site, r.port, r.socket)


def start_gateway(r):
    listener = r.listen()
    r.begin([r.site.program], r.site.env(), stdin=listener)
    listener.close()
    r.front = fronts.FASTCGI[r.system.front](r.site, r.port, r.socket)


def start_null_cgi(r):
    r.front = fronts.lighttpd_cgi(r.site, r.port, r.site.copied("tests/bench/null"), "", {"PATH": PATH})


def start_gateway_cgi(r):
    r.front = fronts.lighttpd_cgi(r.site, r.port, r.site.program, "", r.site.env())


PHP_FPM = """
[global]
daemonize = no
error_log = {run}/php-fpm.log
[hook]
listen = {socket}
listen.backlog = 1024
pm = static
pm.max_children = 16
clear_env = no
php_admin_value[opcache.validate_timestamps] = 0
"""


def start_php(r):
    config = os.path.join(r.site.folder, "php-fpm.conf")
    with open(config, "w", encoding="utf-8") as f:
        f.write(PHP_FPM.format(run=r.site.run, socket=r.socket))
    os.chmod(config, 0o644)
    r.peer("hook.php")
    r.path = "/hook.php"
    r.begin([found(*PHP), "-F", "-y", config], {**r.env(), "BENCH_SYNC": r.system.how})
    wait_until(lambda: os.path.exists(r.socket) or r.back.ended(), 20, "php-fpm makes its socket")
    r.front = fronts.lighttpd_php(r.site, r.port, r.socket)


def start_node(r):
    threads = {} if r.system.how is None else {"UV_THREADPOOL_SIZE": r.system.how}
    r.begin([found("node"), r.peer("hook.js"), str(r.port)], {**r.env(), "NODE_ENV": "production", **threads})


def start_gunicorn(r):
    r.peer("hook_wsgi.py")
    r.begin([found("gunicorn"), "--bind", f"127.0.0.1:{r.port}", "--worker-class", "gthread", "--workers", "2", "--threads", "32",
             "--keep-alive", "60", "--worker-tmp-dir", "/dev/shm", "--backlog", "1024", "--log-level", "warning",
             "--chdir", r.site.www, "hook_wsgi:application"], {**r.env(), "PYTHONDONTWRITEBYTECODE": "1"})


def start_webhook(r):
    hooks = os.path.join(r.site.folder, "webhook.json")
    with open(os.path.join(PEERS, "webhook.json"), encoding="utf-8") as f:
        text = f.read().replace("@append@", r.peer("append.sh")).replace("@secret@", SECRET)
    with open(hooks, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(hooks, 0o644)
    r.path = "/hook/calls"
    r.begin([found("webhook"), "-ip", "127.0.0.1", "-port", str(r.port), "-urlprefix", "hook", "-hooks", hooks], r.env())


def start_script(r):
    interpreter = r.system.how
    program = r.peer({"perl": "hook_cgi.pl", "python3": "hook_cgi.py"}[interpreter])
    r.front = fronts.lighttpd_cgi(r.site, r.port, program, found(interpreter), r.env())


STARTS = {"null": start_null, "gateway": start_gateway, "null_cgi": start_null_cgi, "gateway_cgi": start_gateway_cgi,
          "php": start_php, "node": start_node, "gunicorn": start_gunicorn, "webhook": start_webhook, "script": start_script}
