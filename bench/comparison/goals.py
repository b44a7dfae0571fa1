"""The goals, and whether what was measured meets them."""

INTERVALS_MS = {"logfia -d 100": 100, "logfia -d 10": 10, "logfia -d 1": 1}
NOISE = 0.01  # a slow-down that is less is not told from none


def _goal(what, limit, measured, met):
    return {"goal": what, "limit": limit, "measured": measured, "met": bool(met)}


def _at_most(what, limit, value, unit="", digits=2):
    return _goal(what, f"at most {limit:g}{unit}", f"{value:.{digits}f}{unit}", value <= limit)


def _at_least(what, limit, value, unit="", digits=1):
    return _goal(what, f"at least {limit:g}{unit}", f"{value:.{digits}f}{unit}", value >= limit)


def _floors(results):
    for row in results["floor"]["look"]:
        yield _at_most(f'a look at {row["descriptors"]:,} descriptors, times the floor', 1.1,
                       row["ratio"])
    for row in results["floor"]["idle"]:
        yield _at_most(f'a tick at -d {row["interval"][:-2]}, {row["descriptors"]:,} descriptors '
                       'idle, times a timer that reads state and clock', 1.3, row["ratio"])


def _full_looks(results):
    """What is left of the CPU time at rest when the ticks between the full looks are taken away."""
    tick_us, = (row["logfia_us"] for row in results["floor"]["idle"]
                if row["descriptors"] == 1000 and row["interval"] == "100ms")
    whole = results["static"]["sockets"]["logfia -d 100"]["cpu_percent"]
    yield _at_most("full looks at 1,000 descriptors idle, of a core", 0.1,
                   max(0.0, whole - tick_us * 10 / 1e4), " %", 3)


def _scans(results):
    """A scan, with its start, against a look that is taken: most looks at a target that rests are
    spared. Sockets elsewhere cost a look nothing."""
    look_ms, = (row["logfia_us"] / 1e3 for row in results["floor"]["look"]
                if row["descriptors"] == 1000)
    for scene, where in (("sockets", ""), ("crowded", ", 10,000 connections elsewhere")):
        looks = results["static"][scene]
        for other, times in (("lsof -nP -p", 10), ("lsfd -p", 6), ("filago -d 100", 500)):
            if other in looks:
                yield _at_least(f"a run of {other.split()[0]} at 1,000 descriptors{where}, times a "
                                "look at as many", times,
                                looks[other]["cpu_ms_per_look"] / look_ms)


def _capture(results):
    worst, where = 0.0, ""
    for name, interval in INTERVALS_MS.items():
        for hold, kind in results["churn"][name]["caught"].items():
            expected = min(1.0, kind["held_ms"] / interval)
            points = abs(kind["share"] - expected) * 100
            if points >= worst:
                worst, where = points, f"{name.removeprefix('logfia ')}, held {hold} ms"
    yield _goal("share of opens caught, from min(1, held / interval)", "within 3 points",
                f"{worst:.1f} ({where})", worst <= 3)
    back_to_back = results["churn"].get("logfia -d 0")
    if back_to_back:
        yield _at_least("-d 0: caught of what lives 85 µs, 100 descriptors", 90,
                        back_to_back["short_lived"]["share"] * 100, " %")


def _slow_down(results):
    tenth, nobody = (results["slow_down"][name] for name in ("logfia -d 10", "nobody"))
    noise = max(NOISE, nobody["deviation"])
    yield _goal("-d 10: the target's own time, times that of one not watched",
                f"at most {1 + noise:.3f} (the noise)", f'{tenth["ratio"]:.3f}',
                tenth["ratio"] <= 1 + noise <= 1.05)


def _memory(results):
    peaks = [row["resident_kib"] for scene in results["static"].values()
             for name, row in scene.items() if name.startswith("logfia")]
    peaks += [row["resident_kib"] for name, row in results["churn"].items()
              if name.startswith("logfia") and "resident_kib" in row]
    yield _at_most("resident, up to 1,000 descriptors", 6, max(peaks) / 1024, " MiB")


def _exact(results):
    exact = results["exact"]
    for name, limit in (("-X", 12), ("-X -j", 18), ("-X -l", 18)):
        yield _at_most(f"{name}: added to an open and its close", limit,
                       exact["pair_ns"][name]["added"] / 1e3, " µs", 1)
    yield _at_most("-X: added to a call that is not watched", 20, exact["call_ns"]["-X"]["added"],
                   " ns", 0)
    built = exact["make"]
    yield _at_most("-X -f: make -j2 of 100 files, times that of one not watched", 1.5,
                   built["-X -f"]["ratio"])
    if "strace" in built:
        yield _at_most("-X: added to an open and its close, times what strace adds", 0.5,
                       exact["pair_ns"]["-X"]["of_strace"])
        yield _at_most("-X -f: make -j2 of 100 files, times that under strace", 1,
                       built["-X -f"]["ratio"] / built["strace"]["ratio"])
    yield _at_most("-X: resident after 100,000 files", 12,
                   max(exact["resident_kib"].values()) / 1024, " MiB")


def judge(results):
    goals = [*_floors(results), *_full_looks(results), *_scans(results), *_capture(results),
             *_slow_down(results)]
    goals.append(_at_most("start to first record, 100 descriptors", 5, results["start_ms"], " ms"))
    goals.extend(_memory(results))
    if "exact" in results:
        goals.extend(_exact(results))
    return goals


def in_lines(goals):
    width = max(len(goal["goal"]) for goal in goals)
    for goal in goals:
        yield (f'{goal["goal"]:<{width}}  {goal["limit"]:<24}  {goal["measured"]:<22}  '
               f'{"met" if goal["met"] else "MISSED"}')
