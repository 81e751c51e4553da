-- GET of a random one of COUNT configs, for a random one of UNITS instances with two tags or for nobody in particular; the
-- load does the same work for both. Arguments: the path before the number, COUNT, the token, UNITS, and "with" or "without".

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "common.lua")

function init(args)
   local count, units, is_with = tonumber(args[2]), tonumber(args[4]), args[5] == "with"
   local path = "GET " .. args[1] .. "%06d.json"
   local query = "?instance=orders-%06d&tag=region:eu-west&tag=app_version:2.4.1"
   local tail = " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " .. args[3] .. "\r\n\r\n"

   seed_random()
   request = function()
      local of = string.format(path, math.random(0, count - 1))
      local whom = string.format(query, math.random(0, units - 1))

      return of .. (is_with and whom or "") .. tail
   end
end
