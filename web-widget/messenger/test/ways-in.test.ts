import { describe, expect, it } from "vitest";

import { parseRoute, PATHS } from "../src/routes.ts";
import { zoneName, zones } from "../src/settings/zones.ts";

describe("addresses", () => {
  it.each(Object.entries(PATHS).flatMap(([name, paths]) => paths.map((path) => ({ name, path }))))("$path is one of $name", ({ name, path }) => {
    expect(parseRoute(path, "").name).toBe(name);
  });
  it("lead to the doors, which take nothing behind them", () => {
    expect(parseRoute("/setup", "")).toEqual({ name: "door", page: "setup" });
    expect(parseRoute("/reset", "?a=1")).toEqual({ name: "door", page: "reset" });
    expect(parseRoute("/reset/x", "").name).toBe("chats");
    expect(parseRoute("/settings/setup", "")).toEqual({ name: "settings", page: "setup", item: null });
  });
});

describe("time zones", () => {
  it("are all there, the chosen one too", () => {
    const all = zones("Mars/Base");
    expect(all).toContain("Europe/Moscow");
    expect(all).toContain("UTC");
    expect(all).toContain("Mars/Base");
    expect([...all]).toEqual([...all].sort());
  });
  it("say how far they are", () => {
    const winter = new Date("2026-01-15T00:00:00Z");
    expect(zoneName("Europe/Moscow", winter)).toBe("Europe/Moscow (GMT+3)");
    expect(zoneName("America/New_York", winter)).toBe("America/New York (GMT-5)");
    expect(zoneName("Mars/Base", winter)).toBe("Mars/Base");
  });
});
