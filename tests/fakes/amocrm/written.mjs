// @ts-check
/** What is written beside the records: notes and tasks. */
import { ONE } from "./account.mjs";
import { batch, between, hal, listed, nothing, paged, there, wrongItem } from "./call.mjs";
import { self } from "./entities.mjs";
import { fire } from "./webhooks.mjs";
import { missing, noChoice, noEntity, noType } from "./refused.mjs";

/** @typedef {Record<string, any>} Fields */
/** @typedef {import("./account.mjs").Account} Account */
/** @typedef {import("./account.mjs").Kind} Kind */
/** @typedef {import("./call.mjs").Call} Call */

const KIND = "(leads|contacts|companies)";
/** What a note of each type must have, and its number in webhooks. @type {Record<string, [string[], number]>} */
const NOTES = {
  common: [["text"], 4], service_message: [["service", "text"], 25], extended_service_message: [["service", "text"], 25], call_in: [["uniq", "duration", "source"], 10], call_out: [["uniq", "duration", "source"], 11], sms_in: [["text", "phone"], 102],
  sms_out: [["text", "phone"], 103], attachment: [["file_uuid", "file_name"], 5], geolocation: [["text", "address", "longitude", "latitude"], 17], message_cashier: [["status", "text"], 17],
};
const ELEMENT = /** @type {Record<string, number>} */ ({ contacts: 1, leads: 2, companies: 3, customers: 12 });

/** @param {Call} call */
const kindOf = (call) => /** @type {Kind} */ (call.parts[0]);

/** @param {Account} account @param {Fields} note */
const noteShown = (account, { kind, ...note }) => ({ ...note, _links: self(account, `${kind}/notes`, note.id) });

/** @param {Account} account @param {Kind} kind @param {Fields} item */
function wrongNote(account, kind, item) {
  if (!account.entities[kind].has(item.entity_id)) return [noEntity("entity_id")];
  const known = NOTES[item.note_type];
  if (!known) return [noChoice("note_type")];
  return known[0].filter((name) => item.params?.[name] === undefined || item.params[name] === "").map((name) => missing(`params.${name}`));
}

/** @param {Call} call */
function notesMade(call) {
  const { account, world, user } = call;
  const kind = kindOf(call);
  const own = call.parts[1] === undefined ? undefined : Number(call.parts[1]);
  if (own !== undefined) there(account.entities[kind].get(own), kind);
  const whole = (/** @type {Fields} */ item) => ({ ...item, entity_id: own ?? item.entity_id });
  const notes = batch(call, { check: (item) => wrongNote(account, kind, whole(item)) }, (item, request_id) => {
    const { entity_id, note_type, params, created_at = world.seconds(), created_by = user.id, responsible_user_id = user.id } = /** @type {Fields} */ (whole(item));
    const note = { id: world.next(), entity_id, kind, note_type, params, created_by, updated_by: created_by, created_at, updated_at: created_at, responsible_user_id, group_id: 0, account_id: account.id };
    account.notes.set(note.id, note);
    account.event(`${note_type === "common" ? "common" : note_type}_note_added`, { kind, id: entity_id, by: created_by, after: [{ note: { id: note.id } }] });
    fire(account, `note_${ONE[kind]}`, kind, "note", { note: {
      id: note.id, element_id: entity_id, element_type: ELEMENT[kind], note_type: NOTES[note_type]?.[1], text: params.text ?? params.file_name ?? "", date_create: stamp(created_at), created_by,
      account_id: account.id,
    } });
    return { id: note.id, entity_id, request_id, _links: self(account, `${kind}/${entity_id}/notes`, note.id) };
  });
  return hal({ _embedded: { notes } });
}

/** @param {Call} call */
function notes(call) {
  const { account, query } = call;
  const kind = kindOf(call);
  const types = listed(query.filter?.note_type);
  const at = between(query.filter ?? {}, "updated_at");
  const all = [...account.notes.values()].filter((note) => note.kind === kind && (call.parts[1] === undefined || note.entity_id === Number(call.parts[1])) && (!types || types.includes(note.note_type)) && at(note.updated_at));
  return paged(call, "notes", all, (note) => noteShown(account, note));
}

/** @param {Call} call @param {Fields} item @param {number} id */
function noteChanged(call, item, id) {
  const note = there(call.account.notes.get(id), "Note");
  note.params = { ...note.params, ...item.params };
  Object.assign(note, { updated_at: call.world.seconds(), updated_by: call.user.id });
  return { id: note.id, entity_id: note.entity_id, updated_at: note.updated_at, _links: self(call.account, `${note.kind}/${note.entity_id}/notes`, note.id) };
}

/** As webhooks write a time. @param {number} seconds */
const stamp = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");

/** @param {Account} account @param {Fields} item @param {boolean} fresh */
function wrongTask(account, item, fresh) {
  const absent = (fresh ? ["text", "complete_till"] : []).filter((name) => item[name] === undefined);
  if (absent.length) return absent.map(missing);
  const type = (/** @type {string} */ path, /** @type {string} */ wanted) => [noType(path, wanted)];
  if (item.text !== undefined && typeof item.text !== "string") return type("text", "string");
  for (const name of ["complete_till", "task_type_id", "responsible_user_id", "duration", "entity_id"]) if (item[name] !== undefined && item[name] !== null && !Number.isInteger(item[name])) return type(name, "int");
  const choice = (/** @type {string} */ path) => [noChoice(path)];
  if ((item.entity_id ?? null) !== null && !account.entities[/** @type {Kind} */ (item.entity_type)]?.has(item.entity_id)) return choice("entity_id");
  if (item.responsible_user_id !== undefined && !account.users.some((user) => user.id === item.responsible_user_id && user.is_active)) return choice("responsible_user_id");
  return item.task_type_id !== undefined && ![1, 2].includes(item.task_type_id) ? choice("task_type_id") : [];
}

/** `result` is a list when there is none, and an object otherwise. @param {Account} account @param {Fields} task */
export const taskShown = (account, task) => ({ ...task, result: task.result ? { text: task.result } : [], _links: self(account, "tasks", task.id) });

/** @param {Account} account @param {Fields} task @param {"add" | "update"} act */
function taskTold(account, task, act) {
  fire(account, `${act}_task`, "tasks", act, {
    id: task.id, element_id: task.entity_id, element_type: ELEMENT[task.entity_type], task_type: task.task_type_id,
    text: task.text, status: task.is_completed ? 1 : 0, responsible_user_id: task.responsible_user_id, created_user_id: task.created_by,
    account_id: account.id, date_create: stamp(task.created_at), last_modified: stamp(task.updated_at), complete_till: stamp(task.complete_till),
    action_close: task.is_completed ? 1 : 0, ...(task.result ? { result: { text: task.result } } : {}),
  });
}

/** @param {Call} call */
function tasksMade(call) {
  const { account, world, user } = call;
  const tasks = batch(call, { check: (item) => wrongTask(account, item, true) }, (item, request_id) => {
    const { text, complete_till, entity_id = null, entity_type = null, task_type_id = 1, responsible_user_id = user.id, duration = 0, is_completed = false, result } = item;
    const now = world.seconds();
    const task = {
      id: world.next(), text, complete_till, entity_id, entity_type, task_type_id, responsible_user_id, duration, is_completed, result: result?.text ?? "", group_id: 0,
      created_by: item.created_by ?? user.id, updated_by: user.id, created_at: item.created_at ?? now, updated_at: now, account_id: account.id,
    };
    account.tasks.set(task.id, task);
    account.event("task_added", { kind: "tasks", id: task.id, by: user.id });
    taskTold(account, task, "add");
    return { id: task.id, request_id, _links: self(account, "tasks", task.id) };
  });
  return hal({ _embedded: { tasks } });
}

/** @param {Account} account @param {Fields} task @param {Fields} item @param {number} by */
export function taskChanged(account, task, item, by) {
  const done = task.is_completed;
  for (const name of ["text", "complete_till", "task_type_id", "responsible_user_id", "duration", "is_completed", "entity_id", "entity_type"]) if (item[name] !== undefined) task[name] = item[name];
  if (item.result?.text !== undefined) task.result = item.result.text;
  Object.assign(task, { updated_at: account.world.seconds(), updated_by: by });
  if (task.is_completed && !done) account.event("task_completed", { kind: "tasks", id: task.id, by });
  taskTold(account, task, "update");
  return { id: task.id, updated_at: task.updated_at, _links: self(account, "tasks", task.id) };
}

/** @type {import("./call.mjs").Route[]} */
export const calls = [
  ["POST", new RegExp(`^/${KIND}/(?:(\\d+)/)?notes$`), "notes.create", notesMade],
  ["GET", new RegExp(`^/${KIND}/(?:(\\d+)/)?notes$`), "notes", notes],
  ["GET", new RegExp(`^/${KIND}/(?:\\d+/)?notes/(\\d+)$`), "notes.get", (call) => {
    const note = call.account.notes.get(Number(call.parts[1]));
    return note?.kind === kindOf(call) ? hal(noteShown(call.account, note)) : nothing;
  }],
  ["PATCH", new RegExp(`^/${KIND}/(?:\\d+/)?notes/(\\d+)$`), "notes.update", (call) => hal(noteChanged(call, call.said, Number(call.parts[1])))],
  ["PATCH", new RegExp(`^/${KIND}/(?:\\d+/)?notes$`), "notes.update", (call) => hal({ _embedded: { notes: batch(call, {}, (item) => noteChanged(call, item, item.id)) } })],
  ["POST", /^\/tasks$/, "tasks.create", tasksMade],
  ["GET", /^\/tasks$/, "tasks", (call) => {
    const { account, query } = call;
    const filter = query.filter ?? {};
    const flag = filter.is_completed;
    const types = listed(filter.task_type);
    const at = between(filter, "updated_at");
    const all = [...account.tasks.values()].filter((task) => {
      const among = ["responsible_user_id", "entity_type", "entity_id", "id"].every((name) => listed(filter[name])?.includes(String(task[name])) ?? true);
      return among && (flag === undefined || task.is_completed === ["1", "true"].includes(String(flag))) && (!types || types.includes(String(task.task_type_id))) && at(task.updated_at);
    });
    for (const [name, way] of Object.entries(query.order ?? {})) all.sort((a, b) => (a[name] - b[name] || a.id - b.id) * (way === "desc" ? -1 : 1));
    return paged(call, "tasks", all, (task) => taskShown(account, task));
  }],
  ["GET", /^\/tasks\/(\d+)$/, "tasks.get", ({ account, parts }) => {
    const task = account.tasks.get(Number(parts[0]));
    return task ? hal(taskShown(account, task)) : nothing;
  }],
  ["PATCH", /^\/tasks\/(\d+)$/, "tasks.update", ({ account, parts, said, user }) => {
    const task = there(account.tasks.get(Number(parts[0])), "Task");
    const errors = wrongTask(account, said, false);
    if (errors.length) throw wrongItem(errors);
    return hal(taskChanged(account, task, said, user.id));
  }],
  ["PATCH", /^\/tasks$/, "tasks.update", (call) => {
    const { account, user } = call;
    const check = (/** @type {Fields} */ item) => (account.tasks.has(item.id) ? wrongTask(account, item, false) : [noEntity("id")]);
    return hal({ _embedded: { tasks: batch(call, { check }, (item, request_id) => ({ ...taskChanged(account, /** @type {Fields} */ (account.tasks.get(item.id)), item, user.id), request_id })) } });
  }],
];
