"""Work for tests: functions that a worker can import, and fast, since it imports little."""

import os
import signal
import sys
import time
import warnings

from nextlabel.engines.processes import Processes
from nextlabel.errors import BadData, NextlabelError


def identity(task):
    return task


def warns(task):
    warnings.warn("mind the step", stacklevel=1)


def starts_workers():
    Processes(2)


def pid(task):
    return os.getpid()


def kill_itself(task):
    os.kill(os.getpid(), signal.SIGKILL)


def end_at_once(task):
    os._exit(5)


def leave(task):
    sys.exit("goodbye")


def refuse(task):
    raise BadData(f"task {task} is bad")


def speak_and_stay(task):
    os.write(1, b"%d\n" % os.getpid())  # in one piece: two workers share the pipe
    while True:
        sum(range(1000))


def hears_ctrl_c(task):
    return signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def variables(names):
    time.sleep(0.1)  # long enough for the second worker to get a task too
    return [os.environ.get(name) for name in names]


def give_what_cannot_be_sent(task):
    return lambda: task


class Unreadable:
    """Can be pickled, and not be read again."""

    def __reduce__(self):
        return int, ("no number",)

    def __call__(self, task):
        return self


class UnreadableError(NextlabelError):
    def __init__(self, first, second):
        super().__init__(f"{first} {second}")


def refuse_unreadably(task):
    raise UnreadableError("one", "two")


class Counted:
    """Work that counts, in each process, how often it was unpickled."""

    read = 0

    def __init__(self, name=""):
        self.name = name  # of another name, it is other work

    def __setstate__(self, state):
        Counted.read += 1

    def __getstate__(self):
        return {"something": self.name}

    def __call__(self, task):
        return Counted.read


class Pinched:
    """Work that Ctrl-C interrupts while it is handed to a worker."""

    def __reduce__(self):
        os.kill(os.getpid(), signal.SIGINT)
        return str, ("work",)


def waits_and_gives(task):
    time.sleep(0.1)
    return task
