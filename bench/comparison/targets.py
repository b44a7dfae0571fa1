"""What is watched: processes made to order by the tests' fd_maker."""

import contextlib
import os
import select
import subprocess

OTHERS = 2  # processes that share the connections of the crowded machine
CONNECTIONS = 10_000


class FdMaker:
    """One made-to-order process; it ends with this object."""

    def __init__(self, program):
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self._process.pid

    def send(self, line):
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def answer(self):
        """The words of the answer that comes next."""
        words = self._process.stdout.readline().decode().split()
        if words[:1] != ["ok"]:
            raise RuntimeError("fd_maker says: " + " ".join(words))
        return words[1:]

    def answers_within(self, seconds):
        return bool(select.select([self._process.stdout], [], [], seconds)[0])

    def do(self, line):
        self.send(line)
        return self.answer()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def fill(target, descriptors):
    """Files until that many descriptors are open."""
    target.do(f"burst {descriptors - target.descriptors()} /etc/passwd")


@contextlib.contextmanager
def idle(program):
    """100 descriptors."""
    with FdMaker(program) as target:
        fill(target, 100)
        yield target


@contextlib.contextmanager
def many_sockets(program):
    """1,000 descriptors, of which 200 are sockets: TCP, unix and UDP."""
    with FdMaker(program) as target:
        target.do("tcp-pairs 75")  # and the one that listens
        for _ in range(24):
            target.do("socketpair")
        target.do("udp-bind")
        for _ in range(100):
            target.do("pipe")
        fill(target, 1000)
        yield target


@contextlib.contextmanager
def crowded(program):
    """The same, while others on this machine have 10,000 TCP connections (20,000 sockets)."""
    with contextlib.ExitStack() as others:
        for _ in range(OTHERS):
            other = others.enter_context(FdMaker(program))
            other.do(f"tcp-pairs {CONNECTIONS // OTHERS}")
        with many_sockets(program) as target:
            yield target


SCENES = {"idle": idle, "sockets": many_sockets, "crowded": crowded}
