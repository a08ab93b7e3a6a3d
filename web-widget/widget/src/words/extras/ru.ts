/** The words of the rare parts: each part takes only its own into its chunk. */
export const files = { remove: "Убрать {name}", picture: "Открыть картинку {name}", pending: "Файл загружается", broken: "Файл не удалось загрузить", again: "Повторить", tooLarge: "Файл больше {size}", tooMany: "Не больше {n} файлов в сообщении", empty: "Файл пуст", uploadFailed: "Не загрузилось", you: "Вы", gone: "Сообщение удалено", reply: "Ответ на сообщение", reactions: "Реакции" };
export const form = {
  lead: "Представьтесь, пожалуйста",
  name: "Имя",
  phone: "Телефон",
  email: "E-mail",
  text: "Сообщение",
  optional: "необязательно",
  send: "Отправить",
  more: "Подробнее",
  fill: "Заполните это поле",
  wrongPhone: "Проверьте номер",
  wrongEmail: "Проверьте адрес",
  agree: "Нужно согласие",
};
export const rating = { ask: "Как всё прошло?", star: "Оценка {n} из 5", comment: "Что понравилось, что нет?", send: "Отправить", thanks: "Спасибо за оценку", change: "Изменить" };
export const lightbox = { close: "Закрыть", next: "Следующая", previous: "Предыдущая", open: "Открыть в новой вкладке" };
export const emoji = { label: "Эмодзи" };
export const voice = { stop: "Остановить и прикрепить", cancel: "Отменить запись", denied: "Нет доступа к микрофону", recording: "Идёт запись", name: "Голосовое сообщение" };
export const invite = { close: "Закрыть приглашение", open: "Открыть чат" };
export const opening = { elsewhere: "Написать в мессенджере" };
export const refusal = { forbidden: "Чат не подключён к этому сайту.", refused: "Чат сейчас недоступен.", unverified: "Сайт не смог подтвердить, кто вы, поэтому чат не открылся. Исправить это могут только владельцы сайта. Написанное сохранится." };
