/** What the gallery shows of the widget: the real loader and the real chat, before a server that plays one scene each. */
import type { AttachmentView, MessageView, Talk, VisitorReady, WidgetView } from "@kommutator/shared/generated/protocol.ts";

export type Scene = {
  id: string;
  /** The files of `widget/src` whose work is seen here. */
  shows: string[];
  view?: Partial<WidgetView>;
  messages?: MessageView[];
  talk?: Talk;
  past?: VisitorReady["episodes"];
  frames?: object[];
  /** Ends the socket with this code instead of letting anybody in; 0: does not answer at all. */
  ends?: number;
  /** Answers the greeting with this error and ends. */
  refuses?: string;
  /** What is said stays unanswered. */
  mute?: boolean;
  shut?: boolean;
  /** Clicks, in this order: a selector each, or words for the field. */
  acts?: (string | { write: string } | { file: string })[];
  force?: { on: string; as: "hover" | "focus" };
};

const CONVERSATION = "0000000000001";
const AT = "2026-11-21T12:00:00Z";
export const LOOK: WidgetView = {
  title: "Лавка", greeting: "Здравствуйте! Чем помочь?", accent: "#2f6fed", side: "right", max_file_bytes: 20_000_000, max_files: 10, offset_x: 20, offset_y: 20, online: true,
  away: "say", away_text: "", phrases: [], consent: "", consent_link: "", invitations: [], messengers: [], sound: false, rating: false,
};

let count = 0;
function said(own: boolean, text: string, more: Partial<MessageView> = {}): MessageView {
  const id = `${CONVERSATION}${String((count += 1)).padStart(7, "0")}`;
  const at = new Date(Date.parse(AT) + count * 60_000).toISOString();
  const author = own ? { kind: "customer" as const, id: "v", name: "" } : { kind: "manager" as const, id: "m", name: "Мария" };
  return { id, conversation: CONVERSATION, direction: own ? "inbound" : "outbound", author, text, attachments: [], written_at: at, imported_at: at, state: { status: own ? "read" : "sent", at }, crm: [], reactions: [], reply_to: null, client_id: null, ...more };
}

const file = (name: string, media_type: string, more: Partial<AttachmentView> = {}): AttachmentView => ({ id: name, name, media_type, size: 245_760, status: "ready", url: `/gallery-files/${name}`, ...more });
const picture = (name: string) => file(name, "image/svg+xml".replace("svg+xml", "png"), { thumbnail_url: `/gallery-files/${name}`, width: 640, height: 420 });
const LONG = "Оченьдлинноесловобезединогопробелакотороенекудаперенести и ещё строка за строкой, чтобы было видно, как переносятся слова в узком окне.";
const words = [said(true, "Есть доставка в Казань?"), said(false, "Да, два-три дня. Подробнее: https://shop.example/dostavka"), said(false, LONG), said(true, "Спасибо!", { state: { status: "delivered", at: AT } }), said(true, "", { deleted_at: AT })];
const episode = (more: object = {}) => ({ number: 1, first_message: words[0]?.id ?? "", opened_at: AT, comment: "", ...more });

const LAUNCHER = ["loader.ts"];
const PANEL = ["chat/Panel.tsx", "chat/icon.tsx"];

export const SCENES: Scene[] = [
  { id: "launcher", shows: LAUNCHER, shut: true },
  { id: "launcher-hover", shows: LAUNCHER, shut: true, force: { on: ".launch", as: "hover" } },
  { id: "launcher-focus", shows: LAUNCHER, shut: true, force: { on: ".launch", as: "focus" } },
  { id: "launcher-unread", shows: LAUNCHER, shut: true, messages: words },
  { id: "empty", shows: [...PANEL, "chat/main.tsx"], view: { greeting: "" } },
  { id: "opening", shows: ["extras/opening.tsx"], view: { phrases: ["Где мой заказ?", "Сколько стоит доставка?", LONG], messengers: [{ kind: "telegram", link: "https://t.me/shop" }, { kind: "whatsapp", link: "https://wa.me/7" }] } },
  { id: "away", shows: PANEL, view: { online: false, away_text: "Мы ответим утром, с 9 до 18.", sound: true } },
  { id: "form", shows: ["extras/form.tsx"], view: { form: { on: true, name: "required", phone: "optional", email: "required", consent: true }, consent: "Согласен на обработку данных", consent_link: "https://shop.example/privacy" } },
  { id: "form-error", shows: ["extras/form.tsx"], view: { form: { on: true, name: "required", phone: "required", email: "required", consent: true }, consent: "Согласен на обработку данных" }, acts: [".ask button:not([type=button])"] },
  { id: "talk", shows: ["chat/Log.tsx", "chat/bubble.tsx"], messages: words },
  { id: "files", shows: ["extras/files.tsx", "extras/shared/outlines.tsx"], messages: [said(true, "Вот фото", { attachments: [picture("one.png"), picture("two.png")] }), said(false, "", { attachments: [file("Счёт на оплату.pdf", "application/pdf"), file("голос.webm", "audio/webm")] })] },
  { id: "lightbox", shows: ["extras/lightbox.tsx"], messages: [said(true, "", { attachments: [picture("one.png"), picture("two.png")] })], acts: [".pic"] },
  { id: "typing", shows: ["chat/Log.tsx"], messages: words.slice(0, 2), frames: [{ type: "typing", conversation: CONVERSATION, who: { kind: "manager", id: "m", name: "Мария" } }] },
  { id: "waits", shows: ["chat/bubble.tsx"], messages: words.slice(0, 2), mute: true, acts: [{ write: "Уже отправили?" }, ".go"] },
  { id: "rating", shows: ["extras/rating.tsx"], view: { rating: true }, messages: words, talk: { episode: episode({ closed_at: AT }), read_up_to: words[3]?.id ?? "" } },
  { id: "rated", shows: ["extras/rating.tsx"], view: { rating: true }, messages: words, talk: { episode: episode({ closed_at: AT, rating: 4 }), read_up_to: "" } },
  { id: "composer", shows: ["chat/Composer.tsx"], acts: [{ write: `${LONG}\n${LONG}` }] },
  { id: "composer-focus", shows: ["chat/Composer.tsx"], force: { on: "textarea", as: "focus" } },
  { id: "composer-hover", shows: ["chat/Composer.tsx"], force: { on: ".clip", as: "hover" } },
  { id: "emoji", shows: ["extras/emoji.tsx"], acts: [".smile"] },
  { id: "tray-busy", shows: ["extras/files.tsx"], acts: [{ file: "slow.pdf" }] },
  { id: "tray-error", shows: ["extras/files.tsx"], acts: [{ file: "refused.pdf" }] },
  { id: "voice", shows: ["extras/voice.tsx"], acts: [".mic"] },
  { id: "invitation", shows: ["extras/invite.tsx"], shut: true, view: { invitations: [{ rule: { id: "r", seconds: 0, address: "", leaving: false }, text: "Подсказать по размеру?" }] } },
  { id: "refused", shows: ["extras/refusal.tsx", "chat/Panel.tsx"], ends: 4403 },
  { id: "unverified", shows: ["extras/refusal.tsx"], refuses: "identity_not_verified" },
  { id: "connecting", shows: PANEL, ends: 0 },
];

/** Files with nothing of their own to be seen, and why. */
export const UNSEEN: Record<string, string> = {
  "extras/phone.tsx": "fits the panel to a phone's window: every picture at 390",
  "extras/sound.tsx": "is heard",
  "extras/visit.tsx": "tells the server",
};
