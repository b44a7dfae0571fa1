"""Commands to be traced, with all that they need made in a directory of their own."""

import os
import shutil
import subprocess
import textwrap
from dataclasses import dataclass, field
from typing import Callable, Dict, List


@dataclass
class Workload:
    name: str
    argv: List[str]
    directory: str
    before: Callable[[], None] = lambda: None  # each run
    # Names whose number depends on the moment at which things happen, and why.
    by_timing: Dict[str, str] = field(default_factory=dict)


def _write(directory, name, text):
    path = os.path.join(directory, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(textwrap.dedent(text))
    return path


def _run(argv, directory, **more):
    subprocess.run(argv, cwd=directory, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, **more)


def make_c_project(directory, files=100):
    """A project that make -j2 builds."""
    for i in range(files):
        _write(directory, f"f{i}.h", f"int f{i}(int x);\n")
        _write(directory, f"f{i}.c",
               f'#include <stdio.h>\n#include "f{i}.h"\nint f{i}(int x) {{ return x + {i}; }}\n')
    _write(directory, "main.c", '#include "f0.h"\nint main(void) { return f0(0); }\n')
    _write(directory, "Makefile",
           "all: prog\n"
           "prog: $(patsubst %.c,%.o,$(wildcard *.c))\n\tcc -o $@ $^\n"
           "clean:\n\trm -f *.o prog\n")


def _make(directory):
    make_c_project(directory)
    return Workload("make -j2, 100 files", ["make", "-s", "-j2"], directory,
                    lambda: _run(["make", "-s", "clean"], directory),
                    {"pipe:[]": "make gives a job its standard input if no other one has it at "
                                "that moment, and else a pipe"})


def _git(directory):
    source = os.path.join(directory, "source")
    for i in range(500):
        _write(source, f"d{i % 10}/file{i}", f"{i}\n" * 20)
    always = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "HOME": directory,
              "GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}
    _run(["git", "init", "-q"], source, env=always)
    _run(["git", "add", "."], source, env=always)
    _run(["git", "-c", "user.name=x", "-c", "user.email=x@localhost", "commit", "-q", "-m", "x"],
         source, env=always)
    clone = os.path.join(directory, "clone")
    return Workload("git clone, 500 files", ["git", "clone", "-q", "--no-local", source, clone],
                    directory, lambda: shutil.rmtree(clone, ignore_errors=True))


def _python(directory):
    return Workload("python3 -c 'import …'", ["python3", "-c", "import json, ssl, http.client"],
                    directory)


def _nginx(directory):
    for i in range(12):
        _write(directory, f"conf.d/{i}.conf",
               f"server {{ listen 127.0.0.1:{20000 + i}; location / {{ return 200; }} }}\n")
    temporary = " ".join(f"{kind}_temp_path {directory}/{kind};" for kind in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = _write(directory, "nginx.conf", f"""\
        pid {directory}/pid; error_log {directory}/error.log;
        events {{}}
        http {{ access_log {directory}/access.log; {temporary} include {directory}/conf.d/*.conf; }}
        """)
    return Workload("nginx -t", ["nginx", "-t", "-q", "-c", config, "-e", f"{directory}/error.log"],
                    directory)


def _shell(directory):
    script = _write(directory, "script", """\
        seq 1 500 >numbers
        for i in 1 2 3 4 5; do
            grep "$i" numbers | sort -r | sed "s/$i/x/" | head -n 3 >"out$i"
        done
        count=$(cat out1 out2 | wc -l)
        cat <<END | tr a-z A-Z >here
        $count lines
        END
        exec 3<numbers 4>copy
        while read -r line <&3; do echo "$line" >&4; done
        exec 3<&- 4>&-
        (cat numbers; exec 5<numbers; cat <&5) | (sleep 0; cat) >both 2>&1
        { ls -l . | wc -l; } >listing 2>/dev/null &
        cat does-not-exist 2>/dev/null
        wait
        cmp numbers copy && exec true <both
        """)
    return Workload("a shell script", ["sh", script], directory)


_ODD = """\
    import ctypes, fcntl, os, select, signal, socket, subprocess, threading
    a, b = socket.socketpair()
    f = os.open("/etc/passwd", os.O_RDONLY)
    socket.send_fds(a, [b"x"], [f, f])
    received = socket.recv_fds(b, 10, 4)
    os.pipe()
    os.dup2(f, f)
    for turn in range(3):
        os.dup2(f, 40)
    os.dup2(f, 41, inheritable=False)
    fcntl.fcntl(f, fcntl.F_DUPFD, 50)
    fcntl.fcntl(f, fcntl.F_DUPFD_CLOEXEC, 60)
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    accepted = server.accept()
    udp = socket.socket(type=socket.SOCK_DGRAM)
    udp.connect(("127.0.0.1", 9))
    os.memfd_create("my mem")
    os.eventfd(0)
    poll = select.epoll()
    os.pidfd_open(os.getpid())
    os.open(".", os.O_TMPFILE | os.O_RDWR)
    odd = b'od d\\n<x> (deleted)\\xe9"q\\\\'
    g = os.open(odd, os.O_CREAT | os.O_RDWR)
    os.unlink(odd)
    os.dup(g)
    for missing in range(5):
        os.path.exists(f"missing{missing}") or os.system("exec 2>&-; cat missing")
    subprocess.run(["cat", "/etc/passwd"], stdout=subprocess.DEVNULL)
    def churn(path):
        for turn in range(300):
            os.close(os.open(path, os.O_RDONLY))
    threads = [threading.Thread(target=churn, args=(path,))
               for path in ("/etc/passwd", "/etc/group", "/etc/passwd", "/")]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    class Arguments(ctypes.Structure):
        _fields_ = [(key, ctypes.c_uint64) for key in "flags pidfd child parent signal".split()]
        _fields_ += [(key, ctypes.c_uint64) for key in "stack size tls".split()]
    pidfd, arguments = ctypes.c_int(-1), Arguments()
    arguments.flags, arguments.signal = 0x1000, signal.SIGCHLD  # CLONE_PIDFD
    arguments.pidfd = ctypes.addressof(pidfd)
    if ctypes.CDLL(None).syscall(435, ctypes.byref(arguments), 64) == 0:  # clone3
        os.closerange(30, 70)
        os._exit(0)
    os.wait()
    os.execv("/bin/cat", ["cat", "/etc/group"])  # nearly all are close-on-exec
    """


def _odd(directory):
    return Workload("one of each kind", ["python3", _write(directory, "odd.py", _ODD)], directory)


_ALL = {"make": (("make", "cc"), _make), "git": (("git",), _git), "python": (("python3",), _python),
        "nginx": (("nginx",), _nginx), "shell": (("sh",), _shell), "odd": (("python3",), _odd)}
NAMES = tuple(_ALL)


def why_not(name):
    """The program that is not installed."""
    absent = [program for program in _ALL[name][0] if shutil.which(program) is None]
    return f"{absent[0]} is not installed" if absent else None


def prepare(name, scratch):
    directory = os.path.join(scratch, name)
    os.mkdir(directory)
    return _ALL[name][1](directory)
