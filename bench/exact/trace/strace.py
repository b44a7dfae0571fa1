"""What strace -f -y says of descriptors: each one that a call made, with the process that got it."""

import re
from dataclasses import dataclass

# A descriptor as -y writes it. Angle brackets in a name are escaped, so that the first one ends it.
FD = r"(\d+)<([^<>]*)>(\(deleted\))?"
_LINE = re.compile(r"(\d+) +(\d+\.\d+) (.*)")
_UNFINISHED = " <unfinished ...>"
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)")
_CALL = re.compile(r"(\w+)\((.*)\) += (.*?)(?: <(\d+\.\d+)>)?")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)")
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}
# Calls that answer with a descriptor that was open before.
_SAME_NUMBER = ("dup2", "dup3", "signalfd", "signalfd4")


@dataclass
class Made:
    """A descriptor that a call made."""
    pid: int  # the process, not the thread
    fd: int
    name: str
    began: float  # the entry of the call, and its end; seconds since the epoch
    ended: float
    call: str  # as strace wrote it


@dataclass
class _Call:
    tid: int
    began: float
    ended: float
    name: str
    arguments: str
    result: str
    text: str


def _unescape_one(match):
    code = match[1]
    if code.isdigit():
        return bytes([int(code, 8)])
    return _LETTERS.get(code, code)


def _name(text):
    """The bytes that strace's escapes stand for; what is not UTF-8 as surrogates."""
    return _ESCAPE.sub(_unescape_one, text.encode("utf-8", "surrogateescape")).decode(
        "utf-8", "surrogateescape")


def _calls(path):
    """The calls that came to an end, each whole. What another thread interrupts is in two lines."""
    begun = {}
    with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        for line in file:
            parts = _LINE.fullmatch(line.rstrip("\n"))
            if parts is None:
                continue
            tid, at, text = int(parts[1]), float(parts[2]), parts[3]
            if text.endswith(_UNFINISHED):
                begun[tid] = (at, text[:-len(_UNFINISHED)])
                continue
            if resumed := _RESUMED.fullmatch(text):
                if tid not in begun:
                    continue
                at, before = begun.pop(tid)
                text = before + resumed[2]
            call = _CALL.fullmatch(text)
            if call:
                took = float(call[4] or 0)
                yield _Call(tid, at, at + took, call[1], call[2], call[3], text)


def _descriptors(call):
    """(fd, name) of each that this call made."""
    result = re.match(FD, call.result)
    if result:
        if call.name in _SAME_NUMBER and re.match(rf"{result[1]}<", call.arguments):
            return []
        return [(int(result[1]), _name(result[2]))]
    if call.result.startswith(("-", "?")):
        return []
    if call.name in ("pipe", "pipe2", "socketpair"):
        pair = re.search(rf"\[{FD}, {FD}\]", call.arguments)
        return [(int(pair[1]), _name(pair[2])), (int(pair[4]), _name(pair[5]))] if pair else []
    if call.name in ("recvmsg", "recvmmsg"):
        passed = re.findall(r"cmsg_type=SCM_RIGHTS, cmsg_data=\[([^]]*(?:\[[^]]*\][^]]*)*)\]",
                            call.arguments)
        return [(int(fd), _name(name)) for rights in passed
                for fd, name, _ in re.findall(FD, rights)]
    if call.name.startswith("clone"):
        pidfd = re.search(rf"pidfd=\[{FD}\]", call.arguments)
        return [(int(pidfd[1]), _name(pidfd[2]))] if pidfd else []
    return []


def _process_of(calls):
    """The process of each thread that is not the first one of it."""
    process_of = {}
    for call in calls:
        if call.name.startswith("clone") and "CLONE_THREAD" in call.arguments and \
                call.result.isdigit():
            process_of[int(call.result)] = process_of.get(call.tid, call.tid)
    return process_of


class Trace:
    """What a file of strace -f -y -ttt -T -e trace=%desc,%network,%process holds."""

    def __init__(self, path):
        calls = list(_calls(path))
        process_of = _process_of(calls)
        # A thread's first calls can stand before the end of the clone(2) that made it.
        self.made = [Made(process_of.get(call.tid, call.tid), fd, name, call.began, call.ended,
                          call.text)
                     for call in calls for fd, name in _descriptors(call)]
        self.processes = {process_of.get(call.tid, call.tid) for call in calls}
