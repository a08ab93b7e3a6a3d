-- A stream's state and its entries, of one moment. A script and no transaction: those are refused whole when memory is full.
-- The newest number is that of the newest entry, or what a removed one left in the heads.
-- KEYS: heads, trimmed, stream. ARGV: name, from, limit.
local newest = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
return {
  newest and string.sub(newest[1], 3) or false,
  redis.call('HGET', KEYS[1], ARGV[1]),
  redis.call('HGET', KEYS[2], ARGV[1]),
  redis.call('XRANGE', KEYS[3], ARGV[2], '+', 'COUNT', ARGV[3]),
}
