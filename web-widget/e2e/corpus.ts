/** What somebody who means harm writes wherever something can be written. */
export const CORPUS = [
  `<img src=x onerror="__ran(1)">`,
  `<script>__ran(2)</script>`,
  `"><svg onload=__ran(3)><b class=evil>`,
  `'><iframe src="javascript:parent.__ran(4)"></iframe>`,
  `javascript:__ran(5)//https://evil.example`,
  `data:text/html,<script>parent.__ran(6)</script>`,
  `[x](javascript:__ran(7)) <a href="javascript:__ran(7)">x</a>`,
  `{{constructor.constructor('__ran(8)')()}} \${__ran(8)} <%= __ran(8) %> #{__ran(8)}`,
  `</style><style>*{background:url(https://evil.example/css)}</style>`,
  `red;background:url(https://evil.example/x)`,
  `<meta http-equiv=refresh content="0;url=https://evil.example"><base href=https://evil.example/>`,
  `&lt;img src=x onerror=__ran(9)&gt;&#60;script&#62;__ran(9)&#60;/script&#62;`,
  `<details open ontoggle=alert(10)><form action=https://evil.example><button formaction=javascript:alert(10)>x</button></form>`,
  `\u202Egnp.exe\u2066\u200B\u0000\uFEFF`,
  `=cmd|'/C calc'!A0`,
  `+1+1`,
  `-2+3`,
  `@SUM(1+1)`,
  `\t=1+1`,
  `Hi\r\nBcc: evil@evil.example\r\nContent-Type: text/html\r\n\r\n<b class=evil>x`,
  `../../../../etc/passwd\u0000.png`,
  `..\\..\\boot.ini:$DATA`,
  `\ud800 lonely`,
  `__proto__`,
  `constructor`,
  "long<b class=evil>".repeat(300),
];

/** Short enough for names. */
export const NAMES = CORPUS.filter((one) => one.length <= 90);

/** An attack as somebody's or something's name. */
export const name = (attack: string, door: string) => `${door} ${attack}`.replace(/[\0\r\n\t]/g, " ").trim();
