-- SPDX-License-Identifier: MIT
-- KEYS: a room's members. ARGV: one of them; who it is, empty where it is gone; milliseconds; the
-- channel; what is told there.
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
redis.call('PUBLISH', ARGV[4], ARGV[5])
