# SPDX-License-Identifier: MIT
"""What must happen in Redis in one step, in its Lua.

Each script about a room begins by finding out where that stands. A node that has seen more of an
epoch than Redis remembers has Redis begin a new one there: it came back with an older state.

Redis decides whether there is memory for a script before it begins, and lets one that has written
something go on. What else may fail on the way is therefore looked at before anything is written;
and where something fails all the same behind a write, the answer is an error of the code `HALFWAY`.
"""

from hashlib import sha1
from typing import Final, Self

from attrs import frozen

LARGE: Final = 1 << 16
"""Octets of what is told beyond which its channel tells only where it stands. Redis ends a
connection that has 32 MB of what it was told to read still (client-output-buffer-limit pubsub), so
that each listener fetches what is large in its own time."""

_GUARD: Final = """
local reads = {GET = 1, HGET = 1, HMGET = 1, HSCAN = 1, PTTL = 1, TIME = 1, XRANGE = 1,
  XREVRANGE = 1, ZCOUNT = 1, ZRANGE = 1, ZSCORE = 1}
local has_written = false
local redis = setmetatable({
  call = function(name, ...)
    local reply = redis.call(name, ...)
    if not reads[name] then has_written = true end
    return reply
  end
}, {__index = redis})
local function act()
"""

# Redis 7 raises tables; before, the text had the script's name and the line in front.
_GUARDED: Final = """
end
local is_done, outcome = pcall(act)
if is_done then return outcome end
local text = type(outcome) == 'table' and outcome.err or tostring(outcome)
text = string.gsub(text, '^[ @%w_]*script: *%d+: *', '')
text = string.gsub(text, '^[ @%w_]*script: *%d+: *', '')
text = string.gsub(text, '^%-', '')
if not string.match(text, '^%u+ ') then text = 'ERR ' .. text end
return {err = has_written and 'HALFWAY ' .. text or text}
"""


@frozen
class Script:
    """One script.

    Attributes:
        source: in Lua.
        digest: by which `EVALSHA` knows it.
    """

    source: bytes
    digest: bytes

    @classmethod
    def of(cls, *parts: str) -> Self:
        """Put one together, such that its errors tell whether it had written something by then."""
        source = "\n".join((_GUARD, *parts, _GUARDED)).encode()
        return cls(source, sha1(source, usedforsecurity=False).hexdigest().encode())


# KEYS: head, log. ARGV: an epoch for where a new one begins; epoch and offset that the node has
# seen; milliseconds that a room lasts after its last use.
_STAND: Final = """
local fresh, seen_epoch, seen_offset, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local standing = redis.call('HMGET', KEYS[1], 'epoch', 'head', 'last')
local epoch, head, last = standing[1], tonumber(standing[2] or '0'), standing[3] or ''
if not epoch or (epoch == seen_epoch and head < seen_offset) then
  epoch, head, last = fresh, 0, ''
  -- What takes memory comes first: a script that has changed anything is refused none any more.
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'head', '0', 'last', '')
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.call('DEL', KEYS[2])
end
local function whole(number) return string.format('%.0f', number) end
local function keep()
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.call('PEXPIRE', KEYS[2], ttl)
end
local function now()
  local time = redis.call('TIME')
  return time[1] .. '.' .. string.format('%06d', time[2])
end
local function forget_old()
  local oldest = tonumber(now()) - ttl / 1000
  for _ = 1, 64 do
    local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
    if not first or tonumber(string.match(first[2][4], '^[^ ]+')) > oldest then return end
    redis.call('XDEL', KEYS[2], first[1])
  end
end
"""

# What a room's channel tells of a message, whole or only where it stands.
_NOTICE: Final = f"""
local function notice(epoch, offset, body, is_logged)
  if is_logged and #body > {LARGE} then return 'l ' .. epoch .. ' ' .. offset end
  return 'm ' .. epoch .. ' ' .. offset .. ' ' .. body
end
"""

# What is done either whole or not at all: `try` does one thing after another, and keeps what takes
# it back; once one is refused no further one is done. Redis may refuse what an ACL forbids, or for
# want of memory, or for what else stands under a name, at any step.
_TRY: Final = """
local undo, refused = {}, nil
local function try(back, ...)
  if refused then return end
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then refused = reply else undo[#undo + 1] = back end
end
local function take_back()
  for place = #undo, 1, -1 do undo[place]() end
end
"""

# Further KEYS: where there is a key, the receipt and the caller's keys. Further ARGV: messages that
# the log keeps; the publication id; the record; the channel; a digest of what is said, milliseconds
# that its receipt is kept, how many keys the caller may have, 0 for any number. Answers `reused`,
# `full`, or how it was said, epoch, offset, publication id.
PUBLISH: Final = Script.of(
    """
local time = redis.call('TIME')
local milliseconds = time[1] * 1000 + math.floor(time[2] / 1000)
if KEYS[3] then
  local done = redis.call('HMGET', KEYS[3], 'digest', 'epoch', 'offset', 'publication')
  if done[1] then
    if done[1] ~= ARGV[9] then return {'reused'} end
    return {'again', done[2], tonumber(done[3]), done[4]}
  end
  local most = tonumber(ARGV[11])
  if most > 0 and redis.call('ZCOUNT', KEYS[4], milliseconds, '+inf') >= most then
    return {'full'}
  end
end
""",
    _STAND,
    _TRY,
    _NOTICE,
    """
local limit, publication, record = tonumber(ARGV[5]), ARGV[6], ARGV[7]
local offset, before = whole(head + 1), whole(head)
local body = now() .. ' ' .. record
-- What is told cannot be taken back, and of what is logged only the message, not that its id was
-- given (Redis 7): so both come last, once it is known that they may be done.
if redis.acl_check_cmd and not redis.acl_check_cmd('PUBLISH', ARGV[8], '') then
  return redis.error_reply('NOPERM this user may not PUBLISH on the channel of a room')
end
if limit > 0 and (head + 1) % 32 == 0 then forget_old() end
try(function() redis.pcall('HSET', KEYS[1], 'head', before, 'last', last) end,
  'HSET', KEYS[1], 'head', offset, 'last', publication)
if KEYS[3] then
  local until_then = string.format('%.0f', milliseconds + ARGV[10])
  try(function() redis.pcall('DEL', KEYS[3]) end, 'HSET', KEYS[3], 'digest', ARGV[9],
    'epoch', epoch, 'offset', offset, 'publication', publication)
  try(nil, 'PEXPIRE', KEYS[3], ARGV[10])
  try(function() redis.pcall('ZREM', KEYS[4], KEYS[3]) end, 'ZADD', KEYS[4], until_then, KEYS[3])
  try(nil, 'ZREMRANGEBYSCORE', KEYS[4], '-inf', string.format('(%.0f', milliseconds))
  try(nil, 'PEXPIRE', KEYS[4], ARGV[10])
end
try(nil, 'PEXPIRE', KEYS[1], ttl)
if limit > 0 then
  try(function()
    redis.pcall('XDEL', KEYS[2], offset .. '-0')
    local reset = redis.pcall('XSETID', KEYS[2], before .. '-0')
    -- A log that begins anew is better than one that takes no more.
    if reset.err then redis.pcall('DEL', KEYS[2]) end
  end, 'XADD', KEYS[2], 'MAXLEN', limit, offset .. '-0', 'p', publication, 'm', body, 'b', last)
  try(nil, 'PEXPIRE', KEYS[2], ttl)
end
try(nil, 'PUBLISH', ARGV[8], notice(epoch, offset, body, limit > 0))
if refused then
  take_back()
  return refused
end
return {'said', epoch, head + 1, publication}
""",
)

# KEYS: head and log of each room in turn, and where there is a key, the receipt; then the caller's
# keys. ARGV: an epoch for rooms that begin; milliseconds that a room lasts; messages that its log
# keeps; a digest of what is said, empty without a key; milliseconds that receipts are kept; how
# many keys the caller may have, 0 for any number; what is said. And for each room in turn: epoch
# and offset that the node has seen; the publication id; the record up to what is said; the
# channel. It is said in all rooms or in none: answers `reused`, `full`, or of each room how it was
# said, epoch, offset, publication id.
PUBLISH_ALL: Final = Script.of(
    _NOTICE,
    """
local fresh, ttl, limit, digest, keep, most, payload = unpack(ARGV, 1, 7)
limit, most = tonumber(limit), tonumber(most)
local step = digest == '' and 2 or 3
local count = (#ARGV - 7) / 5
local used = KEYS[count * step + 1]
local time = redis.call('TIME')
local seconds = time[1] .. '.' .. string.format('%06d', time[2])
local milliseconds = time[1] * 1000 + math.floor(time[2] / 1000)
local function whole(number) return string.format('%.0f', number) end
local function look(at)
  local log, receipt = KEYS[at + 1], step == 3 and KEYS[at + 2]
  if receipt then
    local done = redis.call('HMGET', receipt, 'digest', 'epoch', 'offset', 'publication')
    if done[1] then
      if done[1] ~= digest then return nil end
      return {again = {'again', done[2], tonumber(done[3]), done[4]}}
    end
  end
  local standing = redis.call('HMGET', KEYS[at], 'epoch', 'head', 'last')
  local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  local room = {epoch = standing[1], head = tonumber(standing[2] or '0'), last = standing[3] or ''}
  local newest_offset = newest and tonumber(string.match(newest[1], '^%d+')) or 0
  if room.epoch and newest_offset > room.head then
    error('WRONGTYPE The log has more than its room knows of')
  end
  return room
end
local rooms, fresh_keys = {}, 0
for number = 1, count do
  local room = look(1 + step * (number - 1))
  if not room then return {'reused'} end
  if not room.again then fresh_keys = fresh_keys + 1 end
  rooms[number] = room
  local channel = ARGV[7 + 5 * number]
  if redis.acl_check_cmd and not redis.acl_check_cmd('PUBLISH', channel, '') then
    return redis.error_reply('NOPERM this user may not PUBLISH on the channel of a room')
  end
end
if used and most > 0 and fresh_keys > 0
  and redis.call('ZCOUNT', used, milliseconds, '+inf') + fresh_keys > most then
  return {'full'}
end
local oldest = tonumber(seconds) - ttl / 1000
local function forget_old(log)
  for _ = 1, 64 do
    local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
    if not first or tonumber(string.match(first[2][4], '^[^ ]+')) > oldest then return end
    redis.call('XDEL', log, first[1])
  end
end
local function say(room, at, seen_epoch, seen_offset, publication, record, channel)
  local key, log = KEYS[at], KEYS[at + 1]
  if not room.epoch or (room.epoch == seen_epoch and room.head < tonumber(seen_offset)) then
    redis.call('DEL', key, log)
    room.epoch, room.head, room.last = fresh, 0, ''
  end
  room.head = room.head + 1
  local offset = whole(room.head)
  local body = seconds .. ' ' .. record .. payload
  redis.call('HSET', key, 'epoch', room.epoch, 'head', offset, 'last', publication)
  if limit > 0 then
    redis.call('XADD', log, 'MAXLEN', limit, offset .. '-0', 'p', publication, 'm', body,
      'b', room.last)
    if room.head % 32 == 0 then forget_old(log) end
  end
  redis.call('PEXPIRE', key, ttl)
  redis.call('PEXPIRE', log, ttl)
  if step == 3 then
    redis.call('HSET', KEYS[at + 2], 'digest', digest, 'epoch', room.epoch, 'offset', offset,
      'publication', publication)
    redis.call('PEXPIRE', KEYS[at + 2], keep)
    redis.call('ZADD', used, string.format('%.0f', milliseconds + keep), KEYS[at + 2])
  end
  redis.call('PUBLISH', channel, notice(room.epoch, offset, body, limit > 0))
  return {'said', room.epoch, room.head, publication}
end
local answer = {}
if used then
  redis.call('ZREMRANGEBYSCORE', used, '-inf', string.format('(%.0f', milliseconds))
end
for number, room in ipairs(rooms) do
  local from = 8 + 5 * (number - 1)
  answer[number] = room.again
    or say(room, 1 + step * (number - 1), unpack(ARGV, from, from + 4))
end
if used then redis.call('PEXPIRE', used, keep) end
return answer
""",
)

# Further ARGV: bytes that the answer has room for; 1 where only what is behind the node's place is
# wanted; 1 where that is a use of the room; 1 where one message that is larger than the room is
# taken alone. Answers epoch, head, last, the publication id where the node stands, whether there
# is more (2 where it is too large), the time, offsets and bodies of what is behind that in turn.
LOAD: Final = Script.of(
    _STAND,
    """
if ARGV[7] == '1' then keep() end
forget_old()
local answer = {epoch, head, last, '', 0, now()}
local from = '-'
if epoch == seen_epoch and seen_offset > 0 then
  local at = whole(seen_offset) .. '-0'
  if ARGV[6] == '1' then from = '(' .. at end
  if seen_offset == head then
    answer[4] = last
  else
    local entry = redis.call('XRANGE', KEYS[2], at, at)[1]
    if entry then
      answer[4] = entry[2][2]
    else
      -- It is too old, but the one behind it knows it.
      local behind = whole(seen_offset + 1) .. '-0'
      entry = redis.call('XRANGE', KEYS[2], behind, behind)[1]
      answer[4] = entry and entry[2][6] or ''
    end
  end
end
local room, takes_large = tonumber(ARGV[5]), ARGV[8] == '1'
while true do
  local some = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', 8)
  for _, entry in ipairs(some) do
    local body = entry[2][4]
    local is_first = #answer == 6
    if is_first and #body > room and not takes_large then
      answer[5] = 2
      return answer
    end
    if not is_first and #body > room then
      answer[5] = 1
      return answer
    end
    answer[#answer + 1] = tonumber(string.match(entry[1], '^%d+'))
    answer[#answer + 1] = body
    from = '(' .. entry[1]
    room = room - #body - 400
  end
  if #some < 8 then return answer end
end
""",
)

# KEYS: head, log. Answers epoch, head, last, and when that was said, empty where the log has
# nothing. It changes nothing: a room that nobody needs is not kept by being looked at.
STANDING: Final = Script.of(
    """
local standing = redis.call('HMGET', KEYS[1], 'epoch', 'head', 'last')
local entry = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local time = entry and string.match(entry[2][4], '^[^ ]+') or ''
return {standing[1] or '', tonumber(standing[2] or '0'), standing[3] or '', time}
"""
)

# KEYS: what a room consists of. ARGV: milliseconds. A room that was used here lasts so long at
# least.
TOUCH: Final = Script.of(
    """
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < tonumber(ARGV[1]) then redis.call('PEXPIRE', key, ARGV[1]) end
end
"""
)

# KEYS: a room's members. ARGV: one of them; who it is, empty where it is gone; milliseconds; the
# channel; what is told there.
ATTEND: Final = Script.of(
    """
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
redis.call('PUBLISH', ARGV[4], ARGV[5])
"""
)

# KEYS: a subject's log, and the id of its last entry, which is known for longer. Where it stands.
_LOGGED: Final = """
local top = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local last = top and top[1] or redis.call('GET', KEYS[2]) or '0-0'
"""

# Further KEYS: what is kept of the subject. ARGV: what is told; the channel; milliseconds after
# which it goes from the log; the name under which it is kept, empty for none; milliseconds that
# the rest lasts; bytes that the log has at most beside this. Where it carries out a will, further
# KEYS: its node's wills; further ARGV: its name; 1 where it is said for its own node, which may
# know of it alone; milliseconds that wills last. Answers 0 where the will was carried out before,
# else 1. Each entry has, beside what is told and the id of the one before, the sum of the bytes of
# all up to it. What is large the channel tells by these two ids alone.
PROCLAIM: Final = Script.of(
    _LOGGED,
    _TRY,
    f"local LARGE = {LARGE}",
    """
local will = KEYS[4] and redis.call('HGET', KEYS[4], ARGV[7])
if will == '' or (KEYS[4] and not will and ARGV[8] ~= '1') then return 0 end
local before = last
local payload, lasting = ARGV[1], ARGV[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function sum(entry) return tonumber(entry[2][6] or '0') end
local function cost(text) return #text + 100 end
local told = top and sum(top) or 0
local function let_go()
  redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f', now - ARGV[3]))
  while told > tonumber(ARGV[6]) do
    local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
    if not first or sum(first) - cost(first[2][4]) >= told - ARGV[6] then return end
    redis.call('XDEL', KEYS[1], first[1])
  end
end
if redis.acl_check_cmd and not redis.acl_check_cmd('PUBLISH', ARGV[2], '') then
  return redis.error_reply('NOPERM this user may not PUBLISH on the channel of a log')
end
local this = '*'
if not top then
  -- The clock may have been set back since the last entry went.
  local since, number = string.match(last, '^(%d+)-(%d+)$')
  if tonumber(since) >= now then this = since .. '-' .. string.format('%.0f', number + 1) end
else
  let_go()
end
this = redis.pcall('XADD', KEYS[1], 'MAXLEN', '20000', this, 'b', before, 'm', payload,
  's', string.format('%.0f', told + cost(payload)))
if type(this) == 'table' then return this end
undo[1] = function() redis.pcall('XDEL', KEYS[1], this) end
try(nil, 'PEXPIRE', KEYS[1], ARGV[3])
try(nil, 'SET', KEYS[2], this, 'PX', lasting)
if ARGV[4] ~= '' then
  try(function() redis.pcall('HDEL', KEYS[3], ARGV[4]) end, 'HSET', KEYS[3], ARGV[4], payload)
  try(nil, 'PEXPIRE', KEYS[3], lasting)
end
if KEYS[4] then
  try(function()
    if will then redis.pcall('HSET', KEYS[4], ARGV[7], will)
    else redis.pcall('HDEL', KEYS[4], ARGV[7]) end
  end, 'HSET', KEYS[4], ARGV[7], '')
  try(nil, 'PEXPIRE', KEYS[4], ARGV[9])
end
local entry = before .. ' ' .. this
try(nil, 'PUBLISH', ARGV[2], #payload > LARGE and entry or entry .. ' ' .. payload)
if refused then
  take_back()
  redis.pcall('SET', KEYS[2], before, 'PX', lasting)
  return refused
end
return 1
""",
)

# ARGV: the id of the last entry that is known, empty for none; how many are wanted; bytes that the
# answer has room for; 1 where one that is larger is taken alone. Answers the id of the last; 1
# where the next one is too large; and of those that follow on the known one id, id of the one
# before, and text.
READ_LOG: Final = Script.of(
    _LOGGED,
    """
local answer, from = {last, 0}, ARGV[1]
local most, room, takes_large = tonumber(ARGV[2]) + 2, tonumber(ARGV[3]), ARGV[4] == '1'
while from ~= '' and #answer < most do
  local found = redis.call('XRANGE', KEYS[1], '(' .. from, '+', 'COUNT', 1)[1]
  local is_first = #answer == 2
  if not found or (#found[2][4] > room and not is_first) then break end
  if #found[2][4] > room and not takes_large then
    answer[2] = 1
    break
  end
  from = found[1]
  room = room - #found[2][4]
  answer[#answer + 1] = {from, found[2][2], found[2][4]}
end
return answer
""",
)

# KEYS: a place for what is told; the places that there are. ARGV: the channel; the name of this
# place; what; milliseconds that it waits there; bytes that all places have room for; what is told
# in front of the name. Answers how many listen, each of whom fetches it, or -1 where there is no
# room.
SET_ASIDE: Final = Script.of(
    """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local channel, place, payload, lasting = unpack(ARGV, 1, 4)
local places, taken = redis.call('ZRANGE', KEYS[2], '0', '-1', 'WITHSCORES'), #payload
for number = 1, #places, 2 do
  -- The name of each ends with its size.
  if tonumber(places[number + 1]) >= now then
    taken = taken + tonumber(string.match(places[number], '%d+$'))
  end
end
if taken > tonumber(ARGV[5]) then return -1 end
if redis.acl_check_cmd and not redis.acl_check_cmd('PUBLISH', channel, '') then
  return redis.error_reply('NOPERM this user may not PUBLISH on the channel of nodes')
end
local entry = place .. ' ' .. string.format('%.0f', #payload)
redis.call('HSET', KEYS[1], 'payload', payload, 'left', '0')
redis.call('PEXPIRE', KEYS[1], lasting)
redis.call('ZADD', KEYS[2], string.format('%.0f', now + lasting), entry)
redis.call('PEXPIRE', KEYS[2], lasting)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('(%.0f', now))
local listeners = redis.call('PUBLISH', channel, ARGV[6] .. place)
if listeners == 0 then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], entry)
else
  redis.call('HSET', KEYS[1], 'left', string.format('%.0f', listeners))
end
return listeners
"""
)

# The same KEYS. ARGV: the name of the place. Answers what was there, if it is; it goes with the
# last who fetches it.
FETCH_ASIDE: Final = Script.of(
    """
local found = redis.call('HMGET', KEYS[1], 'payload', 'left')
if not found[1] then return false end
local left = tonumber(found[2]) - 1
if left > 0 then
  -- For want of memory it cannot be counted: then it goes when its time is over.
  redis.pcall('HSET', KEYS[1], 'left', string.format('%.0f', left))
else
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[1] .. ' ' .. string.format('%.0f', #found[1]))
end
return found[1]
"""
)

# KEYS: what is kept of a subject. ARGV: where to go on; how many are wanted, about; bytes that the
# answer has room for. Answers where to go on, the names of those that there is no room for, and of
# the others name and text in turn.
READ_KEPT: Final = Script.of(
    """
local cursor, found = unpack(redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2]))
local beyond, room = {}, tonumber(ARGV[3])
local answer = {cursor, beyond}
for number = 1, #found, 2 do
  local name, text = found[number], found[number + 1]
  if #text > room then
    beyond[#beyond + 1] = name
  else
    room = room - #text
    answer[#answer + 1] = name
    answer[#answer + 1] = text
  end
end
return answer
"""
)

# KEYS: what is kept of a subject. ARGV: a name; what is kept under it; milliseconds that all of it
# lasts.
KEEP_UNDER: Final = Script.of(
    """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
"""
)

# KEYS: a node's wills; the nodes that have any. ARGV: the node; a name; what; milliseconds. Answers
# 0 where it was carried out before, else 1.
BEQUEATH: Final = Script.of(
    """
if redis.call('HGET', KEYS[1], ARGV[2]) == '' then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
"""
)

# KEYS: the turns, by place. ARGV: a place; milliseconds that they last. Answers the turn.
TURN: Final = Script.of(
    """
local turn = redis.call('HINCRBY', KEYS[1], ARGV[1], '1')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return turn - 1
"""
)

# KEYS: the claims, by place; the nodes. ARGV: a place, a node, a holder there.
_HELD: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function lives(node)
  local until_then = redis.call('ZSCORE', KEYS[2], node)
  return until_then and tonumber(until_then) >= now
end
local place, node, holder = ARGV[1], ARGV[2], ARGV[3]
local held, own = {}, nil
for _, each in ipairs(cjson.decode(redis.call('HGET', KEYS[1], place) or '[]')) do
  if each[1] == node and each[2] == holder then own = each else held[#held + 1] = each end
end
"""

# Further ARGV: the rule, 1 where it is shared, the rank that it had, or 0; milliseconds that all
# claims last.
# Answers the rank, or the rule under which others hold the place. The claims of nodes that are
# dead go; those of the node that asks are alive, whatever has become of its sign of life.
CLAIM: Final = Script.of(
    _HELD,
    """
local rule, is_shared, rank = ARGV[4], ARGV[5] == '1', tonumber(ARGV[6])
local alive = {}
for _, each in ipairs(held) do
  if each[1] == node or lives(each[1]) then
    if each[3] ~= rule or not is_shared then return each[3] end
    alive[#alive + 1] = each
  end
end
local last = tonumber(redis.call('HGET', KEYS[1], '') or '0')
if own then
  rank = own[4]
elseif rank == 0 then
  rank = last + 1
end
if rank > last then redis.call('HSET', KEYS[1], '', string.format('%.0f', rank)) end
alive[#alive + 1] = {node, holder, rule, rank}
redis.call('HSET', KEYS[1], place, cjson.encode(alive))
redis.call('PEXPIRE', KEYS[1], ARGV[7])
return rank
""",
)

# Further KEYS: the turns, by place. Further ARGV: 1 where it is another's, which counts only while
# that is dead: it may be back, and have claimed again.
RELEASE: Final = Script.of(
    _HELD,
    """
if not own or (ARGV[4] == '1' and lives(node)) then return end
if #held > 0 then
  redis.call('HSET', KEYS[1], place, cjson.encode(held))
else
  redis.call('HDEL', KEYS[1], place)
  redis.call('HDEL', KEYS[3], place)
end
""",
)

# KEYS: the nodes, and what goes some time after the last of them. ARGV: this node; milliseconds
# that it lives from now on; milliseconds that the rest lasts. Answers whether it lived, and who
# lives.
BEAT: Final = Script.of(
    """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_then = redis.call('ZSCORE', KEYS[1], ARGV[1])
local lived = 0
if until_then and tonumber(until_then) > now then lived = 1 end
-- What needs no memory comes first: a script that has changed something is refused none, and for
-- want of it no node is to be taken for dead.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now))
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
for place = 1, #KEYS do redis.call('PEXPIRE', KEYS[place], ARGV[3]) end
return {lived, unpack(redis.call('ZRANGE', KEYS[1], 0, -1))}
"""
)

# KEYS: one of its own. ARGV: a channel of its own. Does once whatever any of ours does.
TRIAL: Final = Script.of(
    """
local key, channel = KEYS[1], ARGV[1]
local function try(name, ...)
  local reply = redis.pcall(name, ...)
  if type(reply) == 'table' and reply.err then
    local code = string.match(reply.err, '^%u+ ') and '' or 'ERR '
    error(code .. reply.err .. ' (' .. name .. ')', 0)
  end
end
for _, words in ipairs({
  {'PING'}, {'TIME'}, {'SCAN', '0', 'MATCH', key, 'COUNT', '1'}, {'DEL', key},
  {'GET', key}, {'HSET', key, 'a', '1'}, {'HGET', key, 'a'}, {'HMGET', key, 'a'},
  {'HGETALL', key}, {'HKEYS', key}, {'HSCAN', key, '0'}, {'HINCRBY', key, 'b', '1'},
  {'HDEL', key, 'a'}, {'PEXPIRE', key, '1000'}, {'PTTL', key}, {'DEL', key},
  {'SADD', key, 'a'}, {'SMEMBERS', key}, {'SREM', key, 'a'},
  {'XADD', key, 'MAXLEN', '1', '1-0', 'a', 'b'}, {'XSETID', key, '1-0'},
  {'XRANGE', key, '-', '+'},
  {'XREVRANGE', key, '+', '-'}, {'XTRIM', key, 'MAXLEN', '1'}, {'XDEL', key, '1-0'}, {'DEL', key},
  {'ZADD', key, '1', 'a'}, {'ZCOUNT', key, '0', '1'}, {'ZSCORE', key, 'a'},
  {'ZRANGE', key, '0', '-1'},
  {'ZREMRANGEBYSCORE', key, '-inf', '(0'}, {'ZREM', key, 'a'},
  {'SET', key, 'a', 'PX', '1000'}, {'DEL', key}, {'PUBLISH', channel, ''}
}) do try(unpack(words)) end
return 'OK'
"""
)

ALL: Final = (
    *(TRIAL, PUBLISH, PUBLISH_ALL, LOAD, STANDING, TOUCH, ATTEND),
    *(BEAT, PROCLAIM, READ_LOG, SET_ASIDE, FETCH_ASIDE, READ_KEPT, KEEP_UNDER),
    *(BEQUEATH, TURN, CLAIM, RELEASE),
)
