-- Beats for one node and tells who else lives, by this server's clock. KEYS: nodes. ARGV: node, the silence that is death, in ms.
-- A node's record: its last beat and since when it beats without such a silence.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, silence = ARGV[1], tonumber(ARGV[2])
local nodes = redis.call('HGETALL', KEYS[1])
local since = now
local answer = {now, 0, me}
local function record(beat, from) return string.format('%.0f %.0f', beat, from) end
for i = 1, #nodes, 2 do
  local beat, from = string.match(nodes[i + 1], '^(%d+) (%d+)$')
  beat, from = tonumber(beat), tonumber(from)
  if beat > now then
    -- The clock went backwards: everybody is judged anew from here, or a dead node would live until the clock is back.
    beat, from = now, now
    redis.call('HSET', KEYS[1], nodes[i], record(beat, from))
  end
  if nodes[i] == me then
    if now - beat < silence then since = from end
  elseif now - beat < silence then
    answer[#answer + 1] = nodes[i]
  elseif now - beat > 86400000 and now - beat > 10 * silence then
    redis.call('HDEL', KEYS[1], nodes[i])
  end
end
redis.call('HSET', KEYS[1], me, record(now, since))
if now - since >= silence then answer[2] = 1 end
return answer
