/** What is asked of amoCRM and of the installation, against a `fetch` that only plays. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { atDeal, contacts, NoAnswer, ofDeal } from "../src/crm.ts";
import { gateway, Trouble } from "../src/gateway.ts";
import type { Ground } from "../src/ground.ts";
import { follow, leave } from "../src/notices.ts";

type Answer = { status: number; body?: unknown } | Promise<never>;
let asked: { method: string; path: string; headers: Record<string, string>; body: unknown }[];
let answer: (method: string, path: string) => Answer;

beforeEach(() => {
  asked = [];
  vi.stubGlobal("fetch", async (url: string, how: RequestInit = {}) => {
    const path = url.replace("https://chat.example.com/crm-widget/v1/", "");
    asked.push({ method: how.method ?? "GET", path, headers: how.headers as Record<string, string>, body: how.body });
    const said = await answer(how.method ?? "GET", path);
    return new Response(said.body === undefined ? null : JSON.stringify(said.body), { status: said.status });
  });
});
afterEach(() => {
  leave();
  vi.unstubAllGlobals();
});

const raw = (id: number) => ({ id, name: `Контакт ${id}`, custom_fields_values: null });
const never = () => new Promise<never>(() => undefined);

it("takes contacts at once where the account has filters, else one by one", async () => {
  answer = (_, path) => (path.startsWith("/api/v4/contacts?") ? { status: 200, body: { _embedded: { contacts: [raw(2), raw(3)] } } } : { status: 200, body: raw(Number(path.split("/").pop())) });
  expect((await contacts(["3", "2"])).map((one) => one.id)).toEqual(["3", "2"]);
  expect(asked).toHaveLength(1);
  // Without filters amoCRM gives others, and says nothing of it.
  expect((await contacts(["2", "7", "8"])).map((one) => one.id)).toEqual(["2", "7", "8"]);
  expect(asked.map((one) => one.path).slice(2)).toEqual(["/api/v4/contacts/7", "/api/v4/contacts/8"]);
});

it("puts a deal's main contact first, and leaves out who is gone", async () => {
  answer = (_, path) => {
    if (path.startsWith("/api/v4/leads/")) return { status: 200, body: { _embedded: { contacts: [{ id: 4 }, { id: 5, is_main: true }, { id: 6 }] } } };
    return path.endsWith("/6") ? { status: 404 } : path.startsWith("/api/v4/contacts?") ? { status: 204 } : { status: 200, body: raw(Number(path.split("/").pop())) };
  };
  expect((await ofDeal("1")).map((one) => one.id)).toEqual(["5", "4"]);
  answer = () => ({ status: 401, body: {} });
  await expect(ofDeal("1")).rejects.toBeInstanceOf(NoAnswer);
});

it("offers a company by the numbers that no contact of the deal has", async () => {
  const phones = (...all: string[]) => [{ field_code: "PHONE", values: all.map((value) => ({ value })) }];
  let company: object | undefined = { id: 9, name: "Ромашка", custom_fields_values: phones("8 (999) 000-11-22", "+7 495 123-45-67") };
  answer = (_, path) => {
    if (path.startsWith("/api/v4/leads/")) return { status: 200, body: { _embedded: { contacts: [{ id: 4 }], companies: [{ id: 9 }] } } };
    if (path === "/api/v4/companies/9") return company ? { status: 200, body: company } : { status: 204 };
    return { status: 200, body: { ...raw(4), custom_fields_values: phones("+79990001122") } };
  };
  expect((await atDeal("1")).map(({ id, name, phones: own }) => [id, name, own])).toEqual([["4", "Контакт 4", ["+79990001122"]], ["", "Ромашка", ["+7 495 123-45-67"]]]);
  expect((await ofDeal("1")).map((one) => one.id)).toEqual(["4"]);
  company = undefined;
  expect((await atDeal("1")).map((one) => one.id)).toEqual(["4"]);
});

it("sends the key with each call, and says what went wrong by the server's code", async () => {
  const calls = gateway("https://chat.example.com", "k");
  answer = () => ({ status: 200, body: { targets: [] } });
  await calls.card(undefined, []);
  expect(asked[0]).toMatchObject({ method: "POST", path: "card", headers: { "x-api-key": "k", "content-type": "application/json" }, body: '{"contacts":[]}' });
  answer = () => ({ status: 401, body: { code: "wrong_key", detail: "no such key" } });
  await expect(calls.message("m")).rejects.toMatchObject({ code: "wrong_key", status: 401 });
  answer = () => ({ status: 404 });
  await expect(calls.message("m")).rejects.toMatchObject({ code: "not_found" });
  answer = () => Promise.reject(new TypeError("cut"));
  await expect(calls.message("m")).rejects.toEqual(new Trouble("network"));
});

it("shows each notice once, also after a reload, and to nobody who is not told", async () => {
  const shown: string[] = [];
  const kept = new Map<string, string>();
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("window", { APP: { notifications: { add_error: (note: { text: string }) => shown.push(note.text) } } });
  vi.stubGlobal("localStorage", { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => kept.set(name, value) });
  let on = true;
  const ground = (): Ground => ({ gateway: gateway("https://chat.example.com", "k"), key: "k", user: { id: "1", name: "Анна" }, account: "9", hello: () => Promise.resolve({ name: "", mode: "add", on: true, health: { status: "connected" }, notices: { on, key_known: true }, mailing: { most: 1 } }) });
  answer = (_, path) => {
    if (path === "user-keys") return { status: 200, body: { key: "u" } };
    const after = new URLSearchParams(path.split("?")[1]).get("after");
    return after === null ? { status: 200, body: { notices: [{ id: "n1", at: 1000, title: "Гость", text: "Привет", deal: "5" }], cursor: "1" } } : never();
  };
  void follow(ground());
  await vi.waitFor(() => expect(asked.at(-1)?.path).toContain("after=1"));
  expect(shown).toEqual(["Привет"]);
  // Another place of the page: it goes on by itself. A reload: from where it stood.
  void follow(ground());
  leave();
  void follow(ground());
  await vi.waitFor(() => expect(asked.filter((one) => one.path === "user-keys")).toHaveLength(2));
  await vi.waitFor(() => expect(asked.at(-1)?.path).toContain("after=1"));
  expect(shown).toEqual(["Привет"]);
  leave();
  on = false;
  const before = asked.length;
  await follow(ground());
  expect(asked).toHaveLength(before);
});
