// Build steps that keep the chat chunk inside its budget.

// What the widget never uses of Solid: transitions, an own scheduler, hydration of server-rendered pages. Their
// switches are variables that only calls we do not make would set; as constants the minifier drops all behind them.
const SOLID = [
  [/^let (Transition|Scheduler|ExternalSourceConfig) = null;$/gm, ""],
  [/^ *Transition = null;$/gm, ""],
  [/\((Transition) = \{/g, "({"],
  [/^ *(Scheduler|ExternalSourceConfig) = [^;=]+;$/gm, ""],
  [/\b(Transition|Scheduler|ExternalSourceConfig)\b(?!\s*=[^=])(?!["':])/g, "null"],
  [/sharedConfig\.context\b(?! =)/g, "undefined"],
  [/sharedConfig\.effects && \(sharedConfig\.done \|\| !sharedConfig\.count\)/g, "false"],
];
const WEB = [
  [/sharedConfig\.(context|registry)\b(?! =)/g, "undefined"],
  [/(?<!function )isHydrating\(\w*\)/g, "false"],
];

function rewrite(code, rules, file) {
  return rules.reduce((text, [pattern, by]) => {
    const after = text.replace(pattern, by);
    // A new release of Solid that says it otherwise must be looked at, not shipped half rewritten.
    if (after === text) throw new Error(`slim: ${file} no longer has ${pattern}`);
    return after;
  }, code);
}

export function slimSolid() {
  return {
    name: "slim-solid",
    enforce: "pre",
    transform(code, id) {
      if (/solid-js\/dist\/solid\.js$/.test(id)) return { code: rewrite(code, SOLID, "solid.js"), map: null };
      if (/solid-js\/web\/dist\/web\.js$/.test(id)) return { code: rewrite(code, WEB, "web.js"), map: null };
      return null;
    },
  };
}

/** Of the tokens only those that the panel's own sheet uses, directly or through another token. */
export function slimTokens(panelCss) {
  return {
    name: "slim-tokens",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("tokens.css")) return null;
      const used = new Set(names(panelCss));
      for (const [, name, value] of code.matchAll(/(--[\w-]+):([^;]+);/g)) if (used.has(name)) names(value).forEach((one) => used.add(one));
      const kept = code
        .replace(/:root\[data-theme="dark"\] \{[^}]*\}/, "")
        .replace(/:root:not\(\[data-theme="light"\]\),\s*/, "")
        .replace(/:root,\s*/g, "")
        .replace(/\s*(--[\w-]+):[^;]+;/g, (whole, name) => (used.has(name) && !panelCss.includes(`${name}:`) ? whole : ""));
      return { code: kept, map: null };
    },
  };
}

/** What only the messenger asks of the socket. */
const UNUSED = ["get status", "get entries", "stop", "discard"];

/** Private members of the socket's classes get short names: no minifier may rename what it cannot know to be private. */
export function slimPrivates() {
  return {
    name: "slim-privates",
    enforce: "pre",
    transform(code, id) {
      if (!/shared\/src\/socket\/(client|queue)\.ts$/.test(id)) return null;
      const members = new Set([...code.matchAll(/private (?:readonly )?(\w+)/g)].map((match) => match[1]));
      const short = new Map([...members].map((name, index) => [name, `_${index.toString(36)}`]));
      const kept = !id.includes("client.ts") ? code : UNUSED.reduce((text, name) => {
        const after = text.replace(new RegExp(`^  ${name}\\([^\\n]*\\{\\n(?:    .*\\n)*  \\}\\n`, "m"), "");
        if (after === text) throw new Error(`slim: the socket no longer has ${name}`);
        return after;
      }, code);
      const renamed = kept
        .replace(/\bthis\.(\w+)/g, (whole, name) => (short.has(name) ? `this.${short.get(name)}` : whole))
        .replace(/(private (?:readonly )?)(\w+)/g, (whole, head, name) => head + short.get(name));
      return { code: renamed, map: null };
    },
  };
}

function names(css) {
  return [...css.matchAll(/var\((--[\w-]+)/g)].map((match) => match[1]);
}
