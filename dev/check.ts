import { spawnSync } from "node:child_process"
import { stdout } from "node:process"

/** What must be right before any test runs. Each is silent here when it is. */
const commands = [
  "effect-language-service patch",
  "tsc --noEmit",
  "tsc --noEmit -p src/console/page",
  "tsc --noEmit -p dev/traces/page",
  "biome check --error-on-warnings .",
  "depcruise src packages/effect-restate/src --config .dependency-cruiser.cjs"
]

const env = { ...process.env, ...(stdout.isTTY ? { FORCE_COLOR: "1" } : {}) }

for (const command of commands) {
  const {
    status,
    stderr,
    stdout: output
  } = spawnSync(command, {
    shell: true,
    env,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024
  })
  if (status !== 0) {
    globalThis.console.error(`$ ${command}\n${output}${stderr}`)
    process.exit(1)
  }
}
