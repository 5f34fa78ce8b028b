# SPDX-License-Identifier: MIT
"""fastcgi - speaks FastCGI 1.0 to the gateway without a web server, and starts it without one."""
import contextlib
import fcntl
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import termios
import time

from place import HEADER, SECRET, Process, as_worker, free_port, wait_until, worker

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE = range(1, 12)
KEEP_CONN = 1
CONTENT_MAX = 65528


def record(kind, content=b"", request=1):
    padding = -len(content) % 8
    return struct.pack(">BBHHBx", 1, kind, request, len(content), padding) + content + bytes(padding)


def length(n):
    return struct.pack("B", n) if n < 128 else struct.pack(">I", n | 0x80000000)


def stream(kind, data):
    return b"".join(record(kind, data[i:i + CONTENT_MAX]) for i in range(0, len(data), CONTENT_MAX))


def pair(name, value):
    name, value = os.fsencode(name), os.fsencode(value)
    return length(len(name)) + length(len(value)) + name + value


def request_env(endpoint="calls", body=b"", query="", secret=SECRET, **more):
    """The variables of a delivery, by the names of RFC 3875."""
    env = {"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "POST", "SCRIPT_NAME": "/hook",
           "PATH_INFO": "/" + endpoint, "QUERY_STRING": query, "CONTENT_TYPE": "application/json",
           "CONTENT_LENGTH": str(len(body)), "REMOTE_ADDR": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1",
           "HTTP_USER_AGENT": "python-requests/2.25.1"}
    if secret is not None:
        env["HTTP_" + HEADER.upper().replace("-", "_")] = secret
    env.update(more)
    return {k: v for k, v in env.items() if v is not None}


class Answer:
    """A CGI response, taken apart. `status` is 0 where its head is not whole."""

    def __init__(self, raw, errors=b"", app_status=0):
        head, whole, self.body = raw.partition(b"\r\n\r\n")
        self.raw, self.errors, self.app_status = raw, errors, app_status
        lines = head.decode("latin-1").split("\r\n")
        self.headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        self.status = int(self.headers.get("status", "0 ").split(" ")[0]) if whole else 0
        self.text = self.body.decode("utf-8", "replace")


class Connection:
    """A connection to the gateway, for tests that stop in the middle or ask more than once. `path` is that of a unix
    socket, or host and port; `source` is the address to come from."""

    def __init__(self, path, timeout=30, source=None):
        self.socket = socket.socket(socket.AF_UNIX if isinstance(path, str) else socket.AF_INET)
        self.socket.settimeout(timeout)
        if source is not None:
            self.socket.bind((source, 0))
        self.socket.connect(path)

    def begin(self, env, flags=0):
        pairs = b"".join(pair(name, value) for name, value in (env.items() if isinstance(env, dict) else env))
        self.send(record(BEGIN, struct.pack(">HB5x", 1, flags)) + stream(PARAMS, pairs) + record(PARAMS))

    def post(self, body, flags=0, **how):
        """A whole delivery and its answer."""
        self.begin(request_env(body=body, **how), flags)
        self.body(body)
        self.end_body()
        return self.answer()

    def send(self, data):
        self.socket.sendall(data)

    def body(self, data):
        self.send(stream(STDIN, data))

    def end_body(self):
        self.send(record(STDIN))

    def wait_until_read(self):
        """Until the gateway has taken all that was sent. Unix sockets only."""
        def left():
            return struct.unpack("i", fcntl.ioctl(self.socket, termios.TIOCOUTQ, bytes(4)))[0]
        wait_until(lambda: left() == 0, 20, "the gateway reads")

    def read_exactly(self, count):
        data = b""
        while len(data) < count:
            got = self.socket.recv(count - len(data))
            if not got:
                return None
            data += got
        return data

    def read_record(self):
        """Kind and content; None at the end of the connection, which may be in the middle of a record."""
        head = self.read_exactly(8)
        if head is None:
            return None
        _, kind, _, size, padding = struct.unpack(">BBHHBx", head)
        content = self.read_exactly(size + padding)
        return None if content is None else (kind, content[:size])

    def hung_up(self):
        """Waits for the gateway's end of the connection, and whether that came without another byte."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def answer(self):
        out, errors = b"", b""
        while True:
            got = self.read_record()
            if got is None:
                raise ConnectionError(f"the gateway hung up after {len(out)} bytes")
            kind, content = got
            if kind == STDOUT:
                out += content
            elif kind == STDERR:
                errors += content
            elif kind == END:
                return Answer(out, errors, struct.unpack(">I", content[:4])[0])

    def close(self):
        self.socket.close()


def ask(path, env, body=b"", timeout=30):
    connection = Connection(path, timeout)
    try:
        connection.begin(env)
        try:
            connection.body(body)
            connection.end_body()
        except (BrokenPipeError, ConnectionResetError):
            pass  # the answer came before all of the body was taken
        return connection.answer()
    finally:
        connection.close()


def as_user(before, as_root):
    """The beginning of the command line, and arguments of subprocess. What traces the gateway stays root: nobody else may
    look into its memory."""
    if as_root:
        return list(before), {}
    if os.geteuid() == 0 and before and before[0] == "strace":
        return ["strace", "-u", worker().pw_name, *before[1:]], {}
    return list(before), as_worker()


class Gateway:
    """The program as FastCGI server on a unix socket, or on a port of 127.0.0.1; `before` goes in front of its command
    line (strace ...)."""

    def __init__(self, place, before=(), program=None, tcp=False, as_root=False, **env):
        self.place = place
        self.path = os.path.join(place.run, f"direct-{os.urandom(4).hex()}.sock")
        listener = self.listen_tcp() if tcp else self.listen_unix()
        listener.listen(128)
        before, user = as_user(before, as_root)
        self.process = Process([*before, program or place.program], os.path.join(place.run, "direct.log"),
                               stdin=listener, env=place.env(**env), **user)
        listener.close()

    def listen_unix(self):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        os.chmod(self.path, 0o600)
        self.place.give(self.path)
        return listener

    def listen_tcp(self):
        self.path = ("127.0.0.1", free_port())
        listener = socket.socket()
        listener.bind(self.path)
        return listener

    @property
    def pid(self):
        return self.process.pid

    def post(self, body=b"", endpoint="calls", query="", **how):
        timeout = how.pop("timeout", 30)
        return ask(self.path, request_env(endpoint, body, query, **how), body, timeout)

    def thread_count(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def peak_kb(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            return int(next(line for line in f if line.startswith("VmHWM")).split()[1])

    def stop(self, signum=signal.SIGTERM, seconds=15):
        """Its end must be a clean one: a sanitizer's last word is an exit code too."""
        status = self.process.stop(signum, seconds)
        self.unlink()
        if status != 0:
            raise AssertionError(f"the gateway's exit code is {status}\n{self.place.log_text()}")
        return status

    def kill(self):
        self.process.kill()
        self.unlink()

    def unlink(self):
        if isinstance(self.path, str) and os.path.exists(self.path):
            os.unlink(self.path)


def run_cgi(place, body=b"", endpoint="calls", query="", before=(), after=(), extra=None, program=None, as_root=False, **how):
    """One CGI process, as a web server would start it."""
    env = request_env(endpoint, body, query, **how)
    env["SCRIPT_NAME"] = "/cgi-bin/stenohook.cgi"
    before, user = as_user(before, as_root)
    done = subprocess.run([*before, program or place.program, *after], input=body, env={**place.env(**env), **(extra or {})},
                          capture_output=True, timeout=60, check=False, cwd="/", **user)
    return Answer(done.stdout, done.stderr, done.returncode)


class CgiProcess:
    """A CGI process whose streams are ours until it is closed, so that nothing ends its body but the length."""

    def __init__(self, place, body, stdout=subprocess.PIPE, **how):
        self.process = subprocess.Popen([place.program], env=place.env(**request_env(body=body, **how)), bufsize=0, cwd="/",
                                        stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.DEVNULL, **as_worker())

    def send(self, data):
        with contextlib.suppress(BrokenPipeError):  # it has answered already
            self.process.stdin.write(data)

    def wait_until_read(self):
        def left():
            return struct.unpack("i", fcntl.ioctl(self.process.stdin, termios.FIONREAD, bytes(4)))[0]
        wait_until(lambda: left() == 0, 20, "the process reads")

    def fileno(self):
        return self.process.stdout.fileno()

    def answer(self, timeout=30):
        """The reply, when it has ended."""
        raw, end = b"", time.monotonic() + timeout
        while select.select([self], [], [], max(0, end - time.monotonic()))[0]:
            piece = os.read(self.fileno(), 65536)
            if not piece:
                return Answer(raw)
            raw += piece
        raise TimeoutError(f"the reply does not end: {raw}")

    def close(self):
        self.process.kill()
        self.process.wait()
        for stream in filter(None, (self.process.stdin, self.process.stdout)):
            stream.close()


def wait_ended(process, seconds=10):
    wait_until(process.ended, seconds, "the gateway ends")


def core_limit_off():
    """Sanitizers and kills must not litter the disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
