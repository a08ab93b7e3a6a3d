// @ts-check
/** What there is: the community, its people, dialogs, comments, files; tokens, limits and errors by script. */
import { createHash, randomBytes } from "node:crypto";

/** @typedef {{name: string, type: string, bytes: Buffer, sha256: string}} Kept */
/** @typedef {Record<string, any>} Fields */

/** An answer of VK that is an error. */
export class Refused extends Error {
  /** @param {number} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Rights of a community token. */
export const RIGHTS = { stories: 1, photos: 4, app_widget: 64, messages: 4096, wall: 8192, docs: 131072, manage: 262144, market: 134217728 };

/** Methods a community token may not call. */
const USER_ONLY = new Set(
  ["photos.createComment", "video.createComment", "market.createComment", "wall.editComment", "wall.deleteComment", "wall.getComment"]
    .concat(["wall.getComments", "wall.getById", "photos.getWallUploadServer", "video.save", "groups.get", "wall.post"]),
);
/** The right a method needs. */
const NEEDS = [
  [/^messages\./, "messages"], [/^photos\./, "photos"], [/^docs\./, "docs"], [/^wall\./, "wall"],
  [/^groups\..*(Callback|LongPoll)/, "manage"],
];
const PER_SECOND = 20;

export class World {
  constructor() {
    this.origin = "";
    this.group = { id: 1, name: "Магазин", screen_name: "shop", type: "group", is_closed: 0, photo_200: "" };
    this.tokens = new Map([["vk1.a.test", { mask: Object.values(RIGHTS).reduce((a, b) => a + b), revoked: false }]]);
    this.confirmation = "a1b2c3";
    /** @type {Map<number, Fields>} */
    this.users = new Map([
      [500, { id: 500, first_name: "Анна", last_name: "Крылова", domain: "anna", city: { id: 1, title: "Москва" }, bdate: "1.2.1990", mobile_phone: "+7 999 000-11-22" }],
      [501, { id: 501, first_name: "Борис", last_name: "Ли", domain: "boris", is_closed: true, can_access_closed: false }],
      [502, { id: 502, first_name: "DELETED", last_name: "", deactivated: "deleted" }],
    ]);
    /** Who may be written to. @type {Set<number>} */
    this.allowed = new Set();
    /** @type {Map<number, {cmid: number, messages: Fields[], read: number, read_by_us: number, typing: number}>} */
    this.dialogs = new Map();
    /** @type {Map<string, Fields[]>} */
    this.posts = new Map();
    this.nextMessage = 100;
    this.nextComment = 30;
    this.nextThing = 1;
    /** @type {Map<string, any>} */
    this.sentBefore = new Map();
    /** @type {Map<string, Kept>} */
    this.files = new Map();
    /** What was uploaded, by the word the upload server gave. @type {Map<string, {kind: string, file: string}>} */
    this.uploads = new Map();
    /** Photos and documents, by `photo-1_5`. @type {Map<string, Fields>} */
    this.things = new Map();
    /** @type {{method: string, code: number, message?: string, times: number, in_item?: boolean, extra?: object}[]} */
    this.faults = [];
    /** @type {number[]} */
    this.calls = [];
    this.clock = 0;
    /** @type {Map<string, {redirect: string, groups: number[], used: boolean}>} */
    this.codes = new Map();
  }

  now() {
    return Date.now() + this.clock;
  }

  seconds() {
    return Math.floor(this.now() / 1000);
  }

  /** @param {string} name @param {Fields} said @param {Record<string, string>} headers */
  checkToken(name, said, headers) {
    const bearer = (headers["authorization"] ?? "").replace(/^Bearer /, "");
    const token = this.tokens.get(String(said.access_token ?? bearer));
    if (!token || token.revoked) throw new Refused(5, "User authorization failed: invalid access_token (4).");
    if (!said.v) throw new Refused(100, "One of the parameters specified was missing or invalid: v is required");
    if (USER_ONLY.has(name)) throw new Refused(27, "Group authorization failed: method is unavailable with group auth.");
    const need = NEEDS.find(([pattern]) => /** @type {RegExp} */ (pattern).test(name))?.[1];
    if (need && !(token.mask & RIGHTS[/** @type {keyof RIGHTS} */ (need)])) throw new Refused(15, "Access denied: no access to call this method");
    this.mask = token.mask;
  }

  checkPace() {
    const now = this.now();
    this.calls = this.calls.filter((at) => at > now - 1000);
    if (this.calls.length >= PER_SECOND) throw new Refused(6, "Too many requests per second");
    this.calls.push(now);
  }

  /** The next error by script for a method, if there is one. @param {string} method @param {boolean} [in_item] */
  fault(method, in_item = false) {
    const at = this.faults.findIndex((fault) => (fault.method === method || fault.method === "*") && Boolean(fault.in_item) === in_item);
    const fault = this.faults[at];
    if (fault && (fault.times -= 1) <= 0) this.faults.splice(at, 1);
    return fault;
  }

  /** @param {number} peer */
  dialog(peer) {
    let dialog = this.dialogs.get(peer);
    if (!dialog) this.dialogs.set(peer, (dialog = { cmid: 0, messages: [], read: 0, read_by_us: 0, typing: 0 }));
    return dialog;
  }

  /** A message takes its place in a dialog. @param {number} peer @param {Fields} message */
  place(peer, message) {
    const dialog = this.dialog(peer);
    const inChat = peer > 2_000_000_000;
    const whole = { id: inChat ? 0 : (this.nextMessage += 1), conversation_message_id: (dialog.cmid += 1), date: this.seconds(), peer_id: peer, version: 1000, important: false, is_hidden: false, attachments: [], fwd_messages: [], random_id: 0, text: "", ...message };
    dialog.messages.push(whole);
    return whole;
  }

  /** @param {string} name @param {string} type @param {Buffer} bytes */
  keep(name, type, bytes) {
    const key = randomBytes(8).toString("hex");
    this.files.set(key, { name, type, bytes, sha256: createHash("sha256").update(bytes).digest("hex") });
    return key;
  }

  /** @param {string} key */
  address(key) {
    return `${this.origin}/files/${key}/${encodeURIComponent(this.files.get(key)?.name ?? "")}`;
  }

  /** @param {string} name A person by number, `id500` or the name in their page's address. */
  personNamed(name) {
    for (const user of this.users.values()) if (user.domain === name || `id${user.id}` === name || String(user.id) === name) return user;
    return undefined;
  }

  /** A file of ours or of a person as an attachment. @param {string} kind @param {number} owner @param {string} key @param {Fields} [more] */
  thing(kind, owner, key, more = {}) {
    const file = this.files.get(key);
    const id = (this.nextThing += 1);
    const access_key = randomBytes(4).toString("hex");
    const url = file ? this.address(key) : "";
    const ext = file?.name.split(".").pop() ?? "";
    /** @type {Record<string, Fields>} */
    const kinds = {
      photo: { sizes: [{ type: "m", url: `${url}?small`, width: 130, height: 98 }, { type: "w", url, width: 1280, height: 960 }], text: "", date: this.seconds() },
      doc: { title: file?.name ?? "", size: file?.bytes.length ?? 0, ext, url, type: 8, date: this.seconds() },
      audio_message: { duration: 5, link_ogg: url, link_mp3: url, waveform: [0, 3, 7] },
    };
    const thing = { id, owner_id: owner, access_key, ...kinds[kind], ...more };
    this.things.set(`${kind === "audio_message" ? "doc" : kind}${owner}_${id}`, { type: kind, [kind]: thing, file: key });
    return { type: kind, [kind]: thing };
  }

  /** @param {URLSearchParams} query */
  authorize(query) {
    const redirect = query.get("redirect_uri") ?? "";
    const state = query.get("state") ?? "";
    const back = (/** @type {Record<string, string>} */ more) => ({ status: 302, body: "", headers: { location: `${redirect}?${new URLSearchParams({ ...more, state })}` } });
    if (query.get("client_id") === "denied") return back({ error: "access_denied", error_reason: "user_denied", error_description: "User denied your request" });
    const code = randomBytes(8).toString("hex");
    this.codes.set(code, { redirect, groups: (query.get("group_ids") ?? "").split(",").map(Number), used: false });
    return back({ code });
  }

  /** @param {URLSearchParams} query */
  exchange(query) {
    const known = this.codes.get(query.get("code") ?? "");
    if (!known || known.used || known.redirect !== query.get("redirect_uri")) {
      return { status: 401, body: { error: "invalid_grant", error_description: "Code is invalid or expired." } };
    }
    known.used = true;
    const [token] = this.tokens.keys();
    return { status: 200, body: { groups: known.groups.map((group_id) => ({ group_id, access_token: token })), expires_in: 0 } };
  }
}
