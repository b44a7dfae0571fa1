"""What was measured, as Markdown."""

from . import machine

HOLDS = ("5", "20", "150")


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


def _row(cells):
    return "| " + " | ".join(cells) + " |"


def _table(head, rows):
    return [_row(head), _row(["---"] + ["--:"] * (len(head) - 1))] + [_row(row) for row in rows]


def _cell(record, key, write=significant):
    return write(record[key]) if record and key in record else ""


def _static(results):
    scenes = results["static"]
    yield ["% of a core", "100 descriptors", "1,000, of which 200 sockets",
           "and 10,000 connections elsewhere", "ms a look", "ms a look, connections elsewhere",
           "resident MiB"]
    for name in scenes["idle"]:
        of_one = [scenes[scene][name] for scene in ("idle", "sockets", "crowded")]
        peak = max(record["resident_kib"] for record in of_one)
        yield ([f"`{name}`"] + [_cell(record, "cpu_percent") for record in of_one] +
               [_cell(record, "cpu_ms_per_look") for record in of_one[1:]] + [f"{peak / 1024:.1f}"])


def _rows_of(generator):
    head, *rows = generator
    return _table(head, rows)


def _churn(results):
    yield ["% caught of what is held", "85 µs", "5 ms", "20 ms", "150 ms", "% of a core",
           "the target's own time, times"]
    for name, record in results["churn"].items():
        slower = results["slow_down"].get(name)
        yield ([f"`{name}`", _cell(record.get("short_lived"), "share", share)] +
               [share(record["caught"][hold]["share"]) for hold in HOLDS] +
               [_cell(record, "cpu_percent"), _cell(slower, "ratio", times)])


def _goals(results):
    yield ["goal", "limit", "measured", "met"]
    for goal in results["goals"]:
        yield [goal["goal"], goal["limit"], goal["measured"], "yes" if goal["met"] else "**no**"]


def _short(results):
    yield ["", "at rest", "busy", "5 ms", "20 ms", "150 ms", "the target takes, times", "MiB"]
    for name, record in results["churn"].items():
        rest = results["static"]["sockets"][name]
        yield ([name, _cell(rest, "cpu_percent"), _cell(record, "cpu_percent")] +
               [share(record["caught"][hold]["share"]) for hold in HOLDS] +
               [_cell(results["slow_down"].get(name), "ratio", times),
                f'{rest["resident_kib"] / 1024:.1f}'])


def summary(results):
    """For the README."""
    goals = results["goals"]
    missed = [f'{goal["goal"]}: {goal["limit"]}, measured {goal["measured"]}'
              for goal in goals if not goal["met"]]
    lines = [f'Measured on {results["machine"]["date"]} on {machine.in_words(results["machine"])}. '
             "The columns: CPU time in % of a core while a target with 1,000 descriptors is at rest, "
             "and while a busy target opens 1,000 files a second; % caught of the files that are "
             "held open for 5, 20 and 150 ms; how many times longer a target takes that opens "
             "files as fast as it can; resident memory.", "",
             *_rows_of(_short(results)), "",
             f"Of {len(goals)} goals, {len(goals) - len(missed)} are met" +
             (". Missed: " + "; ".join(missed) + "." if missed else ".")]
    return "\n".join(lines)


def _skipped(results):
    return [f"`{name}` did not take part: {reason}." for name, reason in results["skipped"].items()]


def document(results):
    nobody = results["slow_down"]["nobody"]
    lines = [
        "<!-- drawn by bench/draw from overhead.json -->", "# Overhead", "",
        f'Measured on {results["machine"]["date"]} on {machine.in_words(results["machine"])}, '
        "by `bench/compare`, and drawn by `bench/draw`. The ratios carry over to other machines "
        "better than the times do.", "",
        "![CPU time, share of opens caught and slow-down of logfia and other tools](overhead.svg)",
        "", "## A target that rests", "",
        *_rows_of(_static(results)), "",
        "Tools that print once and exit (`lsof -p`, `lsfd -p`, `logfia -1`) are counted as if they "
        "were started once a second, startup included. A look of `logfia -d 100` or `-d 10` mostly "
        "just asks whether the target has run since the last look; at `-d 1` every look is a full "
        "one, with as many looks as there is time for, and at `-d 0` a look reads only some of the "
        "links that have not changed lately. `fatrace` (for the whole machine) and `opensnoop` "
        "report only opens, and no sockets.", "",
        "## A target that opens 1,000 files a second", "",
        *_rows_of(_churn(results)), "",
        "The target has 100 other descriptors open, and holds each file for 5, 20 or 150 ms in turn; "
        "a separate run holds one file after another for 85 µs. **Tools that are called at each "
        "open (`strace`, `fatrace`, `opensnoop`) catch all opens; tools that poll, logfia included, "
        "cannot.** The last column says how many times longer a target takes that opens and closes "
        "a file as fast as it can; for two runs without any tool the ratio is "
        f'{nobody["ratio"]:.3f} (± {nobody["deviation"]:.3f}).', "",
        *_skipped(results), "" if results["skipped"] else None,
        "## The goals", "", *_rows_of(_goals(results))]
    return "\n".join(line for line in lines if line is not None) + "\n"
