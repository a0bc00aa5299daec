"""Every column of every table: name, kind, unit and one sentence, in the order in which tables show them.

Promises that builders, exporters and documentation read the same facts. Refuses kinds outside its closed set.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, get_args

Kind = Literal["text", "int", "uint", "float", "time", "words", "bool"]
"""text: a string; int: 64-bit signed; uint: 32-bit unsigned (codes, ids, lengths as the wire has them); float: 64-bit;
time: UTC with nanoseconds; words: list of 32-bit unsigned; bool."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


class Column(NamedTuple):
    """One column. `unit` is "" where the values have none; `sentence` says what a value means. Null is "not known"."""

    name: str
    kind: Kind
    unit: str
    sentence: str


OF_DATASETS: Final = (
    Column("capture_id", "int", "", "Number of the capture in the dataset, from 0."),
    Column("row_id", "int", "", "Number of the row, unique in its table over the whole dataset."),
)
"""What the tables of a dataset of many captures have beside the columns of a capture's."""

_CAPTURE = Column("capture", "text", "", "The capture file the row was read from, as it was named.")

SESSIONS: Final = (
    Column("session", "int", "", "Number of the session, from 0, over all captures of the analysis."),
    _CAPTURE,
    Column("initiator_address", "text", "", "IP address of the initiator (the computer or phone)."),
    Column("responder_address", "text", "", "IP address of the responder (the camera)."),
    Column("responder_port", "int", "", "TCP port the responder listens on; 15740 by default."),
    Column("command_port", "int", "", "The initiator's TCP port of the command/data connection."),
    Column("event_port", "int", "", "The initiator's TCP port of the event connection; null when there is none."),
    Column("connection_number", "uint", "", "Number given by InitCommandAck and repeated by InitEventRequest."),
    Column("initiator_guid", "text", "", "The initiator's GUID as 32 hexadecimal digits in wire order."),
    Column("initiator_name", "text", "", "The initiator's friendly name."),
    Column("initiator_version", "text", "", 'The initiator\'s protocol version, "major.minor".'),
    Column("responder_guid", "text", "", "The responder's GUID as 32 hexadecimal digits in wire order."),
    Column("responder_name", "text", "", "The responder's friendly name."),
    Column("responder_version", "text", "", 'The responder\'s protocol version, "major.minor".'),
    Column("vendor", "text", "", "Vendor whose code tables apply; null while only standard codes can be named."),
    Column("model", "text", "", "Manufacturer's model name out of DeviceInfo."),
    Column("dialect", "text", "", 'How PTP-IP is spoken: "standard", "fuji", ...'),
    Column(
        "paired_by",
        "text",
        "",
        "Why the event connection (in Fujifilm's dialect also the one for live view) belongs here: "
        '"connection-number", "dialect", "guess", or "alone" without one.',
    ),
    Column(
        "status",
        "text",
        "",
        '"established", "rejected" (Init Fail), "incomplete" (handshake not finished), "midstream" (it was not seen).',
    ),
    Column("fail_reason_code", "uint", "", "Reason carried by Init Fail."),
    Column("fail_reason", "text", "", "Name of the Init Fail reason."),
    Column("start_time", "time", "", "Time of the session's first packet."),
    Column("end_time", "time", "", "Time of the session's last packet."),
    Column("duration_s", "float", "s", "From start_time to end_time."),
    Column("transactions", "int", "", "Rows of the transactions table that belong to the session."),
    Column("events", "int", "", "Rows of the events table that belong to the session."),
    Column("bytes_to_responder", "int", "bytes", "TCP payload carried to the responder, each byte of the stream once."),
    Column("bytes_to_initiator", "int", "bytes", "TCP payload carried to the initiator, each byte of the stream once."),
    Column("closed_by", "text", "", 'Who closed the command connection first: "initiator" or "responder".'),
    Column("close_kind", "text", "", 'How it was closed: "fin", "reset", or "none" while still open at the end.'),
    Column("manufacturer", "text", "", "Manufacturer's name out of DeviceInfo."),
    Column("vendor_evidence", "text", "", "Why it is this vendor, or none although something spoke for one."),
    Column("live_view_port", "int", "", "The initiator's TCP port of the live-view connection of Fujifilm's dialect."),
    Column(
        "tap",
        "text",
        "",
        'Where it was captured: at the "initiator", at the "responder" or "between"; null where the handshakes do not '
        "tell.",
    ),
    Column(
        "initiator_rtt_s",
        "float",
        "s",
        "From the place of capture to the initiator and back: from SYN and ACK to the ACK, the least of its "
        "connections. Null where no handshake was captured, or a SYN came twice.",
    ),
    Column("responder_rtt_s", "float", "s", "The same to the responder: from SYN to SYN and ACK."),
    Column("device_version", "text", "", "Version of the camera's firmware out of DeviceInfo."),
)

TRANSACTIONS: Final = (
    Column("session", "int", "", "Session of the transaction."),
    Column("transaction_id", "uint", "", "TransactionID on the wire; ids repeat, so it does not identify a row."),
    Column("operation", "text", "", "Name of the operation; 0x9123 when no table knows the code."),
    Column("operation_code", "uint", "", "OperationCode of the request; null when the request was not captured."),
    Column("vendor", "text", "", "Vendor whose table named the operation; null for standard and unknown codes."),
    Column("parameters", "words", "", "Parameters of the request, in order."),
    Column("data_phase_info", "uint", "", "DataPhaseInfo of the request: 1 no data or data in, 2 data out."),
    Column(
        "data_direction",
        "text",
        "",
        '"in" to the initiator, "out" to the responder, "none" without data phase; null if that is not known.',
    ),
    Column(
        "announced_bytes",
        "int",
        "bytes",
        "TotalDataLength of StartData; null when unknown or never announced, and from 2^63 on.",
    ),
    Column(
        "data_bytes",
        "int",
        "bytes",
        "Payload that the data phase carried: without bytes lost in a hole, with those cut by snaplen.",
    ),
    Column("data_messages", "int", "", "Data and EndData messages of the data phase."),
    Column("dataset", "text", "", "What the data phase carries, where that is known of the operation."),
    Column("response", "text", "", "Name of the response code."),
    Column("response_code", "uint", "", "ResponseCode; null when no response was captured."),
    Column("response_parameters", "words", "", "Parameters of the response, in order."),
    Column(
        "status",
        "text",
        "",
        '"complete", "cancelled", "open" (no response by the end), "gap" (bytes missing from the capture), '
        '"began-earlier" (request before the capture), "disordered" (steps that the standard does not allow).',
    ),
    Column("request_time", "time", "", "Time of the packet in which the request ends."),
    Column("response_time", "time", "", "Time of the packet in which the response ends."),
    Column("latency_s", "float", "s", "From request to response."),
    Column("first_byte_s", "float", "s", "From request to the first data of the data phase."),
    Column("transfer_s", "float", "s", "From the first to the last data of the data phase."),
    Column("first_frame", "int", "", "Frame number of the transaction's first packet, from 1."),
    Column("last_frame", "int", "", "Frame number of the transaction's last packet, from 1."),
    Column("transaction", "int", "", "Number of the row over the whole analysis, from 0: the transaction's identity."),
    _CAPTURE,
    Column(
        "think_s",
        "float",
        "s",
        "From the response before, in the same session, to the request: the initiator's time, and the way from the "
        "place of capture to it and back. Null for the first request, behind missing bytes, where one of both was sent "
        "again, and where requests overlap.",
    ),
    Column(
        "acknowledged_s",
        "float",
        "s",
        "From the request to its acknowledgment, where that came right behind it and alone: the way to the responder "
        "and back, and for how long it held the acknowledgment back. Null where the answer acknowledged it.",
    ),
    Column(
        "device_s",
        "float",
        "s",
        "For how long the responder was waited for: from the request to the first data or response, and from the end "
        "of the data phase to the response; of data that the initiator sends only the latter. With the way to the "
        "responder and back (responder_rtt_s of the session). It is latency_s less transfer_s, and less first_byte_s "
        "of data that the initiator sends. Null where one of these moments is not known.",
    ),
    Column(
        "stalled_s",
        "float",
        "s",
        "Pauses of 50 ms and more in which the transaction did not go on: between two packets with data of the data "
        "phase, and of device_s what passed until a request was sent again or the initiator's receive window opened, "
        "if the answer came only then. 0 without one; null where that can't be known.",
    ),
    Column("transfer_stalled_s", "float", "s", "The part of stalled_s that lies in transfer_s, between data."),
    Column(
        "stall_cause",
        "text",
        "",
        'What took most of stalled_s: "zero-window" (pauses in which the receiver took nothing for at least half of '
        'the time), "retransmission" (others, which ended with a segment that came again or late), "silence" (neither '
        "is in the capture). Null without a stall.",
    ),
)

MESSAGES: Final = (
    Column("message", "int", "", "Number of the message, from 0, over the whole analysis."),
    Column("session", "int", "", "Session of the message."),
    Column("connection", "text", "", '"command" or "event"; in Fujifilm\'s dialect also "live-view".'),
    Column("direction", "text", "", '"to-responder" or "to-initiator".'),
    Column("type", "text", "", "Name of the message type, as OperationRequest or StartData."),
    Column(
        "type_code",
        "uint",
        "",
        "Type word of the message header. Of containers, which Fujifilm's dialect has instead, 0x10000 plus the "
        "container type; 0x10005 for its live-view frames and 0x10006 for its end of a session.",
    ),
    Column("length", "int", "bytes", "Length word of the header; for bytes in which no message was found, how many."),
    Column("transaction_id", "uint", "", "TransactionID, for the types that carry one."),
    Column("code", "uint", "", "OperationCode, ResponseCode, EventCode or Init Fail reason, for the types with one."),
    Column("code_name", "text", "", "Name that the code tables give the code."),
    Column("time", "time", "", "Time of the packet in which the message ends."),
    Column("first_frame", "int", "", "Frame number of the packet in which the message begins, from 1."),
    Column("last_frame", "int", "", "Frame number of the packet in which the message ends, from 1."),
    Column("offset", "int", "bytes", "Place of the message in its direction of the TCP stream, from 0."),
    Column(
        "status",
        "text",
        "",
        '"complete", "gap" (bytes missing inside), "cut" (by snaplen or the end of the capture), "malformed".',
    ),
    Column("reason", "text", "", "Why the message is malformed, in words."),
    Column("tcp_stream", "int", "", "Number of the TCP connection, from 0, in order of appearance in its capture."),
    _CAPTURE,
)

EVENTS: Final = (
    Column("session", "int", "", "Session of the event."),
    Column("event", "text", "", "Name of the event; 0xC123 when no table knows the code."),
    Column("event_code", "uint", "", "EventCode on the wire."),
    Column("transaction_id", "uint", "", "TransactionID that the event names."),
    Column("parameters", "words", "", "Parameters of the event, in order."),
    Column("time", "time", "", "Time of the packet in which the event ends."),
    Column("frame", "int", "", "Frame number of that packet, from 1."),
    Column("source", "text", "", '"connection" (event connection) or "polled" (list fetched by an operation).'),
    _CAPTURE,
    Column(
        "text",
        "text",
        "",
        "The event with its parameters by name, and values of properties as a photographer reads them.",
    ),
    Column(
        "caused_by",
        "int",
        "",
        "Row of the transactions table (column transaction): the last one before the event with the TransactionID that "
        "the event names.",
    ),
    Column("polled_by", "int", "", "Row of the transactions table whose data phase listed the event, when polled."),
)

PROPERTIES: Final = (
    Column("session", "int", "", "Session in which the property was told."),
    Column("property", "text", "", "Name of the property; 0xD123 when no table knows the code."),
    Column("property_code", "uint", "", "Code of the property."),
    Column(
        "value",
        "text",
        "",
        "The value as it was sent: a number in decimal, a string as it is, bytes as hex digits, a list in brackets; at "
        "most 256 bytes or elements of it, then … and how many there are. Null when it is not told.",
    ),
    Column("text", "text", "", "The value as a photographer reads it: f/5.6, 1/125 s, ISO 800, Daylight."),
    Column(
        "source",
        "text",
        "",
        'Name of the operation whose data phase carried the value; of the event, for the role "notified".',
    ),
    Column(
        "time",
        "time",
        "",
        "Time of the packet in which that data phase, or the event, ends; of what the initiator sends, the response.",
    ),
    Column("frame", "int", "", "Frame number of that packet, from 1."),
    Column(
        "role",
        "text",
        "",
        '"current" (told by the responder), "set" (by the initiator, answered OK), "refused" (answered with something '
        'else), "unanswered" (no response captured), "control" (a button pressed), "reset" (to a value not told), '
        '"allowed" (the values that may be set) and "range" (the least, the largest and the step), listed when they '
        'differ from before, "notified" (an event told that it changed, but not to what).',
    ),
    Column(
        "changed",
        "bool",
        "",
        "Does it differ from what was known of the property in this session before? Null when nothing was, or when a "
        "number stands against bytes, which can't be compared.",
    ),
    Column("event", "text", "", "Name of the record that carried the value inside a polled event list."),
    Column("datatype", "text", "", "Name of the value's datatype, where a description told it."),
    Column("vendor", "text", "", "Vendor whose tables name and read the property; null for the standards alone."),
    Column("transaction_id", "uint", "", "TransactionID of the transaction that carried the value."),
    Column(
        "transaction",
        "int",
        "",
        "Row of the transactions table that carried the value; null for an event of the event connection.",
    ),
    _CAPTURE,
)

OBJECTS: Final = (
    Column("session", "int", "", "Session in which the object was carried."),
    Column("handle", "uint", "", "Object handle; of an upload the one that the responder gave; null: not captured."),
    Column("filename", "text", "", "File name, as a dataset about this object said."),
    Column("format", "text", "", "Format, as a dataset about this object said; of a thumbnail, the thumbnail's."),
    Column("declared_bytes", "int", "bytes", "Size that a dataset said, else that of the data phase; null: unknown."),
    Column("carried_bytes", "int", "bytes", "Bytes of the object that the capture holds, each counted once."),
    Column(
        "complete",
        "bool",
        "",
        "Is every byte in the capture, of a transfer that was neither refused nor cancelled? Null when nothing tells "
        "where the object ends, or a declared size and the end of what was read in parts contradict each other.",
    ),
    Column("sha256", "text", "", "SHA-256 of the bytes; null for an object that is not complete."),
    Column("operation", "text", "", "Operation that carried it, or its first part."),
    Column("transaction_id", "uint", "", "TransactionID of that operation's transaction."),
    Column("time", "time", "", "Time of that operation's request."),
    Column("frame", "int", "", "Frame number in which that transaction begins, from 1."),
    Column("kind", "text", "", '"object", "thumbnail", "preview" or "upload".'),
    Column(
        "missing",
        "text",
        "",
        "Ranges of bytes that are missing, first-last, the first 16 of them; 5000- when it is not known how many are. "
        "Null when none is known to be.",
    ),
    Column("parts", "int", "", "Transactions that carried parts of it."),
    Column("transaction", "int", "", "Row of the transactions table that carried it, or its first part."),
    _CAPTURE,
    Column(
        "unplaced_bytes",
        "int",
        "bytes",
        "Bytes in the capture that stand behind a hole of unknown size: where in the object they belong is not known.",
    ),
    Column("transfer_s", "float", "s", "From the first data of the first part to the end of the last."),
    Column("last_frame", "int", "", "Frame number of the last packet of its transactions, from 1."),
    Column(
        "note",
        "text",
        "",
        "What does not agree: a declared size with what was transferred, or bytes with those that were read before "
        "under the same handle. Null when all that is known does.",
    ),
)

PACKETS: Final = (
    Column("frame", "int", "", "Frame number in the capture file, from 1."),
    Column("time", "time", "", "Time of the packet."),
    Column("captured_bytes", "int", "bytes", "Bytes of the packet in the capture file."),
    Column("original_bytes", "int", "bytes", "Bytes of the packet on the wire."),
    Column("source", "text", "", "IP address of the sender."),
    Column("destination", "text", "", "IP address of the receiver."),
    Column("session", "int", "", "Session of the packet; null for other traffic."),
    Column("connection", "text", "", '"command", "event" or "live-view"; null for other traffic.'),
    Column("tcp_payload_bytes", "int", "bytes", "TCP payload on the wire; null when the packet is not TCP."),
    Column(
        "flags",
        "text",
        "",
        'What is odd about the segment, joined by "+": "retransmission", "out-of-order", "gap-before", '
        '"keep-alive", "cut", "zero-window" (its sender takes no more for now); null when nothing is, and for other '
        "traffic.",
    ),
    Column("source_port", "int", "", "TCP port of the sender."),
    Column("destination_port", "int", "", "TCP port of the receiver."),
    Column("tcp_stream", "int", "", "Number of the TCP connection, from 0, in order of appearance in its capture."),
    _CAPTURE,
)

FINDINGS: Final = (
    Column("rule", "text", "", "Name of the rule, as `explain` takes it."),
    Column("level", "text", "", 'How binding it is: "must", "should", "may", "info".'),
    Column(
        "verdict",
        "text",
        "",
        '"violation"; "known-vendor-deviation" (a known implementation does it this way); "inconclusive" (it points to '
        'a violation and does not prove it, or one of several candidates); "pass" (the rule names or measures what '
        "happened and demands nothing more).",
    ),
    Column(
        "subject", "text", "", 'Who did it: "initiator", "responder"; "both": one of both, and nobody can tell which.'
    ),
    Column("session", "int", "", "Session in which it happened; null for a connection that belongs to none."),
    Column("transaction_id", "uint", "", "TransactionID of the transaction in which it happened."),
    Column("frame", "int", "", "Frame number of the packet that shows it, from 1."),
    Column("time", "time", "", "Time of that packet, or of the message that ends in it."),
    Column("says", "text", "", "What was seen, as a sentence."),
    Column("clause", "text", "", "Where the standard says it."),
    Column("deviation", "text", "", "Name of the known deviation, where it is one."),
    Column("frames", "words", "", "Frame numbers of all messages that prove it, in order."),
    Column("proof", "text", "", "The first bytes of the message that shows it, as hex digits; at most 64 bytes."),
    Column("message", "int", "", "Row of the messages table that shows it; null where a bare packet does."),
    Column("transaction", "int", "", "Row of the transactions table in which it happened."),
    Column("related", "text", "", "Rules that the same bytes break as well, violated like this one; joined by commas."),
    _CAPTURE,
)

DISCOVERY: Final = (
    Column(
        "device", "text", "", "Name it gives: instance or host name; of SSDP the SERVER line; of DHCP the host name."
    ),
    Column("method", "text", "", '"mdns", "dns", "llmnr", "ssdp", "udp" (a maker\'s own), "dhcp", "arp".'),
    Column(
        "kind",
        "text",
        "",
        '"announcement", "answer", "query" (somebody looks for it), "goodbye"; of DHCP the message ("discover", '
        '"offer", "request", "ack", ...), of ARP "probe" or "claim".',
    ),
    Column("service", "text", "", "Service or device type; of a maker's own announcement the UDP port, as udp/51541."),
    Column("time", "time", "", "Time of the first packet that said so."),
    Column("source_address", "text", "", "IP address of who said it; null for ARP."),
    Column("addresses", "text", "", "IP addresses that it names, joined by commas."),
    Column("port", "int", "", "TCP port that it names for the service. SSDP does not say where PTP-IP is spoken."),
    Column(
        "guid", "text", "", "Identity it names, as 32 hexadecimal digits; where it is a session's GUID, in that order."
    ),
    Column(
        "text",
        "text",
        "",
        "What else it says: strings of the TXT record, headers, or the bytes; at most 1024 characters.",
    ),
    Column("expires_s", "float", "s", "For how long it is to be believed, by its own words."),
    Column("session", "int", "", "The first session that followed with this device, or by the one who asked."),
    Column("sessions", "words", "", "All sessions that followed, at most 64."),
    Column("joined_by", "text", "", 'Why these sessions: "guid", "address" or "name".'),
    Column("count", "int", "", "Packets that said the same."),
    Column("frame", "int", "", "Frame number of the first of them, from 1."),
    Column("frames", "words", "", "Frame numbers of them, at most 64."),
    Column("last_time", "time", "", "Time of the last of them."),
    Column("hardware_address", "text", "", "Ethernet address of the sender, where the link has one."),
    _CAPTURE,
)

_LATENCY = "of latency_s of these transactions"
_FIRST_BYTE = "of their first_byte_s"

STATS: Final = (
    Column("session", "int", "", "Session of the transactions; null in a row about several sessions."),
    Column("operation", "text", "", "Name of the operation; null where no request was captured."),
    Column("operation_code", "uint", "", "OperationCode of the requests; null where none was captured."),
    Column("vendor", "text", "", "Vendor whose table named the operation; null for standard and unknown codes."),
    Column("count", "int", "", "How many transactions."),
    Column("errors", "int", "", "Those of them that were answered with anything but OK."),
    Column("bytes", "int", "bytes", "Payload that their data phases carried."),
    Column("latency_p50_s", "float", "s", f"Median {_LATENCY}."),
    Column("latency_p95_s", "float", "s", f"95th percentile {_LATENCY}, interpolated linearly."),
    Column("latency_p99_s", "float", "s", f"99th percentile {_LATENCY}."),
    Column("latency_max_s", "float", "s", f"Longest {_LATENCY}."),
    Column("first_byte_p50_s", "float", "s", f"Median {_FIRST_BYTE}."),
    Column("first_byte_p95_s", "float", "s", f"95th percentile {_FIRST_BYTE}."),
    Column("first_byte_p99_s", "float", "s", f"99th percentile {_FIRST_BYTE}."),
    Column("first_byte_max_s", "float", "s", f"Longest {_FIRST_BYTE}."),
    Column(
        "throughput",
        "float",
        "bytes/s",
        "Payload over the time from the request to the end of the data, of the transactions for which that is known.",
    ),
    Column("think_s", "float", "s", "Sum of think_s: how long the initiator took before these requests."),
    Column("sending_s", "float", "s", "Sum of first_byte_s of data that the initiator sends."),
    Column("device_s", "float", "s", "Sum of device_s: how long the responder was waited for."),
    Column("transfer_s", "float", "s", "Sum of transfer_s."),
    Column("stalled_s", "float", "s", "Sum of stalled_s, which is part of device_s and transfer_s."),
    Column("transfer_stalled_s", "float", "s", "Sum of transfer_stalled_s, the part of stalled_s in transfer_s."),
    Column("model", "text", "", "The camera's model out of DeviceInfo; null in a row about several."),
    Column("device_version", "text", "", "Version of the camera's firmware; null in a row about several."),
    Column("capture", "text", "", "The capture file of the transactions; null in a row about several."),
)

TABLES: Final[dict[str, tuple[Column, ...]]] = {
    "sessions": SESSIONS,
    "transactions": TRANSACTIONS,
    "messages": MESSAGES,
    "events": EVENTS,
    "properties": PROPERTIES,
    "objects": OBJECTS,
    "discovery": DISCOVERY,
    "findings": FINDINGS,
    "stats": STATS,
    "packets": PACKETS,
}
"""The columns of each table, by table name."""

ON_DEMAND: Final[dict[str, dict[str, Column]]] = {
    "transactions": {
        "operation": Column(
            "call",
            "text",
            "",
            "The operation with its parameters: GetObject(handle=0x2A), GetDevicePropDesc(ExposureTime); (?) where "
            "they were not captured.",
        ),
        "status": Column(
            "findings",
            "text",
            "",
            "Rules of the standard that were violated in it (column rule of the findings table), joined by commas.",
        ),
    },
}
"""By table, columns that are made only for rows that a terminal shows or where they are asked for by name, each with
the column behind which it stands."""

ABOUT: Final[dict[str, str]] = {
    "sessions": "One row per session: a command/data connection with its event connection.",
    "transactions": "One row per transaction: request, optional data phase, response.",
    "messages": "One row per PTP-IP message, as framed inside TCP.",
    "events": "One row per event, from the event connection or polled.",
    "properties": "One row per value of a property that a session revealed, and per list of values that may be set.",
    "objects": "One row per photo, thumbnail or upload that was carried, put together from its parts.",
    "discovery": "One row per thing that a camera announced, or that was asked for, and the sessions that followed.",
    "findings": "One row per place where a rule of the standard is broken, or names what happened.",
    "stats": "One row per session and operation: how long it took, and where the time went. Times below zero, "
    "of a clock that was set back, are left out.",
    "packets": "One row per packet of the capture file.",
    "verdicts": "What a dataset of many captures has besides: one row per session, side and rule that applied there.",
    "manifest": "What `manifest` lists: one row per capture of a dataset.",
    "changes": "What `properties --before-failure` lists: one row per failed transaction and change before it.",
}
"""One sentence per table."""

VIEWS: Final[dict[str, tuple[Column, ...]]] = {
    "changes": (
        Column("failed_transaction", "int", "", "Row of the transactions table that failed."),
        Column("failed_operation", "text", "", "Name of its operation."),
        Column("failed_response", "text", "", "Name of its response, which is not OK."),
        Column("failed_frame", "int", "", "Frame number of that transaction's first packet."),
        Column("before_s", "float", "s", "From the property's row to the request that failed."),
        *PROPERTIES,
    ),
    "verdicts": (
        Column("session", "int", "", "Session that was judged."),
        Column("subject", "text", "", 'Who was judged: "initiator" or "responder".'),
        Column("rule", "text", "", "Name of the rule, as `explain` takes it."),
        Column(
            "verdict",
            "text",
            "",
            'The worst that was said: "violation", "known-vendor-deviation", then "pass", then "inconclusive".',
        ),
        Column("passed", "int", "", "In how many instances the rule was kept."),
        Column("inconclusive", "int", "", "In how many instances that can't be known."),
        Column("violated", "int", "", "In how many instances it was violated by this side."),
        Column("deviations", "int", "", "In how many instances it was broken as known of a maker."),
        Column("one_of_both", "int", "", "In how many instances this side or the other one violated it."),
    ),
    "manifest": (
        OF_DATASETS[0],
        Column("capture", "text", "", "Path or address of the capture."),
        Column("status", "text", "", '"done", "failed", or "unfinished" where a run was interrupted.'),
        Column("failure", "text", "", "Why it could not be read."),
        Column("damage", "text", "", "Why reading stopped before its end; what is before it is analysed."),
        Column("bytes", "int", "bytes", "Size of its file."),
        Column("sha256", "text", "", "SHA-256 of its file."),
        Column("first_time", "time", "", "Earliest time of a packet."),
        Column("last_time", "time", "", "Latest time of a packet."),
        Column("packets", "int", "", "Packets that the capture holds."),
        Column("version", "text", "", "Version of the program that analysed it."),
        Column("options", "text", "", "Options that it was analysed with, as JSON."),
        *(Column(f"{table}_rows", "int", "", f"Its rows in the table {table}.") for table in (*TABLES, "verdicts")),
    ),
}
"""Tables that are not those of a capture: a command makes them out of others, or a dataset of captures has them."""
