-- A stream's state and its entries, of one moment. A script and no transaction: those are refused whole when memory is full.
-- KEYS: heads, trimmed, stream. ARGV: name, from, limit.
return {
  redis.call('HGET', KEYS[1], ARGV[1]),
  redis.call('HGET', KEYS[2], ARGV[1]),
  redis.call('XRANGE', KEYS[3], ARGV[2], '+', 'COUNT', ARGV[3]),
}
