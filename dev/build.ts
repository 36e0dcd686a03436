import { build } from "esbuild"

// Packages stay external: production images install them, so stack traces and licences stay whole.
await build({
  entryPoints: { main: "src/main.ts" },
  outdir: "dist",
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node24",
  sourcemap: true,
  // What a command imports when it runs stays apart, so that `--help` and `cron` need not wait for every SDK to load.
  splitting: true,
  chunkNames: "chunks/[name]-[hash]"
})
