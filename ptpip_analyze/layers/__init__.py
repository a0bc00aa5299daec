"""scapy layers of PTP-IP, for building and inspecting messages. Promises ``PTPIP`` and a class for each of the 14
messages, bound to TCP port 15740; refuses to be evidence: scapy's reassembly doesn't notice lost segments,
``ptpip_analyze.analyze`` does.
"""

from .ptpip import (
    PTPIP,
    Cancel,
    Data,
    EndData,
    Event,
    InitCommandAck,
    InitCommandRequest,
    InitEventAck,
    InitEventRequest,
    InitFail,
    OperationRequest,
    OperationResponse,
    ProbeRequest,
    ProbeResponse,
    StartData,
)

__all__ = [
    "PTPIP",
    "Cancel",
    "Data",
    "EndData",
    "Event",
    "InitCommandAck",
    "InitCommandRequest",
    "InitEventAck",
    "InitEventRequest",
    "InitFail",
    "OperationRequest",
    "OperationResponse",
    "ProbeRequest",
    "ProbeResponse",
    "StartData",
]
