import "@kommutator/shared/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/list.css";
import "./styles/thread.css";
import "./styles/settings.css";
import { render } from "solid-js/web";
import { App } from "./App.tsx";
import { locale, setLocale } from "./i18n.ts";

setLocale(locale());
const place = document.getElementById("app");
if (place) render(() => <App />, place);
