-- SPDX-License-Identifier: MIT
-- The events that wait to be told: `events_at` looks at them, given a hash of where they stand, the
-- stream of them, and the place in ARGV of: a word for where they begin; the run and the last number
-- that the node has seen; milliseconds that they last; how many wait at most, and bytes; a channel
-- that wakes whoever tells. They count up by one, each under the id `number-0`; `first` is the first
-- that is there. Redis that came back with less has given numbers that it does not know of: then
-- all begins anew, in a later run.
local function events_at(meta, stream, at)
  local fresh, seen_run, seen_last, lasting, most, most_bytes, channel = unpack(ARGV, at, at + 6)
  local function whole(number) return string.format('%.0f', number) end
  local state = redis.call('HMGET', meta, 'run', 'last', 'first', 'bytes', 'base', 'idle')
  local events = {run = state[1], last = tonumber(state[2] or '0'), appended = 0}
  local bytes, base = tonumber(state[4] or '0'), tonumber(state[5] or '0')
  events.first = tonumber(state[3] or '1')
  local time = redis.call('TIME')
  events.now = time[1] * 1000 + math.floor(time[2] / 1000)
  if not events.run or (events.run == seen_run and events.last < tonumber(seen_last)) then
    redis.call('DEL', meta, stream)
    events.run = string.format('%013.0f', events.now) .. '-' .. fresh
    events.last, events.first, bytes, base = 0, 1, 0, 0
    redis.call('HSET', meta, 'run', events.run)
  end
  function events.forget()
    local entry = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    if not entry then
      events.first, base = events.last + 1, bytes
      return
    end
    redis.call('XDEL', stream, entry[1])
    base = base + tonumber(entry[2][4])
    events.first = tonumber(string.match(entry[1], '^%d+')) + 1
  end
  function events.append(kind, text)
    local size = #text + 100
    events.last, bytes = events.last + 1, bytes + size
    events.appended = events.appended + 1
    redis.call('XADD', stream, whole(events.last) .. '-0', 't', whole(events.now),
      's', whole(size), kind, text)
    local function is_over()
      return events.last - events.first >= tonumber(most) or bytes - base > tonumber(most_bytes)
    end
    while events.first < events.last and is_over() do events.forget() end
  end
  function events.close()
    redis.call('HSET', meta, 'last', whole(events.last), 'first', whole(events.first),
      'bytes', whole(bytes), 'base', whole(base))
    redis.call('PEXPIRE', meta, lasting)
    redis.call('PEXPIRE', stream, lasting)
    if events.appended > 0 and state[6] == '1' then
      redis.call('HSET', meta, 'idle', '0')
      redis.call('PUBLISH', channel, '')
    end
    return {events.run, events.last, events.appended}
  end
  return events
end
