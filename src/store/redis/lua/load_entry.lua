-- Writes a dumped entry unless it is there, and lets the stream go on after the last number its heads name.
-- KEYS: stream, heads. ARGV: name, number, value.
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if newest then
  if tonumber(string.sub(newest[1], 3)) >= tonumber(ARGV[2]) then return 0 end
  redis.call('XSETID', KEYS[1], newest[1])
end
redis.call('XADD', KEYS[1], '0-' .. ARGV[2], 'v', ARGV[3])
local last = redis.call('HGET', KEYS[2], ARGV[1])
if last and tonumber(last) > tonumber(ARGV[2]) then redis.call('XSETID', KEYS[1], '0-' .. last) end
return 1
