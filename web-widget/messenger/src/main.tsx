import "@kommutator/shared/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/list.css";
import "./styles/thread.css";
import "./styles/settings.css";
import "./styles/people.css";
import "./styles/menus.css";
import { render } from "solid-js/web";
import { App } from "./App.tsx";
import { remembered, setLocale } from "./i18n.ts";

const place = document.getElementById("app");
if (place) void setLocale(remembered()).then(() => render(() => <App />, place));
