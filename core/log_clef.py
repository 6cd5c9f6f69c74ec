"""A log line as Seq takes it: one event of the compact log event format, CLEF.

seqlog knows the format; its delivery is not used, see `core.log_seq`.
Source: https://clef-json.org and https://docs.datalust.co/docs/posting-raw-events
"""

from __future__ import annotations

import json
import logging
import re
import socket
from datetime import datetime

from seqlog.structured_logging import (
    SeqLogHandler,
    StructuredLogRecord,
    clear_global_log_properties,
)

from core.log_lines import Line

_OWN = frozenset({"at", "level", "event", "exc_info"})
_TRACE_ID = re.compile(r"[0-9a-f]{32}")


class ClefFormatter(SeqLogHandler):
    """Makes events with seqlog's own hand, without its thread and its connection."""

    def __init__(self) -> None:
        # Not a handler's constructor: seqlog's starts the thread, and logging's would have this
        # object flushed at the end of the process.
        clear_global_log_properties()
        self._host = socket.gethostname()

    def event(self, line: Line) -> bytes:
        """Give a line as one event, without the line's end."""
        fields = line.fields
        own = {
            f"@{key}" if key.startswith("@") else key: fields[key] for key in fields.keys() - _OWN
        }
        record = StructuredLogRecord(
            fields["name"],
            logging.getLevelNamesMapping().get(fields["level"], logging.INFO),
            "",
            0,
            str(fields["event"]),
            (),
            None,
            log_props={**own, "host": self._host},
        )
        record.created = datetime.fromisoformat(fields["at"]).timestamp()
        record.exc_text = fields.get("exc_info")
        event = self._build_event_data_clef(record)
        # Of the thread that ships, not of the one that logged.
        event = {k: v for k, v in event.items() if k not in {"ThreadId", "ThreadName", "@r"}}
        if "{" in event["@mt"]:
            # It would be read as a template with holes.
            event["@m"] = event.pop("@mt")
        if _TRACE_ID.fullmatch(str(fields.get("request_id"))):
            event["@tr"] = fields["request_id"]
        return json.dumps(event).encode()
