-- Items of one group in order, with their values, of one moment.
-- KEYS: order, records. ARGV: from, to, limit, 'REV' or nothing.
local items
if ARGV[4] then
  items = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'BYLEX', 'REV', 'LIMIT', 0, ARGV[3])
else
  items = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'BYLEX', 'LIMIT', 0, ARGV[3])
end
local values = {}
for from = 1, #items, 1000 do
  local part = redis.call('HMGET', KEYS[2], unpack(items, from, math.min(from + 999, #items)))
  for i = 1, #part do values[from + i - 1] = part[i] end
end
return {items, values}
