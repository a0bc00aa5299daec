-- Wireshark's Lua API as far as the dissector uses it, so that it runs in any Lua without Wireshark. Takes what
-- Wireshark takes and fails on all else; writes each field, label and expert info that the dissector adds.
--
-- lua stand_in.lua DISSECTOR CONVERSATION: the conversation is a Lua file, a list of segments.

local function class(methods)
  methods.__index = methods
  return methods
end

local function whole(value, least, most)
  assert(type(value) == "number", "no number: " .. tostring(value))
  assert(value == math.floor(value) and value >= least and value <= most, "out of range: " .. value)
  return string.format("%.0f", value)
end

local function bytes_in(text, at, size, little)
  local sum = 0
  for index = 1, size do
    local place = little and size - index or index - 1
    sum = sum * 256 + text:byte(at + place + 1)
  end
  return sum
end

local function hex(text) return (text:gsub(".", function(one) return string.format("%02x", one:byte()) end)) end

-- Bytes

UInt64 = class({ __tostring = function(self) return self.text end })
function UInt64.new(low, high)
  if (high or 0) >= 2097152 then return setmetatable({ text = string.format("0x%08x%08x", high, low) }, UInt64) end
  return setmetatable({ text = whole(low + (high or 0) * 4294967296, 0, 2 ^ 53) }, UInt64)
end

local function uint64(text, at)
  return UInt64.new(bytes_in(text, at, 4, true), bytes_in(text, at + 4, 4, true))
end

local TvbRange = class({})
Tvb = class({ __call = function(self, at, size) return self:range(at, size) end })

function Tvb:range(at, size)
  at = at or 0
  size = size or self:len() - at
  assert(at >= 0 and size >= 0 and at + size <= self:len(), "Range is out of bounds")
  return setmetatable({ text = self.text:sub(at + 1, at + size) }, TvbRange)
end
function Tvb:raw(at, size) return self:range(at, size).text end
function Tvb:len() return #self.text end
function Tvb:reported_len() return #self.text end
function Tvb:offset() return self.place end

function TvbRange:uint()
  assert(#self.text >= 1 and #self.text <= 4)
  return bytes_in(self.text, 0, #self.text)
end
function TvbRange:le_uint()
  assert(#self.text >= 1 and #self.text <= 4)
  return bytes_in(self.text, 0, #self.text, true)
end
function TvbRange:le_uint64()
  assert(#self.text == 8)
  return uint64(self.text, 0)
end
TvbRange.le_int64 = TvbRange.le_uint64

ByteArray = class({})
function ByteArray.new(text, is_binary)
  assert(is_binary)
  return setmetatable({ text = text }, ByteArray)
end
function ByteArray:tvb(name)
  assert(type(name) == "string")
  return setmetatable({ text = self.text, place = 0 }, Tvb)
end

NSTime = class({})
function NSTime.new(seconds, nanoseconds)
  return setmetatable({ text = whole(seconds, 0, 2 ^ 31) .. "." .. string.format("%09d", nanoseconds) }, NSTime)
end

-- Fields

local BITS = { uint8 = 8, uint16 = 16, uint32 = 32, framenum = 32 }
ProtoField = {}
for _, kind in ipairs({ "uint8", "uint16", "uint32", "uint64", "framenum", "string", "bytes", "relative_time" }) do
  ProtoField[kind] = function(abbr, name)
    assert(abbr:match("^[a-z][a-z0-9_.]*$"), abbr)
    assert(type(name) == "string")
    return { abbr = abbr, kind = kind }
  end
end
base = { NONE = 0, DEC = 1, HEX = 2, HEX_DEC = 5 }
frametype = { REQUEST = 1, RESPONSE = 2 }
expert = { group = setmetatable({}, { __index = function(_, key) return key end }) }
expert.severity = expert.group
ProtoExpert = { new = function(abbr, text) return { abbr = abbr, text = text } end }

local function value_of(field, range, little, value, has_value)
  local kind = field.kind
  if BITS[kind] then
    if not has_value then value = bytes_in(range.text, 0, #range.text, little) end
    return whole(value, 0, 2 ^ BITS[kind] - 1)
  elseif kind == "uint64" then
    if not has_value then value = uint64(range.text, 0) end
    assert(getmetatable(value) == UInt64)
    return value.text
  elseif kind == "string" then
    assert(type(value) == "string")
    return value
  elseif kind == "relative_time" then
    assert(getmetatable(value) == NSTime)
    return value.text
  end
  assert(not has_value, "bytes come from their range")
  return hex(range.text)
end

local out = {}
local function write(depth, ...) out[#out + 1] = ("  "):rep(depth) .. table.concat({ ... }, " ") end

local looking = true -- is the tree to be seen?
TreeItem = {}

local function item_of(depth)
  return setmetatable({ depth = depth, visible = looking }, {
    __index = TreeItem,
    __newindex = function(_, key, value) assert(key == "hidden" and value == true, key) end,
  })
end

local function add(item, little, ...)
  local count, given = select("#", ...), { ... }
  local first, at = given[1], 2
  if getmetatable(first) == TvbRange then
    assert(count == 2 and type(given[2]) == "string")
    write(item.depth + 1, "line", given[2])
    return item_of(item.depth + 1)
  end
  assert(type(first) == "table" and (first.abbr or first.name), "neither field nor protocol")
  local range
  if getmetatable(given[at]) == TvbRange then range, at = given[at], at + 1 end
  if first.abbr then
    write(item.depth + 1, first.abbr, value_of(first, range, little, given[at], count >= at))
    if count >= at then assert(given[at] ~= nil, "a value that is nil") end
  else
    write(item.depth + 1, first.name)
  end
  return item_of(item.depth + 1)
end

function TreeItem:add(...) return add(self, false, ...) end
function TreeItem:add_le(...) return add(self, true, ...) end
function TreeItem:referenced(field)
  assert(field.abbr)
  return true
end
local function text(name)
  return function(self, said)
    assert(type(said) == "string", "no text")
    write(self.depth, name, said)
    return self
  end
end
TreeItem.set_text, TreeItem.append_text, TreeItem.prepend_text = text("=") , text("+"), text("-")
function TreeItem:set_generated() return self end
function TreeItem:set_len(size)
  whole(size, 0, 2 ^ 31)
  return self
end
function TreeItem:add_proto_expert_info(one, said)
  assert(one.abbr and one.text)
  write(self.depth + 1, "expert", one.abbr, said or one.text)
  return self
end

-- A segment at a time

local packet -- the segment at hand
local function field_of(key)
  return function()
    local value = packet[key]
    if value == nil then return nil end
    return setmetatable({ value = value, offset = 38 }, { __call = function() return value end })
  end
end
local FIELDS = { ["tcp.stream"] = "stream", ["tcp.seq_raw"] = "sequence", ["tcp.seq"] = "relative", ["tcp.ack_raw"] = "acknowledgment",
  ["tcp.hdr_len"] = "header", ["tcp.completeness"] = "completeness" }
Field = { new = function(name) return field_of(assert(FIELDS[name], name)) end }

local protocol
local function made(name)
  protocol = { name = name, prefs = {}, register_heuristic = function() end }
  return protocol
end
Proto = setmetatable({}, { __call = function(_, name) return made(name) end })
local function default(_, value) return value end
Pref = { range = default, bool = default, uint = default, enum = default }
Dissector = { get = function() error("there is none of this name") end }
Dir = { personal_plugins_path = function() return "" end, global_plugins_path = function() return "" end }
DissectorTable = { get = function() return { add = function() end, remove = function() end, add_for_decode_as = function() end } end }
Listener = {}
function gui_enabled() return false end
bit32, unpack, loadstring, setfenv = nil, nil, nil, nil -- gone in newer ones

-- Pref.range and the like take (label, default, ...): what is read later is the default.
dofile(arg[1])

local columns = setmetatable({}, {
  __index = function() return "" end,
  __newindex = function(_, key, value)
    assert(type(value) == "string")
    write(0, key, value)
  end,
})

local waiting = {} -- by sender: the bytes that wait for more
local function dissect(one, payload, place, visited)
  local pinfo = {
    number = one.frame, visited = visited, src = one.source, dst = one.destination, src_port = one.source_port,
    dst_port = one.destination_port, rel_ts = one.time, can_desegment = 2, cols = columns,
  }
  packet = one
  protocol.dissector(setmetatable({ text = payload, place = place }, Tvb), pinfo, item_of(0))
  return pinfo.desegment_len and pinfo.desegment_len > 0 and payload:sub(pinfo.desegment_offset + 1) or nil
end

local segments = dofile(arg[2])
for _, mode in ipairs({ "seen", "again", "unseen" }) do
  looking = mode ~= "unseen"
  write(0, "pass", mode)
  if mode == "seen" then protocol.init() end
  for _, one in ipairs(segments) do
    local key = one.source .. one.source_port
    local begun = waiting[key]
    write(0, "frame", tostring(one.frame))
    waiting[key] = dissect(one, (begun or "") .. one.payload, begun and 0 or 54, mode ~= "seen")
  end
end
print(table.concat(out, "\n"))
