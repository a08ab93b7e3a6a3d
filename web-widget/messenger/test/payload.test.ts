import { expect, it } from "vitest";
import { bytesOf, readable } from "../src/settings/payload.ts";

const encoded = (text: string) => Buffer.from(text).toString("base64");

it("shows text as it came, JSON laid out, other bytes as bytes", () => {
  expect(readable(bytesOf(encoded("половина {")))).toBe("половина {");
  expect(readable(bytesOf(encoded('{"a":"я"}')))).toBe('{\n  "a": "я"\n}');
  expect(readable(Uint8Array.from([255, 0, 16]))).toBe("ff 00 10");
});

it("shows the beginning of what is large", () => {
  expect(readable(bytesOf(encoded("x".repeat(100_000))))).toHaveLength(20_001);
});
