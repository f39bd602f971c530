// Reads an AsyncAPI document with AsyncAPI's own parser, and fails on whatever it finds wrong: `make contract-check`.
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

const [, , path] = process.argv;

new Parser().parse(readFileSync(path, "utf8")).then(({ document, diagnostics }) => {
  const errors = diagnostics.filter((one) => one.severity === 0);
  for (const one of diagnostics) console.log(["error", "warning", "info", "hint"][one.severity], one.path.join("."), one.message);
  if (!document || errors.length) process.exit(1);
  console.log(`${path}: valid AsyncAPI ${document.version()}, ${document.allMessages().length} messages`);
});
