-- SPDX-License-Identifier: MIT
-- KEYS: the claims, by place; the nodes. ARGV: a place, a node, a holder there.
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
