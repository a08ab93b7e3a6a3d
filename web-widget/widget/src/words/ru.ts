/** What the chat itself says; each language becomes a chunk of its own. The words of rare parts are in `extras/`. */
export const words = {
  chat: "Чат",
  close: "Закрыть чат",
  log: "Сообщения",
  hint: "Напишите нам",
  write: "Сообщение…",
  send: "Отправить",
  attach: "Прикрепить файл",
  again: "Повторить",
  typing: "{name} печатает…",
  manager: "Менеджер",
  you: "Вы",
  offline: "Нет связи. Сообщения уйдут, когда она появится.",
  connecting: "Соединяемся…",
  away: "Сейчас не в сети",
  waits: "Ждёт отправки",
  accepted: "Отправлено",
  seen: "Прочитано",
  failed: "Не отправлено",
  deleted: "Сообщение удалено",
  tooLong: "Слишком длинное сообщение",
  fresh: "Новые сообщения",
  part: "Новый разговор",
  over: "Разговор завершён",
  soundOn: "Включить звук",
  soundOff: "Выключить звук",
  emoji: "Эмодзи",
  voice: "Голосовое сообщение",
};

export type Words = { [Key in keyof typeof words]: string };
export type WordKey = keyof Words;
