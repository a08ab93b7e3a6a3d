// The messenger's service worker: shows what is pushed and leads to it. It keeps nothing: neither answers of the server nor the pages, so
// after an upgrade there is never an old page.
const pages = () => self.clients.matchAll({ type: "window", includeUncontrolled: true });
const shows = (page, path) => page.visibilityState === "visible" && new URL(page.url).pathname === path;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function show(data) {
  const { title, body, tag, url, conversation, again } = data;
  // Who looks at it right now sees it.
  if (conversation && (await pages()).some((page) => shows(page, `/c/${conversation}`))) return;
  await self.registration.showNotification(title, { body, tag, renotify: again, icon: "/icon-192.png", badge: "/badge-96.png", data: { url } });
  await self.navigator.setAppBadge?.().catch(() => undefined);
}

async function lead(url) {
  const [first] = [...(await pages())].sort((a, b) => Number(b.focused) - Number(a.focused));
  if (!first) return void (await self.clients.openWindow(url));
  first.postMessage({ kind: "navigate", url });
  // Some browsers let only who was clicked take the focus.
  await first.focus().catch(() => undefined);
}

self.addEventListener("push", (event) => {
  const data = event.data?.json();
  if (data) event.waitUntil(show(data));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(lead(new URL(event.notification.data?.url ?? "/", self.location.origin).href));
});
// The browser gave the device another address: the open page says it to the server, at the latest when it is opened next.
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(pages().then((all) => all.forEach((page) => page.postMessage({ kind: "subscribe" })))));
