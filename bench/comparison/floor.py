"""The floors: what logfia_bench says of a look and of an idle target."""

import re
import subprocess


def _rows(text, title):
    """The rows of numbers below a title, until an empty line."""
    rows = []
    block = text.split(title, 1)[1].split("\n\n", 1)[0]
    for line in block.splitlines():
        words = line.split()
        if words and re.fullmatch(r"\d+", words[0]):
            rows.append(words)
    return rows


def measure(logfia_bench):
    run = subprocess.run([logfia_bench, "--brief", "look", "idle"], capture_output=True, text=True,
                         check=True)
    look = [{"descriptors": int(row[0]), "floor_us": float(row[2]), "logfia_us": float(row[3]),
             "ratio": float(row[4])} for row in _rows(run.stdout, "A look")]
    idle = [{"descriptors": int(row[0]), "interval": row[1], "bare_us": float(row[2]),
             "logfia_us": float(row[3]), "ratio": float(row[4]), "cpu_percent": float(row[5])}
            for row in _rows(run.stdout, "An idle target")]
    return {"look": look, "idle": idle}
