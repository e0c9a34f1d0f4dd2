-- SPDX-License-Identifier: MIT
-- Further KEYS: the turns, by place. Further ARGV: 1 where it is another's, which counts only while
-- that is dead: it may be back, and have claimed again.
-- include held
if not own or (ARGV[4] == '1' and lives(node)) then return end
if #held > 0 then
  redis.call('HSET', KEYS[1], place, cjson.encode(held))
else
  redis.call('HDEL', KEYS[1], place)
  redis.call('HDEL', KEYS[3], place)
end
