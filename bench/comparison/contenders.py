"""Who takes part: how each is started, and whether it can run here."""

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import Callable, List, Optional, Sequence

from . import processes


@dataclass
class Contender:
    name: str
    argv: Callable[[int], List[str]]  # by the PID that is watched
    settle: float = 0.5  # seconds until it surely watches
    period: float = 0.0  # seconds between two of its looks, when it looks seldom
    is_scan: bool = False  # prints once what is open, and ends
    is_logfia: bool = False
    is_gated: bool = False  # looks seldom while the target does not run
    looks: Optional[Callable[[processes.Watcher], int]] = None  # how many it says it took
    says_looks: Sequence[str] = ()  # what has it say so


def _logfia_looks(watcher):
    found = re.search(r"([\d,]+) looks?\b", watcher.errors())
    return int(found.group(1).replace(",", "")) if found else 0


def _lsof_looks(watcher):
    return watcher.output().count("=======")


def _logfia(program, interval):
    return Contender(f"logfia -d {interval}", lambda pid: [program, "-n", "-d", interval, str(pid)],
                     is_logfia=True, is_gated=interval in ("100", "10"), looks=_logfia_looks,
                     says_looks=["-C"])


def _in_tracefs(argv):
    """With tracefs mounted where it is not, seen by this program alone."""
    if os.path.isdir("/sys/kernel/tracing/events") or os.path.isdir(
            "/sys/kernel/debug/tracing/events"):
        return argv
    script = 'mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh"] + argv


def _opensnoop():
    for name, settle in (("opensnoop", 1.0), ("opensnoop-bpfcc", 5.0)):
        program = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
        if program:
            return Contender("opensnoop -p",
                             lambda pid: _in_tracefs([program, "-p", str(pid)]), settle=settle)
    return Contender("opensnoop -p", lambda pid: ["opensnoop", "-p", str(pid)])


def everybody(logfia):
    others = [
        Contender("logfia -1", lambda pid: [logfia, "-n", "-1", str(pid)], is_scan=True,
                  is_logfia=True),
        Contender("lsof -nP -p", lambda pid: ["lsof", "-nP", "-p", str(pid)], is_scan=True),
        # It scans as it starts and then once a second.
        Contender("lsof -nP -r1 -p", lambda pid: ["lsof", "-nP", "-r1", "-p", str(pid)],
                  period=1.0, looks=_lsof_looks),
        Contender("lsfd -p", lambda pid: ["lsfd", "-p", str(pid)], is_scan=True),
        Contender("filago -d 100", lambda pid: ["filago", "-d", "100", str(pid)]),
        Contender("strace -f", lambda pid: ["strace", "-f", "-e", "trace=%desc,%network", "-p",
                                            str(pid)]),
        Contender("fatrace -f O", lambda pid: ["fatrace", "-f", "O"]),
        _opensnoop(),
    ]
    return [_logfia(logfia, interval) for interval in ("100", "10", "1", "0")] + others


def shows(watcher, path):
    # strace writes where its errors go.
    return path in watcher.output() or path in watcher.errors()


def _first_words(text, otherwise):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else otherwise


def _failed_scan(contender, pid):
    run = subprocess.run(contender.argv(pid), capture_output=True, text=True, errors="replace",
                         check=False)
    if run.returncode == 0 and run.stdout:
        return None
    return _first_words(run.stderr, f"status {run.returncode}")


def why_not(contender, target, scratch):
    """None when it can run here: it is tried, and has to see one open that lasts long enough."""
    program = contender.argv(1)[0]
    if shutil.which(program) is None:
        return f"{program} is not there"
    if contender.is_scan:
        return _failed_scan(contender, target.pid)
    path = os.path.join(scratch, "seen-by-all")
    with processes.Watcher(contender.argv(target.pid), scratch) as watcher:
        time.sleep(contender.settle)
        number, = target.do(f"open {path} rw create")
        time.sleep(max(0.3, 1.2 * contender.period))
        target.do(f"close {number}")
    if shows(watcher, path):
        return None
    return _first_words(watcher.errors(), "it does not see what is opened")
