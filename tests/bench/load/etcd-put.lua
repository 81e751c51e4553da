-- The same puts through etcd's JSON gateway. Arguments: COUNT, a file with the body, in which "@@KEY@@@" and
-- "@@SEQUENCE@@@@@@" stand for the base64 of the number of the key (6 digits) and of the request (12 digits), and a
-- number of the run. One thread only.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "common.lua")

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- The base64 of a text whose length is a multiple of three.
local function base64(text)
   local out = {}

   for i = 1, #text, 3 do
      local a, b, c = text:byte(i, i + 2)
      local n = a * 65536 + b * 256 + c

      for shift = 18, 0, -6 do
         local k = math.floor(n / 2 ^ shift) % 64 + 1
         out[#out + 1] = alphabet:sub(k, k)
      end
   end
   return table.concat(out)
end

function init(args)
   local count, body, run = tonumber(args[1]), read_all(args[2]), tonumber(args[3])
   local before, rest = split(body, "@@KEY@@@")
   local between, after = split(rest, "@@SEQUENCE@@@@@@")
   local head = "POST /v3/kv/put HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: " .. #body
      .. "\r\n\r\n" .. before
   local triples, n = {}, 0

   -- All numbers of three digits in base64: the load must not cost more here than against Confer.
   for i = 0, 999 do
      triples[i] = base64(string.format("%03d", i))
   end

   seed_random()
   request = function()
      local key = math.random(0, count - 1)

      n = n + 1
      return head .. triples[math.floor(key / 1000)] .. triples[key % 1000] .. between .. triples[math.floor(run / 10) % 1000]
         .. triples[run % 10 * 100 + math.floor(n / 1000000) % 100] .. triples[math.floor(n / 1000) % 1000]
         .. triples[n % 1000] .. after
   end
end
