"""Processes that are started, measured and stopped. CPU time is in seconds, memory in KiB."""

import os
import re
import signal
import subprocess
import time


def _children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def cpu_seconds(pid):
    """Of the process, all its threads, and its children that live."""
    # clock_getcpuclockid(3): the CPU clock of another process has this number.
    try:
        own = time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0
    return own + sum(cpu_seconds(child) for child in _children(pid))


def peak_resident_kib(pid):
    """The most it ever held; 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            found = re.search(r"^VmHWM:\s+(\d+)", file.read(), re.MULTILINE)
    except OSError:
        return 0
    return int(found.group(1)) if found else 0


class Watcher:
    """A program that runs until it is told to stop; its output is kept in files."""

    def __init__(self, argv, scratch):
        self._out_path = os.path.join(scratch, "watcher.out")
        self._err_path = os.path.join(scratch, "watcher.err")
        with open(self._out_path, "wb") as out, open(self._err_path, "wb") as err:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        self.pid = self._process.pid

    def running(self):
        return self._process.poll() is None

    def stop(self):
        """As Ctrl-C would. What has not ended five seconds later is killed."""
        if self.running():
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def output(self):
        with open(self._out_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def errors(self):
        with open(self._err_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def run_once(argv, stdout=subprocess.DEVNULL):
    """CPU seconds of a program that ends by itself."""
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=stdout,
                          stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def peak_of_one_run(argv):
    """KiB. (ru_maxrss would be that of this Python: it counts what forked.)"""
    peak = 0
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        # A stranger's memory would be counted before it has become the program.
        started = os.path.realpath(f"/proc/{os.getpid()}/exe")
        while process.poll() is None:
            try:
                if os.readlink(f"/proc/{process.pid}/exe") != started:
                    peak = max(peak, peak_resident_kib(process.pid))
            except OSError:
                pass
            time.sleep(0.0005)
    return peak
