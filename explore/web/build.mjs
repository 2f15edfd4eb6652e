// Builds ../static/mosaic.js, what the page takes from Mosaic, as one file, and ../static/LICENSES.txt: `npm ci && npm run build`.
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const { metafile } = await build({
  entryPoints: ["mosaic.js"],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  metafile: true,
  legalComments: "inline",
  banner: { js: "/* Mosaic and flechette (BSD-3-Clause, University of Washington), built by explore/web/build.mjs; see LICENSES.txt */" },
  outfile: "../static/mosaic.js",
});
const inside = Object.values(metafile.outputs).flatMap((file) => Object.entries(file.inputs));
const packages = new Set(
  inside.filter(([, { bytesInOutput }]) => bytesInOutput).map(([path]) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean),
);
const licences = [...packages].sort().map((name) => {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`));
  return `${name} ${version} (${license})\n\n${readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim()}\n`;
});
writeFileSync("../static/LICENSES.txt", licences.join(`\n${"-".repeat(80)}\n\n`));
