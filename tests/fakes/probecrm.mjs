// @ts-check
// The CRM of the tests, as `tests/crms/probe` speaks to it: contacts, chats, messages. A word opens it; a page of its own gives the word.
// Under `_fake/`: `GET state`; `POST word {word}`: which word opens it; `POST lists {…}`: what there is to choose from; `POST refuse {times}`:
// so many messages are not taken; `POST say {chat?, text}`: somebody writes there, to the hook it was told.

/** @typedef {import("./common.mjs").Asked} Asked */
/** @typedef {import("./common.mjs").Answer} Answer */

const LISTS = {
  stages: [
    { value: "1/10", label: "Первичный контакт", group: "Продажи" },
    { value: "1/20", label: "Переговоры", group: "Продажи" },
    { value: "1/30", label: "Принимают решение", group: "Продажи" },
    { value: "2/10", label: "Новая заявка", group: "Сервис" },
  ],
  users: [{ value: "1", label: "Ольга Смирнова" }, { value: "2", label: "Павел Иванов" }],
};

/** @returns {import("./common.mjs").Fake} */
export function probecrm() {
  let word = "good";
  let refuse = 0;
  let said = 0;
  let hook = "";
  /** @type {Record<string, unknown>} */
  let lists = LISTS;
  /** @type {Map<string, string>} */
  const contacts = new Map();
  /** @type {Map<string, string>} */
  const chats = new Map();
  /** @type {{id: string, key: string, chat: string, text: string, in: boolean, files: number}[]} */
  const messages = [];
  /** @type {object[]} */
  const told = [];

  /** One of each name. @param {Map<string, string>} all @param {string} name @param {string} kind */
  const one = (all, name, kind) => {
    const known = all.get(name) ?? `${kind}-${all.size + 1}`;
    all.set(name, known);
    return { id: known };
  };
  /** @param {string} call @param {any} body @returns {Answer} */
  const carry = (call, body) => {
    switch (call) {
      case "account":
        return { status: 200, body: { id: "shop", name: "Лавка" } };
      case "set_up":
        hook = body.hook ?? "";
        return { status: 200, body: {} };
      case "lists":
        return { status: 200, body: lists };
      case "find_contact":
        return { status: 200, body: contacts.has(body.mark) ? { id: contacts.get(body.mark) } : null };
      case "contact":
        return { status: 200, body: one(contacts, body.mark, "contact") };
      case "chat":
        return { status: 200, body: one(chats, body.name, "chat") };
      case "history":
        return { status: 200, body: { said: [], cursor: "0" } };
      case "message": {
        if (refuse > 0) {
          refuse -= 1;
          return { status: 400, body: "no such stage" };
        }
        const known = messages.find((message) => message.key === body.key);
        if (known) return { status: 200, body: { id: known.id } };
        const made = { id: `m${messages.length + 1}`, key: body.key, chat: body.chat, text: body.text, in: body.in, files: body.files.length };
        messages.push(made);
        return { status: 200, body: { id: made.id } };
      }
      case "changed":
        told.push(body);
        return { status: 200, body: {} };
      case "take_off":
        return { status: 200, body: {} };
      default:
        return { status: 404, body: call };
    }
  };
  /** The page where somebody allows us in. @param {Asked} asked @returns {Answer} */
  const allow = (asked) => {
    const back = (/** @type {string} */ rest) => `${asked.query.get("back")}?state=${encodeURIComponent(asked.query.get("state") ?? "")}&${rest}`;
    const page = `<!doctype html><html lang="ru"><meta charset="utf-8"><title>CRM</title><h1>Пустить Kommutator?</h1><a href="${back(`code=${word}`)}">Разрешить</a> <a href="${back("error=access_denied")}">Отказать</a>`;
    return { status: 200, body: page, headers: { "content-type": "text/html; charset=utf-8" } };
  };
  return {
    name: (asked) => asked.path.slice(1),
    answer(asked) {
      const call = asked.path.slice(1);
      if (call === "allow") return allow(asked);
      if (asked.headers.authorization !== word) return { status: 401, body: "who are you" };
      return carry(call, asked.body.length ? JSON.parse(asked.body.toString("utf8")) : {});
    },
    async control(op, body) {
      if (op === "word") word = body.word;
      else if (op === "refuse") refuse = body.times;
      else if (op === "lists") lists = { ...LISTS, ...body };
      else if (op === "say") {
        said += 1;
        const part = { what: "said", chat: body.chat ?? messages.at(-1)?.chat, id: `w${said}`, who: "1", who_name: "Ольга Смирнова", at: Date.now(), text: body.text };
        const answer = await fetch(hook, { method: "POST", body: JSON.stringify([part]) });
        return { status: answer.status };
      } else if (op !== "state") return undefined;
      return { word, hook, messages, told };
    },
  };
}
