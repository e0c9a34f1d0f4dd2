-- SPDX-License-Identifier: MIT
-- Further KEYS: where there is a key, the receipt and the caller's keys. Further ARGV: messages that
-- the log keeps; bytes that these may be, 0 for any number; the publication id; the record up to what
-- is said; what is said; the channel; a digest of what is said, milliseconds that its receipt is
-- kept, how many keys the caller may have, 0 for any number. Where it is to be told, last come the
-- keys of events, and as ARGV what events.lua has, and the room. Answers `reused`, `full`, or how it
-- was said, epoch, offset, publication id.
local is_keyed, told = #ARGV == 13 or #ARGV == 21, #ARGV > 13 and #ARGV - 7
local time = redis.call('TIME')
local milliseconds = time[1] * 1000 + math.floor(time[2] / 1000)
if is_keyed then
  local done = redis.call('HMGET', KEYS[3], 'digest', 'epoch', 'offset', 'publication')
  if done[1] then
    if done[1] ~= ARGV[11] then return {'reused'} end
    return {'again', done[2], tonumber(done[3]), done[4]}
  end
  local most = tonumber(ARGV[13])
  if most > 0 and redis.call('ZCOUNT', KEYS[4], milliseconds, '+inf') >= most then
    return {'full'}
  end
end
-- include stand
-- include try
-- include notice
-- include moment
-- include trim
-- include events
local limit, publication, channel = tonumber(ARGV[5]), ARGV[7], ARGV[10]
local offset, before = whole(head + 1), whole(head)
local taken = now()
local moment, note = moment_of(taken, shown)
local body = taken .. ' ' .. ARGV[8] .. note .. ' ' .. ARGV[9]
-- What is told cannot be taken back, and of what is logged only the message, not that its id was
-- given (Redis 7): so both come last, once it is known that they may be done.
if redis.acl_check_cmd and not redis.acl_check_cmd('PUBLISH', channel, '') then
  return redis.error_reply('NOPERM this user may not PUBLISH on the channel of a room')
end
if limit > 0 and (head + 1) % 32 == 0 then forget_old() end
try(function() redis.pcall('HSET', KEYS[1], 'head', before, 'last', last, 'time', shown) end,
  'HSET', KEYS[1], 'head', offset, 'last', publication, 'time', moment)
if is_keyed then
  local until_then = string.format('%.0f', milliseconds + ARGV[12])
  try(function() redis.pcall('DEL', KEYS[3]) end, 'HSET', KEYS[3], 'digest', ARGV[11],
    'epoch', epoch, 'offset', offset, 'publication', publication)
  try(nil, 'PEXPIRE', KEYS[3], ARGV[12])
  try(function() redis.pcall('ZREM', KEYS[4], KEYS[3]) end, 'ZADD', KEYS[4], until_then, KEYS[3])
  try(nil, 'ZREMRANGEBYSCORE', KEYS[4], '-inf', string.format('(%.0f', milliseconds))
  try(nil, 'PEXPIRE', KEYS[4], ARGV[12])
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
try(nil, 'PUBLISH', channel, notice(epoch, offset, body, limit > 0))
if refused then
  take_back()
  return refused
end
if limit > 0 then trim(KEYS[2], tonumber(ARGV[6]), #body, head + 1) end
if told then
  local events = events_at(KEYS[#KEYS - 1], KEYS[#KEYS], told)
  events.append('m', ARGV[#ARGV] .. '\n' .. epoch .. ':' .. offset .. '\n' .. body)
  events.close()
end
return {'said', epoch, head + 1, publication}
