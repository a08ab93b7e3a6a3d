import "@kommutator/shared/tokens.css";
import "./styles/all.ts";
import { render } from "solid-js/web";
import { App } from "./App.tsx";
import { remembered, setLocale } from "./i18n.ts";

const place = document.getElementById("app");
if (place) void setLocale(remembered()).then(() => render(() => <App />, place));
