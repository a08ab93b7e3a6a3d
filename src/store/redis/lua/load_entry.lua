-- Writes a dumped entry unless it is there, and lets the stream go on after the last number its heads name.
-- KEYS: stream, heads. ARGV: name, number, value.
local number = tonumber(ARGV[2])
local last = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or 0)
if number < 1 or number > last then return redis.error_reply('ERR an entry outside of its stream') end
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if newest then
  if tonumber(string.sub(newest[1], 3)) >= number then return 0 end
  redis.call('XSETID', KEYS[1], newest[1])
end
redis.call('XADD', KEYS[1], '0-' .. ARGV[2], 'v', ARGV[3])
if last > number then redis.call('XSETID', KEYS[1], string.format('0-%.0f', last)) end
return 1
