import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("location", { pathname: "/", search: "", hash: "" });
vi.stubGlobal("window", { addEventListener: () => undefined });
const { parseRoute } = await import("../src/route.ts");
const { zoneName, zones } = await import("../src/settings/zones.ts");

describe("addresses", () => {
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
