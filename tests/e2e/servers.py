# SPDX-License-Identifier: MIT
"""servers - starts each web server that we promise, with the very configuration file that we ship."""
import http.client
import os
import signal
import socket

from place import ROOT, Process, Trouble, free_port, need, wait_until, worker

LIGHTTPD = """
server.document-root = "{www}"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{run}/lighttpd-error.log"
server.breakagelog = "{run}/lighttpd-stderr.log"
server.upload-dirs = ( "{run}" )
{user}
include "{shipped}"
"""

LIGHTTPD_PATHS = """
var.stenohook_program = "{program}"
var.stenohook_config = "{config}"
var.stenohook_socket = "{socket}"
"""

APACHE = """
ServerRoot /usr/lib/apache2
DefaultRuntimeDir {run}
PidFile {run}/apache.pid
ServerName localhost
Listen 127.0.0.1:{port}
ErrorLog {run}/apache-error.log
LogLevel warn
{user}
{modules}
TypesConfig /dev/null
Timeout 60
KeepAlive On
RequestReadTimeout header=20-40,minrate=500 body=10,minrate=500
<Directory />
    AllowOverride None
    Require all denied
</Directory>
DocumentRoot {www}
<Directory {www}>
    AllowOverride FileInfo AuthConfig Options=ExecCGI
    Require all granted
</Directory>
{defines}
"""

APACHE_DEFINES = """
Define STENOHOOK_PROGRAM {program}
Define STENOHOOK_CONFIG {config}
Define STENOHOOK_SOCKET {socket}
Include {shipped}
# As Debian's serve-cgi-bin.conf has it, which comes after ours.
ScriptAlias /cgi-bin/ /usr/lib/cgi-bin/
"""

APACHE_MODULES = ["authz_core", "alias", "mime", "env", "setenvif", "reqtimeout"]

# What Debian's fcgid.conf says: our files must win over it.
APACHE_FCGID = """
LoadModule fcgid_module modules/mod_fcgid.so
AddHandler fcgid-script .fcgi
FcgidConnectTimeout 20
FcgidIPCDir {run}/fcgid
FcgidProcessTableFile {run}/fcgid.table
"""

# Where each says that it serves, at its start and behind each restart.
STARTED = {"apache": ("apache-error.log", "resuming normal operations"), "lighttpd": ("lighttpd-error.log", "server started")}

# name: server, shipped file, URL prefix, Apache's modules, FastCGI, whether spawn-fcgi starts the program
MODES = {
    "lighttpd-cgi": ("lighttpd", "stenohook-cgi.conf", "/cgi-bin/stenohook.cgi", (), False, False),
    "lighttpd-fastcgi": ("lighttpd", "stenohook-fastcgi.conf", "/hook", (), True, False),
    "lighttpd-socket": ("lighttpd", "stenohook-socket.conf", "/hook", (), True, True),
    "apache-cgid": ("apache", "stenohook-cgi.conf", "/cgi-bin/stenohook.cgi", ("mpm_event", "cgid"), False, False),
    "apache-cgi": ("apache", "stenohook-cgi.conf", "/cgi-bin/stenohook.cgi", ("mpm_prefork", "cgi"), False, False),
    "apache-fcgid": ("apache", "stenohook-fcgid.conf", "/hook", ("mpm_event",), True, False),
    "apache-proxy-fcgi": ("apache", "stenohook-proxy-fcgi.conf", "/hook", ("mpm_event", "proxy", "proxy_fcgi"),
                          True, True),
}


def spawn_gateway(place, path, mode="0600"):
    """The program on a unix socket, started as the shipped files tell people to."""
    need("spawn-fcgi")
    who = []
    if os.geteuid() == 0:
        name = worker().pw_name
        who = ["-U", name, "-G", name, "-u", name, "-g", name]
    command = ["spawn-fcgi", "-n", "-s", path, "-M", mode, *who, "--", place.program]
    process = Process(command, os.path.join(place.run, "gateway.log"), env=place.env())
    wait_until(lambda: process.ended() or os.path.exists(path), 10, "spawn-fcgi makes its socket")
    if process.ended():
        raise Trouble("spawn-fcgi ended at once\n" + place.log_text())
    return process


def apache_user():
    name = worker().pw_name
    return f"User {name}\nGroup {name}" if os.geteuid() == 0 else ""


class Server:
    """A running web server with the gateway behind it."""

    def __init__(self, mode, place, start=True, before=()):
        self.mode = mode
        self.before = before
        self.place = place
        self.kind, shipped, self.prefix, self.modules, self.fastcgi, self.spawned = MODES[mode]
        self.shipped = place.reachable(os.path.join(ROOT, self.kind, shipped))
        self.port = free_port()
        self.socket = os.path.join(place.run, "gateway.sock")
        self.gateway = None
        self.process = None
        if start:
            self.begin()

    def begin(self):
        try:
            if self.spawned:
                self.gateway = spawn_gateway(self.place, self.socket)
            self.start()
            self.wait_for_answer()
        except Exception:
            self.stop()
            raise

    def values(self):
        return {"run": self.place.run, "www": self.place.www, "port": self.port, "program": self.place.program, "config": self.place.config,
                "socket": self.socket, "shipped": self.shipped, "user": self.user_lines(),
                "modules": self.module_lines()}

    def user_lines(self):
        if self.kind == "apache":
            return apache_user()
        if os.geteuid() != 0:
            return ""
        name = worker().pw_name
        return f'server.username = "{name}"\nserver.groupname = "{name}"'

    def module_lines(self):
        if self.kind != "apache":
            return ""
        lines = [f"LoadModule {m}_module modules/mod_{m}.so" for m in (*self.modules, *APACHE_MODULES)]
        if "cgid" in self.modules:
            lines.append(f"ScriptSock {self.place.run}/cgid.sock")
        if self.mode != "apache-cgi":
            # Also where mod_fcgid is only present, with Debian's AddHandler for .fcgi.
            lines.append(APACHE_FCGID.format(run=self.place.run))
        return "\n".join(lines)

    def write_files(self):
        """The main configuration, which includes the shipped one; its path."""
        values = self.values()
        values["defines"] = APACHE_DEFINES.format(**values)
        main = os.path.join(self.place.folder, "server.conf")
        with open(main, "w", encoding="utf-8") as f:
            f.write((LIGHTTPD if self.kind == "lighttpd" else APACHE).format(**values))
        with open(os.path.join(self.place.folder, "stenohook-paths.conf"), "w", encoding="utf-8") as f:
            f.write(LIGHTTPD_PATHS.format(**values))
        return main

    def start(self):
        program = {"lighttpd": "lighttpd", "apache": "apache2"}[self.kind]
        need(program)
        main = self.write_files()
        command = ["lighttpd", "-D", "-f", main] if self.kind == "lighttpd" else ["apache2", "-DFOREGROUND", "-f", main]
        self.process = Process([*self.before, *command], os.path.join(self.place.run, "server.log"),
                               env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TMPDIR": self.place.run})

    def wait_for_answer(self):
        def answers():
            if self.process.ended():
                raise Trouble(f"{self.mode}: the server ended at once\n{self.place.log_text()}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("GET", self.path("calls"))
                connection.getresponse().read()
                connection.close()
                return True
            except (OSError, http.client.HTTPException):
                return False
        wait_until(answers, 15, f"{self.mode} answers")

    def restart_gracefully(self):
        """Returns when it is over: a stop that comes before may be lost."""
        log, started = STARTED[self.kind]

        def starts():
            with open(os.path.join(self.place.run, log), encoding="utf-8", errors="replace") as f:
                return f.read().count(started)

        before = starts()
        os.kill(self.process.pid, signal.SIGUSR1)
        wait_until(lambda: starts() > before, 15, f"{self.mode} has restarted")

    def path(self, endpoint="", query=""):
        return self.prefix + ("/" + endpoint if endpoint else "") + query

    def url(self, endpoint="calls", query=""):
        return f"http://127.0.0.1:{self.port}{self.path(endpoint, query)}"

    def connect(self, timeout=20):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def stop(self):
        for process in (self.process, self.gateway):
            if process is not None:
                process.stop()
        self.process = self.gateway = None


__all__ = ["MODES", "Server", "apache_user", "spawn_gateway"]
