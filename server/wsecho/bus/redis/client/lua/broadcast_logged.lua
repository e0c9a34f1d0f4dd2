-- SPDX-License-Identifier: MIT
-- Further KEYS: what is kept of the subject. ARGV: what is told; the channel; milliseconds after
-- which it goes from the log; the name under which it is kept, empty for none; milliseconds that
-- the rest lasts; bytes that the log has at most beside this. Where it carries out a will, further
-- KEYS: its node's wills; further ARGV: its name; 1 where it is said for its own node, which may
-- know of it alone; milliseconds that wills last. Answers 0 where the will was carried out before,
-- else 1. Each entry has, beside what is told and the id of the one before, the sum of the bytes of
-- all up to it. What is large the channel tells by these two ids alone.
-- include logged
-- include try
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
