-- SPDX-License-Identifier: MIT
-- KEYS: head and log of each room in turn, and where there is a key, the receipt; then the caller's
-- keys. ARGV: an epoch for rooms that begin; a digest of what is said, empty without a key;
-- milliseconds that receipts are kept; how many keys the caller may have, 0 for any number; how many
-- things are said, and each of them. And for each room in turn: epoch and offset that the node has
-- seen; the publication id; the record up to what is said; the channel; milliseconds that it lasts;
-- messages that its log keeps, and bytes that these may be, 0 for any number; which of the things is
-- said there, from 1; the room where that is to be told, else empty. Where any is, last come the keys
-- of events, and as ARGV what events.lua has. It is said in all rooms or in none: answers `reused`,
-- `full`, or of each room how it was said, epoch, offset, publication id.
-- include notice
-- include moment
-- include trim
-- include events
local fresh, digest, keep, most, things = unpack(ARGV, 1, 5)
most, things = tonumber(most), tonumber(things)
local step = digest == '' and 2 or 3
local count = math.floor((#ARGV - 5 - things) / 10)
local told = #ARGV > 5 + things + 10 * count and #ARGV - 6
local used = step == 3 and KEYS[count * step + 1]
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
  local standing = redis.call('HMGET', KEYS[at], 'epoch', 'head', 'last', 'time')
  local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  local room = {epoch = standing[1], head = tonumber(standing[2] or '0'), last = standing[3] or '',
    shown = standing[4] or '0'}
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
  local channel = ARGV[10 * number + things]
  if redis.acl_check_cmd and not redis.acl_check_cmd('PUBLISH', channel, '') then
    return redis.error_reply('NOPERM this user may not PUBLISH on the channel of a room')
  end
end
if used and most > 0 and fresh_keys > 0
  and redis.call('ZCOUNT', used, milliseconds, '+inf') + fresh_keys > most then
  return {'full'}
end
local function forget_old(log, ttl)
  local oldest = tonumber(seconds) - ttl / 1000
  for _ = 1, 64 do
    local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
    if not first or tonumber(string.match(first[2][4], '^[^ ]+')) > oldest then return end
    redis.call('XDEL', log, first[1])
  end
end
local events = told and events_at(KEYS[#KEYS - 1], KEYS[#KEYS], told)
local function say(room, at, seen_epoch, seen_offset, publication, record, channel, ttl, ...)
  local limit, bound, which, name = tonumber((...)), tonumber((select(2, ...))), select(3, ...)
  local key, log = KEYS[at], KEYS[at + 1]
  if not room.epoch or (room.epoch == seen_epoch and room.head < tonumber(seen_offset)) then
    redis.call('DEL', key, log)
    room.epoch, room.head, room.last = fresh, 0, ''
  end
  room.head = room.head + 1
  local offset = whole(room.head)
  local moment, note = moment_of(seconds, room.shown)
  local body = seconds .. ' ' .. record .. note .. ' ' .. ARGV[5 + which]
  redis.call('HSET', key, 'epoch', room.epoch, 'head', offset, 'last', publication, 'time', moment)
  if limit > 0 then
    redis.call('XADD', log, 'MAXLEN', limit, offset .. '-0', 'p', publication, 'm', body,
      'b', room.last)
    if room.head % 32 == 0 then forget_old(log, ttl) end
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
  if limit > 0 then trim(log, bound, #body, room.head) end
  if name ~= '' then
    events.append('m', name .. '\n' .. room.epoch .. ':' .. offset .. '\n' .. body)
  end
  return {'said', room.epoch, room.head, publication}
end
local answer = {}
if used then
  redis.call('ZREMRANGEBYSCORE', used, '-inf', string.format('(%.0f', milliseconds))
end
for number, room in ipairs(rooms) do
  local from = 6 + things + 10 * (number - 1)
  answer[number] = room.again
    or say(room, 1 + step * (number - 1), unpack(ARGV, from, from + 9))
end
if used then redis.call('PEXPIRE', used, keep) end
if events then events.close() end
return answer
