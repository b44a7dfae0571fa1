"""What was measured, as Markdown."""

import textwrap

from . import machine

HOLDS = ("5", "20", "150")
# Of all contenders, those that the README compares.
IN_SHORT = ("logfia -d 100", "logfia -d 10", "logfia -d 1", "lsof -nP -r1 -p", "strace -f",
            "fatrace -f O", "opensnoop -p")


def significant(value, digits=2):
    """Two digits at least, no exponent: 0.048, 1.3, 27, 1,340."""
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    text = f"{value:.{digits}g}"
    return f"{value:.3f}" if "e" in text else text


def share(value):
    """Per cent; all and none are said only when it was all or none."""
    if value in (0.0, 1.0):
        return f"{value * 100:.0f}"
    return f"{min(max(value * 100, 0.1), 99.9):.1f}" if not 0.1 <= value <= 0.9 \
        else f"{value * 100:.0f}"


def times(ratio):
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"


def slower(record):
    """A slow-down, with its deviation where two digits would promise more than was measured."""
    deviation = record["deviation"]
    return times(record["ratio"]) + (f" ± {times(deviation)}" if deviation > 0.02 else "")


def _prose(*sentences):
    return textwrap.fill(" ".join(sentences), 120, break_long_words=False, break_on_hyphens=False)


def _row(cells):
    return "| " + " | ".join(cells) + " |"


def _table(head, rows):
    return [_row(head), _row(["---"] + ["--:"] * (len(head) - 1))] + [_row(row) for row in rows]


def _cell(record, key, write=significant):
    return write(record[key]) if record and key in record else ""


def _slow_down(results, name):
    slow_down = results["slow_down"]
    return slower(slow_down[name]) if name in slow_down else ""


def _static(results):
    scenes = results["static"]
    yield ["% of a core", "100 descriptors", "1,000, of which 200 sockets",
           "and 10,000 connections elsewhere", "ms a look", "ms a look, connections elsewhere",
           "resident MiB"]
    for name in scenes["idle"]:
        of_one = [scenes[scene][name] for scene in ("idle", "sockets", "crowded")]
        peak = max(record["resident_kib"] for record in of_one)
        yield ([name] + [_cell(record, "cpu_percent") for record in of_one] +
               [_cell(record, "cpu_ms_per_look") for record in of_one[1:]] + [f"{peak / 1024:.1f}"])


def _rows_of(generator):
    head, *rows = generator
    return _table(head, rows)


def _churn(results):
    yield ["% caught of what is held", "85 µs", "5 ms", "20 ms", "150 ms", "% of a core",
           "the target's own time, times"]
    for name, record in results["churn"].items():
        yield ([name, _cell(record.get("short_lived"), "share", share)] +
               [share(record["caught"][hold]["share"]) for hold in HOLDS] +
               [_cell(record, "cpu_percent"), _slow_down(results, name)])


def _goals(results):
    yield ["goal", "limit", "measured", "met"]
    for goal in results["goals"]:
        yield [goal["goal"], goal["limit"], goal["measured"], "yes" if goal["met"] else "**no**"]


def _short(results):
    yield ["", "CPU at rest, %", "CPU busy, %", "caught of 5 ms, %", "of 20 ms, %", "of 150 ms, %",
           "the target's time, times"]
    for name in IN_SHORT:
        if name not in results["churn"]:
            continue
        record = results["churn"][name]
        yield ([name, _cell(results["static"]["sockets"][name], "cpu_percent"),
                _cell(record, "cpu_percent")] +
               [share(record["caught"][hold]["share"]) for hold in HOLDS] +
               [_slow_down(results, name)])


def summary(results):
    """For the README."""
    return "\n".join([
        _prose("CPU time of one core while a target with 1,000 descriptors is at rest, and while a busy "
               "target opens 1,000 files a second; the share caught of files that are held open for "
               "5, 20 and 150 ms; the slowdown of a target that opens files as fast as it can "
               "([all figures](doc/overhead.md)):"), "",
        *_rows_of(_short(results))])


def _exact(results):
    pairs, calls = results["exact"]["pair_ns"], results["exact"]["call_ns"]
    yield ["added to an open and its close", "µs", "±", "of what strace adds",
           "to a call that is not watched, ns"]
    for name, record in pairs.items():
        if name != "unwatched":
            share_of_strace = times(record["of_strace"]) if "strace" in pairs else ""
            yield [name, f'{record["added"] / 1e3:.1f}', f'{record["deviation"] / 1e3:.1f}',
                   share_of_strace, f'{calls[name]["added"]:.0f}']


def _exact_in_words(results):
    exact = results["exact"]
    built = ", ".join(f'{slower(record)} times as long under {name}'
                      for name, record in exact["make"].items() if name != "unwatched")
    peak = max(exact["resident_kib"].values()) / 1024
    return _prose("The command opens and closes one file as fast as it can. The records go to "
                  "/dev/null where nothing else stands, as the output of strace does (`-f "
                  "--seccomp-bpf -e trace=%desc,%network`, its fastest way to see as much). "
                  f"`make -j2` of 100 files of C takes {built}. After 100,000 files logfia has "
                  f"{peak:.1f} MiB resident at most.")


def _exact_section(results):
    if "exact" not in results:
        return []
    return ["## An exact watch", "", *_rows_of(_exact(results)), "", _exact_in_words(results), ""]


def _skipped(results):
    return [f"{name} did not take part: {reason}." for name, reason in results["skipped"].items()]


def _goals_in_words(results):
    goals = results["goals"]
    missed = [goal["goal"] for goal in goals if not goal["met"]]
    return _prose(f"{len(goals) - len(missed)} of {len(goals)} goals are met" +
                  (". Missed: " + "; ".join(missed) + "." if missed else "."))


def _minutes(results):
    return "ten" if "exact" in results else "seven"


def _how_it_was_measured(results):
    where = f'on {results["machine"]["date"]} on {machine.in_words(results["machine"])}'
    return [
        _prose("Without -X, logfia attaches nothing to the watched process and never stops it. The more "
               "often logfia looks, the more it catches; **tools that are called at each open (strace, "
               "fatrace, opensnoop) miss none, and such a logfia may miss some**. Side by side, in one run, "
               f"measured {where}:"), "",
        "![CPU time, share of opens caught and slow-down of logfia and other tools](overhead.svg)",
        "",
        _prose("The ratios carry over to other machines better than the times do. To repeat the "
               f"comparison on an idle machine, in about {_minutes(results)} minutes (fatrace and opensnoop need "
               "root; missing tools are left out and named):"), "",
        "<!-- does not run: it takes a quiet machine, and rewrites the figures -->",
        "```sh", "bench/compare && bench/draw", "```", "",
        "[Benchmarks](development.md#benchmarks) of single parts of logfia are built with it."]


def document(results):
    nobody = results["slow_down"]["nobody"]
    lines = [
        "<!-- drawn by bench/draw from overhead.json -->", "# Overhead", "",
        *_how_it_was_measured(results), "",
        "## A target that rests", "",
        *_rows_of(_static(results)), "",
        _prose("Tools that print once and exit (lsof -p, lsfd -p, logfia -1) are counted as if they "
               "were started once a second, startup included. Most looks of logfia at a target that rests "
               "just ask whether the target has run since the last look; those at -d 0 come without a "
               "pause, and read only some of the links that have not changed lately. fatrace (for the "
               "whole machine) and opensnoop report only opens, and no sockets."), "",
        "## A target that opens 1,000 files a second", "",
        *_rows_of(_churn(results)), "",
        _prose("The target has 100 other descriptors open, and holds each file for 5, 20 or 150 ms in "
               "turn; a separate run holds one file after another for 85 µs. The last column says how "
               "many times longer a target takes that opens and closes a file as fast as it can; for "
               f'two runs without any tool the ratio is {nobody["ratio"]:.3f} '
               f'(± {nobody["deviation"]:.3f}).'), "",
        *_skipped(results), "" if results["skipped"] else None,
        *_exact_section(results),
        "## The goals", "", _goals_in_words(results), "", *_rows_of(_goals(results))]
    return "\n".join(line for line in lines if line is not None) + "\n"
