"""What logfia -X -j says of descriptors."""

import json
from dataclasses import dataclass
from datetime import datetime


@dataclass
class Told:
    """An `open` record."""
    pid: int
    fd: int
    name: str
    time: float  # seconds since the epoch
    initial: bool


def _name(record):
    if "name_hex" in record:
        return bytes.fromhex(record["name_hex"]).decode("utf-8", "surrogateescape")
    return record["name"]


class Records:
    """The records of one run: all opens, and what does not go together."""

    def __init__(self, path):
        self.opens = []
        self.lost = []
        self.unpaired = []  # as sentences
        self._open = {}
        with open(path, encoding="utf-8") as file:
            for line in file:
                self._take(json.loads(line))
        for (pid, fd), name in self._open.items():
            self.unpaired.append(f"{pid} {fd} {name}: no close")

    def _take(self, record):
        if record["event"] == "lost":
            self.lost.append(record["reason"])
        elif record["event"] == "open":
            self._take_open(record)
        elif record["event"] == "close":
            key = record["pid"], record["fd"]
            before = self._open.pop(key, None)
            if before != _name(record):
                self.unpaired.append(f"{key[0]} {key[1]} {_name(record)}: a close of what was "
                                     f"{before or 'not open'}")
        elif record["event"] == "rename":
            self._open[record["pid"], record["fd"]] = _name(record)

    def _take_open(self, record):
        told = Told(record["pid"], record["fd"], _name(record),
                    datetime.fromisoformat(record["time"]).timestamp(), "initial" in record)
        self.opens.append(told)
        key = told.pid, told.fd
        if key in self._open:
            self.unpaired.append(f"{key[0]} {key[1]} {told.name}: opened while it was "
                                 f"{self._open[key]}")
        self._open[key] = told.name
