"""An exact watch: what logfia_bench says of its cost."""

import re
import subprocess

_NUMBER = r"-?[\d.]+|nan"
_ROW = re.compile(rf"(.+?) +({_NUMBER}) +({_NUMBER}) +({_NUMBER})(?: +({_NUMBER}))?(?: +({_NUMBER}))?(?:  .*)?")
_PEAK = re.compile(r"(-X.*) after \d+ files +(\d+)  .*")


def _rows(text, title):
    """The rows below a title, until an empty line, by their names."""
    block = text.split(f"\n{title} ", 1)[1].split("\n\n", 1)[0]
    return {row[1]: [float(number) for number in row.groups()[1:] if number]
            for row in map(_ROW.fullmatch, block.splitlines()[1:]) if row}


def measure(logfia_bench, brief):
    words = [logfia_bench, "--brief", "exact"] if brief else [logfia_bench, "exact"]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    keys = ("all", "added", "deviation", "of_strace", "least_added")
    results = {what: {name: dict(zip(keys, numbers)) for name, numbers in _rows(text, title).items()}
               for what, title in (("pair_ns", "ns a pair"), ("call_ns", "ns an untouched call"))}
    results["make"] = {name: dict(zip(("seconds", "ratio", "deviation"), numbers))
                       for name, numbers in _rows(text, "seconds").items()}
    results["resident_kib"] = {row[1]: float(row[2])
                               for row in map(_PEAK.fullmatch, text.splitlines()) if row}
    return results
