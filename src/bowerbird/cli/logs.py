"""This file is about log lines: text for a person, JSON for a machine."""

import json
import logging
import sys

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def configure(level: str, form: str) -> None:
    """Sends everything from `level` up to stderr; `form` is text or json."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # libvips tells each step of each picture as information.
    logging.getLogger("pyvips").setLevel(logging.WARNING)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, event and its facts."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line = {"at": record.created, "level": record.levelname.lower(), "logger": record.name}
        line |= {"event": record.getMessage(), **_facts(record)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class TextLines(logging.Formatter):
    """One line for a person: time, level, event and its facts."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, the traceback below it if there is one."""
        shown = " ".join(f"{key}={value}" for key, value in _facts(record).items())
        head = f"{self.formatTime(record)} {record.levelname.lower():7} {record.name}:"
        line = f"{head} {record.getMessage()} {shown}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _facts(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}
