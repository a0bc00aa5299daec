"""The standard codes that the code asks for by name: literals, each named and sourced by a row of the tables.

Promises the name of that row in capitals. Refuses what one module alone knows (lists of operations that share a
parameter, makers' codes): that stands where it is understood.
"""

from __future__ import annotations

# Operations (PIMA 15740:2000 10.4).
GET_DEVICE_INFO = 0x1001
OPEN_SESSION = 0x1002
CLOSE_SESSION = 0x1003
GET_OBJECT_INFO = 0x1008
GET_OBJECT = 0x1009
GET_THUMB = 0x100A
SEND_OBJECT_INFO = 0x100C
SEND_OBJECT = 0x100D
INITIATE_CAPTURE = 0x100E
RESET_DEVICE = 0x1010
POWER_DOWN = 0x1013
RESET_DEVICE_PROP_VALUE = 0x1017
INITIATE_OPEN_CAPTURE = 0x101C

VENDOR_OPERATIONS = 0x9000
"""And above: operations of makers. What one does, and whether it goes on after its answer, its maker alone knows."""

# Responses (PIMA 15740:2000 11.3).
OK = 0x2001
GENERAL_ERROR = 0x2002
SESSION_NOT_OPEN = 0x2003
OPERATION_NOT_SUPPORTED = 0x2005
PARTIAL_DELETION = 0x2012
DEVICE_BUSY = 0x2019  # to be asked again, not wrong
INVALID_PARAMETER = 0x201D
SESSION_ALREADY_OPEN = 0x201E
TRANSACTION_CANCELED = 0x201F

# Events (PIMA 15740:2000 clause 12).
CANCEL_TRANSACTION = 0x4001
DEVICE_PROP_CHANGED = 0x4006
CAPTURE_COMPLETE = 0x400D

# Formats of objects (PIMA 15740:2000 clause 6).
ASSOCIATION = 0x3001  # a folder: with it goes what is in it
SCRIPT = 0x3002  # PictBridge's files have it

# Properties (PIMA 15740:2000 13.4).
DATE_TIME = 0x5011
