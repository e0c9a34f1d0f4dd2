-- SPDX-License-Identifier: MIT
-- KEYS: what a room consists of. ARGV: milliseconds. A room that was used here lasts so long at
-- least.
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < tonumber(ARGV[1]) then redis.call('PEXPIRE', key, ARGV[1]) end
end
