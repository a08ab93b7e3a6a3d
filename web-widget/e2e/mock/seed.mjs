// MOCK data: a furniture shop with a handful of conversations that show every state.
import { newId, stamp } from "./state.mjs";
import { pdf, noisePng } from "../files.mjs";

const minutes = (n) => Date.now() - n * 60_000;

export function addFile(state, name, media_type, bytes, size = {}) {
  const id = newId();
  const picture = media_type.startsWith("image/");
  const url = `/files/${id}`;
  state.files.set(id, { bytes, view: { id, name, media_type, size: bytes.length, status: "ready", url, ...(picture && { thumbnail_url: url, ...size }) } });
  return id;
}

export function seed(state) {
  const owner = state.addUser("Ольга Северова", "owner@example.com", "correct horse", "owner");
  const petr = state.addUser("Пётр Ильин", "petr@example.com", "correct horse", "manager");
  state.addUser("Елена Оптова", "elena@example.com", "correct horse", "manager", []);
  const shop = state.addChannel("Мебель Север", ["http://127.0.0.1", "http://localhost"], { greeting: "Здравствуйте! Подскажем по наличию, доставке и сборке.", accent: "#0f766e" });
  const second = state.addChannel("Оптовый отдел", ["https://opt.example.com"]);
  second.active = false;
  const customer = (one) => ({ kind: "customer", id: one.identity, name: one.title });
  const manager = (user) => ({ kind: "manager", id: user.id, name: user.name });
  const page = { url: "https://sever.example.com/divany/tromso", title: "Диван «Тромсё» — Мебель Север", referrer: "https://ya.example/" };

  const anna = state.addConversation(shop, "Анна Кузнецова", { page, created_at: stamp(minutes(60 * 30)) });
  const say = (one, text, at, more = {}) => state.addMessage(one, "inbound", customer(one), { text, at, ...more }, true);
  const answer = (one, user, text, at, more = {}) => state.addMessage(one, "outbound", manager(user), { text, at, status: "read", ...more }, true);
  say(anna, "Здравствуйте! Диван «Тромсё» есть в зелёном велюре?", minutes(60 * 27));
  answer(anna, petr, "Добрый день, Анна! Да, зелёный велюр есть на складе, три штуки.", minutes(60 * 27 - 4));
  answer(anna, petr, "Привезём завтра с 10 до 14, подъём бесплатно: https://sever.example.com/dostavka", minutes(60 * 27 - 5));
  say(anna, "Отлично. А ножки можно тёмные?", minutes(60 * 26));
  state.addMessage(anna, "note", manager(owner), { text: "Тёмные ножки есть только у партии от 12 ноября. Уточните номер на складе.", at: minutes(60 * 25) }, true);
  const first = answer(anna, petr, "Можно, это без доплаты. Пришлю фото.", minutes(50), { status: "delivered" });
  const photos = [1, 2, 3].map((n) => addFile(state, `nozhki-${n}.png`, "image/png", noisePng(320, 240, n), { width: 320, height: 240 }));
  answer(anna, petr, "", minutes(48), { attachments: photos, status: "delivered" });
  say(anna, "Второй вариант идеален! Вот наш план комнаты, встанет?", minutes(9), { attachments: [addFile(state, "План гостиной.pdf", "application/pdf", pdf("План"))], reply_to: first.id });
  say(anna, "И ещё: можно оплатить картой при получении?", minutes(8));

  const igor = state.addConversation(shop, "Игорь", { created_at: stamp(minutes(300)) });
  say(igor, "Сколько стоит доставка в Мурино?", minutes(95));
  const boris = state.addConversation(shop, "Борис Александрович Константинопольский-Длинный", { assignee: owner.id });
  say(boris, "Шкаф пришёл с царапиной на дверце", minutes(200));
  answer(boris, owner, "Очень жаль! Пришлите, пожалуйста, фото — заменим дверцу за наш счёт.", minutes(190), { status: "sent" });
  const failed = state.addConversation(shop, "María López");
  say(failed, "¿Envían a España?", minutes(400));
  answer(failed, petr, "Да, до Барселоны — 12 дней.", minutes(390), { status: "failed", reason: { code: "attempts_exhausted", provider: "timeout" } });
  const unsure = state.addConversation(shop, "Глеб Орлов");
  say(unsure, "Пришлёте счёт сегодня?", minutes(60 * 55));
  answer(unsure, owner, "Да, счёт отправила на почту.", minutes(60 * 55 - 10), { status: "unknown", reason: { code: "answer_lost" } });
  const blocked = state.addConversation(shop, "Сергей (опт)", { can: { ...igor.can, send: false, reason: { code: "channel_inactive" } } });
  say(blocked, "Ждём счёт на 40 стульев", minutes(60 * 50));
  const closed = state.addConversation(shop, "Посетитель 4127", { status: "closed" });
  say(closed, "Спасибо, разобрался", minutes(60 * 80));
  answer(closed, petr, "Хорошего дня!", minutes(60 * 80 - 2));
  anna.unread = 2;
  for (const one of [boris, failed, unsure, blocked, closed]) one.unread = 0;
  closed.status = "closed";
  delete closed.unanswered_since;
  const names = ["Елена", "Дмитрий", "Олег Павлов", "Светлана Р.", "Ирина", "Андрей Ткач", "Мария", "Николай", "Виктор С.", "Тимур", "Лариса", "Юлия Белова"];
  names.forEach((name, at) => {
    const one = state.addConversation(shop, name);
    say(one, ["Добрый вечер! Стол ещё в наличии?", "Когда привезут заказ 40112?", "Подойдёт, беру.", "А в белом цвете есть?"][at % 4], minutes(60 * (60 + at * 31)));
    answer(one, petr, "Да, всё в силе — ждём вас.", minutes(60 * (60 + at * 31) - 6));
    one.unread = 0;
  });
  const long = state.addConversation(shop, "Длинная переписка");
  for (let n = 1; n <= 260; n += 1) {
    if (n % 3) say(long, `Вопрос номер ${n}`, minutes(60 * 20) - (260 - n) * 1000 * 60);
    else answer(long, petr, `Ответ номер ${n}, подробный и неторопливый, чтобы строки были разной длины.`, minutes(60 * 20) - (260 - n) * 1000 * 60);
  }
  long.unread = 0;
  delete long.unanswered_since;

  state.note(owner, "login", owner.email);
  state.note(owner, "channel.created", shop.name, { kind: "site_widget" });
  state.note(owner, "user.created", petr.email, { role: "manager" });
  state.tokens.set("seed", { id: newId(), name: "Бот склада", role: "manager", created_at: stamp(minutes(9000)), last_used_at: stamp(minutes(3)), secret: "seed" });
  const held = (at, reason, payload, replayed_at = null) => state.quarantine.push({ id: newId(), at: stamp(at), channel_provider: "site_widget", login: newId(), reason, size: Buffer.byteLength(payload), replayed_at, payload: Buffer.from(payload).toString("base64") });
  held(minutes(33), { code: "unreadable", provider: "unexpected end of JSON" }, '{"update_id":8841,"message":{"chat":{"id":');
  held(minutes(400), { code: "unknown_login", params: { key: "club-4412" } }, JSON.stringify({ group_id: 4412, type: "message_new", object: { text: "Здравствуйте! Диван ещё есть?" } }), stamp(minutes(380)));
  return { owner, petr, shop };
}
