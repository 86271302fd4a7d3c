// What dotenv for Node.js reads: base64 files as JSON in, one object of base64
// values per file out. The folder with node_modules is the first argument.
const { createRequire } = require("module");
const path = require("path");
const fs = require("fs");

const dotenv = createRequire(path.join(process.argv[2], "here.cjs"))("dotenv");
const cases = JSON.parse(fs.readFileSync(0, "utf8"));
const read = (encoded) => {
  const found = dotenv.parse(Buffer.from(encoded, "base64"));
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, Buffer.from(value).toString("base64")]));
};
process.stdout.write(JSON.stringify(cases.map(read)));
