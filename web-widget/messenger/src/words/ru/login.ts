/** Before one is let in. */
export const login = {
  "login.title": "Вход",
  "login.lead": "Все переписки с клиентами в одном окне.",
  "login.email": "E-mail",
  "login.password": "Пароль",
  "login.submit": "Войти",
  "login.busy": "Входим…",
  "login.wrong": "Неверный e-mail или пароль.",
  "login.fill": "Заполните это поле.",
};
