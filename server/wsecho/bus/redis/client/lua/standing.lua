-- SPDX-License-Identifier: MIT
-- KEYS: head, log. Answers epoch, head, last, and when that was said, empty where the log has
-- nothing. It changes nothing: a room that nobody needs is not kept by being looked at.
local standing = redis.call('HMGET', KEYS[1], 'epoch', 'head', 'last')
local entry = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local time = entry and string.match(entry[2][4], '^[^ ]+') or ''
return {standing[1] or '', tonumber(standing[2] or '0'), standing[3] or '', time}
