"""Compares what strace and logfia say of the same command."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Dict, List

# What differs between two runs of the same command.
_BY_NATURE = (
    (re.compile(r"(pipe|socket):\[\d+\]"), r"\1:[]"),  # inode numbers
    (re.compile(r"^/proc/\d+"), "/proc/PID"),
    (re.compile(r"/#\d+$"), "/#"),  # O_TMPFILE
    # mkstemp(3): those of cc, git and shells
    (re.compile(r"/cc[A-Za-z0-9]{6}(\.[\w.]+)?$"), r"/ccXXXXXX\1"),
    (re.compile(r"/(tmp_[a-z]+_|sh-thd\.|Gm|t(?=[A-Za-z0-9]{6}$))[A-Za-z0-9]{6}$"), r"/\1XXXXXX"),
)

SLACK = 0.001  # seconds between strace's clock and ours


def same_in_each_run(name):
    for pattern, instead in _BY_NATURE:
        name = pattern.sub(instead, name)
    return name


def without_deleted(name):
    """strace reads a name as its call ends, logfia a moment later: it may be unlinked by then."""
    return re.sub(r"( \(deleted\))+$", "", name)


@dataclass
class Verdict:
    """What one comparison came to."""
    strace: int = 0
    logfia: int = 0
    missing: Counter = field(default_factory=Counter)
    invented: Counter = field(default_factory=Counter)
    varying: List[str] = field(default_factory=list)
    unpaired: List[str] = field(default_factory=list)
    lost: List[str] = field(default_factory=list)
    untimed: List[str] = field(default_factory=list)  # told for a time outside the call

    @property
    def failed(self):
        return bool(self.missing or self.invented or self.unpaired)


def _check_given(verdict, opens):
    """The command was started with three streams, and nothing else is in its table."""
    for told in opens:
        if told.initial and told.fd > 2:
            verdict.invented[f"(given) {told.fd} {told.name}"] += 1


def _counts(descriptors):
    return Counter(same_in_each_run(without_deleted(one.name)) for one in descriptors)


def apart(traces, runs, by_timing: Dict[str, str]):
    """Of runs of their own: how often each name was opened. Names that strace itself does not see
    as often in each of its runs are not judged."""
    verdict = Verdict()
    by_strace = [_counts(trace.made) for trace in traces]
    by_logfia = [_counts(told for told in run.opens if not told.initial) for run in runs]
    verdict.strace = sum(by_strace[0].values())
    verdict.logfia = sum(by_logfia[0].values())
    for name in sorted(set().union(*by_strace, *by_logfia)):
        theirs = sorted({counts[name] for counts in by_strace})
        ours = sorted({counts[name] for counts in by_logfia})
        if len(theirs) > 1 or name in by_timing:
            if theirs != ours:
                verdict.varying.append(f"{name}: strace {theirs}, logfia {ours}")
            continue
        verdict.missing[name] += max(theirs[0] - ours[0], 0)
        verdict.invented[name] += max(ours[-1] - theirs[0], 0)
    for run in runs:
        _check_given(verdict, run.opens)
        verdict.unpaired += run.unpaired
        verdict.lost += run.lost
    verdict.missing, verdict.invented = +verdict.missing, +verdict.invented
    return verdict


def together(trace, run):
    """Of one run that both have seen: process, number and name of each, in the order of time."""
    verdict = Verdict(strace=len(trace.made), unpaired=run.unpaired, lost=run.lost)
    theirs, ours = defaultdict(list), defaultdict(list)
    for made in trace.made:
        theirs[made.pid, made.fd, without_deleted(made.name)].append(made)
    for told in run.opens:
        if told.pid in trace.processes and not told.initial:
            ours[told.pid, told.fd, without_deleted(told.name)].append(told)
            verdict.logfia += 1
    for key in theirs.keys() | ours.keys():
        seen, told = len(theirs[key]), len(ours[key])
        text = f"{key[0]} {key[1]} {key[2]}"
        if seen > told:
            verdict.missing[f"{text}: {theirs[key][-1].call}"] += seen - told
        elif told > seen:
            verdict.invented[text] += told - seen
        else:
            verdict.untimed += [f"{text}: {one.time - made.began:+.6f} s from {made.call}"
                                for made, one in zip(theirs[key], ours[key])
                                if not made.began - SLACK <= one.time <= made.ended + SLACK]
    return verdict
