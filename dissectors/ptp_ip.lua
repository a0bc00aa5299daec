-- PTP-IP (CIPA DC-X005, ISO 15740) for Wireshark 3.6 to 4.6: messages, transactions, sessions, datasets.
--
-- Copy this file and ptp_ip_facts.lua into Wireshark's personal Lua plugin folder ("ptpip-analyze lua install").
-- What is here is mechanism: how bytes become messages and messages a conversation. What codes mean, how datasets are
-- laid out, which operation carries what is in ptp_ip_facts.lua, generated from the same facts as ptpip-analyze.
--
-- It promises one "ptp_ip.type" for each message, in the frame where the message ends; the same answer in each pass and
-- in whatever order frames are visited. It refuses to invent: behind lost bytes it waits for a message that is sure.
--
-- Written for Lua 5.1 to 5.4: no goto, no bit operators, no integer division, no bit32, no \x escapes.
-- License: GPL-2.0-or-later, as Wireshark.

if not (Proto and ProtoField and DissectorTable) then return end -- not Wireshark
do
  local asked, there = pcall(function() return Dissector.get("ptp_ip") end)
  if asked and there then return end -- loaded before: as a plugin, and once more with -X lua_script
end

local floor, fmt, concat, char = math.floor, string.format, table.concat, string.char
-- What wslua makes for a message is garbage with the message. To collect it often and at one go is quickest: memory that
-- was used a moment ago is used again, while the processor still has it at hand.
pcall(collectgarbage, "setpause", 107)
pcall(collectgarbage, "setstepmul", 100000)

local min, max, byte = math.min, math.max, string.byte

-- A method of a class as a plain function: to look it up in each object costs as much as to call it.
local function method(class, name)
  local found = type(class) == "table" and rawget(class, name)
  if type(found) == "function" then return found end
  return function(object, ...) return object[name](object, ...) end
end

local add, add_le, set_text = method(TreeItem, "add"), method(TreeItem, "add_le"), method(TreeItem, "set_text")
local set_generated, set_len, referenced = method(TreeItem, "set_generated"), method(TreeItem, "set_len"), method(TreeItem, "referenced")
local raw_of, range_of, size_of = method(Tvb, "raw"), method(Tvb, "range"), method(Tvb, "reported_len")
local captured_of, offset_of = method(Tvb, "len"), method(Tvb, "offset")

-- Little-endian integers out of a string, at a place counted from 0.
local function u16(text, at)
  local a, b = byte(text, at + 1, at + 2)
  return a + b * 256
end

local function u32(text, at)
  local a, b, c, d = byte(text, at + 1, at + 4)
  return a + b * 256 + c * 65536 + d * 16777216
end

-- The facts ------------------------------------------------------------------------------------------------------

local function facts_beside_this_file()
  if type(package) == "table" and package.loaded and type(package.loaded["ptp_ip_facts"]) == "table" then
    return package.loaded["ptp_ip_facts"]
  end
  local folders = {}
  if type(debug) == "table" and debug.getinfo then -- old Wireshark has a function of this name instead
    local source = debug.getinfo(1, "S").source or ""
    folders[#folders + 1] = source:match("^@(.*[/\\])") or (source:match("^@") and "")
  end
  if type(__DIR__) == "string" then folders[#folders + 1] = __DIR__ .. "/" end
  for _, getter in ipairs({ "personal_plugins_path", "global_plugins_path" }) do
    local found, path = pcall(function() return Dir[getter]() end)
    if found and type(path) == "string" then folders[#folders + 1] = path .. "/" end
  end
  for _, folder in ipairs(folders) do
    local chunk = loadfile(folder .. "ptp_ip_facts.lua")
    if chunk then return chunk() end
  end
  local found, facts = pcall(require, "ptp_ip_facts")
  return found and type(facts) == "table" and facts or nil
end

local facts = facts_beside_this_file()
if not facts then error("ptp_ip_facts.lua is not beside ptp_ip.lua: PTP-IP stays undissected") end

local MESSAGES, MAGIC = facts.messages, facts.fuji_magic
local CONTAINERS = 65536 -- types of Fujifilm's containers are numbered from here on
local UNKNOWN_TOTAL = 18446744073709551615.0
local NO_TRANSACTION = 4294967295
local GREETING_LIMIT, FRAME_LIMIT, MOST_LISTED = 4096, 67108864, 512

-- What holds for a vendor, else for none.
local function lookup(tables, code, vendor)
  local own = vendor and tables[vendor]
  local found = own and own[code]
  if found == nil then found = tables.standard[code] end
  return found
end

local function name_of(kind, code, vendor)
  if kind == "operation" or kind == "event" then
    local row = lookup(kind == "operation" and facts.operations or facts.events, code, vendor)
    return row and row[1] or fmt("0x%04X", code)
  end
  local tables = facts.names[kind]
  return tables and lookup(tables, code, vendor) or fmt("0x%04X", code)
end

-- "Name:kind Name:kind(1=half;2=full)" as a list of names, kinds, and texts of single values.
-- Nil where nobody wrote them down, as of a row that is not there.
local parsed = {}
local function parameters_of(row, at)
  local written = row and (row[at] or "")
  if not written or written == "?" then return nil end
  local list = parsed[written]
  if not list then
    list = {}
    for name, kind, said in written:gmatch("(%S+):([%w_]+)(%S*)") do
      local meanings
      for value, text in said:gmatch("(%d+)=([^;)]+)") do
        meanings = meanings or {}
        meanings[tonumber(value)] = (text:gsub("~", " "))
      end
      list[#list + 1] = { name, kind, meanings }
    end
    parsed[written] = list
  end
  return list
end

-- The protocol and its fields ---------------------------------------------------------------------------------------

local decide -- (session): the vendor of its camera
local ptp_ip = Proto("ptp_ip", "PTP-IP")
if set_plugin_info then
  pcall(set_plugin_info, { version = "1.0", author = "ptpip-analyze", description = "PTP-IP", repository = "" })
end

local type_names = {}
for code, row in pairs(MESSAGES) do type_names[code] = row[1] end

local function first_names(rows)
  local names = {}
  for code, row in pairs(rows) do names[code] = row[1] end
  return names
end

local f = {}
local registered = {}
local function register(key, field)
  f[key] = field
  registered[#registered + 1] = field
end

register("length", ProtoField.uint32("ptp_ip.length", "Length", base.DEC))
register("type", ProtoField.uint32("ptp_ip.type", "Type", base.DEC, type_names))
register("transaction_id", ProtoField.uint32("ptp_ip.transaction_id", "Transaction ID", base.DEC))
register("data_phase_info", ProtoField.uint32("ptp_ip.data_phase_info", "Data phase info", base.DEC, facts.names.dataphase.standard))
register("operation", ProtoField.uint16("ptp_ip.operation", "Operation", base.HEX, first_names(facts.operations.standard)))
register("operation_name", ProtoField.string("ptp_ip.operation_name", "Operation name"))
register("response", ProtoField.uint16("ptp_ip.response", "Response", base.HEX, facts.names.response.standard))
register("response_name", ProtoField.string("ptp_ip.response_name", "Response name"))
register("event", ProtoField.uint16("ptp_ip.event", "Event", base.HEX, first_names(facts.events.standard)))
register("event_name", ProtoField.string("ptp_ip.event_name", "Event name"))
register("parameter", ProtoField.uint32("ptp_ip.parameter", "Parameter", base.HEX_DEC))
register("guid", ProtoField.bytes("ptp_ip.guid", "GUID"))
register("name", ProtoField.string("ptp_ip.name", "Friendly name"))
register("version", ProtoField.string("ptp_ip.version", "Protocol version"))
register("magic", ProtoField.uint32("ptp_ip.magic", "Fujifilm's greeting", base.HEX))
register("connection_number", ProtoField.uint32("ptp_ip.connection_number", "Connection number", base.DEC))
register("fail_reason", ProtoField.uint32("ptp_ip.fail_reason", "Reason", base.HEX_DEC, facts.names.init_fail.standard))
register("total_data_length", ProtoField.uint64("ptp_ip.total_data_length", "Total data length", base.DEC))
register("data", ProtoField.bytes("ptp_ip.data", "Data"))
register("payload", ProtoField.bytes("ptp_ip.payload", "Data phase"))
register("mark", ProtoField.uint32("ptp_ip.mark", "End of the session", base.HEX))
register("unknown", ProtoField.bytes("ptp_ip.unknown", "Unknown bytes"))
register("handle", ProtoField.uint32("ptp_ip.handle", "Object handle", base.HEX))
register("session", ProtoField.uint32("ptp_ip.session", "Session", base.DEC))
register("vendor", ProtoField.string("ptp_ip.vendor", "Vendor"))
register("paired_stream", ProtoField.uint32("ptp_ip.paired_stream", "Paired connection (TCP stream)", base.DEC))
register("rule", ProtoField.string("ptp_ip.rule", "Rule of ptpip-analyze"))
register("begins_in", ProtoField.framenum("ptp_ip.begins_in", "Message begins in"))
register("request_in", ProtoField.framenum("ptp_ip.request_in", "Request in", base.NONE, frametype.REQUEST))
register("response_in", ProtoField.framenum("ptp_ip.response_in", "Response in", base.NONE, frametype.RESPONSE))
register("response_time", ProtoField.relative_time("ptp_ip.response_time", "Response time"))
register("dataset", ProtoField.string("ptp_ip.dataset", "Dataset"))
register("property_code", ProtoField.uint32("ptp_ip.property.code", "Property", base.HEX))
register("property_name", ProtoField.string("ptp_ip.property.name", "Property name"))
register("property_datatype", ProtoField.uint16("ptp_ip.property.datatype", "Datatype", base.HEX, facts.names.datatype.standard))
register("property_access", ProtoField.uint8("ptp_ip.property.access", "Access", base.DEC))
register("property_enabled", ProtoField.uint8("ptp_ip.property.enabled", "Enabled", base.DEC, facts.sony_enabled))
register("property_form", ProtoField.uint8("ptp_ip.property.form", "Form", base.DEC, facts.names.form_flag.standard))
register("property_value", ProtoField.string("ptp_ip.property.value", "Value"))
register("property_text", ProtoField.string("ptp_ip.property.text", "Value in words"))
register("property_default", ProtoField.string("ptp_ip.property.default", "Factory default"))
register("property_minimum", ProtoField.string("ptp_ip.property.minimum", "Minimum"))
register("property_maximum", ProtoField.string("ptp_ip.property.maximum", "Maximum"))
register("property_step", ProtoField.string("ptp_ip.property.step", "Step"))
register("property_allowed", ProtoField.string("ptp_ip.property.allowed", "Allowed value"))
register("record_length", ProtoField.uint32("ptp_ip.record.length", "Record length", base.DEC))
register("record_event", ProtoField.uint32("ptp_ip.record.event", "Record", base.HEX))
register("record_name", ProtoField.string("ptp_ip.record.name", "Record name"))
register("record_parameter", ProtoField.uint32("ptp_ip.record.parameter", "Record parameter", base.HEX_DEC))
register("record_data", ProtoField.bytes("ptp_ip.record.data", "Record data"))
register("record_text", ProtoField.string("ptp_ip.record.text", "Text"))

local makers_of_field = {
  u8 = { ProtoField.uint8, 1 }, u16 = { ProtoField.uint16, 2 }, u32 = { ProtoField.uint32, 4 }, u64 = { ProtoField.uint64, 8 },
}
local layout_fields = {} -- dataset -> list of fields, in the order of its layout
for name, layout in pairs(facts.layouts) do
  local own = {}
  for index, row in ipairs(layout.fields) do
    local abbr, text, kind = "ptp_ip.dataset." .. layout.abbr .. "." .. row[1], row[2], row[3]
    local element = makers_of_field[kind] or makers_of_field[row[5]] or (kind == "words" and makers_of_field.u32)
    local shown
    if element then
      local hex = row[4] ~= "" and base.HEX or base.DEC
      shown = element[1](abbr, text, hex)
    elseif kind == "string" or kind == "date" or kind == "name" then
      shown = ProtoField.string(abbr, text)
    else
      shown = ProtoField.bytes(abbr, text)
    end
    own[index] = shown
    registered[#registered + 1] = shown
  end
  layout_fields[name] = own
end

ptp_ip.fields = registered

local group, severity = expert.group, expert.severity
local ef = {
  malformed = ProtoExpert.new("ptp_ip.expert.malformed", "Breaks the layout of its type", group.MALFORMED, severity.ERROR),
  no_message = ProtoExpert.new("ptp_ip.expert.no_message", "No message of PTP-IP can be found in these bytes", group.MALFORMED, severity.ERROR),
  cut = ProtoExpert.new("ptp_ip.expert.cut", "Not all of the message is in the capture", group.UNDECODED, severity.NOTE),
  lost = ProtoExpert.new("ptp_ip.expert.lost", "Bytes are missing before this: where messages begin is not known", group.SEQUENCE, severity.WARN),
  refused = ProtoExpert.new("ptp_ip.expert.refused", "The response is not OK", group.RESPONSE_CODE, severity.NOTE),
  failed = ProtoExpert.new("ptp_ip.expert.init_fail", "The connection was refused", group.RESPONSE_CODE, severity.WARN),
  no_request = ProtoExpert.new("ptp_ip.expert.no_request", "No request with this TransactionID was seen (2.3.7)", group.PROTOCOL, severity.WARN),
  overlap = ProtoExpert.new("ptp_ip.expert.overlap", "Request before the last transaction was answered (1.6.4)", group.PROTOCOL, severity.WARN),
  no_start = ProtoExpert.new("ptp_ip.expert.no_start_data", "Data that no Start Data announced (2.3.9)", group.PROTOCOL, severity.WARN),
  amount = ProtoExpert.new("ptp_ip.expert.amount", "OK after less data than was announced (2.3.9)", group.PROTOCOL, severity.WARN),
  phase = ProtoExpert.new("ptp_ip.expert.data_phase", "Data does not go the way that the request said (2.3.6)", group.PROTOCOL, severity.WARN),
  phase_info = ProtoExpert.new("ptp_ip.expert.data_phase_info", "DataPhaseInfo is none of 1, 2, 3 (2.3.6)", group.PROTOCOL, severity.WARN),
  direction = ProtoExpert.new("ptp_ip.expert.direction", "This side does not send messages of this type", group.PROTOCOL, severity.WARN),
  connection = ProtoExpert.new("ptp_ip.expert.connection", "Messages of this type do not belong on this connection", group.PROTOCOL, severity.WARN),
  twice = ProtoExpert.new("ptp_ip.expert.second_response", "The transaction was answered before", group.PROTOCOL, severity.WARN),
  start_twice = ProtoExpert.new("ptp_ip.expert.second_start_data", "Start Data once more in the same transaction (2.3.9)", group.PROTOCOL, severity.WARN),
  turned = ProtoExpert.new("ptp_ip.expert.data_turned", "Data goes both ways in one transaction (1.6.4)", group.PROTOCOL, severity.WARN),
  after_end = ProtoExpert.new("ptp_ip.expert.after_end_data", "Data behind the End Data of its transaction (2.3.11)", group.PROTOCOL, severity.WARN),
  early = ProtoExpert.new("ptp_ip.expert.early_response", "OK before the data phase was finished (2.3.7)", group.PROTOCOL, severity.WARN),
  overrun = ProtoExpert.new("ptp_ip.expert.overrun", "More data than announced (2.3.9)", group.PROTOCOL, severity.WARN),
  bridge_phase = ProtoExpert.new("ptp_ip.expert.unknown_data_phase", "A standard operation whose data phase is said to be unknown (2.3.6)", group.PROTOCOL, severity.WARN),
  reason = ProtoExpert.new("ptp_ip.expert.fail_reason", "Reason is none of the defined codes (2.3.5)", group.PROTOCOL, severity.WARN),
  name_length = ProtoExpert.new("ptp_ip.expert.name_length", "Friendly name of more than 40 units (2.3.1)", group.PROTOCOL, severity.WARN),
  number = ProtoExpert.new("ptp_ip.expert.connection_number", "No command connection with this number is waiting (2.3.3)", group.PROTOCOL, severity.NOTE),
  dataset = ProtoExpert.new("ptp_ip.expert.dataset", "The dataset is shorter or longer than its layout", group.UNDECODED, severity.NOTE),
}
local experts = {}
for _, one in pairs(ef) do experts[#experts + 1] = one end
ptp_ip.experts = experts

-- Preferences -------------------------------------------------------------------------------------------------------

local vendor_choices = { { 1, "as the camera says (DeviceInfo)", 0 } }
for index, name in ipairs(facts.vendors) do vendor_choices[index + 1] = { index + 1, name, index } end

local p = ptp_ip.prefs
p.ports = Pref.range("TCP ports of PTP-IP", tostring(facts.ports.standard), "Connections to these ports are PTP-IP", 65535)
p.fuji_ports = Pref.range("TCP ports of Fujifilm's dialect", concat(facts.ports.fuji, ","), "Ports for commands, events and live view", 65535)
p.heuristic = Pref.bool("Recognise PTP-IP on other ports", true, "By the greetings, or by requests and their responses")
p.vendor = Pref.enum("Vendor whose codes are used", 0, "For connections on which DeviceInfo was not seen, or whose camera hides its maker", vendor_choices, false)
p.kept = Pref.uint("Data phases to keep for reassembly (MiB)", 64, "All of a capture together; data phases beyond it are shown message by message only")
p.statistics = Pref.bool("Print statistics at the end (tshark)", false, "Count and response time of each operation")

local FUJI_PORTS = {}
for _, port in ipairs(facts.ports.fuji) do FUJI_PORTS[port] = true end

-- State of a capture ------------------------------------------------------------------------------------------------
--
-- Written in the first visit of a frame only; later visits look up what the first one found (notes, starts). A note is
-- a transaction, a table {tx=, flags=}, or false for neither; most messages have none, because they belong to the first
-- transaction with their id. Keys are frame + place / 2^24: the place of a message in its frame, or with 2^23 added in
-- what was reassembled in that frame. Never whole numbers, which Lua 5.3 tells apart by their low bits alone.
--
-- Fields of TCP (its stream, sequence numbers) can only be had where Wireshark builds a tree, which the first pass of
-- "tshark -2" without a filter does not. Such visits are blind: connections are told apart by their ends and greetings,
-- and every segment is taken for the one that follows.

local conversations, by_stream, sessions, numbered, responders, by_hosts, fuji_hosts, notes, starts, kept_bytes
-- Transactions are numbers, and TX has what is known of them, one table for each property. A table for each transaction
-- would be more objects than all else together, and every collection of garbage goes through what is kept.
-- from: key of the message that was its first; with a code that was its request: code, first and second parameter, phase
-- (data phase info), time (of the request until it is answered, then how long that took). response: frame; refusal: code.
-- side: who sends the data; announced and carried: bytes; done: frame of the end; parts, size_kept: what is kept of them,
-- unless broken (not all of it was seen) or discarded (too much). cancelled; accused: something is held against it.
local transactions, TX
local preferred_vendor -- nil: as the camera says
local has_columns -- does anybody look at the columns? In the first pass of a program without a window all frames have the same answer
local in_window = gui_enabled()

local function forget()
  conversations, numbered, responders, by_hosts, fuji_hosts = {}, {}, {}, {}, {}
  notes, starts, by_stream = {}, {}, {}
  sessions, transactions, kept_bytes, TX = 0, 0, 0, {}
  for _, name in ipairs({ "from", "code", "first", "second", "time", "phase", "response", "refusal", "side", "announced", "carried",
    "done", "size_kept", "cancelled", "accused", "parts", "broken", "discarded" }) do
    TX[name] = {}
  end
  has_columns = nil
  preferred_vendor = facts.vendors[p.vendor]
end
forget()
ptp_ip.init = forget

local PLACES, REASSEMBLED = 16777216, 8388608

local M = {} -- the message at hand: one table for all, because there are many messages

local f_stream, f_header_length = Field.new("tcp.stream"), Field.new("tcp.hdr_len")
local f_sequence, f_relative, f_acknowledgment = Field.new("tcp.seq_raw"), Field.new("tcp.seq"), Field.new("tcp.ack_raw")
local f_completeness
do
  local found, field = pcall(Field.new, "tcp.completeness")
  if found then f_completeness = field end
end

-- The innermost occurrence of a field in the frame.
local function last_of(field)
  local first, second = field()
  if not second then return first end
  local all = { field() }
  return all[#all]
end

-- a - b of sequence numbers
local function ahead(a, b)
  local difference = (a - b) % 4294967296
  if difference >= 2147483648 then difference = difference - 4294967296 end
  return difference
end

local function new_session()
  sessions = sessions + 1
  return { number = sessions - 1 }
end

local function hosts_of(pinfo)
  local a, b = tostring(pinfo.src), tostring(pinfo.dst)
  if a < b then return a .. " " .. b end
  return b .. " " .. a
end

-- The connection of a packet. Between the same ports there may be several, one after another: each of its own
-- generation, which begins with a frame. ``greets``: the segment begins with a greeting.
local function conversation_of(pinfo, frame, stream, greets)
  local known = stream and by_stream[stream]
  if known and known.from <= frame then return known end
  local from, to = tostring(pinfo.src) .. ":" .. pinfo.src_port, tostring(pinfo.dst) .. ":" .. pinfo.dst_port
  local key = from < to and from .. " " .. to or to .. " " .. from
  local generations = conversations[key]
  if not generations then
    generations = {}
    conversations[key] = generations
  end
  for index = #generations, 1, -1 do
    local conv = generations[index]
    if conv.from <= frame then
      if pinfo.visited then
        if stream and not conv.stream then conv.stream, by_stream[stream] = stream, conv end
        return conv
      end
      if not stream and not (greets and conv.begun) then return conv end
      break
    end
  end
  if pinfo.visited then return nil end
  local conv = {
    stream = stream, from = frame, port = pinfo.src_port, address = tostring(pinfo.src), same = pinfo.src_port == pinfo.dst_port,
    sides = { { pending = {} }, { pending = {} } }, transactions = {}, firsts = {}, requests = {},
  }
  generations[#generations + 1] = conv
  if stream then by_stream[stream] = conv end
  return conv
end

local function side_of(conv, pinfo)
  if conv.same then return tostring(pinfo.src) == conv.address and 1 or 2 end
  return pinfo.src_port == conv.port and 1 or 2
end

-- What headers look like -------------------------------------------------------------------------------------------

-- The range of the upper four bits of the codes of a container, by its type.
local CODE_RANGES = { { 1, 9 }, { 1, 9 }, { 2, 10 }, { 4, 12 } }

-- Type of a message as fields show it, from its type word.
local function kind_of(form, length, word)
  if form == "standard" then return word end
  if form == "frames" then
    if word == 0 then return CONTAINERS + 5 end
    return word
  end
  local low, high = word % 65536, floor(word / 65536)
  local range = CODE_RANGES[low]
  if range then
    local top = floor(high / 4096)
    if top == range[1] or top == range[2] then return CONTAINERS + low end
  end
  if length == 8 and word == 4294967295 then return CONTAINERS + 6 end
  return word
end

local function is_plausible(form, length, kind)
  if form == "standard" then
    if length < 8 or kind < 1 or kind > 14 then return false end
    return kind == 10 or kind == 12 or length <= GREETING_LIMIT
  end
  if kind == CONTAINERS + 2 then return length >= 12 end
  if kind == CONTAINERS + 5 then return length >= 18 and length <= FRAME_LIMIT end
  if kind == 1 or kind == 2 or kind == 5 then return length >= 8 and length <= GREETING_LIMIT end
  return kind == CONTAINERS + 6 or (kind > CONTAINERS and length >= 12 and length <= GREETING_LIMIT)
end

local function keeps_layout(length, kind)
  if kind == CONTAINERS + 1 or kind == CONTAINERS + 3 or kind == CONTAINERS + 4 then
    return length <= 32 and length % 4 == 0
  end
  return true
end

-- Bytes up to and including the NUL of a name that begins at a place; nil when none ends it.
local function name_bytes(tvb, at, stop)
  local place = at
  while place + 2 <= stop do
    if tvb(place, 2):le_uint() == 0 then return place + 2 - at end
    place = place + 2
  end
  return nil
end

local EXACT = { [3] = 12, [4] = 8, [5] = 12, [11] = 12, [13] = 8, [14] = 8 }

-- Does a message that keeps its layout begin here, as far as the bytes there are tell?
local function is_sound(form, tvb, at)
  local have = tvb:len() - at
  if have < 8 then return false end
  local length, word = tvb(at, 4):le_uint(), tvb(at + 4, 4):le_uint()
  local kind = kind_of(form, length, word)
  if form ~= "standard" then
    if kind == 1 then return have >= 12 and length >= 28 and length <= GREETING_LIMIT and tvb(at + 8, 4):le_uint() == MAGIC end
    if kind == 2 then return length == 68 end
    if kind == 5 then return length == 12 and have >= 12 and floor(tvb(at + 8, 4):le_uint() / 4096) == 2 end
    if kind <= CONTAINERS or not is_plausible(form, length, kind) or not keeps_layout(length, kind) then return false end
    if kind == CONTAINERS + 5 then
      for place = at + 8, at + min(64, length, have) - 3 do
        if tvb(place, 3):uint() == 16767231 then return true end -- FF D8 FF begins a JPEG
      end
      return false
    end
    return kind == CONTAINERS + 6 or have >= 12
  end
  if not is_plausible(form, length, kind) then return false end
  if EXACT[kind] then return length == EXACT[kind] end
  if kind == 10 or kind == 12 then return length >= 12 end
  if kind == 9 then return length == 20 or length == 16 end
  if kind == 6 then
    if length < 18 or length > 38 or (length - 18) % 4 ~= 0 or have < 18 then return false end
    local phase, top = tvb(at + 8, 4):le_uint(), floor(tvb(at + 13, 1):uint() / 16)
    return phase >= 1 and phase <= 3 and (top == 1 or top == 9)
  end
  if kind == 7 or kind == 8 then
    if length < 14 or length > (kind == 7 and 34 or 26) or (length - 14) % 4 ~= 0 or have < 10 then return false end
    local top = floor(tvb(at + 9, 1):uint() / 16)
    if kind == 7 then return top == 2 or top == 10 end
    return top == 4 or top == 12
  end
  local names = at + (kind == 1 and 24 or 28)
  if length < names - at + 6 or have < length then return false end
  local size = name_bytes(tvb, names, at + length)
  return size ~= nil and names + size + 4 == at + length
end

-- The length to believe of a message that begins here; 0 when none does.
local function believed(form, tvb, at, length, kind)
  if length < 8 then return 0 end
  local row = MESSAGES[kind]
  local fixed = row and row[2] == row[3] and row[2] or nil
  if form ~= "standard" then
    if not is_plausible(form, length, kind) then return 0 end
    if keeps_layout(length, kind) then return length end
    fixed = nil
  elseif row and kind <= 14 and (length <= GREETING_LIMIT or kind == 10 or kind == 12) and (not fixed or fixed == length) then
    return length
  end
  for _, option in ipairs({ length, fixed }) do
    if option <= GREETING_LIMIT then
      local behind = at + option
      if behind + 8 <= tvb:len() then
        local next_length, word = tvb(behind, 4):le_uint(), tvb(behind + 4, 4):le_uint()
        if is_plausible(form, next_length, kind_of(form, next_length, word)) then return option end
      elseif behind == size_of(tvb) then
        return option
      end
    end
  end
  return 0
end

-- Which dialect, and which connection ------------------------------------------------------------------------------

-- "standard", "fuji" (containers), "frames" (its live view); false: none of these; true: more bytes would tell.
local function recognise(tvb, conv, at_start, expected, trusted, pinfo)
  local have = tvb:len()
  if have < 8 then return at_start and (expected or trusted) and true or false end
  local length, word = tvb(0, 4):le_uint(), tvb(4, 4):le_uint()
  if word == 1 and length >= 28 and length <= GREETING_LIMIT then
    if have < 12 then return (expected or trusted) and true or false end
    if tvb(8, 4):le_uint() == MAGIC then return "fuji" end
  end
  if trusted then
    if length == 68 and word == 2 and not is_sound("standard", tvb, 0) then return "fuji" end -- its names end in padding
    local container = kind_of("fuji", length, word)
    if container > CONTAINERS and container < CONTAINERS + 5 and is_plausible("fuji", length, container) then
      if have < 12 then return true end
      if is_sound("fuji", tvb, 0) then return "fuji" end
    end
    if word == 0 and is_plausible("frames", length, CONTAINERS + 5) then
      if is_sound("frames", tvb, 0) then return "frames" end
      if have < min(length, 64) then return true end
    end
  end
  if expected then
    if at_start then return is_plausible("standard", length, word) and "standard" or false end
    return is_sound("standard", tvb, 0) and "standard" or false
  end
  if word == 1 and is_sound("standard", tvb, 0) then return "standard" end
  if word == 2 and is_sound("standard", tvb, 0) and floor(length) == have then return "standard" end
  if at_start and word == 3 and length == 12 and have == 12 then -- to a camera that is known by its command connection
    return responders[tostring(pinfo.dst) .. ":" .. pinfo.dst_port] and "standard" or false
  end
  if (word == 6 or word == 7 or word == 9) and is_sound("standard", tvb, 0) then
    -- Neither port nor greeting: a request must meet its answer.
    local id = word == 6 and tvb(14, 4):le_uint() or word == 7 and have >= 14 and tvb(10, 4):le_uint() or tvb(8, 4):le_uint()
    if word == 6 then
      conv.asked = { id, pinfo.src_port }
      return false
    end
    if conv.asked and conv.asked[1] == id and conv.asked[2] ~= pinfo.src_port then return "standard" end
  end
  return false
end

local TO_RESPONDER = { [1] = true, [3] = true, [6] = true, [11] = true, [65537] = true, [65542] = true }
local TO_INITIATOR = { [2] = true, [4] = true, [5] = true, [7] = true, [8] = true, [65539] = true, [65540] = true, [65541] = true }
local ON_COMMAND = { [1] = true, [2] = true, [6] = true, [7] = true, [9] = true, [10] = true, [12] = true, [65537] = true, [65538] = true, [65539] = true, [65542] = true }
local ON_EVENT = { [3] = true, [4] = true, [8] = true, [13] = true, [14] = true, [65540] = true }

-- The session of an event or live-view connection that names none: the one command connection that fits, if only one does.
local function join_by_hosts(conv, key)
  local fitting
  for _, other in ipairs(by_hosts[conv.hosts] or {}) do
    if not other[key] and other.form == (conv.form == "frames" and "fuji" or conv.form) then
      if fitting and conv.form == "standard" then return end
      fitting = other
    end
  end
  if fitting then
    fitting[key] = conv
    conv.session, conv.command, fitting.paired = fitting.session, fitting, fitting.paired or conv
    conv.paired = fitting
  end
end

-- Learn from a message whose connection it is and which side is the initiator.
local function place(conv, side, kind, pinfo)
  conv.begins_with = conv.begins_with or kind
  if not conv.initiator then
    if TO_RESPONDER[kind] then conv.initiator = side elseif TO_INITIATOR[kind] then conv.initiator = 3 - side end
  end
  if conv.kind then return end
  if ON_COMMAND[kind] then conv.kind = "command"
  elseif kind == CONTAINERS + 5 then conv.kind = "live-view"
  elseif ON_EVENT[kind] then conv.kind = "event"
  else return end
  conv.hosts = hosts_of(pinfo)
  if conv.kind == "command" then
    conv.session = new_session()
    local outward = side == conv.initiator
    conv.session.port, conv.session.is_fuji = outward and pinfo.dst_port or pinfo.src_port, conv.form ~= "standard"
    responders[tostring(outward and pinfo.dst or pinfo.src) .. ":" .. conv.session.port] = true
    if conv.session.is_fuji then conv.session.vendor = decide(conv.session) end
    local all = by_hosts[conv.hosts] or {}
    by_hosts[conv.hosts] = all
    all[#all + 1] = conv
  elseif kind ~= 3 then
    join_by_hosts(conv, conv.kind == "event" and "event_stream" or "view_stream")
  end
end

local function join_by_number(conv, number, pinfo)
  local from, best = tostring(pinfo.src), nil
  for _, name in ipairs({ tostring(pinfo.dst) .. ":" .. pinfo.dst_port, tostring(pinfo.dst) }) do
    for _, other in ipairs(numbered[name] or {}) do
      if other.number == number and not other.event_stream then
        if not best or (other.initiator_address == from) or best.initiator_address ~= from then best = other end
      end
    end
    if best then break end
  end
  if best then
    best.event_stream, best.paired = conv, conv
    conv.session, conv.command, conv.paired = best.session, best, best
    return true
  end
  conv.session = new_session()
  return false
end

local function vendor_of(conv)
  if preferred_vendor then return preferred_vendor end
  local session = conv.session
  if session and session.vendor then return session.vendor end
  return conv.form ~= "standard" and "fuji" or nil
end

-- Texts -------------------------------------------------------------------------------------------------------------

local function thousands(number)
  local text = fmt("%.0f", number)
  if number < 1000 then return text end
  local replaced = 1
  while replaced > 0 do text, replaced = text:gsub("^(-?%d+)(%d%d%d)", "%1,%2") end
  return text
end

-- Texts of small numbers, which are most: to write a number costs as much as to add a field.
local small = {}

local function bytes_text(number)
  local text = small[number]
  if text then return text end
  text = thousands(number) .. (number == 1 and " byte" or " bytes")
  if number < 4096 then small[number] = text end
  return text
end

local function duration_text(seconds)
  if seconds < 0.001 then return fmt("%.0f µs", seconds * 1e6) end
  if seconds < 1 then return fmt("%.1f ms", seconds * 1e3) end
  return fmt("%.3f s", seconds)
end

local parameter_text, call_text
do -- what they need is nobody else's: Lua 5.1 has room for 200 names
  local HEXADECIMAL = { id = true, handle = true, hex = true, storage = true, session_id = true }
  local CODED = {
    prop = "property", object_prop = "object_property", panasonic_prop = "property", format = "format", operation = "operation",
    protection = "protection",
  }
  local NUMBERS = {
    count = true, transaction_id = true, offset = true, offset_low = true, offset_high = true, size_low = true, size_high = true,
  }

  local UNITS = { { "GiB", 1073741824 }, { "MiB", 1048576 }, { "KiB", 1024 } }

  -- Bytes in the unit of which they are a whole number.
  local function bytes_text(value)
    if value == 4294967295 then return "all" end
    for _, unit in ipairs(UNITS) do
      if value > 0 and value % unit[2] == 0 then return fmt("%.0f %s", value / unit[2], unit[1]) end
    end
    return fmt("%.0f", value)
  end

  -- ``wildcards``: what numbers stand for in the parameters of a request, by parameter.
  local function meaning_of(row, value, wildcards)
    local meaning = row[3] and row[3][value]
    if meaning then return meaning end
    local texts = wildcards and wildcards[row[1]]
    return texts and texts[value]
  end

  function parameter_text(row, value, vendor, wildcards)
    local kind = row[2]
    local meaning = meaning_of(row, value, wildcards)
    if meaning then return meaning end
    if CODED[kind] then return name_of(CODED[kind], value, vendor) end
    if kind == "storage_id" then return fmt("0x%08X", value) end
    if kind == "max_bytes" then return bytes_text(value) end
    if kind == "i32" then return fmt("%.0f", value >= 2147483648 and value - 4294967296 or value) end
    if NUMBERS[kind] then return fmt("%.0f", value) end
    if HEXADECIMAL[kind] or value > 65535 then return fmt("0x%X", value) end
    return fmt("%d", value)
  end

  -- Values that are names need no label, nor does what stands for all of them in the first place.
  local NAMED = { prop = true, object_prop = true, panasonic_prop = true, operation = true }
  -- Two parameters that are one number of 64 bits: the kind of the second one, and the label of both.
  local HALVES = { offset_low = { "offset_high", "offset" }, size_high = { "size_low", "size", "first is high" } }

  -- GetObject(handle=0x2A): what stands behind the row's parameters and is 0 is padding. ``wildcards`` by parameter.
  function call_text(name, spec, values, vendor, wildcards)
    local said = {}
    local index = 1
    while index <= #values do
      local value = values[index]
      local row, after = spec and spec[index], spec and spec[index + 1]
      local half = row and HALVES[row[2]]
      if not spec then said[#said + 1] = fmt("0x%X", value)
      elseif half and after and after[2] == half[1] and values[index + 1] then
        local low, high = value, values[index + 1]
        if half[3] == "first is high" then low, high = high, low end
        said[#said + 1] = half[2] .. "=" .. tostring(UInt64.new(low, high))
        index = index + 1
      elseif not row or row[1] == "?" then
        if value ~= 0 then said[#said + 1] = fmt("p%d=0x%X", index, value) end
      else
        local text = parameter_text(row, value, vendor, wildcards)
        if NAMED[row[2]] and (index == 1 or not meaning_of(row, value, wildcards)) then said[#said + 1] = text
        else
          local label = facts.labels[row[1]] or row[1]
          said[#said + 1] = (label == "" and fmt("p%d", index) or label) .. "=" .. text
        end
      end
      index = index + 1
    end
    if #said == 0 then return name end
    return name .. "(" .. concat(said, ", ") .. ")"
  end
end

-- The number that a property has, in words -----------------------------------------------------------------------------

local function signed(value, bits)
  local whole = 2 ^ bits
  value = value % whole
  if value >= whole / 2 then value = value - whole end
  return value
end

local value_text -- (code, value, vendor): nil where nothing is known of the code, or the value has no words

do -- Lua counts no more than 200 names at a time

local function short(number, digits)
  local text = fmt("%." .. (digits or 1) .. "f", number)
  if text:find(".", 1, true) then text = text:gsub("0+$", ""):gsub("%.$", "") end
  return text
end

local function seconds_of(text)
  local above, below = text:match("^([%d.]+)/?(%d*)$")
  return tonumber(above) / (tonumber(below) or 1)
end

local dials = {}
for index, texts in ipairs({ facts.exposures.thirds, facts.exposures.halves }) do
  dials[index] = {}
  for place, text in ipairs(texts) do dials[index][place] = { text, seconds_of(text) } end
end

local function rounded(number) -- half to even, as IEEE does
  local whole = floor(number)
  local rest = number - whole
  if rest > 0.5 or (rest == 0.5 and whole % 2 == 1) then return whole + 1 end
  return whole
end

local function speed(seconds)
  local stops = 6 - math.log(seconds) / math.log(2)
  for _, dial in ipairs({ { 3, facts.exposures.thirds }, { 2, facts.exposures.halves } }) do
    local step = rounded(stops * dial[1])
    if math.abs(stops * dial[1] - step) < 0.05 and dial[2][step + 1] then return dial[2][step + 1] .. " s" end
  end
  local inverse = 1 / seconds
  if seconds >= 0.3 and math.abs(inverse - 3) > 0.01 then return short(seconds, seconds < 10 and 2 or 1) .. " s" end
  if seconds > 1e-6 then return fmt("1/%g s", tonumber(fmt("%.3g", inverse))) end
  return fmt("%g s", seconds)
end

local MEASURES = {
  percent = function(number) if number >= 0 and number <= 100 then return short(number) .. " %" end end,
  f_number = function(number)
    if number >= 0.5 and number <= 128 then return "f/" .. short(number, number < 1 and 2 or 1) end
  end,
  mm = function(number, value) if value > 0 then return short(number) .. " mm" end end,
  exposure = function(number, value, per)
    if value <= 0 or value >= 4294967040 then return nil end
    for _, dial in ipairs(dials) do
      local fitting, found = 0, nil
      for _, row in ipairs(dial) do
        local exact = row[2] * per
        if value == floor(exact + 1e-9) or value == rounded(exact) then
          fitting = fitting + 1
          found = found or row[1]
        end
      end
      if fitting == 1 then return found .. " s" end
      if fitting > 1 then return short(number, 5) .. " s" end
    end
    return speed(number)
  end,
  iso = function(_, value) if value > 0 and value < 10000000 then return fmt("ISO %.0f", value) end end,
  ev = function(_, value, per, zero)
    if per >= 1000 then
      if (value >= 32768 and value <= 65535) or value >= 4294901760 then value = signed(value, 16) end
    elseif (value >= 128 and value <= 255) or value >= 4294967040 then
      value = signed(value, 8)
    end
    local stops = (value - zero) / per
    if math.abs(stops) > 40 then return nil end
    local text = short(stops)
    if text == "0" or text == "-0" then return "0 EV" end
    return (stops < 0 and text or "+" .. text) .. " EV"
  end,
  kelvin = function(number) if number >= 500 and number <= 100000 then return short(number) .. " K" end end,
  times = function(number, value) if value > 0 then return short(number, 2) .. "×" end end,
}

local function measured(code, value, vendor)
  local meanings = lookup(facts.choices, code, vendor)
  if meanings then
    local meaning = meanings[value]
    if not meaning and value < 0 then meaning = meanings[value + 65536] or meanings[value + 256] or meanings[value + 4294967296] end
    if meaning then return meaning end
  end
  local scale = lookup(facts.scales, code, vendor)
  if not scale then return nil end
  local linear = MEASURES[scale[1]]
  if linear then return linear((value - scale[3]) / scale[2], value, scale[2], scale[3]) end
  local written = facts.measures[scale[1]]
  return written and written[value]
end

-- Values repeat: what was worded once is remembered, up to so many.
local worded, worded_count = {}, 0

function value_text(code, value, vendor)
  local key = (vendor or "") .. code .. ":" .. value
  local text = worded[key]
  if text == nil then
    text = measured(code, value, vendor) or false
    if worded_count > 10000 then worded, worded_count = {}, 0 end
    worded[key], worded_count = text, worded_count + 1
  end
  return text or nil
end

end -- of what words numbers

-- Reading a dataset ----------------------------------------------------------------------------------------------------
--
-- A cursor {tvb=, at=, stop=, raw=, base=}: places in a tvb, and its bytes from ``base`` on as a string, because a range
-- of a tvb is an object and to read one costs more than to read a string. What is not there stops the cursor, and
-- nothing behind that is read.
--
-- Where nobody sees the tree, fields are added only for those who ask for them, with all of the message as their range.

local function cursor(tvb, at, stop) return { tvb = tvb, at = at, stop = stop, raw = false, base = at, failed = false } end

-- A cursor over a piece of what another one has before it.
local function within(c, at, stop)
  return { tvb = c.tvb, at = at, stop = stop, raw = c.raw, base = c.base, failed = false }
end

local function left(c) return c.stop - c.at end

local function bytes_of(c)
  if not c.raw then c.raw, c.base = c.stop > c.at and raw_of(c.tvb, c.at, c.stop - c.at) or "", c.at end
  return c.raw
end

local function integer(raw, at, size)
  if size == 4 then return u32(raw, at) end
  if size == 2 then return u16(raw, at) end
  return byte(raw, at + 1)
end

-- The next little-endian number, and its place; one of eight bytes is an UInt64.
local function number(c, size)
  local raw, at = c.raw or bytes_of(c), c.at
  if c.failed or c.stop - at < size then
    c.failed = true
    return nil
  end
  c.at = at + size
  if size == 8 then return c.tvb(at, 8):le_uint64(), at end
  return integer(raw, at - c.base, size), at
end

local function peek(c, size, ahead_by)
  local at = c.at + (ahead_by or 0)
  if c.failed or c.stop - at < size then return nil end
  return integer(c.raw or bytes_of(c), at - c.base, size)
end

-- UTF-16LE as UTF-8 up to the first NUL; a lone surrogate becomes U+FFFD. ``at`` counts from 0.
local function utf8_of(raw, at, units)
  local out, index = {}, 0
  local function put(point)
    if point < 128 then out[#out + 1] = char(point)
    elseif point < 2048 then out[#out + 1] = char(192 + floor(point / 64), 128 + point % 64)
    elseif point < 65536 then out[#out + 1] = char(224 + floor(point / 4096), 128 + floor(point / 64) % 64, 128 + point % 64)
    else
      out[#out + 1] = char(240 + floor(point / 262144), 128 + floor(point / 4096) % 64, 128 + floor(point / 64) % 64, 128 + point % 64)
    end
  end
  while index < units do
    local unit = u16(raw, at + 2 * index)
    index = index + 1
    if unit == 0 then break end
    if unit >= 55296 and unit < 56320 and index < units then
      local low = u16(raw, at + 2 * index)
      if low >= 56320 and low < 57344 then
        put(65536 + (unit - 55296) * 1024 + low - 56320)
        index = index + 1
      else
        put(65533)
      end
    elseif unit >= 55296 and unit < 57344 then
      put(65533)
    else
      put(unit)
    end
  end
  return concat(out)
end

-- Text from the wire without control characters, for lines that Wireshark does not escape itself.
local function clean(text)
  if not text:find("[%z\1-\31\127]") then return text end
  return (text:gsub("[%z\1-\31\127]", function(one) return fmt("\\%03o", one:byte()) end))
end

local function string_of(c)
  local units, at = peek(c, 1), c.at
  if not units or left(c) < 1 + 2 * units then
    c.failed = true
    return nil
  end
  c.at = at + 1 + 2 * units
  return utf8_of(c.raw, at + 1 - c.base, units), at
end

-- Bytes that are a text up to the first NUL.
local function chars(c, size)
  size = min(size, left(c))
  local at = c.at
  c.at = at + size
  local text = bytes_of(c):sub(at - c.base + 1, at - c.base + size)
  return clean((text:match("^[^%z]*"))), at, size
end

-- A field of the dataset; nil where nobody asks for it. Without a value: the bytes themselves.
local function put(tree, field, c, at, size, value)
  if M.visible then
    if value == nil then return add(tree, field, c.tvb(at, size)) end
    return add(tree, field, c.tvb(at, size), value)
  end
  if not referenced(tree, field) then return nil end
  if value == nil then return add(tree, field, c.tvb(at, size)) end
  return add(tree, field, M.range, value)
end

-- Where the tree is out of sight, a line in it is what holds the lines.
local function line(tree, c, at, size, text)
  if M.visible then return tree:add(c.tvb(at, size), text) end
  return tree
end

-- A field that is not in the message.
local function generated(tree, field, value)
  if M.visible then return set_generated(add(tree, field, value)) end
  return referenced(tree, field) and add(tree, field, value) or nil
end

local function label(item, text)
  if M.visible and item then set_text(item, text) end
end

local function hidden(item)
  if M.visible and item then item.hidden = true end
end

local function computed(item)
  if item then set_generated(item) end
end

local SIZES = { u8 = 1, u16 = 2, u32 = 4, u64 = 8 }
local DATATYPE_SIZES = { [1] = 1, [2] = 1, [3] = 2, [4] = 2, [5] = 4, [6] = 4, [7] = 8, [8] = 8, [9] = 16, [10] = 16 }

local function is_named(codes) return facts.names[codes] or codes == "operation" or codes == "event" end

local function decode_layout(c, tree, name, vendor)
  local fields = layout_fields[name]
  for index, row in ipairs(facts.layouts[name].fields) do
    local kind, codes = row[3], row[4]
    if c.failed then return end
    if SIZES[kind] then
      local value, at = number(c, SIZES[kind])
      if value then
        local item = put(tree, fields[index], c, at, SIZES[kind], value)
        if M.visible and is_named(codes) then
          label(item, fmt("%s: %s (0x%04X)", row[2], name_of(codes, value, vendor), value))
        end
        if codes == "handle" then hidden(put(tree, f.handle, c, at, 4, value)) end
      end
    elseif kind == "string" or kind == "date" then
      local text, at = string_of(c)
      if text then put(tree, fields[index], c, at, c.at - at, text) end
    elseif kind == "array" then
      local count = number(c, 4)
      local size = SIZES[row[5]]
      if count then
        local fits = min(count, floor(left(c) / size))
        local all = line(tree, c, c.at - 4, 4 + fits * size, fmt("%s: %s", row[2], thousands(count)))
        for _ = 1, min(fits, MOST_LISTED) do
          local value, at = number(c, size)
          local item = put(all, fields[index], c, at, size, value)
          if M.visible and is_named(codes) then
            local text = name_of(codes, value, vendor)
            label(item, fmt("%s (0x%04X)", text:sub(1, 2) == "0x" and "unknown" or text, value))
          end
          if codes == "handle" then hidden(put(all, f.handle, c, at, 4, value)) end
        end
        c.at = c.at + max(fits - MOST_LISTED, 0) * size
        if count > fits then c.failed = true end
      end
    elseif kind == "words" then
      while left(c) >= 4 do
        local value, at = number(c, 4)
        put(tree, fields[index], c, at, 4, value)
      end
    elseif left(c) > 0 then
      put(tree, fields[index], c, c.at, left(c))
      c.at = c.stop
    end
  end
end

-- Where a picture begins, near the beginning of a payload.
local function is_picture(tvb, at, stop)
  local size = min(stop - at, 1103)
  local found = size >= 3 and raw_of(tvb, at, size):find("\255\216\255", 1, true)
  return found and at + found - 1 or nil
end

-- Datasets that branch: name -> function(cursor, tree, tx, vendor), which returns what to say of it in one line.
local decoders = {}

do

local function scalar(c, size, is_signed)
  if size == 8 then
    local value, at = number(c, 8)
    if not value then return nil end
    return tostring(is_signed and c.tvb(at, 8):le_int64() or value), nil, at
  elseif size == 16 then
    local raw, at = bytes_of(c), c.at
    if c.failed or left(c) < 16 then
      c.failed = true
      return nil
    end
    c.at = at + 16
    return (raw:sub(at - c.base + 1, at - c.base + 16):gsub(".", function(one) return fmt("%02X", one:byte()) end)), nil, at
  end
  local value, at = number(c, size)
  if not value then return nil end
  if is_signed then value = signed(value, 8 * size) end
  return fmt("%.0f", value), value, at
end

-- A value of a datatype: as text, as a number where it is one, and its place. It ends where the cursor stands then.
local function typed(c, datatype)
  if datatype == 65535 then
    local text, at = string_of(c)
    return text, nil, at
  end
  local is_array = datatype >= 16384 and datatype < 32768
  local size = DATATYPE_SIZES[is_array and datatype - 16384 or datatype]
  if not size then
    c.failed = true
    return nil
  end
  local is_signed = datatype % 2 == 1
  if not is_array then return scalar(c, size, is_signed) end
  local count = number(c, 4)
  if not count then return nil end
  local begin, said = c.at - 4, {}
  for index = 1, count do
    if index > MOST_LISTED then -- counted only
      if left(c) < (count - MOST_LISTED) * size then c.failed = true end
      c.at = min(c.stop, c.at + (count - MOST_LISTED) * size)
      break
    end
    local text = scalar(c, size, is_signed)
    if not text then break end
    said[#said + 1] = text
  end
  return "[" .. concat(said, ", ") .. "]", nil, begin
end

local function add_property(tree, c, at, size, code, vendor)
  local name = name_of("property", code, vendor)
  label(put(tree, f.property_code, c, at, size, code), fmt("Property: %s (0x%04X)", name, code))
  computed(put(tree, f.property_name, c, at, size, name))
  return name
end

local DATE_TIME = 20497 -- property 0x5011, a date as YYYYMMDDThhmmss

-- A value from ``at`` to where the cursor stands. Gives what to say of it.
local function add_value(tree, field, c, at, text, value, code, vendor)
  if not text then return nil end
  local is_current = field == f.property_value
  if not (M.told or is_current and referenced(tree, f.property_text)) then
    put(tree, field, c, at, c.at - at, text)
    return nil
  end
  local words = value and code and value_text(code, value, vendor)
  if code == DATE_TIME and not value then
    local y, mo, d, h, mi, sec = text:match("^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)$")
    words = y and fmt("%s-%s-%s %s:%s:%s", y, mo, d, h, mi, sec) or nil
  end
  if words == text then words = nil end
  local item = put(tree, field, c, at, c.at - at, text)
  if words and item and M.visible then item:append_text(" (" .. words .. ")") end
  if is_current then
    local told = put(tree, f.property_text, c, at, c.at - at, words or text)
    computed(told)
    if not words then hidden(told) end
  end
  return words or text
end

local function typed_value(tree, field, c, datatype, code, vendor)
  local text, value, at = typed(c, datatype)
  if not text then return nil end
  return add_value(tree, field, c, at, text, value, code, vendor)
end

local function counted_values(c, tree, datatype, code, vendor, count_bytes)
  local count = number(c, count_bytes)
  if not count then return end
  local all = line(tree, c, c.at - count_bytes, count_bytes, fmt("Allowed values: %d", count))
  for index = 1, count do
    if c.failed then return end
    if index <= MOST_LISTED then typed_value(all, f.property_allowed, c, datatype, code, vendor) else typed(c, datatype) end
  end
end

local function values_of_form(c, tree, datatype, code, vendor, flag)
  if flag == 1 then
    for _, field in ipairs({ f.property_minimum, f.property_maximum, f.property_step }) do
      typed_value(tree, field, c, datatype, code, vendor)
    end
  elseif flag == 2 then
    counted_values(c, tree, datatype, code, vendor, 2)
  end
end

local function is_secret(code, vendor)
  local own = vendor and facts.secrets[vendor]
  if vendor then return own and own[code] end
  for _, codes in pairs(facts.secrets) do if codes[code] then return true end end
  return false
end

local function said_of(name, shown)
  return shown and name .. " = " .. shown or name
end

-- A description of a property; with ``sony`` as its cameras have it.
local function prop_desc(c, tree, session, vendor, code_bytes, sony, settable)
  local code, at = number(c, code_bytes or 2)
  if not code then return nil end
  local name = add_property(tree, c, at, code_bytes or 2, code, vendor)
  local datatype
  datatype, at = number(c, 2)
  if not datatype then return name end
  put(tree, f.property_datatype, c, at, 2, datatype)
  if session and M.learning then session.datatypes[code] = datatype end
  local access
  access, at = number(c, 1)
  if access then
    local text = sony and facts.sony_access[access] or name_of("get_set", access)
    label(put(tree, f.property_access, c, at, 1, access), fmt("Access: %s (%d)", text, access))
  end
  if sony then
    local enabled, where = number(c, 1)
    if enabled then put(tree, f.property_enabled, c, where, 1, enabled) end
  end
  if is_secret(code, vendor) then
    c.at = c.stop
    return name
  end
  typed_value(tree, f.property_default, c, datatype, code, vendor)
  local shown = not c.failed and typed_value(tree, f.property_value, c, datatype, code, vendor)
  if left(c) > 0 and not c.failed then
    local flag, of_flag = number(c, 1)
    put(tree, f.property_form, c, of_flag, 1, flag)
    values_of_form(c, tree, datatype, code, vendor, flag)
    if settable and flag == 2 then values_of_form(c, tree, datatype, code, vendor, flag) end
  end
  return said_of(name, shown)
end

local function rest(c, tree, field)
  if left(c) > 0 then put(tree, field or f.record_data, c, c.at, left(c)) end
  c.at = c.stop
end

local function plain_value(c, tree, code, vendor, datatype)
  if left(c) == 0 then return nil end
  if code and is_secret(code, vendor) then
    c.at = c.stop
    return nil
  end
  local size = left(c)
  if not datatype then datatype = code and facts.datatypes[code] end
  local wanted = datatype and DATATYPE_SIZES[datatype]
  if not (datatype == 65535 or (wanted and wanted <= size) or (datatype and datatype >= 16384)) then
    datatype = ({ [1] = 2, [2] = 4, [4] = 6, [8] = 8 })[size]
    if not datatype and size == 1 + 2 * peek(c, 1) then datatype = 65535 end
  end
  if not datatype then
    rest(c, tree)
    return nil
  end
  return typed_value(tree, f.property_value, c, datatype, code, vendor)
end

local function session_of()
  local session = M.conv.session
  if session and not session.datatypes then session.datatypes = {} end
  return session
end

-- So many times: an entry, of which is shown where it begins, ends, and what it is; no more than a list may have.
local function entries(c, tree, count, title, read)
  for index = 1, count or 0 do
    if c.failed or left(c) == 0 then
      c.failed = true
      return
    end
    if index > MOST_LISTED then
      c.at = c.stop
      return
    end
    local begin = c.at
    local entry = line(tree, c, begin, 0, title)
    local said = read(entry)
    if M.visible then
      set_len(entry, c.at - begin)
      if said then set_text(entry, clean(said)) end
    end
  end
end

local function counted(count, what)
  return count and fmt("%s %s%s", thousands(count), what, count == 1 and "" or "s")
end

-- A number that has no field of its own.
local function word(c, tree, title, size, value_of)
  local value, at = number(c, size)
  if not value then return nil end
  label(put(tree, f.record_parameter, c, at, size, value), fmt("%s: %s", title, value_of and value_of(value) or fmt("%.0f", value)))
  return value
end

local function handle(c, tree)
  local value, at = number(c, 4)
  if value then put(tree, f.handle, c, at, 4, value) end
  return value
end

local function as_hex(value) return fmt("0x%X", value) end

local function named(kind, vendor)
  return function(value) return fmt("%s (0x%04X)", name_of(kind, value, vendor), value) end
end

local function text_field(c, tree, title, size)
  if left(c) <= 0 or c.failed then return nil end
  local text, at, taken = chars(c, size)
  label(put(tree, f.record_text, c, at, taken, text), fmt("%s: %s", title, text))
  return text
end

function decoders.StorageInfo(c, tree, tx, vendor)
  decode_layout(c, tree, "StorageInfo", vendor)
  if left(c) <= 4 then c.at = c.stop end
end

function decoders.ObjectInfo(c, tree, tx, vendor)
  local raw, begin = bytes_of(c), c.at
  local function fits(at)
    for _ = 1, 4 do
      if at >= c.stop then return false end
      at = at + 1 + 2 * byte(raw, at - begin + 1)
    end
    return at == c.stop
  end
  local wide = not fits(c.at + 52) and fits(c.at + 56)
  decode_layout(c, tree, wide and "ObjectInfo64" or "ObjectInfo", vendor)
end

function decoders.FilesystemManifest(c, tree, tx, vendor)
  local count = number(c, 4)
  number(c, 4)
  entries(c, tree, count, "Entry", function(entry) decode_layout(c, entry, "FilesystemManifestEntry", vendor) end)
  return count and thousands(count) .. " entries"
end

function decoders.DevicePropDesc(c, tree, tx, vendor) return prop_desc(c, tree, session_of(), vendor, 2) end

function decoders.DevicePropDescEx(c, tree, tx, vendor) return prop_desc(c, tree, session_of(), vendor, 4) end

function decoders.DevicePropValue(c, tree, tx, vendor)
  local session = session_of()
  local datatype = session and TX.first[tx] and session.datatypes[TX.first[tx]]
  local name = TX.first[tx] and name_of("property", TX.first[tx], vendor)
  if name then
    label(generated(tree, f.property_code, TX.first[tx]), fmt("Property: %s (0x%04X)", name, TX.first[tx]))
    generated(tree, f.property_name, name)
  end
  local shown = plain_value(c, tree, TX.first[tx], vendor, datatype)
  c.at = c.stop
  return shown and name and name .. " = " .. shown
end

function decoders.ObjectPropValue(c, tree, tx, vendor)
  local name = TX.second[tx] and name_of("object_property", TX.second[tx], vendor)
  local shown = plain_value(c, tree, nil, vendor, nil)
  c.at = c.stop
  return shown and name and name .. " = " .. shown
end

local function object_prop_desc(c, tree, tx, vendor)
  local code, at = number(c, 2)
  if not code then return nil end
  local name = name_of("object_property", code, vendor)
  label(put(tree, f.record_parameter, c, at, 2, code), fmt("Object property: %s (0x%04X)", name, code))
  local datatype
  datatype, at = number(c, 2)
  if not datatype then return name end
  put(tree, f.property_datatype, c, at, 2, datatype)
  local access
  access, at = number(c, 1)
  if access then label(put(tree, f.property_access, c, at, 1, access), fmt("Access: %s (%d)", name_of("get_set", access), access)) end
  typed_value(tree, f.property_default, c, datatype, nil, vendor)
  word(c, tree, "Group code", 4)
  local flag = number(c, 1)
  if not flag then return name end
  label(put(tree, f.property_form, c, c.at - 1, 1, flag), fmt("Form: %s (%d)", name_of("object_form_flag", flag, vendor), flag))
  if flag == 3 or flag == 5 then
    local text, where = string_of(c)
    if text then put(tree, f.record_text, c, where, c.at - where, text) end
  elseif flag == 4 then word(c, tree, "Length", 2)
  elseif flag == 6 and (left(c) == 2 or left(c) == 4) then word(c, tree, "Maximum length", left(c))
  elseif flag == 255 and left(c) == 4 then word(c, tree, "Maximum length", 4)
  else values_of_form(c, tree, datatype, nil, vendor, flag) end
  return name
end
decoders.ObjectPropDesc = object_prop_desc

function decoders.InterdependentPropDesc(c, tree, tx, vendor)
  local count = number(c, 4)
  entries(c, tree, count, "Group", function(group)
    entries(c, group, number(c, 4), "Description", function(description) return object_prop_desc(c, description, tx, vendor) end)
  end)
  return counted(count, "group")
end

function decoders.ObjectPropList(c, tree, tx, vendor)
  local count = number(c, 4)
  entries(c, tree, count, "Element", function(element)
    local of_object = handle(c, element)
    local code = number(c, 2)
    local datatype = number(c, 2)
    if not datatype then return nil end
    local text, _, at = typed(c, datatype)
    if not text then return nil end
    put(element, f.property_value, c, at, c.at - at, text)
    return fmt("0x%X %s: %s", of_object, name_of("object_property", code, vendor), text)
  end)
  return counted(count, "element")
end

-- Canon's EOS cameras: records of length and type up to one of type 0.
local EOS_WORDS = {
  [49538] = "handle", [49540] = "storage", [49541] = "storage", [49544] = "handle", [49547] = "value", [49549] = "value",
  [49550] = "value", [49554] = "storage", [49555] = "storage", [49556] = "seconds", [49557] = "value", [49565] = "value",
  [49571] = "value", [49572] = "storage", [49654] = "value",
}
-- Records of an object: bytes before its name; 0 where none is known to stand there.
local EOS_OBJECTS = { [49537] = 32, [49542] = 20, [49543] = 32, [49574] = 0, [49575] = 36, [49577] = 20, [49578] = 0, [49592] = 0 }

local function eos_value(c, tree, code)
  local vendor, size = "canon_eos", left(c)
  if size == 0 then return nil end
  if facts.eos_texts[code] and size < 1024 then
    local text, at = chars(c, size)
    put(tree, f.property_value, c, at, size, text)
    computed(put(tree, f.property_text, c, at, size, text))
    return text
  end
  if size == 4 and not facts.eos_image_formats[code] then
    local value, at = number(c, 4)
    local datatype = facts.datatypes[code]
    if datatype == 1 or datatype == 3 or datatype == 5 then value = signed(value, datatype == 1 and 8 or datatype == 3 and 16 or 32) end
    return add_value(tree, f.property_value, c, at, fmt("%.0f", value), value, code, vendor)
  end
  rest(c, tree)
  return bytes_text(size)
end

local function eos_property(c, tree)
  local code, at = number(c, 4)
  return code, code and add_property(tree, c, at, 4, code, "canon_eos")
end

function decoders.EOSSetDevicePropValue(c, tree)
  word(c, tree, "Length", 4)
  local code, name = eos_property(c, tree)
  if not code then return nil end
  return said_of(name, eos_value(c, tree, code))
end

function decoders.EOSDeviceInfoEx(c, tree)
  word(c, tree, "Length", 4)
  for _, row in ipairs({ { "Events", "event" }, { "Properties", "property" }, { "Unknown", "" } }) do
    local count = number(c, 4)
    if not count then return nil end
    local list = line(tree, c, c.at - 4, 4 + min(4 * count, left(c)), fmt("%s: %s", row[1], thousands(count)))
    for _ = 1, count do
      if not word(c, list, row[1], 4, row[2] ~= "" and named(row[2], "canon_eos") or as_hex) then break end
    end
  end
end

-- What a length that counts itself encloses; the cursor goes on behind it.
local function enclosed(c)
  local size, at = peek(c, 4), c.at
  if not size or size < 4 or size > left(c) then
    c.failed = true
    return nil
  end
  c.at = at + size
  return within(c, at + 4, at + size)
end

local function folder_entries(c, tree, read)
  local count = number(c, 4)
  entries(c, tree, count, "Entry", function(entry)
    local inner = enclosed(c)
    if not inner then return nil end
    local said = read(inner, entry)
    rest(inner, entry)
    return said
  end)
  return count and thousands(count) .. (count == 1 and " entry" or " entries")
end

function decoders.EOSFolderEntries(c, tree)
  return folder_entries(c, tree, function(inner, entry)
    decode_layout(inner, entry, "EOSFolderEntryHead", "canon_eos")
    local name = text_field(inner, entry, "Filename", 16)
    if left(inner) >= 4 then word(inner, entry, "Time", 4) end
    return name
  end)
end

function decoders.EOSFolderEntries64(c, tree)
  return folder_entries(c, tree, function(inner, entry)
    local of_object = handle(inner, entry)
    word(inner, entry, "Storage", 4, as_hex)
    word(inner, entry, "Format", 2, named("format", "canon_eos"))
    return of_object and fmt("Handle 0x%X", of_object)
  end)
end

function decoders.CanonFolderEntries(c, tree)
  local count = math.ceil(left(c) / 28)
  entries(c, tree, count, "Entry", function(entry)
    decode_layout(c, entry, "CanonFolderEntryHead", "canon")
    return text_field(c, entry, "Filename", 13)
  end)
  return count .. (count == 1 and " entry" or " entries")
end

function decoders.CanonDirectory(c, tree)
  local count = math.ceil(left(c) / 76)
  entries(c, tree, count, "Entry", function(entry)
    local stop = c.at + 76
    if stop > c.stop then
      c.failed = true
      return nil
    end
    put(entry, f.record_data, c, c.at, 32)
    c.at = c.at + 32
    local name = text_field(c, entry, "Filename", 12)
    word(c, entry, "Flags", 4, as_hex)
    word(c, entry, "Size", 4, bytes_text)
    word(c, entry, "Time", 4)
    c.at = c.at + 8
    word(c, entry, "Thumbnail", 4, bytes_text)
    word(c, entry, "Thumbnail width", 4)
    word(c, entry, "Thumbnail height", 4)
    return name
  end)
  return count .. (count == 1 and " entry" or " entries")
end

function decoders.CHDKLiveView(c, tree, tx, vendor)
  local begin = c.at
  local minor, viewport, bitmap = peek(c, 4, 4), peek(c, 4, 20), peek(c, 4, 24)
  decode_layout(c, tree, "CHDKLiveViewHeader", vendor)
  if minor and minor >= 2 then number(c, 4) end
  for _, place_at in ipairs((viewport or 0) < (bitmap or 0) and { viewport, bitmap } or { bitmap, viewport }) do
    if place_at == c.at - begin then decode_layout(c, tree, "CHDKFrameDescriptor", vendor) end
  end
  rest(c, tree)
end

function decoders.EOSEventList(c, tree, tx, vendor)
  local count, names = 0, {}
  while left(c) >= 8 do
    local size, kind, at = peek(c, 4), peek(c, 4, 4), c.at
    if size < 8 or size > left(c) then
      c.failed = true
      break
    end
    local last = kind == 0
    local name = last and "End" or name_of("event", kind, "canon_eos")
    local record = line(tree, c, at, size, name)
    put(record, f.record_length, c, at, 4, size)
    label(put(record, f.record_event, c, at + 4, 4, kind), fmt("Record: %s (0x%X)", name, kind))
    computed(put(record, f.record_name, c, at + 4, 4, name))
    local inner = within(c, at + 8, at + size)
    local handle_kind = EOS_OBJECTS[kind] and "handle" or EOS_WORDS[kind]
    if kind == 49545 or kind == 49546 then -- a value, or the values that are allowed now
      local code, property = eos_property(inner, record)
      if code and kind == 49545 then
        local shown = eos_value(inner, record, code)
        label(record, clean(fmt("%s: %s", name, said_of(property, shown))))
      elseif code then
        number(inner, 4)
        local values = number(inner, 4)
        label(record, fmt("%s: %s", name, property))
        if values and left(inner) == 4 * values and not facts.eos_image_formats[code] then
          for _ = 1, min(values, MOST_LISTED) do typed_value(record, f.property_allowed, inner, 6, code, "canon_eos") end
          inner.at = inner.stop
        end
      end
    elseif handle_kind and left(inner) >= 4 then
      local value, where = number(inner, 4)
      if handle_kind == "handle" then put(record, f.handle, inner, where, 4, value) end
      label(record, fmt(handle_kind == "handle" and "%s: handle 0x%X" or "%s: 0x%X", name, value))
      if EOS_WORDS[kind] then put(record, f.record_parameter, inner, where, 4, value) end
      local behind_head = EOS_OBJECTS[kind]
      if behind_head and behind_head > 0 and left(inner) > behind_head - 4 then
        put(record, f.record_data, inner, inner.at, behind_head - 4)
        inner.at = inner.at + behind_head - 4
        local file = text_field(inner, record, "Filename", behind_head == 20 and left(inner) or 16)
        if file and file ~= "" then label(record, fmt("%s: %s, handle 0x%X", name, file, value)) end
      end
    end
    rest(inner, record)
    c.at = at + size
    if last then
      c.at = c.stop
      break
    end
    count = count + 1
    if count <= 3 then names[count] = name end
  end
  if count > 3 then names[4] = "…" end
  return fmt("%d record%s%s", count, count == 1 and "" or "s", count > 0 and " (" .. concat(names, ", ") .. ")" or "")
end

local function listed_event(tree, c, at, code, vendor)
  local name = name_of("event", code, vendor)
  label(put(tree, f.record_event, c, at, 2, code), fmt("Record: %s (0x%04X)", name, code))
  computed(put(tree, f.record_name, c, at, 2, name))
  return name
end

function decoders.NikonEventList(c, tree, tx, vendor)
  local count = number(c, 2)
  entries(c, tree, count, "Event", function(record)
    local code, at = number(c, 2)
    local parameter, where = number(c, 4)
    if not parameter then return nil end
    local name = listed_event(record, c, at, code, "nikon")
    put(record, f.record_parameter, c, where, 4, parameter)
    return fmt("%s: 0x%X", name, parameter)
  end)
  return counted(count, "event")
end

function decoders.NikonEventListEx(c, tree, tx, vendor)
  local count = number(c, 2)
  number(c, 2)
  entries(c, tree, count, "Event", function(record)
    local code, at = number(c, 2)
    local parameters = number(c, 2)
    if not parameters or parameters > 5 then
      c.failed = true
      return nil
    end
    local name = listed_event(record, c, at, code, "nikon")
    for _ = 1, parameters do
      local value, where = number(c, 4)
      if value then put(record, f.record_parameter, c, where, 4, value) end
    end
    return name
  end)
  return counted(count, "event")
end

-- A text whose length stands before it in 32 bits.
local function counted_text(c, tree, title)
  local size = number(c, 4)
  if not size or size > left(c) then
    c.failed = true
    return nil
  end
  return text_field(c, tree, title, size)
end

function decoders.NikonWiFiProfiles(c, tree)
  word(c, tree, "Version", 1)
  local count = number(c, 1)
  entries(c, tree, count, "Profile", function(profile)
    word(c, profile, "Id", 1)
    word(c, profile, "Valid", 1)
    local name = counted_text(c, profile, "Profile name")
    for _, title in ipairs({ "Display order", "Device type", "Icon type" }) do word(c, profile, title, 1) end
    for _ = 1, 2 do
      local date, at = string_of(c)
      if date then put(profile, f.record_text, c, at, c.at - at, date) end
    end
    counted_text(c, profile, "SSID")
    number(c, 1)
    return name
  end)
  return counted(count, "profile")
end

function decoders.FujiEventList(c, tree, tx, vendor)
  local count = number(c, 2)
  entries(c, tree, count, "Property", function(record)
    local code, at = number(c, 2)
    local value, where = number(c, 4)
    if not value then return nil end
    local name = add_property(record, c, at, 2, code, "fuji")
    return said_of(name, add_value(record, f.property_value, c, where, fmt("%.0f", value), value, code, "fuji"))
  end)
  return count and fmt("%d %s", count, count == 1 and "property" or "properties")
end

function decoders.FujiDevicePropDescs(c, tree, tx, vendor)
  local count = number(c, 4)
  entries(c, tree, count, "Description", function(record)
    local inner = enclosed(c)
    return inner and prop_desc(inner, record, session_of(), "fuji", 2)
  end)
  return counted(count, "description")
end

-- Sony's descriptions have a second list of values in newer cameras: only then do all of them fit.
local function sony_fits(c, count, settable)
  bytes_of(c)
  local try = within(c, c.at, c.stop)
  for _ = 1, count do
    number(try, 2)
    local datatype = number(try, 2)
    number(try, 2)
    if not datatype or not typed(try, datatype) or not typed(try, datatype) then return false end
    local flag = number(try, 1)
    local lists = flag == 2 and (settable and 2 or 1) or 0
    if flag == 1 then for _ = 1, 3 do typed(try, datatype) end end
    for _ = 1, lists do
      for _ = 1, number(try, 2) or 0 do if not typed(try, datatype) then return false end end
    end
    if try.failed then return false end
  end
  return left(try) == 0
end

function decoders.SonyAllDevicePropData(c, tree, tx, vendor)
  local count = number(c, 4)
  number(c, 4)
  local settable = count and not sony_fits(c, count, false) and sony_fits(c, count, true)
  entries(c, tree, count, "Description", function(record)
    return prop_desc(c, record, session_of(), vendor or "sony", 2, true, settable)
  end)
  return count and fmt("%d %s", count, count == 1 and "property" or "properties")
end

function decoders.SonyDevicePropDesc(c, tree, tx, vendor)
  local settable = not sony_fits(c, 1, false) and sony_fits(c, 1, true)
  return prop_desc(c, tree, session_of(), vendor or "sony", 2, true, settable)
end

-- Panasonic: 32-bit numbers of properties with sizes, values or descriptions.
local function panasonic_property(c, tree)
  local code, at = number(c, 4)
  return code and add_property(tree, c, at, 4, code, "panasonic"), code
end

local function without_count(c, tree, title, read)
  local count = 0
  while left(c) > 0 and not c.failed do
    count = count + 1
    entries(c, tree, 1, title, read)
  end
  return count
end

function decoders.PanasonicPropValues(c, tree)
  local first
  local count = without_count(c, tree, "Property", function(entry)
    local name, code = panasonic_property(c, entry)
    local size = number(c, 4)
    if not size or size > left(c) then
      c.failed = true
      return name
    end
    local stop, shown = c.at + size, nil
    if size == 1 or size == 2 or size == 4 then
      local value, at = number(c, size)
      shown = add_value(entry, f.property_value, c, at, fmt("%.0f", value), value, code, "panasonic")
    elseif size > 0 then
      put(entry, f.record_data, c, c.at, size)
    end
    c.at = stop
    first = first or said_of(name, shown)
    return said_of(name, shown)
  end)
  return count == 1 and first or fmt("%d properties", count)
end

-- The head of a group or an entry, whose parts follow: name, how many parts, how many bytes of them.
local function panasonic_head(c, tree)
  local name = panasonic_property(c, tree)
  if number(c, 4) ~= 20 then
    c.failed = true
    return name
  end
  number(c, 4)
  number(c, 4)
  number(c, 4)
  return name, number(c, 4), number(c, 4)
end

function decoders.PanasonicPropSizes(c, tree)
  local count = without_count(c, tree, "Property", function(entry)
    local name, parts, size = panasonic_head(c, entry)
    return size and fmt("%s: %d parts, %s", name, parts, bytes_text(size)) or name
  end)
  return fmt("%d properties", count)
end

function decoders.PanasonicPropDescs(c, tree)
  local count = without_count(c, tree, "Group", function(group)
    local name, properties = panasonic_head(c, group)
    entries(c, group, properties, "Property", function(entry)
      local of_entry, components = panasonic_head(c, entry)
      entries(c, entry, components, "Component", function(component)
        local size, begin = peek(c, 4, 4), c.at
        if not size or size > left(c) - 8 then
          c.failed = true
          return nil
        end
        local inner = within(c, begin + 24, begin + 8 + size)
        c.at = begin + 8 + size
        local datatype, at = number(inner, 4)
        local flag = number(inner, 4)
        if not flag then return nil end
        put(component, f.property_datatype, inner, at, 4, datatype)
        local shown = typed_value(component, f.property_value, inner, datatype, nil, "panasonic")
        local width = DATATYPE_SIZES[datatype]
        if flag == 2 and width and not inner.failed then counted_values(inner, component, datatype, nil, "panasonic", 4) end
        rest(inner, component)
        return shown and "Value: " .. shown
      end)
      return of_entry
    end)
    return name
  end)
  return fmt("%d group%s", count, count == 1 and "" or "s")
end

function decoders.PanasonicLiveViewFormats(c, tree, tx, vendor)
  panasonic_property(c, tree)
  number(c, 4)
  local count = number(c, 2)
  number(c, 2)
  entries(c, tree, count, "Format", function(entry) decode_layout(c, entry, "PanasonicLiveViewFormat", vendor) end)
  return counted(count, "format")
end

function decoders.OlympusChangedProperties(c, tree, tx, vendor)
  local count = number(c, 4)
  entries(c, tree, count, "Description", function(record) return prop_desc(c, record, session_of(), vendor, 2) end)
  return counted(count, "description")
end

function decoders.OlympusXML(c, tree)
  text_field(c, tree, "XML", left(c))
  return "XML"
end

function decoders.SigmaList(c, tree)
  word(c, tree, "Length", 4)
  local count = number(c, 4)
  entries(c, tree, count, "Entry", function(entry)
    local tag = word(c, entry, "Tag", 2)
    word(c, entry, "Type", 2)
    word(c, entry, "Count", 4)
    local value = word(c, entry, "Value or offset", 4, as_hex)
    return value and fmt("Tag %d: 0x%X", tag, value)
  end)
  if left(c) > 1 then
    put(tree, f.record_data, c, c.at, left(c) - 1)
    c.at = c.stop - 1
  end
  if left(c) == 1 then word(c, tree, "Checksum", 1, as_hex) end
  return count and thousands(count) .. " entries"
end

function decoders.ObjectBytes(c, tree, tx, vendor)
  local picture = left(c) >= 3 and raw_of(c.tvb, c.at, 3) == "\255\216\255"
  c.at = c.stop
  return picture and "JPEG" or nil
end

local function picture_decoder(c, tree, tx, vendor)
  local at = is_picture(c.tvb, c.at, c.stop)
  if at and at > c.at then
    local item = put(tree, f.record_data, c, c.at, at - c.at)
    if item and M.visible then item:prepend_text("Header of the frame: ") end
  end
  c.at = c.stop
  return at and "JPEG" or nil
end
for _, name in ipairs({ "EOSViewFinderData", "NikonLiveView", "NikonLiveViewEx", "SonyLiveView", "FujiLiveViewObject",
  "PanasonicLiveView", "OlympusLiveView", "SigmaLiveView", "CanonViewFinderImage" }) do
  decoders[name] = picture_decoder
end

end -- of what reads datasets

-- Which dataset an operation carries; nil when nobody has described it.
local function dataset_of(code, vendor, first)
  local function at(own)
    local choices = facts.carried[own] and facts.carried[own][code]
    return choices and ((first and choices[first]) or choices.any)
  end
  for _, own in ipairs(vendor and (facts.families[vendor] or { vendor }) or {}) do
    local found = at(own)
    if found then return found end
  end
  return at("ptp") or at("mtp")
end

-- Whose camera it is --------------------------------------------------------------------------------------------------
--
-- Clues are weighed as ptpip-analyze weighs them: a maker's own word is enough; a name that anybody may set, a port or an
-- extension ID are not, and neither are they together. A wrong vendor would give wrong names to everything, none leaves
-- numbers that say what they are.

local NOT_SUPPORTED = 8197 -- OperationNotSupported

do

local ENOUGH = 4
local DIALECT, MANUFACTURER, MODEL, TEXT, SHORT_MODEL = 10, 10, 4, 3, 2
local ONLY_ONE, FEW, ALL_NAMED, NAME, PORT, EXTENSION, STRANGER = 2, 1, 2, 1, 1, 1, 6
local MOST_OF_CODES, LEAST_PROPERTIES, SHORT_PREFIX, TELLING_PREFIX = 6, 3, 3, 5
-- Makers whose own codes were never seen over PTP-IP: a code that they share tells less, but still something.
local ELSEWHERE = {}
for name in ("android casio chdk gphoto kodak leica microsoft parrot samsung sigma"):gmatch("%S+") do ELSEWHERE[name] = true end

local function maker_in(text)
  local words = text:lower()
  for _, maker in ipairs(facts.makers) do
    for _, word in ipairs(maker.manufacturers) do
      local from, to = words:find(word, 1, true)
      while from do
        if not words:sub(from - 1, from - 1):match("%l") and not words:sub(to + 1, to + 1):match("%l") then return maker end
        from, to = words:find(word, from + 1, true)
      end
    end
  end
end

local function longest(prefixes, text)
  local most = 0
  for _, prefix in ipairs(prefixes) do
    if #prefix > most and text:sub(1, #prefix) == prefix then most = #prefix end
  end
  return most
end

local function holds(list, value)
  for _, one in ipairs(list) do if one == value then return true end end
  return false
end

local function weigh_device(device, clue)
  local maker, model = maker_in(device.manufacturer), device.model:lower()
  if maker and maker.others then
    local is_known = holds(maker.extensions, device.extension)
    for _, prefix in ipairs(maker.models) do is_known = is_known or model:find(prefix, 1, true) end
    clue(is_known and maker, is_known and MANUFACTURER or STRANGER)
  elseif maker then clue(maker, MANUFACTURER)
  elseif device.manufacturer ~= "" then clue(nil, STRANGER) end
  for _, other in ipairs(facts.makers) do
    local begins = longest(other.models, model)
    if begins > 0 and (not maker or other == maker) then
      clue(other, (maker or begins >= TELLING_PREFIX) and MODEL or SHORT_MODEL)
      break
    end
  end
  local text = maker_in(device.text)
  if text and not text.others then clue(text, TEXT) end
  for _, other in ipairs(facts.makers) do
    if holds(other.extensions, device.extension) then clue(other, EXTENSION) end
  end
end

-- What codes outside the standards tell: those of one maker, and the makers that name them all.
local function weigh_codes(kind, codes, clue)
  local own, owned = {}, 0
  local alone, few, all_named = {}, {}, {}
  for code, count in pairs(codes) do
    if code >= 36864 and count > 0 then
      own[#own + 1] = code
      local owners = facts.owners[kind][code]
      if owners then
        owned = owned + 1
        local only, real, reals = not owners:find(" ", 1, true), nil, 0
        for file in owners:gmatch("%S+") do
          all_named[file] = (all_named[file] or 0) + 1
          if not ELSEWHERE[file] then real, reals = file, reals + 1 end
        end
        if only then alone[owners] = (alone[owners] or 0) + 1
        elseif reals == 1 then few[real] = (few[real] or 0) + 1 end
      end
    end
  end
  if #own == 0 then return end
  local naming = 0
  for _, count in pairs(all_named) do if count == owned then naming = naming + 1 end end
  for _, maker in ipairs(facts.makers) do
    local file = maker.file
    local own_alone = alone[file] or 0
    local weight = min(ONLY_ONE * own_alone + FEW * (few[file] or 0), MOST_OF_CODES)
    if kind == "property" then -- real cameras list one or two that the tables know of another maker only
      weight = own_alone < LEAST_PROPERTIES and 0 or floor(weight / 2)
    end
    if kind == "operation" and owned > 1 and naming == 1 and all_named[file] == owned then weight = weight + ALL_NAMED end
    if own_alone == 0 then weight = min(weight, ENOUGH - 1) end -- any maker may have chosen the same numbers once more
    if weight > 0 then clue(maker, weight) end
  end
end

-- The vendor that all clues of a session are for; nil where they are too few, or nearly as many for another.
function decide(session)
  local sums, stranger = {}, 0
  local function clue(maker, weight)
    if maker then sums[maker.vendors[1]] = (sums[maker.vendors[1]] or 0) + weight else stranger = stranger + weight end
  end
  if session.is_fuji then sums.fuji = DIALECT end
  local of_port = facts.maker_ports[session.port]
  if of_port then sums[of_port] = (sums[of_port] or 0) + PORT end
  local name = (session.name or ""):lower()
  for _, maker in ipairs(facts.makers) do
    if longest(maker.models, name) >= SHORT_PREFIX then
      clue(maker, NAME)
      break
    end
  end
  local device, seen = session.device, session.seen
  if device then
    weigh_device(device, clue)
    for kind, codes in pairs(device.codes) do weigh_codes(kind, codes, clue) end
  end
  if seen then
    -- An initiator that asks for what the camera lacks knows its maker, if the camera answers others of these at all.
    local requested, answers = {}, false
    for code, count in pairs(seen.operation) do
      requested[code] = count
      answers = answers or count > 0
    end
    if answers then
      for code in pairs(seen.refused) do requested[code] = 1 end
      weigh_codes("operation", requested, clue)
    end
    weigh_codes("event", seen.event, clue)
    weigh_codes("property", seen.property, clue)
  end
  local best, most, second = nil, 0, 0
  for vendor, sum in pairs(sums) do
    if sum > most then best, most, second = vendor, sum, most elseif sum > second then second = sum end
  end
  if most < ENOUGH or most < 2 * max(second, stranger) then return nil end
  if device and device.model:lower():sub(1, 6) == "dsc-qx" then return "sony_qx" end
  local vendors
  for _, maker in ipairs(facts.makers) do if maker.vendors[1] == best then vendors = maker.vendors end end
  local found, fitting = best, -1
  for _, vendor in ipairs(vendors) do -- of equals the usual one
    local count, own = 0, facts.siblings[vendor] or {}
    for code in pairs(own) do
      local told = seen and seen.operation[code] or 0
      if told > 0 or (device and device.codes.operation[code]) then count = count + 1 end
    end
    if count > fitting then found, fitting = vendor, count end
  end
  return found
end

end

-- A code outside the standards is used once more, or once less because it turned out not to be supported.
local function count_code(session, kind, code, by)
  local seen = session.seen
  if not seen then
    seen = { operation = {}, refused = {}, event = {}, property = {} }
    session.seen = seen
  end
  local before = seen[kind][code] or 0
  seen[kind][code] = before + by
  if (before > 0) ~= (before + by > 0) then session.vendor = decide(session) end
end

-- Which code of a request tells of its maker: an operation, or a property that a standard operation asks for.
local function telling(code, first)
  if code >= 36864 and code <= 40959 then return "operation", code end
  if code >= 4116 and code <= 4119 and first and first >= 53248 and first <= 57343 then return "property", first end
end

local function learn_device(conv, tvb, at, stop)
  local c = cursor(tvb, at, stop)
  number(c, 2)
  local extension = number(c, 4)
  number(c, 2)
  local text = string_of(c)
  number(c, 2)
  local lists = {}
  for list = 1, 5 do
    lists[list] = {}
    for _ = 1, number(c, 4) or 0 do
      local code = number(c, 2)
      if not code then break end
      lists[list][code] = 1
    end
  end
  local manufacturer, model = string_of(c), string_of(c)
  if not model then return end
  conv.session.device = {
    manufacturer = manufacturer, model = model, text = text, extension = extension,
    codes = { operation = lists[1], event = lists[2], property = lists[3] },
  }
  conv.session.vendor = decide(conv.session)
end

-- Transactions -----------------------------------------------------------------------------------------------------

local function new_transaction(conv, id, code, first, sent, phase)
  local tx = transactions + 1
  transactions = tx
  TX.from[tx] = M.key
  if code then -- the request was seen
    TX.code[tx], TX.time[tx] = code, sent
    if first then TX.first[tx] = first end
    if phase then TX.phase[tx] = phase end
  end
  local before = conv.transactions[id]
  if before and not conv.firsts[id] then conv.firsts[id] = before end
  conv.transactions[id] = tx
  return tx
end

-- What a message of a transaction belongs to where no note says otherwise: the first one with its id.
local function first_of(conv, id) return conv.firsts[id] or conv.transactions[id] end

-- Bytes that a side sent are missing.
local function note_loss(conv, side)
  conv.patchy = true
  if side == conv.initiator then conv.lost = transactions end
end

-- The last transaction with an id. Where something is missing, nil if it may be another one whose request was not seen: the
-- last one has its answer, or is of an earlier session, or IDs are used again and requests may be lost since.
local function last_with(conv, id)
  local tx = conv.transactions[id]
  local is_doubtful = tx and conv.patchy and (TX.response[tx] or tx < (conv.opened or 0) or (tx <= (conv.lost or 0) and next(conv.firsts)))
  return not is_doubtful and tx or nil
end

-- The transaction that a message belongs to. None known: one whose request was not seen.
local function transaction_of(conv, id) return last_with(conv, id) or new_transaction(conv, id) end

local flags -- of the message that is being learned; nil while there are none

-- Hold something against a message; of a transaction one thing only, because one fault has many effects. ``rule`` where it
-- is not the usual one of this flag.
local function flag(name, tx, rule)
  if tx then
    if TX.accused[tx] then return end
    TX.accused[tx] = true
  end
  -- Did this side receive more of the other than the capture has, or is there nothing of the other at all?
  local conv = M.conv
  local other = conv.sides[M.side == conv.sides[1] and 2 or 1]
  local acknowledgment = last_of(f_acknowledgment)
  if not (acknowledgment and other.expected) or ahead(acknowledgment(), other.expected) > 0 then
    conv.patchy = true
    return
  end
  flags = flags or {}
  flags[#flags + 1] = { name, rule }
end

-- Can't a violation be told here, because something of the conversation was not seen?
local function is_patchy(conv) return conv.patchy or conv.late end

local function learn_request(conv, id, code, first, phase_info, pinfo)
  local before = conv.current
  if before and TX.code[before] and not (TX.response[before] or TX.cancelled[before] or TX.accused[before] or is_patchy(conv)) then
    flag("overlap", before)
  end
  local tx = new_transaction(conv, id, code, first, pinfo.rel_ts, phase_info)
  conv.current = tx
  if code == 4098 then conv.opened = tx end -- OpenSession: numbers of transactions begin anew
  conv.sides[1].phase_id, conv.sides[2].phase_id = nil, nil
  conv.requests[#conv.requests + 1] = tx
  local row = lookup(facts.operations, code, vendor_of(conv))
  local spec = parameters_of(row, 3)
  local kind, tells = telling(code, first)
  if kind then count_code(conv.session, kind, tells, 1) end
  if spec and spec[2] and spec[2][2] == "object_prop" and M.words > 1 then TX.second[tx] = u32(M.raw, M.words_at + 4) end
  return tx
end

local function learn_response(conv, id, code, pinfo)
  local tx = transaction_of(conv, id)
  if TX.response[tx] then
    if not (TX.cancelled[tx] or is_patchy(conv)) then flag("twice", tx) end
    return tx
  end
  TX.response[tx] = M.frame
  if code ~= 8193 then TX.refusal[tx] = code end
  if code == 8193 and TX.announced[tx] and TX.code[tx] and not (TX.cancelled[tx] or is_patchy(conv)) then
    if not TX.done[tx] then flag("early", tx)
    elseif TX.announced[tx] < UNKNOWN_TOTAL and TX.carried[tx] < TX.announced[tx] then flag("amount", tx) end -- or it was cancelled
  end
  if code == NOT_SUPPORTED and TX.code[tx] then
    local kind, tells = telling(TX.code[tx], TX.first[tx])
    if kind == "operation" then count_code(conv.session, "refused", tells, 1) end
    if kind then count_code(conv.session, kind, tells, -1) end
  end
  if TX.code[tx] then
    TX.time[tx] = pinfo.rel_ts - TX.time[tx]
  elseif not is_patchy(conv) then
    local open = conv.current
    flag("no_request", tx, open and not TX.response[open] and "") -- an answer to that one, perhaps, with another id
  end
  if TX.parts[tx] and not TX.done[tx] then TX.parts[tx] = nil end
  return tx
end

local function learn_start(conv, id, total, side)
  local tx = transaction_of(conv, id)
  if TX.announced[tx] and TX.code[tx] and not is_patchy(conv) then flag(TX.side[tx] == side and "start_twice" or "turned", tx) end
  TX.announced[tx], TX.side[tx], TX.carried[tx] = total, side, 0
  if TX.size_kept[tx] then TX.size_kept[tx] = 0 end
  if TX.parts[tx] then TX.parts[tx] = nil end
  if TX.broken[tx] then TX.broken[tx] = nil end
  if conv.initiator and not is_patchy(conv) then
    local outward = side == conv.initiator
    if TX.phase[tx] and (TX.phase[tx] == 2) ~= outward and TX.phase[tx] ~= 3 then flag("phase", tx) end
  end
  return tx
end

-- Keep the payload of a message while the data phase has more than one.
local function keep(tx, tvb, at, size, complete)
  if not complete then TX.broken[tx] = true end
  if TX.broken[tx] or TX.discarded[tx] then return end
  local limit = (p.kept or 64) * 1048576
  if kept_bytes + size > limit then
    TX.discarded[tx], TX.parts[tx] = true, nil
    kept_bytes = kept_bytes - (TX.size_kept[tx] or 0)
    return
  end
  TX.parts[tx] = TX.parts[tx] or {}
  TX.parts[tx][#TX.parts[tx] + 1] = tvb:raw(at, size)
  TX.size_kept[tx] = (TX.size_kept[tx] or 0) + size
  kept_bytes = kept_bytes + size
end

local function learn_data(conv, id, tvb, at, size, complete, last, side, pinfo)
  local tx = transaction_of(conv, id)
  if TX.announced[tx] == nil and TX.code[tx] and not is_patchy(conv) then flag("no_start", tx, TX.phase[tx] == 2 and "") end
  if not TX.announced[tx] and not last then TX.broken[tx] = true end
  if TX.code[tx] and TX.announced[tx] and not is_patchy(conv) then
    if TX.side[tx] ~= side then flag("turned", tx, last and "data-end-placement" or "data-data-placement")
    elseif TX.response[tx] then -- who was refused may have sent on before knowing
      if not TX.refusal[tx] and not TX.cancelled[tx] then flag("after_end", tx, "data-phase-needs-request") end
    elseif TX.done[tx] then flag("after_end", tx)
    elseif not TX.cancelled[tx] and not TX.broken[tx] and (TX.carried[tx] or 0) + size > TX.announced[tx] then
      flag("overrun", tx, TX.announced[tx] == 0 and "")
    end
  end
  TX.side[tx] = TX.side[tx] or side
  TX.carried[tx] = (TX.carried[tx] or 0) + size
  if last then
    TX.done[tx] = M.frame
    if TX.announced[tx] and TX.announced[tx] < UNKNOWN_TOTAL and TX.carried[tx] < TX.announced[tx] then
      TX.broken[tx] = true -- what is there may lie behind what is missing
    end
  end
  local single = last and not TX.parts[tx] and TX.carried[tx] == size
  if single then
    if not complete then TX.broken[tx] = true end
  elseif size > 0 or TX.parts[tx] then
    keep(tx, tvb, at, size, complete)
  end
  return tx
end

-- What a message looks like ---------------------------------------------------------------------------------------

local info = {} -- what the Info column says of the frame
local info_frame, info_offset

local function say(text)
  if not has_columns then return end
  if #info < 12 then info[#info + 1] = text elseif #info == 12 then info[13] = "…" end
end

-- A field of the message at hand, where anybody asks for it. Where nobody sees which bytes are meant, they are all of the
-- message: one object for all fields.
local function show_field(tree, field, at, size, value)
  if M.visible then return add(tree, field, range_of(M.tvb, M.at + at, size), value) end
  return referenced(tree, field) and add(tree, field, M.range, value) or nil
end

-- The name of a code, for filters: out of sight, because the code's own line says it.
local function hide_name(tree, field, name)
  if not M.visible then
    if referenced(tree, field) then add(tree, field, name) end
    return
  end
  add(tree, field, name).hidden = true
end

local function expert_info(item, tree, field, text)
  item = item or tree
  if text then item:add_proto_expert_info(field, text) else item:add_proto_expert_info(field) end
end

local function operation_of(tx, vendor)
  return tx and TX.code[tx] and name_of("operation", TX.code[tx], vendor) or nil
end

-- The object that a transaction is about: what stands first in its request, where that is a handle.
local function handle_of(tx, vendor)
  if not TX.first[tx] then return nil end
  local spec = parameters_of(lookup(facts.operations, TX.code[tx], vendor), 3)
  return spec and spec[1] and spec[1][2] == "handle" and TX.first[tx] or nil
end

local function response_time(took)
  local whole = floor(took * 1e9 + 0.5)
  local seconds = floor(whole / 1e9)
  return NSTime.new(seconds, whole - seconds * 1e9)
end

-- Generated fields of a transaction: which operation, where the others are.
local function show_transaction(tree, tx, vendor, name)
  if not tx then return end
  local frame, visible = M.frame, M.visible
  local from = TX.code[tx] and floor(TX.from[tx])
  if from and (visible or referenced(tree, f.operation_name)) then
    local item = add(tree, f.operation_name, name)
    if from == frame then hidden(item) -- the request's own field says it
    elseif visible then set_generated(item) end
  end
  local handle = handle_of(tx, vendor)
  if handle and (visible or referenced(tree, f.handle)) then hidden(add(tree, f.handle, handle)) end
  if from and from ~= frame then generated(tree, f.request_in, from) end
  local response = TX.response[tx]
  if response and response ~= frame then generated(tree, f.response_in, response) end
end

local NOTHING = {}

-- The parameters as a list, as far as somebody asks for them.
local function show_parameters(tree, spec, vendor, with_handles, wildcards)
  local count, visible = M.words, M.visible
  if count == 0 then return NOTHING end
  local parameter = visible or referenced(tree, f.parameter)
  local handles = with_handles and (visible or referenced(tree, f.handle))
  local properties = visible or referenced(tree, f.property_code)
  if not (parameter or handles or properties or M.told) then return NOTHING end
  local raw, words_at = M.raw, M.words_at
  local values = {}
  for index = 1, count do
    local place_at = words_at + 4 * index - 4
    local value = u32(raw, place_at)
    values[index] = value
    local row = spec and spec[index]
    local kind = row and row[1] ~= "?" and row[2]
    if parameter then
      local item = show_field(tree, f.parameter, place_at, 4, value)
      if visible then
        set_text(item, kind and fmt("%s: %s", row[1], parameter_text(row, value, vendor, wildcards)) or fmt("Parameter %d: 0x%X (%.0f)", index, value, value))
      end
    end
    if handles and kind == "handle" then hidden(show_field(tree, f.handle, place_at, 4, value)) end
    if properties and kind == "prop" then hidden(show_field(tree, f.property_code, place_at, 4, value)) end
  end
  return values
end

-- A label that the field's own value strings don't give.
local function relabel(item, field, code, name, standard)
  if M.visible and standard ~= name then set_text(item, fmt("%s: %s (0x%04X)", field, name, code)) end
end

-- The rule of "ptpip-analyze explain" that a message breaks, where this message alone shows which; and for what stands
-- where it does not belong, by its type.
local RULES = {
  twice = "response-unsolicited", no_request = "response-unsolicited", phase = "request-dataphase-matches-direction",
  no_start = "data-start-first", amount = "data-total-length-exact",
  start_twice = "data-start-once", turned = "data-one-direction", after_end = "data-nothing-after-end",
  overrun = "data-total-length-overrun", phase_info = "request-dataphase-defined",
  bridge_phase = "request-dataphase-standard-op", reason = "init-fail-reason-defined", name_length = "name-max-length",
}
local PLACEMENT = {
  "init-command-request-placement", "init-command-ack-placement", "init-event-request-placement", "init-event-ack-placement",
  "init-fail-placement", "request-placement", "response-placement", "event-placement", "data-start-placement",
  "data-data-placement", "cancel-placement", "data-end-placement",
}

-- Only where nothing is missing that could explain it.
local function accuse(tree, key, rule, item)
  expert_info(item, tree, ef[key])
  rule = rule or RULES[key]
  if rule and rule ~= "" then generated(tree, f.rule, rule) end
end

-- Payload -> a tvb and where in it the bytes are; nil when they are not all kept.
local function payload_of(tx, tvb, at, size)
  if TX.broken[tx] or TX.discarded[tx] then return nil end
  if TX.parts[tx] then
    local whole = concat(TX.parts[tx])
    if #whole == 0 then return nil end
    return ByteArray.new(whole, true):tvb("PTP-IP data phase"), 0, #whole, true
  end
  return tvb, at, at + size
end

local function show_dataset(tree, tx, tvb, at, size, vendor, title)
  if not TX.code[tx] then return nil end
  local name = dataset_of(TX.code[tx], vendor, TX.first[tx])
  local from, begin, stop, is_reassembled = payload_of(tx, tvb, at, size)
  if not from then return nil end
  if is_reassembled then
    local item = M.visible or referenced(tree, f.payload)
    item = item and add(tree, f.payload, from(begin, stop - begin))
    label(item, fmt("Data phase: %s in %d messages", bytes_text(stop - begin), #TX.parts[tx]))
  end
  if not name or stop == begin then return nil end
  local way = lookup(facts.operations, TX.code[tx], vendor)
  if way and TX.side[tx] and M.conv.initiator and (way[2] == "in" or way[2] == "out") and (way[2] == "out") ~= (TX.side[tx] == M.conv.initiator) then
    return nil
  end
  local decode = decoders[name]
  local layout = layout_fields[name]
  if not decode and not layout then
    generated(tree, f.dataset, name)
    return nil
  end
  local branch = tree
  if M.visible then
    branch = add(tree, f.dataset, from(begin, stop - begin), name)
    set_text(branch, name)
  else
    generated(tree, f.dataset, name)
  end
  local c = cursor(from, begin, stop)
  local said
  if decode then said = decode(c, branch, tx, vendor) else decode_layout(c, branch, name, vendor) end
  if name == "DeviceInfo" and M.conv.session then said = M.conv.session.device and M.conv.session.device.model end
  if said and M.visible then branch:append_text(": " .. clean(said)) end
  if c.failed then
    branch:add_proto_expert_info(ef.dataset, "The dataset ends before its layout does")
  elseif left(c) > 0 then
    branch:add_proto_expert_info(ef.dataset, fmt("%s behind the dataset", bytes_text(left(c))))
  end
  return said
end

-- Greetings: GUID, name, version, connection number.
local function show_greeting(tree, kind)
  local tvb, at, stop, conv = M.tvb, M.at, M.at + M.have, M.conv
  local place_at, fuji = at + 8, conv.form ~= "standard"
  if kind == 2 then
    if stop - place_at >= 4 then tree:add_le(f.connection_number, tvb(place_at, 4)) end
    place_at = place_at + 4
  elseif fuji then
    if stop - place_at >= 4 then tree:add_le(f.magic, tvb(place_at, 4)) end
    place_at = place_at + 4
  end
  if stop - place_at < 16 then
    tree:add_proto_expert_info(ef.malformed, "Too short for a GUID")
    return nil
  end
  local guid = tree:add(f.guid, tvb(place_at, 16))
  if raw_of(tvb, place_at, 16) == ("\255"):rep(16) then guid:append_text(" (anonymous)") end
  place_at = place_at + 16
  local size = name_bytes(tvb, place_at, stop)
  if not size then
    if M.have == M.size then tree:add_proto_expert_info(ef.malformed, "No NUL ends the friendly name") end
    return nil
  end
  local text = utf8_of(raw_of(tvb, place_at, size), 0, size / 2)
  local item = tree:add(f.name, tvb(place_at, size), text)
  if size > 80 and not fuji then accuse(tree, "name_length", nil, item) end
  place_at = place_at + size
  if fuji then return text end
  if stop - place_at >= 4 then
    local word = tvb(place_at, 4):le_uint()
    tree:add(f.version, tvb(place_at, 4), fmt("%d.%d", floor(word / 65536), word % 65536))
    if stop - place_at > 4 then
      tree:add(f.unknown, tvb(place_at + 4, stop - place_at - 4))
      tree:add_proto_expert_info(ef.malformed, fmt("%s behind the protocol version", bytes_text(stop - place_at - 4)))
    end
  elseif M.have == M.size then
    tree:add_proto_expert_info(ef.malformed, "No protocol version behind the name")
  end
  return text
end

local function check_length(tree, kind)
  local row, size = MESSAGES[kind], M.size
  if not row then
    tree:add_proto_expert_info(ef.malformed, fmt("Message type %.0f is reserved", kind))
    return
  end
  if kind == 1 or kind == 2 then return end
  if size < row[2] or (row[2] == row[3] and size ~= row[2]) then
    tree:add_proto_expert_info(ef.malformed, fmt("%s has %s%s", row[1], row[2] == row[3] and "" or "at least ", bytes_text(row[2])))
  elseif (kind == 6 or kind == 7 or kind == 8) and (size - row[2]) % 4 ~= 0 then
    tree:add_proto_expert_info(ef.malformed, "Parameters are not whole words")
  elseif row[3] > 0 and size > row[3] then
    tree:add_proto_expert_info(ef.malformed, "More parameters than allowed")
  end
end

local numbered_id, numbered_text -- of the message before: those of a transaction come together

-- The line of a message in the tree, and in the Info column.
local function entitle(item, kind, id, said)
  local row, number_text = MESSAGES[kind], ""
  local name = row and row[1] or fmt("Reserved type 0x%X", kind)
  if id and id ~= NO_TRANSACTION then
    if id ~= numbered_id then numbered_id, numbered_text = id, " #" .. id end
    number_text = numbered_text
  end
  local between = said and (kind < 6 and " " or ": ") or ""
  if M.visible then set_text(item, "PTP-IP " .. name .. number_text .. between .. (said or "")) end
  if has_columns then say(name .. number_text .. between .. (said or "")) end
end

-- A message on the wrong connection, or by the wrong side: the first of its connection. What follows may be its effect.
local function judge_place(conv, side, kind)
  local outward, misplaced = side == conv.initiator, nil
  if conv.initiator and ((outward and TO_INITIATOR[kind]) or (not outward and TO_RESPONDER[kind])) then misplaced = "direction" end
  if (conv.kind == "command" and ON_EVENT[kind]) or (conv.kind == "event" and ON_COMMAND[kind]) then misplaced = "connection" end
  if misplaced and MESSAGES[kind] then
    flag(misplaced, nil, PLACEMENT[kind])
    conv.patchy = true
  end
end

-- What a message teaches in the first visit; nil where there is nothing to remember.
local function learn(kind, role, id, code, side, pinfo)
  local conv, tvb, at = M.conv, M.tvb, M.at
  flags = nil
  if not (conv.kind and conv.initiator) then place(conv, side, kind, pinfo) end
  if not is_patchy(conv) then judge_place(conv, side, kind) end
  if kind == 2 and M.have >= 12 then
    conv.number, conv.initiator_address = tvb(at + 8, 4):le_uint(), tostring(pinfo.dst)
    for _, name in ipairs({ tostring(pinfo.src), tostring(pinfo.src) .. ":" .. pinfo.src_port }) do
      local all = numbered[name] or {}
      numbered[name] = all
      all[#all + 1] = conv
    end
    local size = M.have > 28 and name_bytes(tvb, at + 28, at + M.have)
    if size and conv.session then
      conv.session.name = utf8_of(raw_of(tvb, at + 28, size), 0, size / 2)
      conv.session.vendor = decide(conv.session)
    end
    return flags and { flags = flags }
  elseif kind == 8 and code and code >= 49152 and code <= 53247 and conv.session then
    count_code(conv.session, "event", code, 1)
    return flags and { flags = flags }
  elseif kind == 3 and M.have >= 12 then
    local found = join_by_number(conv, tvb(at + 8, 4):le_uint(), pinfo)
    if not found then return { flags = { { "number" } } } end
    return flags and { flags = flags }
  end
  if not role or not id then return flags and { flags = flags } end
  if not conv.session then conv.session = new_session() end
  local tx
  if role == "request" then
    local first = M.words > 0 and u32(M.raw, M.words_at) or nil
    local phase
    if kind == 6 then phase = u32(M.raw, 8) end
    tx = learn_request(conv, id, code, first, phase, pinfo)
  elseif role == "response" then
    tx = learn_response(conv, id, code, pinfo)
  elseif role == "start" then
    tx = learn_start(conv, id, M.total, side)
    M.side.phase_id, M.side.phase_until = id, M.total < UNKNOWN_TOTAL and M.sequence and M.sequence + 20 + M.total + 12 or nil
  elseif role == "data" or role == "end" then
    tx = learn_data(conv, id, tvb, at + 12, max(M.size - 12, 0), M.have == M.size, role == "end", side, pinfo)
    if role == "end" then
      M.side.phase_id = nil
      if TX.code[tx] == 4097 and conv.session and not conv.session.device then
        local from, begin, stop = payload_of(tx, tvb, at + 12, M.size - 12)
        if from then learn_device(conv, from, begin, stop) end
      end
      if TX.parts[tx] and #TX.parts[tx] == 1 and TX.carried[tx] == M.size - 12 then TX.parts[tx] = nil end
    end
  elseif role == "container" then
    tx = transaction_of(conv, id)
    TX.side[tx], TX.carried[tx], TX.done[tx] = side, M.size - 12, M.frame
    if TX.parts[tx] then TX.parts[tx] = nil end
    if TX.broken[tx] or M.have < M.size then TX.broken[tx] = M.have < M.size end
    TX.announced[tx] = M.size - 12
    if TX.code[tx] == 4097 and conv.session and not conv.session.device then learn_device(conv, tvb, at + 12, at + M.have) end
  elseif role == "cancel" then
    local of = conv.kind == "event" and conv.command or conv
    tx = last_with(of, id)
    if tx then TX.cancelled[tx] = true end
    for _, of_side in ipairs(of.sides) do
      if of_side.phase_id == id then of_side.phase_id = nil end -- less may come than was announced
    end
  end
  if flags then return { tx = tx, flags = flags } end
  return tx
end

local ROLES = {
  [6] = "request", [7] = "response", [9] = "start", [10] = "data", [11] = "cancel", [12] = "end",
  [65537] = "request", [65538] = "container", [65539] = "response",
}
-- Where the TransactionID, the code, and the parameters stand.
local ID_AT = { [6] = 14, [7] = 10, [8] = 10, [9] = 8, [10] = 8, [11] = 8, [12] = 8, [65537] = 8, [65538] = 8, [65539] = 8, [65540] = 8 }
local CODE_AT = { [6] = 12, [7] = 8, [8] = 8, [65537] = 6, [65538] = 6, [65539] = 6, [65540] = 6 }
local WORDS_AT = { [6] = 18, [7] = 14, [8] = 14, [65537] = 12, [65539] = 12, [65540] = 12 }
local MOST_WORDS = { [6] = 5, [7] = 5, [8] = 3, [65537] = 5, [65539] = 5, [65540] = 5 }

local show = {}

function show.request(tree, kind, tx, vendor, code, id)
  if kind == 6 then
    local phase = u32(M.raw, 8)
    local item = show_field(tree, f.data_phase_info, 8, 4, phase)
    if phase < 1 or phase > 3 then accuse(tree, "phase_info", nil, item) end
    if phase == 3 and code >= 4096 and code <= 8191 then accuse(tree, "bridge_phase", nil, item) end
  end
  local row = lookup(facts.operations, code, vendor)
  local name = row and row[1] or fmt("0x%04X", code)
  local item = show_field(tree, f.operation, CODE_AT[kind], 2, code)
  if item then
    local standard = facts.operations.standard[code]
    relabel(item, "Operation", code, name, standard and standard[1])
  end
  show_field(tree, f.transaction_id, ID_AT[kind], 4, id)
  local spec = parameters_of(row, 3)
  local wildcards = facts.wildcards[code]
  local values = show_parameters(tree, spec, vendor, not (tx and handle_of(tx, vendor)), wildcards)
  if tx then show_transaction(tree, tx, vendor, name) else hide_name(tree, f.operation_name, name) end
  return M.told and call_text(name, spec, values, vendor, wildcards)
end

function show.response(tree, kind, tx, vendor, code, id)
  local item = show_field(tree, f.response, CODE_AT[kind], 2, code)
  show_field(tree, f.transaction_id, ID_AT[kind], 4, id)
  local row = tx and TX.code[tx] and lookup(facts.operations, TX.code[tx], vendor)
  local spec = NOTHING -- a refusal need not have what the operation returns
  if code == 8193 then spec = parameters_of(row, 4) end
  local values = show_parameters(tree, spec, vendor, true)
  local name = name_of("response", code, vendor)
  if item then relabel(item, "Response", code, name, facts.names.response.standard[code]) end
  hide_name(tree, f.response_name, name)
  local operation = row and row[1] or operation_of(tx, vendor)
  show_transaction(tree, tx, vendor, operation)
  local answers = tx and TX.code[tx] and TX.response[tx] == M.frame
  if answers and (M.visible or referenced(tree, f.response_time)) then
    generated(tree, f.response_time, response_time(TX.time[tx]))
  end
  if code ~= 8193 then expert_info(item, tree, ef.refused, fmt("%s: %s", row and row[1] or "The operation", name)) end
  if not M.told then return nil end
  local said = call_text(name, spec, values, vendor)
  if row then said = row[1] .. " → " .. said end
  if answers then said = said .. " after " .. duration_text(TX.time[tx]) end
  return said
end

function show.event(tree, kind, tx, vendor, code, id)
  local row = lookup(facts.events, code, vendor)
  local name = row and row[1] or fmt("0x%04X", code)
  local standard = facts.events.standard[code]
  relabel(show_field(tree, f.event, CODE_AT[kind], 2, code), "Event", code, name, standard and standard[1])
  local item = show_field(tree, f.transaction_id, ID_AT[kind], 4, id)
  if id == NO_TRANSACTION and M.visible then item:append_text(" (none)") end
  local spec = parameters_of(row, 2)
  local values = show_parameters(tree, spec, vendor, true)
  hide_name(tree, f.event_name, name)
  return M.told and call_text(name, spec, values, vendor)
end

function show.start(tree, kind, tx, vendor, code, id)
  local at = M.at
  show_field(tree, f.transaction_id, 8, 4, id)
  local is_known = M.have >= 16 and M.total < UNKNOWN_TOTAL
  if M.have >= 16 and (M.visible or referenced(tree, f.total_data_length)) then
    if M.have >= 20 then
      local item = add_le(tree, f.total_data_length, M.tvb(at + 12, 8))
      if not is_known then item:append_text(" (unknown)") end
    else
      add(tree, f.total_data_length, M.tvb(at + 12, 4), UInt64.new(M.total))
    end
  end
  local name = operation_of(tx, vendor)
  show_transaction(tree, tx, vendor, name)
  if not M.told then return nil end
  local said = is_known and bytes_text(M.total) or "size unknown"
  return name and name .. ", " .. said or said
end

local function show_data(tree, kind, tx, vendor, code, id)
  local tvb, at = M.tvb, M.at
  local size = max(M.have - 12, 0)
  if kind == 65538 then
    local standard = facts.operations.standard[code]
    relabel(show_field(tree, f.operation, 6, 2, code), "Operation", code, name_of("operation", code, vendor), standard and standard[1])
  end
  show_field(tree, f.transaction_id, 8, 4, id)
  if size > 0 and (M.visible or referenced(tree, f.data)) then
    local item = add(tree, f.data, tvb(at + 12, size))
    if M.visible then set_text(item, fmt("Data: %s", bytes_text(max(M.size - 12, 0)))) end
  end
  local name = operation_of(tx, vendor)
  show_transaction(tree, tx, vendor, name)
  local said
  if M.told then
    said = bytes_text(max(M.size - 12, 0))
    if name then said = name .. ", " .. said end
  end
  if kind ~= 10 and tx and TX.done[tx] == M.frame then
    local decoded = show_dataset(tree, tx, tvb, at + 12, size, vendor)
    if said then
      if kind == 12 and TX.carried[tx] and TX.carried[tx] ~= max(M.size - 12, 0) then said = said .. fmt(" of %s", thousands(TX.carried[tx])) end
      if decoded then said = said .. ": " .. clean(decoded) end
    end
  end
  return said
end
show.data, show["end"], show.container = show_data, show_data, show_data

function show.cancel(tree, kind, tx, vendor, code, id)
  show_field(tree, f.transaction_id, 8, 4, id)
  local name = operation_of(tx, vendor)
  show_transaction(tree, tx, vendor, name)
  return name
end

-- Everything else: greetings, Init Fail, probes, live-view frames, the end of a session.
local function show_other(tree, kind, vendor)
  local tvb, at = M.tvb, M.at
  if kind == 1 or kind == 2 then
    local name = show_greeting(tree, kind)
    return name and fmt(kind == 1 and 'from "%s"' or 'by "%s"', clean(name))
  elseif kind == 3 and M.have >= 12 then
    tree:add_le(f.connection_number, tvb(at + 8, 4))
    return fmt("for connection %.0f", tvb(at + 8, 4):le_uint())
  elseif kind == 5 and M.have >= 12 then
    local reason = tvb(at + 8, 4):le_uint()
    local name = name_of("init_fail", reason, vendor)
    local item = tree:add_le(f.fail_reason, tvb(at + 8, 4))
    item:set_text(fmt("Reason: %s (0x%X)", name, reason))
    item:add_proto_expert_info(ef.failed, fmt("The connection was refused: %s", name))
    -- Fujifilm's reasons are response codes: without the request that was refused, the dialect is not known.
    local of_fuji = M.conv.begins_with == 5 and reason >= 0x2000 and reason < 0x3000
    if M.conv.form == "standard" and not of_fuji and not facts.names.init_fail.standard[reason] then
      local swapped = tvb(at + 8, 4):uint() -- not a fault of the code, then
      if not facts.names.init_fail.standard[swapped] then accuse(tree, "reason", nil, item) end
    end
    return name
  elseif kind == CONTAINERS + 5 then
    tree:add_le(f.unknown, tvb(at + 4, min(4, M.have - 4)))
    local picture = is_picture(tvb, at + 8, at + M.have)
    if picture then tree:add(f.data, tvb(picture, at + M.have - picture)):set_text(fmt("Picture (JPEG): %s", bytes_text(M.size - (picture - at)))) end
    return bytes_text(M.size)
  elseif kind == CONTAINERS + 6 then
    tree:add_le(f.mark, tvb(at + 4, 4))
  elseif M.have > 8 and not MESSAGES[kind] then
    tree:add(f.unknown, tvb(at + 8, M.have - 8))
  end
  return nil
end

-- One message: M.tvb, M.at, M.size (its length), M.have (captured bytes of it), M.conv, M.side, M.sequence.
-- ``raw`` are its first bytes, as many as the longest message without a payload has.
local function message(kind, pinfo, tree, side, key, raw)
  local conv, tvb, at = M.conv, M.tvb, M.at
  local have = M.have
  local role = ROLES[kind]
  local id_at, code_at, words_at = ID_AT[kind], CODE_AT[kind], WORDS_AT[kind]
  local id = id_at and have >= id_at + 4 and u32(raw, id_at) or nil
  local code = code_at and have >= code_at + 2 and u16(raw, code_at) or nil
  if code_at and not code then id = nil end
  if id_at and not id and have < M.size and M.learning then conv.patchy = true end -- cut: whose it is, is not known
  M.raw, M.words, M.words_at = raw, 0, 0
  if words_at then M.words_at, M.words = words_at, max(0, min(MOST_WORDS[kind], floor((have - words_at) / 4))) end
  if kind == 9 then
    if have >= 20 then
      local low, high = u32(raw, 12), u32(raw, 16)
      M.total = low == 4294967295 and high == 4294967295 and UNKNOWN_TOTAL or low + high * 4294967296.0
    elseif have >= 16 then M.total = u32(raw, 12) + 0.0
    else M.total = UNKNOWN_TOTAL end
  end
  local note
  if M.learning then
    M.key = key
    note = learn(kind, role, id, code, side, pinfo)
    -- A later visit may take what was seen without a sequence number for part of another connection.
    if note and role and id and M.sequence and note == first_of(conv, id) then
      if notes[key] ~= nil then notes[key] = nil end -- a table grows by a nil, too
    elseif note or (role and id) then notes[key] = note or false end
    if M.began and M.began ~= M.frame then starts[key] = M.began end
  else
    note = notes[key]
    if note == nil and role and id then note = first_of(conv, id) end
  end
  local tx = note
  if type(note) == "table" then tx = note.tx end
  local vendor = vendor_of(conv)
  local range = range_of(tvb, at, have)
  local shown = add(tree, ptp_ip, range)
  local visible = shown.visible
  M.range, M.visible, M.told = range, visible, visible or has_columns
  if visible then set_len(add(shown, f.length, range, M.length), 4) -- cheaper than a range of its own
  elseif referenced(shown, f.length) then add(shown, f.length, range, M.length) end
  show_field(shown, f.type, 4, kind > CONTAINERS and kind < CONTAINERS + 5 and 2 or 4, kind)
  local said
  if kind == 8 or kind == 65540 then
    if id then said = show.event(shown, kind, tx, vendor, code, id) end
  elseif role then
    if id then said = show[role](shown, kind, tx, vendor, code, id) end
  else
    said = show_other(shown, kind, vendor)
  end
  if have < M.size then
    shown:add_proto_expert_info(ef.cut, fmt("%s of %s are in the capture", thousands(have), bytes_text(M.size)))
  else
    check_length(shown, kind)
  end
  if type(note) == "table" then
    for _, one in ipairs(note.flags) do accuse(shown, one[1], one[2]) end
  end
  if conv.session then generated(shown, f.session, conv.session.number) end
  if vendor and code and code >= 36864 then generated(shown, f.vendor, vendor) end
  if conv.paired and conv.paired.stream and not role then generated(shown, f.paired_stream, conv.paired.stream) end
  local began = starts[key]
  if began then generated(shown, f.begins_in, began) end
  if M.told then entitle(shown, kind, id, said) end
end

-- Streams of bytes ---------------------------------------------------------------------------------------------------

-- Where in a segment messages begin, and whether that is sure. Called in the first visit only.
local function synchronise(conv, side, sequence, size)
  local own = conv.sides[side]
  if not sequence then -- a blind visit
    if own.lost then return nil, "lost" end
    return 0
  end
  local expected, boundary = own.expected, own.boundary
  if expected then
    local offset = ahead(expected, sequence)
    if offset >= 0 and offset < size then return offset end
    if boundary then -- a message is never shown whose bytes are not all there
      local behind = ahead(boundary, sequence)
      if offset < 0 then conv.patchy = true end
      if behind >= 0 and behind < size then return behind end
      if offset < 0 and behind >= size then return nil, "inside" end
    end
    if offset >= size then -- seen before, unless it fills a hole
      if own.hole and ahead(sequence, own.hole) == 0 then
        own.hole = nil
        return 0, "filled"
      end
      return nil, "old"
    end
  end
  return nil, "lost"
end

-- Behind lost bytes: do messages begin at this place? The other side's acknowledgment, or a chain of headers must say so.
local function is_sure(conv, side, tvb, at, sequence)
  local own = conv.sides[side]
  local have = captured_of(tvb) - at
  if have < 8 then return false end
  local length, word = tvb(at, 4):le_uint(), tvb(at + 4, 4):le_uint()
  local kind = kind_of(conv.form, length, word)
  local is_acknowledged = own.anchor and sequence and ahead(own.anchor, sequence) == 0
  -- Of a message that goes on in the next segment the layout can't be told, its place can; what may be of any length must
  -- belong to the data phase as well.
  local is_begun = is_acknowledged and have < length and is_plausible(conv.form, length, kind) and (not EXACT[kind] or length == EXACT[kind])
  if kind == 10 or kind == 12 then is_begun = is_begun and have >= 12 and own.phase_id == tvb(at + 8, 4):le_uint() end
  if not (is_begun or is_sound(conv.form, tvb, at)) then return false end
  if own.phase_id and own.phase_until and sequence and ahead(own.phase_until % 4294967296, sequence) > 0 then
    if kind ~= 10 and kind ~= 12 then return false end
    if tvb:len() - at < 12 or tvb(at + 8, 4):le_uint() ~= own.phase_id then return false end
  end
  if conv.initiator then
    local outward = side == conv.initiator
    if (outward and TO_INITIATOR[kind]) or (not outward and TO_RESPONDER[kind]) then return false end
  end
  if conv.kind == "command" and ON_EVENT[kind] then return false end
  if is_acknowledged then return true end
  local place_at, links = at, 0
  while place_at + 8 <= tvb:len() do
    if not is_sound(conv.form, tvb, place_at) then return false end
    links = links + 1
    place_at = place_at + tvb(place_at, 4):le_uint()
  end
  if place_at == tvb:reported_len() then return true end
  return links > 1
end

-- The place ``distance`` bytes behind a sequence number; nil where none is known.
local function behind(sequence, distance)
  return sequence and (sequence + distance) % 4294967296
end

local LONGEST_HEAD = 38 -- a request with five parameters
local ONE_MORE_SEGMENT = 268435455 -- as desegment_len: so much as the next segment has

-- Ask for more bytes of a message that begins at a place, and remember in which frame it does. Of a message whose
-- length is not known yet the whole next segment is asked for: Wireshark shows nothing in a second pass where one
-- segment ends two waits.
local function await(own, pinfo, sequence, at, have, size, began)
  own.awaited = (own.awaited or 0) + 1
  own.pending[behind(sequence, at) or -own.awaited] = { size = size, began = began or pinfo.number }
  pinfo.desegment_offset, pinfo.desegment_len = at, size and size - have or ONE_MORE_SEGMENT
end

-- The messages of a tvb from ``at`` on.
local function messages_in(tvb, pinfo, tree, conv, side, at, sequence, base_key, began)
  local own, stop, captured = conv.sides[side], size_of(tvb), captured_of(tvb)
  local learning = M.learning
  local form = conv.form
  while at < stop do
    local have = captured - at
    if have < 8 then
      if captured < stop then -- the snap length cut the header: where the next message begins is not known
        if learning then own.expected, own.boundary, own.lost, conv.patchy = nil, nil, true, true end
        return
      end
      if learning then own.expected, own.boundary = behind(sequence, at), nil end
      if pinfo.can_desegment > 0 then await(own, pinfo, sequence, at, have, nil, began) end
      return
    end
    local raw = raw_of(tvb, at, have < LONGEST_HEAD and have or LONGEST_HEAD)
    local length, word = u32(raw, 0), u32(raw, 4)
    local kind = form == "standard" and word or kind_of(form, length, word)
    local size = believed(form, tvb, at, length, kind)
    if size == 0 then
      local item = tree:add(ptp_ip, tvb(at, have), "PTP-IP: no message")
      item:add(f.unknown, tvb(at, have))
      item:add_proto_expert_info(ef.no_message)
      say("no message in " .. bytes_text(stop - at))
      if learning then own.expected, own.boundary, own.lost, conv.patchy = nil, nil, true, true end
      return
    end
    if at + size > stop and captured == stop and pinfo.can_desegment > 0 then
      if learning then own.expected, own.boundary = behind(sequence, at), behind(sequence, at + size) end
      await(own, pinfo, sequence, at, stop - at, size, began)
      return
    end
    M.tvb, M.at, M.size, M.have, M.conv, M.side = tvb, at, size, min(size, have), conv, own
    M.length, M.sequence, M.began = length, sequence and sequence + at, began
    message(kind, pinfo, tree, side, base_key + at / PLACES, raw)
    began = nil
    if learning then
      if at + size > stop then own.expected, own.boundary = behind(sequence, at), behind(sequence, at + size)
      else own.expected, own.boundary = sequence and (sequence + at + size) % 4294967296, nil end
    end
    at = at + size
  end
end

local function is_opened(is_blind)
  if is_blind then return true end
  local relative, completeness = last_of(f_relative), f_completeness and f_completeness()
  return completeness and completeness.value % 4 > 0 and relative and relative.value == 1 or false
end

-- The first sight of a segment: where in it messages begin. Gives the place, or nil and why there is none.
local function first_sight(tvb, pinfo, conv, side, sequence, size, captured)
  local own = conv.sides[side]
  local at, why = synchronise(conv, side, sequence, size)
  if at or why ~= "lost" then return at, why end
  if own.expected then
    own.hole = own.expected
    note_loss(conv, side)
  else
    conv.late = true
  end
  if is_sure(conv, side, tvb, 0, sequence) then
    at = 0
  elseif sequence and own.anchor then
    local anchor = ahead(own.anchor, sequence)
    if anchor > 0 and anchor < captured and is_sure(conv, side, tvb, anchor, own.anchor) then at = anchor end
  end
  if at then own.lost = nil else own.expected, own.boundary = nil, nil end
  return at, why
end

-- A segment, or what was reassembled, on a connection that is or may be PTP-IP. Gives the bytes taken.
local function dissect(tvb, pinfo, tree, expected_port)
  local size, captured = size_of(tvb), captured_of(tvb)
  if captured == 0 then return 0 end
  local offset, frame, learning = offset_of(tvb), pinfo.number, not pinfo.visited
  local is_direct = offset > 0
  local stream, number_field = last_of(f_stream), last_of(f_sequence) or last_of(f_relative)
  local is_blind = not (stream and number_field)
  local greets = is_blind and is_direct and captured >= 8 and (tvb(4, 4):le_uint() == 1 or tvb(4, 4):le_uint() == 3)
    and is_sound("standard", tvb, 0)
  local conv = conversation_of(pinfo, frame, stream and stream(), greets)
  if not conv then return 0 end
  if not expected_port and not conv.form then conv.by_content = true end
  local side = side_of(conv, pinfo)
  local own, other = conv.sides[side], conv.sides[3 - side]
  -- A frame may be dissected again right after itself: then its first bytes come once more.
  local is_first = info_frame ~= frame or offset <= info_offset
  if is_first and info[1] then info = {} end
  info_frame, info_offset, M.frame, M.learning = frame, offset, frame, learning
  local base_key = frame + (is_direct and offset or REASSEMBLED) / PLACES
  local at, began, sequence, why = 0, nil, nil, nil
  if learning then
    if is_direct then
      if not is_blind then
        sequence = number_field()
        if not is_first then
          sequence = (sequence + offset - (number_field.offset - 4 + last_of(f_header_length)())) % 4294967296
        end
        -- What this side had received when it spoke is a whole number of messages. Within a data phase it says so often.
        if size < 64 then
          local acknowledgment = last_of(f_acknowledgment)
          if acknowledgment then
            other.anchor = acknowledgment()
            -- More than the capture has, and than the header of a message: one may be missing, such as the request.
            local seen = other.boundary or other.expected
            if seen and ahead(other.anchor, seen) > 7 then note_loss(conv, 3 - side) end
          end
        end
      end
    else
      local key
      for from, pending in pairs(own.pending) do
        local begin = from < 0 and 0 or number_field and ahead(number_field(), from) or 0
        if begin >= 0 and begin < size and (key == nil or (pending.size == size and (from > 0 or from < key or own.pending[key].size ~= size))) then
          key = from -- of two that fit equally well the one asked for last
        end
      end
      if not key then -- nobody asked for it: segments that had come too early, behind the one that was missing
        sequence = number_field and number_field()
      else
        began = own.pending[key].began
        own.pending[key] = nil
        if key >= 0 then sequence = key end
      end
      own.expected, own.boundary = sequence, nil
    end
    if not conv.form then
      local opened = not is_direct or is_opened(is_blind)
      local trusted = FUJI_PORTS[pinfo.src_port] or FUJI_PORTS[pinfo.dst_port] or fuji_hosts[hosts_of(pinfo)]
      local found = recognise(tvb, conv, opened, expected_port, trusted, pinfo)
      if found == true then
        if pinfo.can_desegment == 0 or captured < size then return 0 end
        await(own, pinfo, sequence, 0, size, nil, began)
        return size
      end
      if not found then return 0 end
      conv.form, conv.late = found, not opened
      if found ~= "standard" then fuji_hosts[hosts_of(pinfo)] = true end
      own.expected = sequence
    elseif not own.expected and not own.begun and (not is_direct or is_opened(is_blind)) then
      own.expected = sequence
    end
    own.begun, conv.begun = true, true
    if is_blind then conv.patchy = true end -- what is lost goes unnoticed: nothing can be held against anybody
    if is_direct then
      if sequence and own.expected == sequence then at = 0
      else at, why = first_sight(tvb, pinfo, conv, side, sequence, size, captured) end
      if not at then starts[base_key] = why elseif at > 0 then starts[base_key] = -at end
    end
  else
    if not conv.form then return 0 end
    local start = starts[base_key]
    if type(start) == "string" then at, why = nil, start elseif type(start) == "number" and start < 0 then at = -start end
  end
  local columns
  if in_window or not learning or has_columns ~= false then
    columns = pinfo.cols
    has_columns = tostring(columns.info) ~= "(info)" -- so Wireshark names a column that nobody asked for
    if has_columns then columns.protocol = "PTP-IP" end
  end
  if at then
    local expected, boundary = own.expected, own.boundary
    messages_in(tvb, pinfo, tree, conv, side, at, sequence, base_key, began)
    if why == "filled" and learning then own.expected, own.boundary = expected, boundary end
  elseif why == "lost" then
    local item = tree:add(ptp_ip, tvb(), "PTP-IP: bytes behind a hole")
    item:add_proto_expert_info(ef.lost)
    say(bytes_text(size) .. " behind missing bytes")
  elseif why == "inside" then
    tree:add(ptp_ip, tvb(), "PTP-IP: more of a message that is not all in the capture")
  end
  if has_columns and #info > 0 then columns.info = info[2] and concat(info, "; ") or info[1] end
  return size
end

function ptp_ip.dissector(tvb, pinfo, tree) return dissect(tvb, pinfo, tree, true) end

local function heuristic(tvb, pinfo, tree)
  if not p.heuristic then return false end
  if dissect(tvb, pinfo, tree, false) == 0 then return false end
  pinfo.conversation = ptp_ip
  return true
end
ptp_ip:register_heuristic("tcp", heuristic)

-- Ports ----------------------------------------------------------------------------------------------------------------

local table_of_ports = DissectorTable.get("tcp.port")
local in_use = {}

local function use_ports()
  for _, ports in ipairs(in_use) do table_of_ports:remove(ports, ptp_ip) end
  in_use = {}
  for _, ports in ipairs({ tostring(p.ports or ""), tostring(p.fuji_ports or "") }) do
    if ports ~= "" then
      table_of_ports:add(ports, ptp_ip)
      in_use[#in_use + 1] = ports
    end
  end
end
use_ports()
if table_of_ports.add_for_decode_as then table_of_ports:add_for_decode_as(ptp_ip) end

-- Statistics -------------------------------------------------------------------------------------------------------------

local function statistics()
  local by_operation, names = {}, {}
  local function count(tx, vendor)
    local name = name_of("operation", TX.code[tx], vendor)
    local row = by_operation[name]
    if not row then
      row = { count = 0, refused = 0, bytes = 0, times = {} }
      by_operation[name] = row
      names[#names + 1] = name
    end
    row.count = row.count + 1
    row.bytes = row.bytes + (TX.carried[tx] or 0)
    if TX.refusal[tx] then row.refused = row.refused + 1 end
    if TX.response[tx] then row.times[#row.times + 1] = TX.time[tx] end
  end
  for _, generations in pairs(conversations) do
    for _, conv in ipairs(generations) do
      local vendor = vendor_of(conv)
      for _, tx in ipairs(conv.requests) do count(tx, vendor) end
    end
  end
  table.sort(names, function(a, b)
    if by_operation[a].count ~= by_operation[b].count then return by_operation[a].count > by_operation[b].count end
    return a < b
  end)
  local said = { fmt("%-36s %8s %8s %14s %10s %10s %10s %10s", "PTP-IP operation", "count", "not OK", "data bytes", "min ms", "median ms", "p95 ms", "max ms") }
  for _, name in ipairs(names) do
    local row = by_operation[name]
    local times = row.times
    table.sort(times)
    local function at(share) return #times > 0 and fmt("%.3f", times[max(1, math.ceil(#times * share))] * 1000) or "-" end
    said[#said + 1] = fmt("%-36s %8d %8d %14s %10s %10s %10s %10s", name, row.count, row.refused, thousands(row.bytes), at(0), at(0.5), at(0.95), at(1))
  end
  return concat(said, "\n") .. "\n"
end

local tap
function ptp_ip.prefs_changed()
  use_ports()
  preferred_vendor = facts.vendors[p.vendor]
  if p.statistics and not tap and not gui_enabled() then
    tap = Listener.new("frame")
    function tap.draw() print(statistics()) end
  end
end

if gui_enabled() then
  register_menu("PTP-IP operations and response times", function()
    local window = TextWindow.new("PTP-IP operations and response times")
    window:set(statistics())
  end, MENU_TOOLS_UNSORTED)
end
