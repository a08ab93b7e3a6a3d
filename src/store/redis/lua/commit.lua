-- Commits one batch: every condition is checked before the first write, then everything is written.
--
-- ARGV[1]: one letter per check, ARGV[2]: one letter per effect, ARGV[3]: the wake channel, KEYS[1]: heads; each letter takes
-- its further keys from KEYS and its arguments from ARGV, in order. A refusal is answered as {'!', place of the check from 1, what it found}, success as the numbers of
-- the appended entries.
--
-- No call after the first write may fail, because nothing is rolled back. Out of memory, read-only and disk errors are
-- raised by Redis at the first write of a script only; types are ours alone; the one command that can fail by its
-- arguments, HINCRBY past 64 bits, is caught.
local call, K, A = redis.call, KEYS, ARGV
local byte, sub, format = string.byte, string.sub, string.format
local checks, effects = A[1], A[2]
local heads, k, a = K[1], 1, 3

-- A batch's only once key is set and checked by one command, after all other checks passed. A check that stands after it
-- and fails first must still give way to it: the first failed condition is the one named.
local once_key, once_at, once_life, once_answer
local function refuse(at, found)
  if once_key and once_at < at then
    local seen = call('GET', once_key)
    if seen then return {'!', once_at, seen} end
  end
  return {'!', at, found}
end

local taken, timers
for i = 1, #checks do
  local op = byte(checks, i)
  k = k + 1
  if op == 79 then -- O: the only once key
    once_key, once_at, once_life, once_answer = K[k], i, A[a + 1], A[a + 2]
    a = a + 2
  elseif op == 65 then -- A: the record is absent
    if call('HEXISTS', K[k], A[a + 1]) == 1 then return refuse(i) end
    a = a + 1
  elseif op == 86 then -- V: the record has this version
    local found = call('HGET', K[k], A[a + 1])
    if not found or sub(found, 1, 8) ~= A[a + 2] then return refuse(i) end
    a = a + 2
  elseif op == 70 then -- F: the owner's token
    local found = call('HGET', K[k], A[a + 1])
    if not found or sub(found, 9, 16) ~= A[a + 2] then return refuse(i) end
    a = a + 2
  elseif op == 84 then -- T: the entry is there
    local id = A[a + 1]
    if #call('XRANGE', K[k], id, id, 'COUNT', 1) == 0 then return refuse(i) end
    taken = taken or {}
    local n = #taken
    taken[n + 1], taken[n + 2], taken[n + 3] = K[k], id, A[a + 2]
    a = a + 2
  elseif op == 85 then -- U: the unique entry is free, ours, or let go of by one of those this batch names
    local holder, others = call('HGET', K[k], A[a + 1]), tonumber(A[a + 3])
    if holder and holder ~= A[a + 2] then
      local free = false
      for other = a + 4, a + 3 + others do free = free or A[other] == holder end
      if not free then return refuse(i, holder) end
    end
    a = a + 3 + others
  elseif op == 116 then -- t: the timer stands at this moment
    local found = call('HGET', K[k], A[a + 1])
    if not found or sub(found, 1, 8) ~= A[a + 2] then return refuse(i) end
    timers = timers or {}
    timers[#timers + 1] = {K[k], K[k + 1], A[a + 1], A[a + 2]}
    k, a = k + 1, a + 2
  elseif op == 111 then -- o: one of several once keys
    local seen = call('GET', K[k])
    if seen then return refuse(i, seen) end
  elseif op == 78 then -- N: the batch itself gives a unique entry to two records
    return refuse(i, A[a + 1])
  end
end

if once_key then
  local seen = call('SET', once_key, once_answer, 'PX', once_life, 'NX', 'GET')
  if seen then return {'!', once_at, seen} end
end
-- A stream numbers its entries itself (0-1, 0-2 …) as long as it has any. Whoever removes the newest one leaves its number in
-- the heads, so that it is not used again.
local function newest(stream)
  local entry = call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  return entry and tonumber(sub(entry[1], 3)) or 0
end
local function head(name) return tonumber(call('HGET', heads, name) or 0) end

if taken then
  for i = 1, #taken, 3 do
    local stream, id, name = taken[i], taken[i + 1], taken[i + 2]
    call('XDEL', stream, id)
    local number, left = tonumber(sub(id, 3)), newest(stream)
    if left == 0 then call('DEL', stream) end
    if left < number and head(name) < number then call('HSET', heads, name, sub(id, 3)) end
  end
end
if timers then
  for i = 1, #timers do
    local timer = timers[i]
    call('HDEL', timer[1], timer[3])
    call('ZREM', timer[2], timer[4] .. timer[3])
  end
end

local grown = {}
local numbers, appended = {}, 0
for i = 1, #effects do
  local op = byte(effects, i)
  k = k + 1
  if op == 65 then -- A: append
    local name = A[a + 1]
    local id = call('XADD', K[k], 'NOMKSTREAM', '0-*', 'v', A[a + 2])
    if not id then id = call('XADD', K[k], format('0-%.0f', head(name) + 1), 'v', A[a + 2]) end
    local text = sub(id, 3)
    appended = appended + 1
    numbers[appended] = tonumber(text)
    grown[name] = text
    a = a + 2
  elseif op == 105 then -- i: an index entry more
    call('ZADD', K[k], 0, A[a + 1])
    a = a + 1
  elseif op == 80 then -- P: put; a new record also gets its place in the order of its group
    if call('HSET', K[k], A[a + 1], A[a + 2]) == 1 then call('ZADD', K[k + 1], 0, A[a + 1]) end
    k, a = k + 1, a + 2
  elseif op == 106 then -- j: an index entry less
    call('ZREM', K[k], A[a + 1])
    a = a + 1
  elseif op == 117 then -- u: a unique entry more
    call('HSET', K[k], A[a + 1], A[a + 2])
    a = a + 2
  elseif op == 118 then -- v: a unique entry less, if it is ours
    if call('HGET', K[k], A[a + 1]) == A[a + 2] then call('HDEL', K[k], A[a + 1]) end
    a = a + 2
  elseif op == 67 then -- C: count
    local by = A[a + 2]
    local sum = redis.pcall('HINCRBY', K[k], A[a + 1], by)
    if type(sum) == 'table' then
      if not string.find(sum.err, 'overflow', 1, true) then return sum end
      call('HSET', K[k], A[a + 1], byte(by) == 45 and '-9223372036854775808' or '9223372036854775807')
    end
    a = a + 2
  elseif op == 70 then -- F: forget a group of counters
    call('DEL', K[k])
  elseif op == 77 then -- M: trim
    local name = A[a + 1]
    local last, left = newest(K[k]), head(name)
    local through = math.min(tonumber(A[a + 2]), math.max(last, left))
    if last > 0 and last <= through then
      call('DEL', K[k])
      if left < last then call('HSET', heads, name, format('%.0f', last)) end
    elseif last > 0 then
      call('XTRIM', K[k], 'MINID', format('0-%.0f', through + 1))
    end
    if through > tonumber(call('HGET', K[k + 1], name) or 0) then call('HSET', K[k + 1], name, format('%.0f', through)) end
    k, a = k + 1, a + 2
  elseif op == 68 then -- D: delete
    call('HDEL', K[k], A[a + 1])
    call('ZREM', K[k + 1], A[a + 1])
    k, a = k + 1, a + 1
  elseif op == 83 then -- S: set a timer
    local id, due = A[a + 1], A[a + 2]
    local found = call('HGET', K[k], id)
    if found then call('ZREM', K[k + 1], sub(found, 1, 8) .. id) end
    call('HSET', K[k], id, due .. A[a + 3])
    call('ZADD', K[k + 1], 0, due .. id)
    k, a = k + 1, a + 3
  elseif op == 88 then -- X: clear a timer
    local id = A[a + 1]
    local found = call('HGET', K[k], id)
    if found then
      call('HDEL', K[k], id)
      call('ZREM', K[k + 1], sub(found, 1, 8) .. id)
    end
    k, a = k + 1, a + 1
  elseif op == 119 then -- w: one of several once keys
    call('SET', K[k], A[a + 2], 'PX', A[a + 1])
    a = a + 2
  end
end

if appended > 0 then
  local wake, lines = {}, 0
  for name, number in pairs(grown) do
    wake[lines + 1], wake[lines + 2] = name, number
    lines = lines + 2
  end
  call('PUBLISH', A[3], table.concat(wake, '\n'))
end
return numbers
