"""The machine in neutral terms: enough to judge figures by, nothing that names it."""

import datetime
import os
import platform
import re

QUIET_LOAD = 1.5


def load():
    return round(os.getloadavg()[0], 2)


def _distribution():
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', file.read(), re.MULTILINE))
    except OSError:
        return "unknown"
    return f'{fields.get("NAME", "unknown")} {fields.get("VERSION_ID", "")}'.strip()


def _is_virtual():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return re.search(r"^flags.*\bhypervisor\b", file.read(), re.MULTILINE) is not None


def describe():
    # A release such as 6.18.44-NAME may tell whose kernel it is.
    kernel = re.match(r"\d+\.\d+", platform.release())
    return {
        "cores": len(os.sched_getaffinity(0)),
        "architecture": platform.machine(),
        "virtual": _is_virtual(),
        "kernel": kernel.group() if kernel else "unknown",
        "distribution": _distribution(),
        "date": datetime.date.today().isoformat(),
        "load_before": load(),
    }


def in_words(machine):
    kind = "virtual machine" if machine["virtual"] else "machine"
    return (f'a {kind} with {machine["cores"]} cores ({machine["architecture"]}), '
            f'Linux {machine["kernel"]}, {machine["distribution"]}')
