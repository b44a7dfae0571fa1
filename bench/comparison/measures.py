"""What is measured of a contender, each thing in one function."""

import os
import re
import statistics
import time

from . import processes, targets

HOLDS_MS = (5, 20, 150)
SHORT_US = 85
GAP_US = 1000  # a thousand opens a second
SHORT_LIVED = 5000


def _scan(contender, pid, length):
    argv = contender.argv(pid)
    seconds = statistics.median(processes.run_once(argv) for _ in range(length.scans))
    return {"cpu_ms_per_look": seconds * 1e3, "cpu_percent": seconds * 1e2,
            "looks_per_second": 1.0, "resident_kib": processes.peak_of_one_run(argv)}


def watching(contender, target, length, scratch):
    """CPU time and memory while nothing happens. A scan counts as taken once a second."""
    if contender.is_scan:
        return _scan(contender, target.pid, length)
    # Some full looks of logfia, which come every second to every five, must fall into it.
    window = length.window if contender.is_gated else max(length.window / 2, 3 * contender.period)
    began = time.monotonic()
    argv = [*contender.argv(target.pid), *contender.says_looks]
    with processes.Watcher(argv, scratch) as watcher:
        time.sleep(contender.settle)
        before, since = processes.cpu_seconds(watcher.pid), time.monotonic()
        time.sleep(window)
        used, lasted = processes.cpu_seconds(watcher.pid) - before, time.monotonic() - since
        resident = processes.peak_resident_kib(watcher.pid)
    total = time.monotonic() - began
    result = {"cpu_percent": used / lasted * 1e2, "resident_kib": resident}
    looks = contender.looks(watcher) if contender.looks else 0
    if looks:
        # Those of lsof -r lie at known moments, as many in the window as it has seconds.
        rate = window / contender.period / lasted if contender.period else looks / total
        result["looks_per_second"] = rate
        result["cpu_ms_per_look"] = used / lasted / rate * 1e3
    return result


class Files:
    """Files to open, made before: that a busy disk makes one slowly must not matter."""

    def __init__(self, scratch, count):
        self.directory = os.path.join(scratch, "files")
        os.mkdir(self.directory)
        for kind in ("held", "short"):
            for number in range(count):
                with open(self._path(kind, number), "wb"):
                    pass

    def _path(self, kind, number):
        return f"{self.directory}/{kind}-{number}"

    def pattern(self, kind):
        return self._path(kind, "%")

    def numbers_in(self, text, kind):
        return {int(number) for number in
                re.findall(re.escape(self.directory) + rf"/{kind}-(\d+)\b", text)}


def _order_churn(target, files, count):
    holds = " ".join(str(hold * 1000) for hold in HOLDS_MS)
    target.send(f"turnover {count} {GAP_US} {files.pattern('held')} {holds}")


def _caught(files, text, count, held_us):
    seen = files.numbers_in(text, "held")
    caught = {}
    for kind, hold in enumerate(HOLDS_MS):
        of_kind = range(kind, count, len(HOLDS_MS))
        caught[str(hold)] = {"share": len(seen.intersection(of_kind)) / len(of_kind),
                             "held_ms": int(held_us[kind]) / 1e3}
    return caught


def _churning_scanned(contender, target, files, length, scratch):
    """A scan once a second, as a loop of a shell would take it."""
    path = os.path.join(scratch, "scans.out")
    used, began = 0.0, time.monotonic()
    _order_churn(target, files, length.opens)
    with open(path, "w+", encoding="utf-8", errors="replace") as out:
        answered = False
        while not answered:
            due = time.monotonic() + 1.0
            used += processes.run_once(contender.argv(target.pid), out)
            answered = target.answers_within(max(0.0, due - time.monotonic()))
        lasted = time.monotonic() - began
        out.seek(0)
        caught = _caught(files, out.read(), length.opens, target.answer())
    return {"caught": caught, "cpu_percent": used / lasted * 1e2}


def _churning_watched(contender, target, files, length, scratch):
    with processes.Watcher(contender.argv(target.pid), scratch) as watcher:
        time.sleep(contender.settle)
        before, since = processes.cpu_seconds(watcher.pid), time.monotonic()
        _order_churn(target, files, length.opens)
        held_us = target.answer()
        used, lasted = processes.cpu_seconds(watcher.pid) - before, time.monotonic() - since
        short = _churn_short(target, files)
        resident = processes.peak_resident_kib(watcher.pid)
        time.sleep(0.2)  # for what tells of things late
    text = watcher.output() + watcher.errors()
    short["share"] = len(files.numbers_in(text, "short")) / SHORT_LIVED
    return {"caught": _caught(files, text, length.opens, held_us), "short_lived": short,
            "cpu_percent": used / lasted * 1e2, "resident_kib": resident}


def _churn_short(target, files):
    """One file after another, each open for a moment that is spun away, not slept."""
    began = time.monotonic()
    target.do(f"churn {SHORT_LIVED} {SHORT_US} {files.pattern('short')} 0 spin")
    return {"held_us": SHORT_US, "us_apart": (time.monotonic() - began) / SHORT_LIVED * 1e6}


def churning(contender, program, files, length, scratch):
    """The share of opens caught, and what that takes, at a target with 100 descriptors and more."""
    measure = _churning_scanned if contender.is_scan else _churning_watched
    with targets.idle(program) as target:
        return measure(contender, target, files, length, scratch)


def _seconds_of_opens(target, opens):
    began = time.monotonic()
    target.do(f"churn {opens} 0 /etc/passwd")
    return (time.monotonic() - began) / opens


def _round_of_opens(contender, target, opens, scratch):
    """Seconds of an open and its close, while the contender (None: nobody) watches."""
    if contender is None:
        return _seconds_of_opens(target, opens)
    with processes.Watcher(contender.argv(target.pid), scratch):
        # So that a look of one that looks seldom falls into what is measured.
        time.sleep(max(contender.settle, 0.75 * contender.period))
        return _seconds_of_opens(target, opens)


def slow_down(contenders, program, length, scratch):
    """By name: how many times longer a target takes that opens and closes as fast as it can. In
    each round everybody has a turn between two of nobody; "nobody" is the one to the other."""
    ratios = {contender.name: [] for contender in contenders}
    ratios["nobody"] = []
    with targets.idle(program) as target:
        opens = int(length.opening / _seconds_of_opens(target, 20_000))
        for _ in range(length.rounds):
            alone = [_round_of_opens(None, target, opens, scratch)]
            times = {}
            for contender in contenders:
                # It would take minutes.
                some = opens // 20 if contender.name.startswith("strace") else opens
                times[contender.name] = _round_of_opens(contender, target, some, scratch)
            alone.append(_round_of_opens(None, target, opens, scratch))
            for name, seconds in times.items():
                ratios[name].append(seconds / statistics.mean(alone))
            ratios["nobody"].append(alone[1] / alone[0])
    return {name: _spread(values) for name, values in ratios.items()}


def _spread(values):
    middle = statistics.median(values)
    return {"ratio": middle, "deviation": statistics.median(abs(v - middle) for v in values)}


def _first_byte_ms(argv):
    ours, theirs = os.pipe()
    began = time.monotonic()
    actions = [(os.POSIX_SPAWN_DUP2, theirs, 1)]
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
    os.read(ours, 1)
    took = time.monotonic() - began
    os.kill(pid, 15)
    os.waitpid(pid, 0)
    os.close(ours)
    os.close(theirs)
    return took * 1e3


def start(logfia, program, length):
    """Milliseconds from the start of logfia to the first byte of its first record."""
    with targets.idle(program) as target:
        argv = [logfia, "-n", str(target.pid)]
        return statistics.median(_first_byte_ms(argv) for _ in range(length.starts))
