-- SPDX-License-Identifier: MIT
-- KEYS: a subject's log, and the id of its last entry, which is known for longer. Where it stands.
local top = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local last = top and top[1] or redis.call('GET', KEYS[2]) or '0-0'
