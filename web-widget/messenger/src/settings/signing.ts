/** How a site's server signs the id of its user: the hex HMAC-SHA256 of the id with the widget's secret. Never on the page. */
export const SIGNING = {
  php: { name: "PHP", code: "$signature = hash_hmac('sha256', (string) $user->id, getenv('KOMMUTATOR_SECRET'));" },
  node: { name: "Node.js", code: 'const { createHmac } = require("node:crypto");\nconst signature = createHmac("sha256", process.env.KOMMUTATOR_SECRET).update(String(user.id)).digest("hex");' },
  python: { name: "Python", code: 'import hashlib, hmac, os\nsignature = hmac.new(os.environ["KOMMUTATOR_SECRET"].encode(), str(user.id).encode(), hashlib.sha256).hexdigest()' },
} as const;
