"""What a first look costs: a target of files, pipes and sockets, and many such targets."""

import contextlib
import os
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import List

from . import processes, targets

DESCRIPTORS = 1000
FILES, PIPES, SOCKETS = 600, 200, 200


@contextlib.contextmanager
def mixed(program, directory):
    """1,000 descriptors: 600 files, 100 pipes with both ends, 200 sockets (TCP, unix, one UDP)."""
    with targets.FdMaker(program) as target:
        target.do(f"tcp-pairs {SOCKETS // 4}")  # and the one that listens
        for _ in range(SOCKETS // 4 - 1):
            target.do("socketpair")
        target.do("udp-bind")
        for _ in range(PIPES // 2):
            target.do("pipe")
        for number in range(DESCRIPTORS - target.descriptors()):
            target.do(f"open {directory}/file-{number} rw create")
        yield target


@contextlib.contextmanager
def mixed_crowd(program, directory, count):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(mixed(program, directory)) for _ in range(count)]


@dataclass
class Cost:
    cpu: float  # seconds, user and system
    wall: float


def run(argv):
    began = time.monotonic()
    cpu = processes.run_once(argv)
    return Cost(cpu, time.monotonic() - began)


def take_turns(commands, rounds):
    """The costs of each command, by its name. Everybody has a turn in each round, in an order that
    changes from round to round, so that whatever disturbs the machine disturbs them alike."""
    names = list(commands)
    costs = {name: [] for name in names}
    for name in names:
        run(commands[name])  # once to warm up
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            costs[name].append(run(commands[name]))
    return costs


def ratio(costs, one, to, what):
    """The middle one of the ratios of all rounds."""
    return statistics.median(getattr(a, what) / getattr(b, what)
                             for a, b in zip(costs[one], costs[to]))


@dataclass
class FirstLook:
    cpu: float  # seconds
    wall: float  # seconds until no more records came
    records: int


def _at_rest(pid, out):
    """Waits until a watch has written all records of its first look. Returns when that was."""
    used, size, since = -1.0, -1, time.monotonic()
    while time.monotonic() - since < 0.3:
        now = (processes.cpu_seconds(pid), os.fstat(out.fileno()).st_size)
        if now != (used, size):
            (used, size), since = now, time.monotonic()
        time.sleep(0.005)
    return since


def watch_begins(argv, scratch):
    """The first look of a watch, which must take the next one much later."""
    with open(os.path.join(scratch, "records"), "wb") as out:
        began = time.monotonic()
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.DEVNULL) as process:
            end = _at_rest(process.pid, out)
            cpu = processes.cpu_seconds(process.pid)
            process.terminate()
            process.wait()
    with open(os.path.join(scratch, "records"), "rb") as records:
        return FirstLook(cpu, end - began, sum(1 for _ in records))


def start_ms(logfia, pid):
    """From the start of logfia to the first byte of its first record."""
    argv: List[str] = [logfia, "-n", str(pid)]
    ours, theirs = os.pipe()
    began = time.monotonic()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=theirs) as process:
        os.close(theirs)
        os.read(ours, 1)
        took = time.monotonic() - began
        process.terminate()
        os.close(ours)
        process.wait()
    return took * 1e3
